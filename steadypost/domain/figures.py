"""How well it went, in figures: judged by what became of each post, never by what a publisher says of itself.

A delivery that was due counts as good when it is live exactly once, with its id on record, all within ``T`` of
its time. Everything here is pure and takes plain records: the store gives them, and so does a ledger that
knows the truth.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import NormalDist
from typing import Any

from steadypost.domain.delivery import State
from steadypost.domain.incident import Incident
from steadypost.domain.outcome import Cause
from steadypost.domain.span import Span, joined, total, without

ON_TIME = timedelta(minutes=5)
"""``T``: how long after its time a post may be live, and on record, and still count as on time."""

OBJECTIVE = 0.99
"""The share of due deliveries that is to be good."""

BURN_WINDOWS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=3))
"""Over which a burn rate is told: those of Google's SRE Workbook, chapter 5, table 5-8."""


class PostOutcome(StrEnum):
    """What became of a delivery that was due."""

    GOOD = "good"
    """Live once, on record, on time."""

    # Due, and not as promised.
    TWICE = "twice"
    """More than one copy is live."""
    LATE = "late"
    """Live, and later than it may be."""
    RECORDED_LATE = "recorded_late"
    """Live on time; that it is, was found out too late."""
    UNRECORDED = "unrecorded"
    """Live, and its id is not on record."""
    UNCONFIRMED = "unconfirmed"
    """Asked, and nobody knows."""
    OVERDUE = "overdue"
    """Still on its way when it should be live."""
    MISSED = "missed"
    """Put aside by its own late rule."""
    HELD_LATE = "held_late"
    """Held by its own late rule: it should be live, and a person is asked because it is not."""
    FOR_A_PERSON = "for_a_person"
    """Waits for somebody, after it broke."""
    TAKEN_BACK_LATE = "taken_back_late"
    """Taken back by a person when it should have been live already."""
    REMOVED = "removed"
    """The network said it was live, and nobody ever saw it."""

    # Not counted, and named all the same.
    PENDING = "pending"
    """Its time to be on time is not over."""
    HELD = "held"
    """Came in as a repetition, or is more than the account's limits ever allow, and waits for a word."""
    TAKEN_BACK = "taken_back"
    """A person took it back before it was late."""
    REFUSED = "refused"
    """The network refused what it says: the post is wrong, not the service."""
    NO_CAPACITY = "no_capacity"
    """The account's own limits, used up by posts that are live, left no room for it in time."""
    OUTAGE = "outage"
    """The network was away in its time; left out only where that is asked for."""


NOT_COUNTED = frozenset(
    {
        PostOutcome.PENDING,
        PostOutcome.HELD,
        PostOutcome.TAKEN_BACK,
        PostOutcome.REFUSED,
        PostOutcome.NO_CAPACITY,
        PostOutcome.OUTAGE,
    }
)
"""What was not due in time. Never silent: each figure names how many it leaves out, and why."""

DOWN = frozenset(
    {
        PostOutcome.LATE,
        PostOutcome.UNCONFIRMED,
        PostOutcome.OVERDUE,
        PostOutcome.MISSED,
        PostOutcome.HELD_LATE,
        PostOutcome.FOR_A_PERSON,
        PostOutcome.TAKEN_BACK_LATE,
    }
)
"""What shows that an account was not served: something was due and was not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePost:
    """One delivery, as figures see it."""

    account: str
    at: datetime
    """When it was due: its due time, or later, when it came in later or was released as a repetition. Whoever
    releases what was held because it was late does not move this."""
    state: State
    """What the store says of it."""
    live_at: datetime | None = None
    """When the last of its parts became live, by the id itself or by a ledger; ``None``: not known to be."""
    recorded_at: datetime | None = None
    """When its ids were on record."""
    twice: bool = False
    no_capacity: bool = False
    """Whether the account's limits left it none when it should have been live at the latest."""
    held_late: bool = False
    """Whether it is held because its own late rule asked for a person."""
    ended_at: datetime | None = None
    """When it came to rest without being live."""
    delivery_id: int | None = None

    def judged(self, *, within: timedelta = ON_TIME, now: datetime) -> PostOutcome:
        """Say what became of it."""
        latest = self.at + within
        if self.twice:
            return PostOutcome.TWICE
        if now < latest:
            return PostOutcome.PENDING
        if self.state is State.REMOVED:
            return PostOutcome.REMOVED
        if self.live_at is not None:
            return self._live(self.live_at, latest)
        return self._not_live(latest)

    def _live(self, live_at: datetime, latest: datetime) -> PostOutcome:
        if live_at > latest:
            return PostOutcome.NO_CAPACITY if self.no_capacity else PostOutcome.LATE
        if self.recorded_at is None:
            return PostOutcome.UNRECORDED
        return PostOutcome.GOOD if self.recorded_at <= latest else PostOutcome.RECORDED_LATE

    def _not_live(self, latest: datetime) -> PostOutcome:
        match self.state:
            case State.HELD if self.held_late:
                return PostOutcome.NO_CAPACITY if self.no_capacity else PostOutcome.HELD_LATE
            case State.HELD:
                return PostOutcome.HELD
            case State.REFUSED:
                return PostOutcome.REFUSED
            case State.CANCELLED:
                early = self.ended_at is not None and self.ended_at <= latest
                return PostOutcome.TAKEN_BACK if early else PostOutcome.TAKEN_BACK_LATE
            case State.NEEDS_REVIEW | State.QUARANTINED:
                return PostOutcome.FOR_A_PERSON
            case State.UNCONFIRMED:
                return PostOutcome.UNCONFIRMED
            case State.MISSED:
                return PostOutcome.NO_CAPACITY if self.no_capacity else PostOutcome.MISSED
            case _:
                return PostOutcome.NO_CAPACITY if self.no_capacity else PostOutcome.OVERDUE


