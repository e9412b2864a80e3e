"""Everything there is to say of one window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from steadypost.domain.figures.available import Availability, availability, time_availability
from steadypost.domain.figures.away import Outage
from steadypost.domain.figures.distribution import Distribution, lateness
from steadypost.domain.figures.objective import OBJECTIVE, Budget, budget, burn_rates
from steadypost.domain.figures.posts import ON_TIME, DuePost
from steadypost.domain.figures.recovery import Recovery, Trouble, recoveries
from steadypost.domain.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything there is to say of one window."""

    window: Span
    within: timedelta
    availability: Availability
    availability_without_outages: Availability
    by_account: Mapping[str, Availability]
    time: float | None
    time_without_outages: float | None
    lateness: Distribution
    recoveries: Mapping[str, Recovery]
    budget: Budget
    outages: Sequence[Outage] = ()
    burn: Mapping[timedelta, float | None] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return {
            "since": self.window.since.isoformat(),
            "until": self.window.until.isoformat(),
            "within_s": self.within.total_seconds(),
            **self.availability.as_dict(),
            "time_availability": self.time,
            "without_outages": {
                **self.availability_without_outages.as_dict(),
                "time_availability": self.time_without_outages,
            },
            "outages": [
                {
                    "account": one.account,
                    "since": one.span.since.isoformat(),
                    "until": one.span.until.isoformat(),
                }
                for one in self.outages
            ],
            "by_account": {name: one.as_dict() for name, one in self.by_account.items()},
            "lateness_s": self.lateness.as_dict(),
            "recoveries": {kind: one.as_dict() for kind, one in self.recoveries.items()},
            "budget": {
                **self.budget.as_dict(),
                "burn_rates": {f"{window.total_seconds():.0f}": rate for window, rate in self.burn.items()},
            },
        }


def figures(
    due_posts: Sequence[DuePost],
    window: Span,
    *,
    now: datetime,
    within: timedelta = ON_TIME,
    objective: float = OBJECTIVE,
    outages: Sequence[Outage] = (),
    troubles: Sequence[Trouble] = (),
) -> Figures:
    """Compute every figure of a window from what was due in it."""
    names = sorted({one.account for one in due_posts})
    whole = availability(due_posts, now=now, within=within)
    return Figures(
        window=window,
        within=within,
        availability=whole,
        availability_without_outages=availability(due_posts, now=now, within=within, but=outages),
        by_account={
            name: availability([one for one in due_posts if one.account == name], now=now, within=within)
            for name in names
        },
        time=time_availability(due_posts, window, now=now, within=within),
        time_without_outages=time_availability(due_posts, window, now=now, within=within, but=outages),
        lateness=lateness(due_posts),
        recoveries=recoveries(troubles),
        budget=budget(whole, objective),
        outages=tuple(outages),
        burn=burn_rates(due_posts, window, now=now, within=within, objective=objective),
    )
