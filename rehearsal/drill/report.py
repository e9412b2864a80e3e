"""What a drill showed, in figures: the store held against the network's ledger, trouble by trouble."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rehearsal import truth
from rehearsal.audit import MOST, Broken, audit
from rehearsal.drill import others
from rehearsal.drill.lines import Ledger, Line, line_of
from rehearsal.drill.stage import SPACING, Happened, Played
from rehearsal.drill.waits import Blocked, blocked, reasons_of
from rehearsal.invariants import judge
from rehearsal.networks import X_WEB
from steadypost.domain.delivery import State
from steadypost.domain.figures import NEVER, Distribution, DuePost, Figures, all_back, figures, in_words
from steadypost.domain.figures import Trouble as Measured
from steadypost.domain.span import Span
from steadypost.store import Story, notices, reading
from steadypost.store import accounts as account_rows

TOLD_AFTER_S = 90.0
"""Of a post that was later than this the whole story stands in the details."""

NAMED = frozenset({State.REFUSED, State.MISSED, State.CANCELLED, State.REMOVED})
"""Ends that say by themselves why a post is not live."""

UNSETTLED = frozenset({State.SENDING, State.UNCONFIRMED, State.NEEDS_REVIEW})
"""Not known yet whether it is live."""

BEFORE_A_PERSON = frozenset({State.NEEDS_REVIEW, State.QUARANTINED, State.HELD})


@dataclass(kw_only=True)
class Report:
    """Everything a drill showed."""

    played: Played
    lines: list[Line]
    broken: list[Broken]
    duplicates: int
    false_status: int
    figures: Figures
    lost: list[Line]
    false_blocks: list[Blocked]
    by_fault: list[dict[str, Any]]
    messages: int
    twins: int = 0
    channels: Mapping[str, others.Channel] = field(default_factory=dict)
    """What the ledgers of the networks beside X's page say."""

    def as_dict(self) -> dict[str, Any]:
        """Give the figures, in the shape that was promised."""
        programme, told = self.played.programme, self.figures.availability
        late = self.figures.lateness
        return {
            "seed": programme.seed,
            "minutes": programme.seconds / 60,
            "due": told.due,
            "good": told.good,
            "availability": _rounded(told.ratio),
            "availability_lower_95": _rounded(told.lower_95),
            "time_availability": _rounded(self.figures.time),
            "duplicates": self.duplicates,
            "lost": len(self.lost),
            "false_status": self.false_status,
            "false_blocks": len(self.false_blocks),
            "falsely_blocked": [blocked_as_dict(one) for one in self.false_blocks],
            "never_back": never_back(self.by_fault),
            "left_out": {str(outcome): many for outcome, many in told.left_out.items()},
            "refused": refusals(self.lines),
            "lateness_s": {"p50": late.p50, "p95": late.p95},
            "recovery_s": spread(self.by_fault, "recovery_s"),
            "detection_s": spread(self.by_fault, "detection_s"),
            "messages": self.messages,
            "channels": self.by_channel(),
            "by_fault": self.by_fault,
        }

    def details(self) -> dict[str, Any]:
        """Give what stands behind the figures: how it was played, and every post that was not as promised."""
        programme, told = self.played.programme, self.figures.availability
        return {
            "weather": programme.weather,
            "store": self.played.ground,
            "control": self.played.control,
            "switches_off": self.played.off,
            "began_at": self.played.began_at.isoformat(),
            "on_time_within_s": self.figures.within.total_seconds(),
            "not_good_are": {str(outcome): many for outcome, many in told.bad.items()},
            "left_out_are": {str(outcome): many for outcome, many in told.left_out.items()},
            "twins_by_hand": self.twins,
            "by_hand": self.played.by_hand,
            "network_clock": {"offset_s": programme.clock_offset_s, "drift_ppm": programme.clock_drift_ppm},
            "states": dict(Counter(str(line.state) for line in self.lines)),
            "lateness_s": self.figures.lateness.as_dict(),
            "recovery_s": Distribution.of(_told(self.by_fault, "recovery_s")).as_dict(),
            "drained_s": Distribution.of(_told(self.by_fault, "drained_s")).as_dict(),
            "at_rest": self.played.at_rest,
            "rest_took_s": round((self.played.rested_at - self._ends()).total_seconds(), 1),
            "restarts": self.played.restarts,
            "broken": [str(one) for one in self.broken],
            "not_good": [self._of(line) for line in self.lines if self._is_bad(line)],
            "stories": {line.delivery_id: line.story for line in self.lines if self._is_worth_telling(line)},
            "lost": [self._of(line) for line in self.lost],
            "falsely_blocked": [
                {**self._of(one.line), "waited_s": one.waited_s, "cause": one.cause}
                for one in self.false_blocks
            ],
            "posts": [self._of(line) for line in self.lines],
        }

    def holds(self) -> bool:
        """Whether everything that is never allowed did not happen."""
        wrong = (self.duplicates, self.lost, self.false_status, self.false_blocks, self.broken)
        beside = all(one.holds() for one in self.channels.values())
        return beside and not any(wrong) and never_back(self.by_fault) == 0

    def by_channel(self) -> dict[str, dict[str, Any]]:
        """Give the figures of each channel: of X's page those that the others have as well."""
        told = self.figures.availability
        page = {
            "due": told.due,
            "on_time": told.good,
            "availability": _rounded(told.ratio),
            "duplicates": self.duplicates,
            "false_status": self.false_status,
            "broken": [str(one) for one in self.broken],
        }
        return {X_WEB: page, **{name: one.as_dict() for name, one in self.channels.items()}}

    def _ends(self) -> datetime:
        return self.played.began_at + timedelta(seconds=self.played.programme.seconds)

    def _is_worth_telling(self, line: Line) -> bool:
        late = line.late_s()
        return (
            any(line is one.line for one in self.false_blocks)
            or late is None
            or late > TOLD_AFTER_S
            or line.copies > 1
            or line.state in UNSETTLED
        )

    def _is_bad(self, line: Line) -> bool:
        late = line.late_s()
        return late is None or late > self.figures.within.total_seconds() or line.copies > 1

    def _of(self, line: Line) -> dict[str, Any]:
        return {
            "delivery": line.delivery_id,
            "account": line.account,
            "due_s": round((line.due_at - self.played.began_at).total_seconds(), 1),
            "late_s": line.late_s(),
            "state": str(line.state),
            "attempts": line.attempts,
            "why": line.why,
        }


