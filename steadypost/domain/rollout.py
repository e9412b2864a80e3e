"""Turning a switch on for some before all: who is in (a hash of switch and key, nothing stored), and whether it harms."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WATCH = timedelta(hours=48)
"""How long each share is watched before the next."""

STEPS = (10.0, 25.0, 50.0, 100.0)
"""The shares, in per cent, one after the other."""

FEWEST = 20
"""So many posts of the treated must have come due for a share to have been watched at all."""

CERTAIN = 0.01
"""A difference is believed below this chance: five times as strict as usual, because it is asked again and again."""

FEWEST_BAD = 3
"""One bad post, or two, is no pattern."""


def place(switch: str, subject: str) -> float:
    """Give the place of a subject in the order in which a switch takes them in: from 0 up to, and without, 100."""
    digest = hashlib.sha256(f"{switch}\x1f{subject}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 * 100


def is_in(switch: str, subject: str, share: float) -> bool:
    """Whether a subject is among the share (in per cent) for which a switch is on."""
    return place(switch, subject) < share


# Whether it did harm ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How it went for one side, in guard figures."""

    due: int
    """Posts whose time came, and that count."""
    bad: int
    """Of these: not live once, on record and on time."""
    never: int = 0
    """What is never allowed: a second copy, a false status."""

    def __post_init__(self) -> None:
        if not 0 <= self.bad <= self.due:
            raise ValueError(f"{self.bad} bad of {self.due} due cannot be")


class Verdict(StrEnum):
    """What the guard figures say of the treated beside the rest."""

    WORSE = "worse"
    """It does harm: back, at once."""
    NO_WORSE = "no_worse"
    """Watched, and no worse than the rest."""
    TOO_FEW = "too_few"
    """Not enough has come due to tell; unknown is never well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict, and how it came about."""

    verdict: Verdict
    why: str


def judge(treated: Group, rest: Group) -> Judgement:
    """Hold the treated against the rest.

    One forbidden thing is enough; else the shares of bad posts are compared by Fisher's exact test, one-sided (R. A.
    Fisher, 1934, § 21.02).
    """
    told = f"{treated.bad} of {treated.due} bad with it, {rest.bad} of {rest.due} without"
    if treated.never:
        why = f"{treated.never} of what is never allowed happened with it; {told}"
        return Judgement(verdict=Verdict.WORSE, why=why)
    chance = _chance(treated, rest)
    if treated.bad >= FEWEST_BAD and chance < CERTAIN:
        return Judgement(
            verdict=Verdict.WORSE, why=f"{told}: chance alone gives that in {chance:.2g} of cases"
        )
    if treated.due < FEWEST:
        return Judgement(verdict=Verdict.TOO_FEW, why=f"{told}: fewer than {FEWEST} came due with it")
    return Judgement(verdict=Verdict.NO_WORSE, why=told)


def _chance(treated: Group, rest: Group) -> float:
    """How often at least so many of the bad would be among the treated by chance; with no rest: held against one in a
    hundred.
    """
    if rest.due == 0:
        return _binomial_tail(treated.bad, treated.due, 0.01)
    whole, bad = treated.due + rest.due, treated.bad + rest.bad
    most = min(bad, treated.due)
    ways = [
        _log_choose(bad, k) + _log_choose(whole - bad, treated.due - k) - _log_choose(whole, treated.due)
        for k in range(treated.bad, most + 1)
        if treated.due - k <= whole - bad
    ]
    return min(1.0, math.fsum(math.exp(way) for way in ways))


def _binomial_tail(least: int, n: int, p: float) -> float:
    return min(
        1.0,
        math.fsum(
            math.exp(_log_choose(n, k) + k * math.log(p) + (n - k) * math.log1p(-p))
            for k in range(least, n + 1)
        ),
    )


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


# One rollout -----------------------------------------------------------------------------------------------


class Course(StrEnum):
    """Where a rollout stands."""

    WATCHING = "watching"
    """A share has it, and is watched."""
    DONE = "done"
    """It is on for all, and was no worse."""
    WENT_BACK = "went_back"
    """It was worse, and is as it was before."""
    LEFT = "left"
    """A person changed the switch meanwhile, and is obeyed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One rollout: of which switch, how far, since when."""

    switch: str
    steps: tuple[float, ...]
    step: int
    """The index of the share that has it now."""
    before: float
    """The share that had it before; where it goes back to."""
    since: datetime
    """When this share came to have it."""
    watch: timedelta = WATCH
    course: Course = Course.WATCHING
    why: str = ""

    @property
    def share(self) -> float:
        """The share, in per cent, that has it now."""
        return {Course.WATCHING: self.steps[self.step], Course.DONE: self.steps[-1]}.get(
            self.course, self.before
        )


class Move(StrEnum):
    """What is to be done with a rollout now."""

    WAIT = "wait"
    RAISE = "raise"
    FINISH = "finish"
    BACK = "back"


def next_move(rollout: Rollout, judgement: Judgement, now: datetime) -> Move:
    """Say what comes next: back as soon as it is worse; on when its time is over and enough was seen."""
    if judgement.verdict is Verdict.WORSE:
        return Move.BACK
    if now - rollout.since < rollout.watch or judgement.verdict is Verdict.TOO_FEW:
        return Move.WAIT
    return Move.FINISH if rollout.step + 1 >= len(rollout.steps) else Move.RAISE


def check_steps(steps: Sequence[float]) -> tuple[float, ...]:
    """Take the shares of a rollout, or raise ``ValueError`` with what to do instead."""
    if not steps:
        raise ValueError("name at least one share, for instance 10, 50, 100")
    for share in steps:
        if not 0 < share <= 100:
            raise ValueError(f"a share is more than 0 and at most 100 per cent, not {share:g}")
    if list(steps) != sorted(set(steps)):
        raise ValueError(
            f"shares grow from step to step, and {', '.join(f'{one:g}' for one in steps)} do not"
        )
    return tuple(float(share) for share in steps)
