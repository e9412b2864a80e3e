"""Posts that waited while nothing was wrong: how long, and what was on record of why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rehearsal.audit import MOST
from rehearsal.drill.lines import Line
from rehearsal.drill.stage import Happened
from steadypost.domain.health import Kind
from steadypost.domain.span import Span, joined, total, without
from steadypost.store import Story, incidents

BLOCKED_AFTER = timedelta(seconds=60)
"""A post that waits for longer than this while nothing is wrong, with it or around it, is blocked for no reason."""

Reasons = Mapping[str, Sequence[tuple[str, Span]]]
"""By account: what kept its posts waiting, and when."""

HOLDS = frozenset(
    {
        Kind.SERVER,
        Kind.WORKER,
        Kind.ON_WATCH,
        Kind.RUNS,
        Kind.SLOTS,
        Kind.CIRCUIT,
        Kind.BROWSERS,
        Kind.SESSION,
        Kind.LEASES,
        Kind.STORE,
    }
)
"""The incidents that can keep a post waiting; of the others none is a cause."""

NO_REASON = "nothing on record"


@dataclass(frozen=True, kw_only=True)
class Blocked:
    """A post that waited for nothing that was wrong."""

    line: Line
    waited_s: float
    """How long it waited in calm weather."""
    cause: str
    """What was on record for the most part of that, else ``NO_REASON``."""


def blocked(
    lines: Sequence[Line],
    happened: Sequence[Happened],
    told: Mapping[str, Sequence[Span]] | None = None,
    *,
    spacing: timedelta = timedelta(0),
    reasons: Reasons | None = None,
) -> Iterator[Blocked]:
    """Find the posts that waited for nothing: no trouble struck their account or themselves.

    ``told``: when the network said "not now", by account. ``spacing``: between two posts of an account. ``reasons`` are
    only for the report.
    """
    for line in lines:
        if (
            line.unconfirmed
            or line.signs
            or line.no_capacity
            or line.live_at is None
            or line.live_at <= line.due_at
        ):
            continue
        troubles = [
            Span(one.began_at, one.ended_at) for one in happened if line.account in one.trouble.accounts
        ]
        troubles += (told or {}).get(line.account, ())
        if spacing:
            troubles += _kept_apart(line, lines, spacing)
        until = max(line.due_at, min(line.live_at, line.asked_at or line.live_at))
        calm = list(without([Span(line.due_at, until)], troubles))
        if total(calm) > BLOCKED_AFTER:
            cause = _cause(calm, (reasons or {}).get(line.account, ()))
            yield Blocked(line=line, waited_s=round(total(calm).total_seconds(), 1), cause=cause)


def _cause(calm: Sequence[Span], reasons: Sequence[tuple[str, Span]]) -> str:
    """Name what covers the most of a wait, if it covers half of it."""
    by_name: defaultdict[str, list[Span]] = defaultdict(list)
    for name, span in reasons:
        by_name[name] += [cut for one in calm if (cut := one.within(span)) is not None]
    covered = {name: total(joined(spans)) for name, spans in by_name.items()}
    most = max(covered, key=lambda name: covered[name], default=NO_REASON)
    return most if covered.get(most, timedelta(0)) * 2 >= total(calm) else NO_REASON


def reasons_of(store: Any, stories: Sequence[Story]) -> Reasons:
    """Collect what the store has on record of why an account's posts waited."""
    found: defaultdict[str, list[tuple[str, Span]]] = defaultdict(list)
    for story in stories:
        for attempt in story.attempts:
            ends = attempt.answered_at or attempt.rescued_at or attempt.lease_until
            under_way = f"delivery {story.delivery.id} of the same account was under way"
            found[story.delivery.account].append(
                (under_way, Span(attempt.claimed_at, max(attempt.claimed_at, ends)))
            )
    for incident in (one for one in store.read(incidents.latest, MOST) if one.kind in HOLDS):
        span = Span(incident.opened_at, incident.over_at or datetime.max.replace(tzinfo=UTC))
        for account in {story.delivery.account for story in stories}:
            if incident.about in {"", account} or account not in incident.about:
                found[account].append((f"incident {incident.kind} {incident.about}".strip(), span))
    return found


def _kept_apart(line: Line, lines: Sequence[Line], spacing: timedelta) -> list[Span]:
    """When those before it on its account were going out, or had just done so."""
    return [
        Span(one.asked_at, max(one.asked_at, one.live_at or one.asked_at) + spacing)
        for one in lines
        if one.account == line.account and one.due_at < line.due_at and one.asked_at is not None
    ]