def report_of(played: Played) -> Report:
    """Hold the store against the ledger, and say what the drill showed."""
    store, sandbox = played.store, played.sandbox
    found = audit(store, sandbox, channel=X_WEB)
    stories = [
        store.read(reading.show, entry.delivery.id)
        for entry in store.read(reading.queue, limit=MOST)
        if entry.delivery.account not in others.ACCOUNTS
    ]
    posts = truth.made(sandbox.ledger(), sandbox.asks())
    ledger = Ledger.of(posts, store.read(account_rows.every), stories)
    lines = [
        line_of(story, ledger, n=played.deliveries[story.delivery.id], began_at=played.began_at)
        for story in stories
        if story.delivery.id in played.deliveries
    ]
    due_posts = [due_post_of(line) for line in lines]
    until = max(played.rested_at, played.began_at + timedelta(seconds=played.programme.seconds))
    measured = [_measured(one, lines, played.happened) for one in played.happened]
    told = store.read(notices.every)
    return Report(
        played=played,
        lines=lines,
        broken=judge(store, sandbox, channel=X_WEB),
        duplicates=found.duplicates,
        false_status=_false_status(found.broken, stories, sandbox.live(), store),
        twins=found.twins,
        figures=figures(
            due_posts,
            Span(played.began_at, until),
            # Everything is judged: what is not live by now is not on time, whenever it was due.
            now=until + timedelta(days=1),
            troubles=[one.trouble for one in measured],
        ),
        lost=[line for line in lines if is_lost(line, {notice.delivery_id for notice in told})],
        false_blocks=list(
            blocked(
                lines,
                played.happened,
                ledger.full(),
                spacing=SPACING,
                reasons=reasons_of(store, stories),
            )
        ),
        by_fault=[one.as_dict(played.began_at) for one in measured],
        messages=len(told),
        channels=others.judged(store, played.others),
    )


# --- posts


def due_post_of(line: Line) -> DuePost:
    """Give a post as figures see it."""
    return DuePost(
        account=line.account,
        at=line.due_at,
        state=line.state,
        live_at=line.live_at,
        recorded_at=line.recorded_at,
        twice=line.copies > 1,
        no_capacity=line.no_capacity,
        held_late=line.held_late,
        delivery_id=line.delivery_id,
    )


