"""When faults strike: rules with whom, how often, how long. Seeded per rule, so the same events get the same weather."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.faults import FAULTS, BadWeather, Fault, Where

RULE_KEYS: Final = ("fault", "account", "match", "rate", "count", "skip", "after", "until", "params")

PAGE_PLACES: Final = frozenset({Where.UI, Where.PAGE, Where.SESSION, Where.TIMELINE})
"""Places where there is no text yet that a rule could match."""


@dataclass(frozen=True, slots=True)
class Gust:
    """A fault that strikes now, with its parameters filled in."""

    name: str
    params: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.params[name]


@dataclass(slots=True, kw_only=True)
class Rule:
    """One line of the weather: a fault, whom it concerns, how often and when."""

    fault: Fault
    params: Mapping[str, Any]
    account: str | None
    match: re.Pattern[str] | None
    rate: float
    count: int | None
    skip: int
    after: float
    until: float | None
    put_at: float
    rng: random.Random
    seen: int = 0
    hits: int = 0

    def concerns(self, account: str | None, text: str) -> bool:
        """Whether the rule is about this account and this text."""
        if self.account is not None and (account is None or account.casefold() != self.account.casefold()):
            return False
        return self.match is None or self.match.search(text) is not None

    def stands(self, now: float) -> bool:
        """Whether this is the rule's time, and it has hits left."""
        age = now - self.put_at
        in_time = age >= self.after and (self.until is None or age < self.until)
        return in_time and (self.count is None or self.hits < self.count)

    def strikes(self) -> bool:
        """Take one event into account; whether the fault hits it."""
        self.seen += 1
        if self.seen <= self.skip or self.rng.random() >= self.rate:
            return False
        self.hits += 1
        return True

    def describe(self) -> dict[str, Any]:
        """The rule as it was put, with what became of it."""
        return {
            "fault": self.fault.name,
            "params": dict(self.params),
            "account": self.account,
            "match": self.match.pattern if self.match else None,
            "rate": self.rate,
            "count": self.count,
            "skip": self.skip,
            "after": self.after,
            "until": self.until,
            "seen": self.seen,
            "hits": self.hits,
        }


class Weather:
    """All rules in force, asked at every place where a fault could strike."""

    def __init__(
        self,
        *,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
        faults: Mapping[str, Fault] = FAULTS,
    ) -> None:
        self._seed = seed
        self._faults = faults
        self._clock = clock
        self._rules: list[Rule] = []
        self._made = 0
        self._chance = random.Random(f"{seed}:jitter")  # noqa: S311 - not secret
        self.generation = 0
        """Counts the changes of the rules, to compare with what struck before."""

    def put(self, specs: Iterable[Mapping[str, Any]]) -> None:
        """Replace all rules; nothing changes if one of them is refused."""
        made, self._made = self._made, 0
        try:
            self._rules = [self._rule(spec) for spec in specs]
            self.generation += 1
        except BadWeather:
            self._made = made
            raise

    def add(self, specs: Iterable[Mapping[str, Any]]) -> None:
        """Add rules behind those that stand."""
        self._rules += [self._rule(spec) for spec in specs]
        self.generation += 1

    def clear(self) -> None:
        """Fair weather."""
        self._rules = []
        self._made = 0
        self.generation += 1

    def report(self) -> list[dict[str, Any]]:
        """Every rule with how often it was asked and how often it hit."""
        return [rule.describe() for rule in self._rules]

    def gusts(self, where: Where, account: str | None, text: str = "") -> list[Gust]:
        """What strikes here and now. Of the faults that decide an answer, the first one only."""
        found: list[Gust] = []
        decided = False
        for rule in self._standing(where, account, text):
            if (rule.fault.decides and decided) or not rule.strikes():
                continue
            decided = decided or rule.fault.decides
            found.append(Gust(rule.fault.name, rule.params))
        return found

    def latency(self, of: str, account: str | None, text: str = "") -> list[Gust]:
        """Like `gusts`, for the answers of one kind."""
        rules = self._standing(Where.ANY, account, text)
        asked = [rule for rule in rules if rule.params["of"] in (of, "all")]
        return [Gust(rule.fault.name, rule.params) for rule in asked if rule.strikes()]

    def in_view(self, view: str, account: str | None) -> list[Gust]:
        """Like `gusts`, for timelines of one view."""
        rules = self._standing(Where.TIMELINE, account, "")
        asked = [rule for rule in rules if rule.params["view"] in (None, view)]
        return [Gust(rule.fault.name, rule.params) for rule in asked if rule.strikes()]

    def glance(self, where: Where, account: str | None) -> Gust | None:
        """The first rule that is sure to strike here, without counting a hit."""
        sure = (r for r in self._standing(where, account, "") if r.rate >= 1 and r.seen >= r.skip)
        rule = next(sure, None)
        return None if rule is None else Gust(rule.fault.name, rule.params)

    def longer(self, at_most: float) -> float:
        """A random extra, for jitter."""
        return self._chance.uniform(0, at_most)

    def _standing(self, where: Where, account: str | None, text: str) -> list[Rule]:
        now = self._clock()
        return [
            r for r in self._rules if r.fault.where is where and r.stands(now) and r.concerns(account, text)
        ]

    def _rule(self, spec: Mapping[str, Any]) -> Rule:
        self._made += 1
        rng = random.Random(f"{self._seed}:{self._made}")  # noqa: S311 - repeatable, not secret
        return make_rule(spec, now=self._clock(), rng=rng, faults=self._faults)


def make_rule(
    spec: Mapping[str, Any], *, now: float, rng: random.Random, faults: Mapping[str, Fault] = FAULTS
) -> Rule:
    """Read one rule, and refuse one that is not valid, saying why."""
    if not isinstance(spec, Mapping):
        raise BadWeather(f"a rule is an object with a fault, not {spec!r}")
    unknown = sorted(set(spec) - set(RULE_KEYS))
    if unknown:
        raise BadWeather(f"unknown key {', '.join(unknown)} in a rule; it takes {', '.join(RULE_KEYS)}")
    fault = faults.get(str(spec.get("fault")))
    if fault is None:
        raise BadWeather(f"unknown fault {spec.get('fault')!r}; there are {', '.join(faults)}")
    match = _pattern(fault, spec.get("match"))
    return Rule(
        fault=fault,
        params=fault.complete(spec.get("params") or {}),
        account=spec.get("account"),
        match=match,
        rate=_number(fault, spec, "rate", 1.0, most=1.0),
        count=None if spec.get("count") is None else int(_number(fault, spec, "count", 0)),
        skip=int(_number(fault, spec, "skip", 0)),
        after=_number(fault, spec, "after", 0.0),
        until=None if spec.get("until") is None else _number(fault, spec, "until", 0.0),
        put_at=now,
        rng=rng,
    )


def _pattern(fault: Fault, pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    if fault.where in PAGE_PLACES:
        raise BadWeather(f"{fault.name}: there is no text to match where it strikes ({fault.where.value})")
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise BadWeather(f"{fault.name}: match is no regular expression: {error}") from error


def _number(
    fault: Fault, spec: Mapping[str, Any], key: str, default: float, *, most: float | None = None
) -> float:
    value = spec.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadWeather(f"{fault.name}: {key} must be a number, not {value!r}")
    if value < 0 or (most is not None and value > most):
        raise BadWeather(
            f"{fault.name}: {key} must be {'at least 0' if most is None else f'from 0 to {most:g}'}"
        )
    return float(value)