# Outages of the network ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How one attempt ended: what the network showed of itself."""

    account: str
    began_at: datetime
    ended_at: datetime
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch in which the network was away; ``account`` is ``None`` when for everybody."""

    span: Span
    account: str | None = None


AWAY = frozenset({Cause.PAGE_UNREACHABLE, Cause.SERVER_ERROR})
"""The causes that are the network's own: it did not answer, or answered that it cannot. A changed page is not
one of them, nor a sign-in that ran out: to live with those is our work."""

SILENCE = timedelta(minutes=30)
"""Twice the longest wait between attempts. Between two ends further apart than this nobody knows how it was."""


def outages(ends: Iterable[End]) -> list[Outage]:
    """Find when the network was away, by account: from the first attempt that met it so to the last."""
    by_account: defaultdict[str, list[End]] = defaultdict(list)
    for end in sorted(ends, key=lambda one: (one.ended_at, one.began_at)):
        by_account[end.account].append(end)
    return [
        Outage(span=span, account=account)
        for account, line in sorted(by_account.items())
        for span in joined(_away(line))
    ]


def _away(line: Sequence[End]) -> Iterable[Span]:
    """Give the stretches of one account, each up to the attempt that found the network back."""
    for n, end in enumerate(line):
        if end.cause not in AWAY:
            continue
        following = line[n + 1] if n + 1 < len(line) else end
        known = following.ended_at - end.ended_at <= SILENCE
        yield Span(min(end.began_at, end.ended_at), following.ended_at if known else end.ended_at)


def _holes(outages: Iterable[Outage], account: str) -> list[Span]:
    return [outage.span for outage in outages if outage.account in {None, account}]


# Availability --------------------------------------------------------------------------------------------


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
        """The share; ``None`` when nothing was due: nobody knows."""
        return self.good / self.due if self.due else None

    @property
    def lower_95(self) -> float | None:
        """What the true share is not below, with 95 % confidence."""
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
        """Give it the shape by which programs know it."""
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
    return PostOutcome.OUTAGE if any(its_time.touches(hole) for hole in _holes(but, one.account)) else outcome


def time_availability(
    due_posts: Sequence[DuePost],
    window: Span,
    *,
    now: datetime,
    within: timedelta = ON_TIME,
    but: Sequence[Outage] = (),
) -> float | None:
    """Give the share of the window's time in which the accounts were served, averaged over them.

    An account is not served from the time of a post that was late, or never came, until that post is live, or
    came to rest, or a later one of the same account is live: one post in trouble is no outage while the others
    go out. A stretch in which nothing was due counts as served. ``but`` leaves the network's outages out of
    the time altogether.
    """
    seen = window.within(Span(window.since, max(window.since, now)))
    by_account: defaultdict[str, list[DuePost]] = defaultdict(list)
    for one in due_posts:
        by_account[one.account].append(one)
    whole, down = timedelta(0), timedelta(0)
    for account, line in by_account.items():
        if seen is None:
            continue
        holes = _holes(but, account)
        spans = [cut for span in _down(line, within, now) if (cut := span.within(seen))]
        whole += total(without([seen], holes))
        down += total(without(spans, holes))
    return 1 - down / whole if whole else None


def _down(line: Sequence[DuePost], within: timedelta, now: datetime) -> Iterable[Span]:
    """Give the stretches in which one account was not served."""
    line = sorted(line, key=lambda one: one.at)
    # The first instant at which anything that was due from here on is live.
    served: datetime | None = None
    for one in reversed(line):
        ends = [end for end in (one.live_at, served) if end is not None]
        served = min(ends, default=None)
        if one.judged(within=within, now=now) in DOWN:
            until = min([now, *ends, *([one.ended_at] if one.ended_at else [])])
            yield Span(one.at, max(one.at, until))


def wilson_lower(good: int, due: int, confidence: float = 0.95) -> float | None:
    """Give the lower end of Wilson's score interval for a share (two-sided, so it errs to the careful side).

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927); it
    holds at shares near one, where the usual plus-or-minus fails: Brown, Cai, DasGupta, "Interval Estimation
    for a Binomial Proportion", Statistical Science 16 (2001).
    """
    if due == 0:
        return None
    if not 0 <= good <= due:
        raise ValueError(f"{good} good of {due} due cannot be")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = good / due
    middle = share + z * z / (2 * due)
    spread = z * math.sqrt(share * (1 - share) / due + z * z / (4 * due * due))
    # Rounding alone could put it a hair outside.
    return min(share, max(0.0, (middle - spread) / (1 + z * z / due)))


# Distributions -------------------------------------------------------------------------------------------

NEVER = math.inf
"""How long something took that never happened: longer than all that did, and in every figure."""


def in_words(seconds: float | None) -> float | str | None:
    """Give a stretch of time to programs: JSON has no number for what never came."""
    return "never" if seconds == NEVER else seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How values spread. A percentile is a value that occurred (nearest rank), never one between two."""

    n: int
    p50: float | None
    p90: float | None
    p95: float | None
    max: float | None

    @classmethod
    def of(cls, values: Iterable[float | timedelta]) -> Distribution:
        """Take values; stretches of time are told in seconds."""
        line = sorted(one.total_seconds() if isinstance(one, timedelta) else float(one) for one in values)

        def rank(share: float) -> float | None:
            return round(line[max(0, math.ceil(share * len(line)) - 1)], 3) if line else None

        return cls(n=len(line), p50=rank(0.50), p90=rank(0.90), p95=rank(0.95), max=rank(1.0))

    def as_dict(self) -> dict[str, float | int | str | None]:
        """Give it the shape by which programs know it."""
        ranks = {"p50": self.p50, "p90": self.p90, "p95": self.p95, "max": self.max}
        return {"n": self.n, **{name: in_words(value) for name, value in ranks.items()}}