def is_lost(line: Line, told: Iterable[int | None]) -> bool:
    """Whether it is not live, and no person was told: no end of its own, no person before whom it lies."""
    if line.live_at is not None or line.state in NAMED:
        return False
    return line.state not in BEFORE_A_PERSON or (
        line.state is not State.HELD and line.delivery_id not in set(told)
    )


def _false_status(
    broken: Sequence[Broken], stories: Sequence[Story], live: Sequence[Mapping[str, Any]], store: Any
) -> int:
    """Count what the store says and is not so. One that says it does not know says nothing false."""
    handles = {account.name: account.handle for account in store.read(account_rows.every)}
    unknown = {
        (handles[story.delivery.account], " ".join(part.text.split()))
        for story in stories
        if story.delivery.state in UNSETTLED
        for part in story.post.parts
    }
    about = {post["id"]: (post["author"], " ".join(post["text"].split())) for post in live}
    return sum(
        one.number in {2, 8} and about.get(one.what.partition(" ")[0], ("", "")) not in unknown
        for one in broken
    )


# --- troubles


def by_fault(happened: Sequence[Happened], lines: Sequence[Line], began_at: datetime) -> list[dict[str, Any]]:
    """Say of every trouble what it did."""
    return [_measured(one, lines, happened).as_dict(began_at) for one in happened]


@dataclass(frozen=True, kw_only=True)
class Suffered:
    """One trouble, and what it did."""

    happened: Happened
    trouble: Measured
    due: int
    """How many posts fell due on the accounts it struck while it was there."""
    due_beside: int
    on_time_beside: int
    """Of those that fell due on the other accounts, how many were live within a minute."""
    drained_s: float | None
    """From its end until all that was waiting for it was live."""
    back: Sequence[Back]
    """How each of its accounts came back."""
    overlapped: bool
    """Whether another trouble of the same accounts was there at its end: both are over when the last of them is."""

    @property
    def recovery_s(self) -> float | None:
        """From its end until posts went out again on the last of its accounts; ``NEVER`` where one stayed away."""
        return _last(self.back)

    def as_dict(self, began_at: datetime) -> dict[str, Any]:
        """Give it the shape by which programs know it."""
        one = self.happened
        found = self.trouble.detected_at
        return {
            "n": one.trouble.n,
            "fault": one.trouble.kind.name,
            "class": str(one.trouble.kind.place),
            "accounts": list(one.trouble.accounts),
            "at_s": round((one.began_at - began_at).total_seconds(), 1),
            "lasted_s": round((one.ended_at - one.began_at).total_seconds(), 1),
            "hits": one.hits,
            "failed": one.failed,
            "due": self.due,
            "due_beside": self.due_beside,
            "on_time_beside": self.on_time_beside,
            "detection_s": None if found is None else round((found - one.began_at).total_seconds(), 2),
            "recovery_s": in_words(self.recovery_s),
            "recovery_by_account_s": {one.account: in_words(one.seconds) for one in self.back},
            "drained_s": in_words(self.drained_s),
            "overlapped": self.overlapped,
        }


def _measured(one: Happened, lines: Sequence[Line], happened: Sequence[Happened]) -> Suffered:
    struck = [line for line in lines if line.account in one.trouble.accounts]
    beside = [line for line in lines if line.account not in one.trouble.accounts]
    window = Span(one.began_at, one.ended_at)
    over = _over_at(one, happened)
    back = came_back(struck, over)
    due_beside = [line for line in beside if line.due_at in window]
    return Suffered(
        happened=one,
        trouble=Measured(
            kind=str(one.trouble.kind.place),
            opened_at=one.began_at,
            detected_at=_detected_at(struck, window),
            over_at=all_back({one.account: one.at for one in back}),
            # Where nothing was due after its end, it is unknown when all was well again.
            ended_at=over if back else None,
        ),
        due=sum(line.due_at in window for line in struck),
        due_beside=len(due_beside),
        on_time_beside=sum((late := line.late_s()) is not None and late <= 60 for line in due_beside),
        drained_s=_drained(struck, over),
        back=back,
        overlapped=over > one.ended_at,
    )


