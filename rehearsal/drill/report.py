"""What a drill showed, in figures: the store held against the network's ledger, trouble by trouble."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rehearsal.audit import MOST, Broken, audit
from rehearsal.drill.stage import Happened, Played
from rehearsal.invariants import judge
from steadypost.cli.commands.why import happened
from steadypost.domain.delivery import State
from steadypost.domain.figures import Distribution, Figures, Owed, figures
from steadypost.domain.figures import Trouble as Measured
from steadypost.domain.outcome import Published
from steadypost.domain.span import Span, total, without
from steadypost.store import Story

BLOCKED_AFTER = timedelta(seconds=60)
"""A post that waits for longer than this while nothing is wrong, with it or around it, is blocked for no reason."""

TOLD_AFTER_S = 90.0
"""Of a post that was later than this the whole story stands in the details."""

NAMED = frozenset({State.REFUSED, State.MISSED, State.CANCELLED, State.REMOVED})
"""Ends that say by themselves why a post is not live."""

BEFORE_A_PERSON = frozenset({State.NEEDS_REVIEW, State.QUARANTINED, State.HELD})


@dataclass(frozen=True, kw_only=True)
class Line:
    """One post of the programme, from both sides."""

    delivery_id: int
    n: int
    account: str
    due_at: datetime
    state: State
    live_at: datetime | None
    """When the last of its parts became live, by the ledger."""
    recorded_at: datetime | None
    copies: int
    """How many live copies there are of the part that has most."""
    attempts: int
    in_doubt: bool
    """Whether an attempt of it ended in doubt: then looks, and their settle window, stand before another."""
    signs: tuple[datetime, ...]
    """When the store heard that something was wrong with it."""
    why: str
    asked_at: datetime | None = None
    """When it was first about to be asked for: from then on it is X that takes its time."""
    story: tuple[str, ...] = ()
    """What happened to it, in the words of ``steadypost why``."""

    def late_s(self) -> float | None:
        """How long after its time it was live."""
        return None if self.live_at is None else max(0.0, (self.live_at - self.due_at).total_seconds())


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
    false_blocks: list[Line]
    by_fault: list[dict[str, Any]]
    messages: int

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
            "lateness_s": {"p50": late.p50, "p95": late.p95},
            "recovery_s": spread(self.by_fault, "recovery_s"),
            "detection_s": spread(self.by_fault, "detection_s"),
            "messages": self.messages,
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
            "not_good_are": {str(fate): many for fate, many in told.bad.items()},
            "left_out_are": {str(fate): many for fate, many in told.left_out.items()},
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
            "falsely_blocked": [self._of(line) for line in self.false_blocks],
            "posts": [self._of(line) for line in self.lines],
        }

    def holds(self) -> bool:
        """Whether everything that is never allowed did not happen."""
        return not (self.duplicates or self.lost or self.false_status or self.false_blocks or self.broken)

    def _ends(self) -> datetime:
        return self.played.began_at + timedelta(seconds=self.played.programme.seconds)

    def _is_worth_telling(self, line: Line) -> bool:
        late = line.late_s()
        return line in self.false_blocks or late is None or late > TOLD_AFTER_S or line.copies > 1

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
    found = audit(store, sandbox)
    stories = [store.show(entry.delivery.id) for entry in store.queue(limit=MOST)]
    ledger = {post["id"]: post for post in sandbox.ledger()}
    lines = [_line(story, played, ledger) for story in stories if story.delivery.id in played.deliveries]
    owed = [_owed(line) for line in lines]
    until = max(played.rested_at, played.began_at + timedelta(seconds=played.programme.seconds))
    measured = [_measured(one, lines, played.happened) for one in played.happened]
    told = store.notices()
    return Report(
        played=played,
        lines=lines,
        broken=judge(store, sandbox),
        duplicates=found.duplicates,
        false_status=_false_status(found.broken, stories, sandbox.live(), store),
        figures=figures(
            owed,
            Span(played.began_at, until),
            # Everything is judged: what is not live by now is not on time, whenever it was due.
            now=until + timedelta(days=1),
            troubles=[one.trouble for one in measured],
        ),
        lost=[line for line in lines if _is_lost(line, {notice.delivery_id for notice in told})],
        false_blocks=list(blocked(lines, played.happened)),
        by_fault=[one.as_dict(played.began_at) for one in measured],
        messages=len(told),
    )


# --- posts


def _line(story: Story, played: Played, ledger: Mapping[str, Mapping[str, Any]]) -> Line:
    parts = story.delivery.parts
    made = [_made(ledger[one]) for part in parts if (one := part.remote_id) and one in ledger]
    doubts = [attempt for attempt in story.attempts if attempt.armed_at and not _said_id(attempt)]
    return Line(
        delivery_id=story.delivery.id,
        n=played.deliveries[story.delivery.id],
        account=story.delivery.account,
        due_at=story.delivery.due_at,
        state=story.delivery.state,
        live_at=max(made) if len(made) == len(parts) else _live_without_id(story, ledger),
        recorded_at=story.published_at,
        copies=_copies(story, ledger),
        attempts=len(story.attempts),
        in_doubt=bool(doubts),
        asked_at=min((one.armed_at for one in story.attempts if one.armed_at), default=None),
        signs=tuple(_signs(story)),
        why=story.delivery.why,
        story=tuple(
            f"{(event.at - played.began_at).total_seconds():8.2f}  {event.says}"
            for event in sorted(happened(story), key=lambda event: event.at)
        ),
    )


def _live_without_id(story: Story, ledger: Mapping[str, Mapping[str, Any]]) -> datetime | None:
    """When all of it was live though the store has not every id: it is there, and not on record."""
    made = [
        min(
            (_made(post) for post in ledger.values() if post["live"] and _says(post, part.text)), default=None
        )
        for part in story.post.parts
    ]
    known = [moment for moment in made if moment is not None]
    return max(known) if len(known) == len(made) else None


def _says(post: Mapping[str, Any], text: str) -> bool:
    return bool(post["ask"]) and post["text"].split() == text.split()


def _copies(story: Story, ledger: Mapping[str, Mapping[str, Any]]) -> int:
    return max(
        sum(bool(post["live"]) and _says(post, part.text) for post in ledger.values())
        for part in story.post.parts
    )


def _said_id(attempt: Any) -> bool:
    return attempt.answer is not None and all(isinstance(one, Published) for one in attempt.answer.outcomes)


def _signs(story: Story) -> Iterator[datetime]:
    """Give the moments at which the store heard that an attempt went wrong, or took it from a silent worker."""
    for attempt in story.attempts:
        if attempt.rescued_at:
            yield attempt.rescued_at
        if attempt.answered_at and not _said_id(attempt):
            yield attempt.answered_at


def _made(post: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(post["created_at"] / 1000, UTC)


def _owed(line: Line) -> Owed:
    return Owed(
        account=line.account,
        at=line.due_at,
        state=line.state,
        live_at=line.live_at,
        recorded_at=line.recorded_at,
        twice=line.copies > 1,
        delivery_id=line.delivery_id,
    )


def _is_lost(line: Line, told: Iterable[int | None]) -> bool:
    """Whether it is not live, and nobody was told: no end of its own, no person before whom it lies."""
    if line.live_at is not None or line.state in NAMED:
        return False
    return line.state not in BEFORE_A_PERSON or (
        line.state is not State.HELD and line.delivery_id not in set(told)
    )


def _false_status(
    broken: Sequence[Broken], stories: Sequence[Story], live: Sequence[Mapping[str, Any]], store: Any
) -> int:
    """Count what the store says and is not so. One that says it does not know says nothing false."""
    handles = {account.name: account.handle for account in store.accounts()}
    unknown = {
        (handles[story.delivery.account], " ".join(part.text.split()))
        for story in stories
        if story.delivery.state in {State.SENDING, State.UNCONFIRMED, State.NEEDS_REVIEW}
        for part in story.post.parts
    }
    about = {post["id"]: (post["author"], " ".join(post["text"].split())) for post in live}
    return sum(
        one.number in {2, 8} and about.get(one.what.partition(" ")[0], ("", "")) not in unknown
        for one in broken
    )


def blocked(
    lines: Sequence[Line],
    happened: Sequence[Happened],
    told: Mapping[str, Sequence[Span]] | None = None,
    *,
    spacing: timedelta = timedelta(0),
) -> Iterator[Line]:
    """Find the posts that waited for nothing: no trouble struck their account meanwhile, nor themselves.

    ``told`` names, by account, when the network itself had said "not now". ``spacing`` is what an account keeps between
    two of its posts: behind those that were due before it, and only those, a post waits for good reason.
    """
    for line in lines:
        if line.in_doubt or line.signs or line.live_at is None or line.live_at <= line.due_at:
            continue
        troubles = [
            Span(one.began_at, one.ended_at) for one in happened if line.account in one.trouble.accounts
        ]
        troubles += (told or {}).get(line.account, ())
        if spacing:
            troubles += _kept_apart(line, lines, spacing)
        until = max(line.due_at, min(line.live_at, line.asked_at or line.live_at))
        calm = total(without([Span(line.due_at, until)], troubles))
        if calm > BLOCKED_AFTER:
            yield line


def _kept_apart(line: Line, lines: Sequence[Line], spacing: timedelta) -> list[Span]:
    """When those before it on its account were going out, or had just done so."""
    return [
        Span(one.asked_at, max(one.asked_at, one.live_at or one.asked_at) + spacing)
        for one in lines
        if one.account == line.account and one.due_at < line.due_at and one.asked_at is not None
    ]


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
    recovery_s: float | None
    """From its end until the first post went out again."""
    overlapped: bool
    """Whether another trouble of the same accounts was there at its end: both are over when the last of them is."""

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
            "recovery_s": self.recovery_s,
            "drained_s": self.drained_s,
            "overlapped": self.overlapped,
        }


def _measured(one: Happened, lines: Sequence[Line], happened: Sequence[Happened]) -> Suffered:
    struck = [line for line in lines if line.account in one.trouble.accounts]
    beside = [line for line in lines if line.account not in one.trouble.accounts]
    window = Span(one.began_at, one.ended_at)
    over = _over_at(one, happened)
    drained = [line.live_at for line in struck if line.live_at and line.due_at < over < line.live_at]
    due_beside = [line for line in beside if line.due_at in window]
    return Suffered(
        happened=one,
        trouble=Measured(
            kind=str(one.trouble.kind.place),
            opened_at=one.began_at,
            detected_at=_detected_at(struck, window),
            over_at=_out_again(struck, over),
            ended_at=over,
        ),
        due=sum(line.due_at in window for line in struck),
        due_beside=len(due_beside),
        on_time_beside=sum((late := line.late_s()) is not None and late <= 60 for line in due_beside),
        drained_s=round((max(drained) - over).total_seconds(), 2) if drained else 0.0,
        recovery_s=_recovery(struck, over),
        overlapped=over > one.ended_at,
    )


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


def _out_again(struck: Sequence[Line], ended_at: datetime) -> datetime | None:
    """When the first post went live after a trouble's end, on the slowest of the accounts it struck."""
    first: dict[str, datetime] = {}
    for line in struck:
        if line.live_at and line.live_at >= ended_at:
            first[line.account] = min(first.get(line.account, line.live_at), line.live_at)
    return max(first.values(), default=None)