def lateness(due_posts: Iterable[DuePost]) -> Distribution:
    """Tell how long after their time posts became live. What never did is in no percentile: see the outcomes."""
    return Distribution.of(
        max(timedelta(0), one.live_at - one.at)
        for one in due_posts
        if one.live_at is not None and not one.no_capacity
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that went wrong: since when, when it was noticed, and when all was well again."""

    kind: str
    """Its class, in the word that tables agree on."""
    opened_at: datetime
    detected_at: datetime | None = None
    over_at: datetime | None = None
    ended_at: datetime | None = None
    """When the fault itself ended, where somebody knows: from then on it is our time alone."""


def all_back(back_at: Mapping[str, datetime | None]) -> datetime | None:
    """Say when all the accounts that a trouble struck were back: with the last of them.

    An account that came back does not speak for one that did not: ``None`` while one is not back.
    """
    known = [at for at in back_at.values() if at is not None]
    return max(known, default=None) if len(known) == len(back_at) else None


def troubles(incidents: Iterable[Incident], due_posts: Sequence[DuePost]) -> list[Trouble]:
    """Make troubles of incidents, as far as a store knows them.

    A trouble began, for whoever waits for posts, when the first of those fell due that were waiting as it was
    noticed; where none was, it was noticed before anybody missed anything. When a fault really began, and
    ended, only whoever made it can say: a drill.
    """
    return [
        Trouble(
            kind=str(one.kind),
            opened_at=_onset(one, due_posts),
            detected_at=one.opened_at,
            over_at=one.over_at,
        )
        for one in incidents
    ]


def _onset(incident: Incident, due_posts: Sequence[DuePost]) -> datetime:
    at = incident.opened_at
    whose = {one.account for one in due_posts} & {incident.about}
    waited = (
        one.at
        for one in due_posts
        if one.at <= at and _until(one) > at and (not whose or one.account in whose)
    )
    return min(waited, default=at)


def _until(one: DuePost) -> datetime:
    """Say when a post stopped being waited for."""
    return one.live_at or one.ended_at or datetime.max.replace(tzinfo=one.at.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """How fast troubles of one class were noticed, and were over."""

    kind: str
    n: int
    unnoticed: int
    """How many nobody noticed."""
    open: int
    """How many are not over."""
    detection: Distribution
    """From their beginning until they were noticed; its mean is what others call MTTD."""
    repair: Distribution
    """From their beginning until all was well; its mean is what others call MTTR."""
    recovery: Distribution
    """From the end of the fault until all was well, where that end is known. One that is not over is ``NEVER``."""

    def as_dict(self) -> dict[str, Any]:
        """Give it the shape by which programs know it."""
        return {
            "n": self.n,
            "unnoticed": self.unnoticed,
            "open": self.open,
            "detection_s": self.detection.as_dict(),
            "repair_s": self.repair.as_dict(),
            "recovery_s": self.recovery.as_dict(),
        }


def recoveries(troubles: Iterable[Trouble]) -> dict[str, Recovery]:
    """Tell of each class how fast its troubles were noticed, and were over."""
    by_kind: defaultdict[str, list[Trouble]] = defaultdict(list)
    for one in troubles:
        by_kind[one.kind].append(one)
    return {kind: _recovery(kind, by_kind[kind]) for kind in sorted(by_kind)}


def _recovery(kind: str, those: Sequence[Trouble]) -> Recovery:
    none = timedelta(0)
    return Recovery(
        kind=kind,
        n=len(those),
        unnoticed=sum(one.detected_at is None for one in those),
        open=sum(one.over_at is None for one in those),
        detection=Distribution.of(
            max(none, one.detected_at - one.opened_at) for one in those if one.detected_at
        ),
        repair=Distribution.of(max(none, one.over_at - one.opened_at) for one in those if one.over_at),
        recovery=Distribution.of(
            NEVER if one.over_at is None else max(none, one.over_at - one.ended_at)
            for one in those
            if one.ended_at
        ),
    )


# The error budget ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What an objective lets go wrong, and what of it is spent."""

    objective: float
    due: int
    bad: int

    def __post_init__(self) -> None:
        if not 0 < self.objective < 1:
            raise ValueError(f"an objective lies between 0 and 1, both excluded, not at {self.objective}")

    @property
    def allowed(self) -> float:
        """How many may be bad."""
        return (1 - self.objective) * self.due

    @property
    def left(self) -> float | None:
        """The share of it that is left; negative when more went wrong than may. ``None``: nothing was due."""
        return 1 - self.bad / self.allowed if self.due else None

    @property
    def burn(self) -> float | None:
        """How many times as fast as allowed it is spent: at 1 it lasts exactly as long as the window."""
        return (self.bad / self.due) / (1 - self.objective) if self.due else None

    def as_dict(self) -> dict[str, float | int | None]:
        """Give it the shape by which programs know it."""
        told = {"allowed": self.allowed, "left": self.left, "burn_rate": self.burn}
        return {
            "objective": self.objective,
            "bad": self.bad,
            **{name: None if value is None else round(value, 4) for name, value in told.items()},
        }


def budget(of: Availability, objective: float = OBJECTIVE) -> Budget:
    """Set an availability against its objective."""
    return Budget(objective=objective, due=of.due, bad=of.due - of.good)


def burn_rates(
    due_posts: Sequence[DuePost],
    window: Span,
    *,
    now: datetime,
    within: timedelta = ON_TIME,
    objective: float = OBJECTIVE,
    lengths: Sequence[timedelta] = BURN_WINDOWS,
) -> dict[timedelta, float | None]:
    """Tell how fast the budget was spent at the end of a window, over each of these lengths that it holds."""
    until = min(now, window.until)

    def burn(length: timedelta) -> float | None:
        lately = [one for one in due_posts if until - length <= one.at]
        return budget(availability(lately, now=now, within=within), objective).burn

    return {length: burn(length) for length in lengths if length <= window.length}


# All of it -----------------------------------------------------------------------------------------------


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
        """Give it the shape by which programs know it."""
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
    """Take what was due in a window, and say everything there is to say of it."""
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