def _drained(struck: Sequence[Line], over: datetime) -> float:
    """How long from a trouble's end until all that waited then was live."""
    waited = [line for line in struck if line.due_at < over and _is_due_after(line, over)]
    late = [NEVER if line.live_at is None else (line.live_at - over).total_seconds() for line in waited]
    return round(max(late, default=0.0), 2)


def _over_at(one: Happened, happened: Sequence[Happened]) -> datetime:
    """When a trouble was over, and every other that was there for the same accounts when it ended."""
    over = one.ended_at
    while True:
        there = [
            other.ended_at
            for other in happened
            if other.began_at <= over < other.ended_at
            and set(other.trouble.accounts) & set(one.trouble.accounts)
        ]
        if not there:
            return over
        over = max(there)


def _detected_at(struck: Sequence[Line], window: Span) -> datetime | None:
    """When the store first heard that something was wrong, while it was, or soon after it."""
    return min((sign for line in struck for sign in line.signs if sign in _noticed(window)), default=None)


def _noticed(window: Span) -> Span:
    """A sign belongs to a trouble when it comes while it is there, or within a lease's length after it."""
    return Span(window.since, window.until + timedelta(seconds=45))


@dataclass(frozen=True, kw_only=True)
class Back:
    """How one account came back after a trouble."""

    account: str
    at: datetime | None
    """When its first post was live again; ``None``: none was, though some were due."""
    seconds: float
    """From the trouble's end, or from when the first was due after it; ``NEVER`` when none was live again."""


def came_back(struck: Sequence[Line], over: datetime) -> list[Back]:
    """Say how each account came back that was due something after a trouble's end: from there, or its next due post.

    Nothing due any more: no figure. Due and nothing shown: the worst.
    """
    by_account: defaultdict[str, list[Line]] = defaultdict(list)
    for line in struck:
        if _is_due_after(line, over):
            by_account[line.account].append(line)
    return [_back(account, those, over) for account, those in sorted(by_account.items())]


def _is_due_after(line: Line, over: datetime) -> bool:
    """Whether a post should have gone live after that: it did, it fell due then, or it still waits to."""
    if line.no_capacity:
        return False
    if line.live_at is not None:
        return line.live_at >= over
    return line.state not in NAMED and (line.due_at >= over or line.state not in BEFORE_A_PERSON)


def _back(account: str, due_posts: Sequence[Line], over: datetime) -> Back:
    live = [(line.live_at, line) for line in due_posts if line.live_at is not None]
    if not live:
        return Back(account=account, at=None, seconds=NEVER)
    at, first = min(live, key=lambda one: one[0])
    return Back(account=account, at=at, seconds=round((at - max(over, first.due_at)).total_seconds(), 2))


def _last(back: Sequence[Back]) -> float | None:
    """Give the last one's time: an account that came back does not speak for one that did not."""
    return max((one.seconds for one in back), default=None)


def never_back(by_fault: Sequence[Mapping[str, Any]]) -> int:
    """Count the troubles after which an account that was due posts showed none again."""
    return sum(one["recovery_s"] == "never" for one in by_fault)


def blocked_as_dict(one: Blocked) -> dict[str, Any]:
    """Give a false block the shape by which programs know it: who waited, how long, and why."""
    return {
        "delivery": one.line.delivery_id,
        "account": one.line.account,
        "due_at": one.line.due_at.isoformat(),
        "waited_s": one.waited_s,
        "cause": one.cause,
    }


def refusals(lines: Iterable[Line]) -> dict[str, int]:
    """Count what the network refused, by its code; the weather refuses, so it is no part of the share."""
    return dict(Counter(line.refused_code or "-" for line in lines if line.state is State.REFUSED))


# --- spreading


def _told(by_fault: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    told = [one[key] for one in by_fault if one[key] is not None]
    return [NEVER if one == "never" else one for one in told]


def spread(by_fault: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    """Spread one figure by class: where the trouble sat."""
    groups: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in by_fault:
        groups[one["class"]].append(one)
    spread = {name: Distribution.of(_told(those, key)).as_dict() for name, those in sorted(groups.items())}
    return {name: {word: told[word] for word in ("n", "p50", "p90", "max")} for name, told in spread.items()}


def _rounded(value: float | None, digits: int = 5) -> float | None:
    return None if value is None else round(value, digits)