def _recovery(struck: Sequence[Line], ended_at: datetime) -> float | None:
    """How long from a trouble's end until posts went out again, on the slowest of its accounts.

    Where nothing was due at its end the time counts from the next due post: nobody waited before that.
    """
    by_account: defaultdict[str, list[Line]] = defaultdict(list)
    for line in struck:
        if line.live_at and line.live_at >= ended_at:
            by_account[line.account].append(line)
    seconds = []
    for those in by_account.values():
        first = min(those, key=lambda line: line.live_at or ended_at)
        if first.live_at is not None:
            seconds.append((first.live_at - max(ended_at, first.due_at)).total_seconds())
    return round(max(seconds), 2) if seconds else None


# --- spreading


def _told(by_fault: Sequence[Mapping[str, Any]], key: str) -> list[float]:
    return [one[key] for one in by_fault if one[key] is not None]


def spread(by_fault: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    """Spread one figure by class: where the trouble sat."""
    groups: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in by_fault:
        groups[one["class"]].append(one)
    spread = {name: Distribution.of(_told(those, key)).as_dict() for name, those in sorted(groups.items())}
    return {name: {word: told[word] for word in ("n", "p50", "p90", "max")} for name, told in spread.items()}


def _rounded(value: float | None, digits: int = 5) -> float | None:
    return None if value is None else round(value, digits)
