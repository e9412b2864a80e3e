"""The share of what was due, and of the time, that was as promised."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import Any

from steadypost.domain.figures.away import Outage, holes
from steadypost.domain.figures.posts import DOWN, NOT_COUNTED, ON_TIME, DuePost, PostOutcome
from steadypost.domain.span import Span, total, without


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """The share of what was due that is good."""

    outcomes: Mapping[PostOutcome, int]

    @property
    def due(self) -> int:
        """How many count."""
        return sum(many for outcome, many in self.outcomes.items() if outcome not in NOT_COUNTED)

    @property
    def good(self) -> int:
        """How many of them are good."""
        return self.outcomes.get(PostOutcome.GOOD, 0)

    @property
    def ratio(self) -> float | None:
        """The share; ``None`` when nothing was due."""
        return self.good / self.due if self.due else None

    @property
    def lower_95(self) -> float | None:
        """The lower bound of the true share, with 95 % confidence."""
        return wilson_lower(self.good, self.due)

    @property
    def bad(self) -> dict[PostOutcome, int]:
        """What the others came to."""
        return {outcome: self.outcomes[outcome] for outcome in PostOutcome if self._is_bad(outcome)}

    @property
    def left_out(self) -> dict[PostOutcome, int]:
        """What does not count, by the reason."""
        return {
            outcome: self.outcomes[outcome]
            for outcome in PostOutcome
            if outcome in NOT_COUNTED and self.outcomes.get(outcome)
        }

    def _is_bad(self, outcome: PostOutcome) -> bool:
        return (
            bool(self.outcomes.get(outcome))
            and outcome is not PostOutcome.GOOD
            and outcome not in NOT_COUNTED
        )

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return {
            "due": self.due,
            "good": self.good,
            "availability": self.ratio,
            "availability_lower_95": self.lower_95,
            "bad": {str(outcome): many for outcome, many in self.bad.items()},
            "left_out": {str(outcome): many for outcome, many in self.left_out.items()},
        }


def availability(
    due_posts: Iterable[DuePost], *, now: datetime, within: timedelta = ON_TIME, but: Sequence[Outage] = ()
) -> Availability:
    """Count what became of deliveries. ``but`` leaves out those whose time met an outage, the good ones too."""
    return Availability(outcomes=Counter(_outcome(one, now=now, within=within, but=but) for one in due_posts))


def _outcome(one: DuePost, *, now: datetime, within: timedelta, but: Sequence[Outage]) -> PostOutcome:
    outcome = one.judged(within=within, now=now)
    if outcome in NOT_COUNTED:
        return outcome
    its_time = Span(one.at, one.at + within)
    return PostOutcome.OUTAGE if any(its_time.touches(hole) for hole in holes(but, one.account)) else outcome


def time_availability(
    due_posts: Sequence[DuePost],
    window: Span,
    *,
    now: datetime,
    within: timedelta = ON_TIME,
    but: Sequence[Outage] = (),
) -> float | None:
    """Give the share of the window's time in which the accounts were served, averaged over them.

    An account is not served from a late post's time until it, or a later one of the account, is live or at rest. Where
    nothing was due it counts as served; ``but`` leaves the network's outages out.
    """
    seen = window.within(Span(window.since, max(window.since, now)))
    by_account: defaultdict[str, list[DuePost]] = defaultdict(list)
    for one in due_posts:
        by_account[one.account].append(one)
    whole, down = timedelta(0), timedelta(0)
    for account, line in by_account.items():
        if seen is None:
            continue
        gone = holes(but, account)
        spans = [cut for span in _down(line, within, now) if (cut := span.within(seen))]
        whole += total(without([seen], gone))
        down += total(without(spans, gone))
    return 1 - down / whole if whole else None


def _down(line: Sequence[DuePost], within: timedelta, now: datetime) -> Iterable[Span]:
    """Give the stretches in which one account was not served."""
    line = sorted(line, key=lambda one: one.at)
    # The first instant at which something due from here on is live.
    served: datetime | None = None
    for one in reversed(line):
        ends = [end for end in (one.live_at, served) if end is not None]
        served = min(ends, default=None)
        if one.judged(within=within, now=now) in DOWN:
            until = min([now, *ends, *([one.ended_at] if one.ended_at else [])])
            yield Span(one.at, max(one.at, until))


def wilson_lower(good: int, due: int) -> float | None:
    """Give the lower end of Wilson's score interval for a share (two-sided, 95 %).

    E. B. Wilson, JASA 22 (1927); unlike plus-or-minus it holds near one (Brown, Cai, DasGupta, Statistical Science 16,
    2001).
    """
    if due == 0:
        return None
    if not 0 <= good <= due:
        raise ValueError(f"{good} good of {due} due cannot be")
    z = NormalDist().inv_cdf(0.975)
    share = good / due
    middle = share + z * z / (2 * due)
    spread = z * math.sqrt(share * (1 - share) / due + z * z / (4 * due * due))
    # Rounding alone could put it a hair outside.
    return min(share, max(0.0, (middle - spread) / (1 + z * z / due)))
