"""Faults that a person puts on purpose: which there are, whom a rule concerns, and which of them strikes now."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

WRITES: Final = ("putRecord", "createRecord", "applyWrites")
CHANGES: Final = (*WRITES, "deleteRecord")
UPLOADS: Final = ("uploadVideo",)

FAULTS: Final[dict[str, tuple[tuple[str, ...], dict[str, Any], str]]] = {
    "drop_before": (CHANGES, {}, "The line is cut before anything is written."),
    "drop_after": (CHANGES, {}, "The record is written, and the line cut without an answer."),
    "reset_before": (WRITES, {}, "The line is reset before anything is written."),
    "reset_after": (WRITES, {}, "The record is written, and the line reset."),
    "silent_before": (WRITES, {}, "Nothing is written, and nobody ever answers."),
    "silent_after": (WRITES, {}, "The record is written, and nobody ever answers."),
    "proxy_before": (WRITES, {"status": 504}, "A proxy answers with a page of its own; nothing is written."),
    "proxy_after": (
        WRITES,
        {"status": 504},
        "A proxy answers with a page of its own; the record is written.",
    ),
    "broken_before": (CHANGES, {}, "500 InternalServerError; nothing is written."),
    "broken_after": (WRITES, {}, "500 InternalServerError; the record is written."),
    "late": (WRITES, {"seconds": 1.0}, "The record is written after the client may have given up."),
    "odd_uri": (WRITES, {}, "200 with the address of another record; the record is written."),
    "odd_cid": (WRITES, {}, "200 with another name of the content; the record is written."),
    "odd_body": (WRITES, {}, "200 with a body that is no JSON; the record is written."),
    "refused": (CHANGES, {}, "400 InvalidRequest, whatever the record says; nothing is written."),
    "too_many": ((), {"seconds": 60, "policy": "5000;w=3600"}, "429 with RateLimit-*; nothing is written."),
    "too_many_bare": ((), {}, "429 without a word on when it ends."),
    "expired_token": ((), {}, "400 ExpiredToken, whatever the token says; nothing is written."),
    "invalid_token": ((), {}, "400 InvalidToken; nothing is written."),
    "unavailable": ((), {"status": 503}, "An error of the server, with a JSON body; nothing is done."),
    "slow": ((), {"seconds": 0.5}, "The answer takes longer."),
    "hang_up": ((), {}, "The line is cut; nothing is done."),
    "silent": ((), {}, "Nobody ever answers; nothing is done."),
    "no_date": ((), {}, "The answer has no Date."),
    "upload_lost": (UPLOADS, {}, "The video is taken, and the line cut without an answer."),
    "job_slow": (UPLOADS, {"questions": 3}, "The job of this video is in process for so many questions."),
    "job_fails": (UPLOADS, {"code": "encoding_failure"}, "The job of this video fails with this code."),
    "unconfirmed_email": (UPLOADS, {}, "The account's mail address is not confirmed; nothing is taken."),
    "unauthorized": (
        ("getUploadLimits", *UPLOADS),
        {},
        "401: the service for videos does not take the token.",
    ),
    "over_the_day": (
        ("getUploadLimits",),
        {"videos": 0, "bytes": 0},
        "So much is left of the account's day for videos.",
    ),
    "not_allowed": (
        ("getUploadLimits",),
        {},
        "The account may not upload videos, whatever is left of its day.",
    ),
}
"""Each fault: the methods it can strike (none: any), its parameters, and what a person outside sees."""

DECIDED_BEFORE: Final = frozenset(
    {
        "drop_before",
        "reset_before",
        "silent_before",
        "proxy_before",
        "broken_before",
        "refused",
        "too_many",
        "too_many_bare",
        "expired_token",
        "invalid_token",
        "unavailable",
        "hang_up",
        "silent",
    }
)

_KEYS: Final = frozenset({"fault", "method", "account", "match", "rate", "count", "skip", "params"})


class BadWeather(ValueError):
    """A rule that asks for something the sandbox does not know."""


@dataclass(slots=True)
class Rule:
    """One line of the weather."""

    fault: str
    method: str | None
    account: str | None
    match: re.Pattern[str] | None
    rate: float
    count: int | None
    skip: int
    params: dict[str, Any]
    rng: random.Random
    seen: int = 0
    hits: int = 0

    def concerns(self, method: str, account: str | None, text: str) -> bool:
        """Whether the rule is about this request, and has hits left."""
        methods = FAULTS[self.fault][0]
        return (
            (self.method is None or self.method == method)
            and (not methods or method in methods)
            and (self.account is None or self.account == account)
            and (self.match is None or self.match.search(text) is not None)
            and (self.count is None or self.hits < self.count)
        )

    def strikes(self) -> bool:
        """Take one request into account; whether the fault hits it."""
        self.seen += 1
        if self.seen <= self.skip or self.rng.random() >= self.rate:
            return False
        self.hits += 1
        return True

    def describe(self) -> dict[str, Any]:
        """The rule, and what became of it."""
        return {"fault": self.fault, "method": self.method, "seen": self.seen, "hits": self.hits}


class Weather:
    """All rules in force."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rules: list[Rule] = []

    def put(self, specs: Iterable[Mapping[str, Any]]) -> None:
        """Replace all rules."""
        self._rules = [_rule(spec, self._seed + n) for n, spec in enumerate(specs)]

    def report(self) -> list[dict[str, Any]]:
        """Every rule with how often it hit."""
        return [rule.describe() for rule in self._rules]

    def gust(self, method: str, account: str | None, text: str) -> dict[str, Any] | None:
        """The first fault that strikes this request."""
        for rule in self._rules:
            if rule.concerns(method, account, text) and rule.strikes():
                return {"fault": rule.fault, **rule.params}
        return None


def _rule(spec: Mapping[str, Any], seed: int) -> Rule:
    fault = spec.get("fault")
    if fault not in FAULTS:
        raise BadWeather(f"unknown fault {fault!r}; there are {', '.join(FAULTS)}")
    _, defaults, _ = FAULTS[fault]
    given = dict(spec.get("params") or {})
    if unknown := sorted({*(set(spec) - _KEYS), *(set(given) - set(defaults))}):
        raise BadWeather(f"{fault}: unknown {', '.join(unknown)}")
    try:
        match = None if spec.get("match") is None else re.compile(spec["match"])
    except re.error as error:
        raise BadWeather(f"{fault}: match is no regular expression: {error}") from error
    return Rule(
        fault=fault,
        method=spec.get("method"),
        account=spec.get("account"),
        match=match,
        rate=float(spec.get("rate", 1.0)),
        count=spec.get("count"),
        skip=int(spec.get("skip", 0)),
        params={**defaults, **given},
        rng=random.Random(seed),  # noqa: S311 - chance, not a secret
    )
