"""Attempts: each is one ask, recorded before it acts."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, select, update

from steadypost.domain.budget import Try
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Appearance
from steadypost.domain.outcome import Answer, Phase, Published
from steadypost.store import clocks, codec
from steadypost.store.deliveries import Kept, expect
from steadypost.store.errors import UnknownAttempt
from steadypost.store.schema import attempts

MOST_RECENT = 300
"""How many attempts are read back to see what is left of the retry budget: several minutes of a busy service."""

# What each post runs is built once: building a statement takes several times what executing it does.
_ONE = select(attempts).where(attempts.c.id == bindparam("which"))
_LATEST = (
    select(attempts)
    .where(attempts.c.delivery_id == bindparam("delivery"), attempts.c.fence <= bindparam("up_to"))
    .order_by(attempts.c.fence.desc())
    .limit(1)
)
_BEGIN = insert(attempts).returning(attempts.c.id)
_NOTE = update(attempts).where(attempts.c.id == bindparam("which"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt, as stored."""

    id: int
    delivery_id: int
    n: int
    fence: int
    worker: str
    executor: str
    """What may act for it, as its channel named it when it was armed."""
    first_part: int
    phase: Phase
    claimed_at: datetime
    lease_until: datetime
    armed_at: datetime | None
    answered_at: datetime | None
    rescued_at: datetime | None
    """When it was taken from a worker that fell silent."""
    answer: Answer | None
    gone_at: datetime | None
    """When its executor could provably act no more: only looks after that can prove absence."""
    offset: Offset | None = None
    """How far the network's clock was ahead of its machine's when it was armed, where that was known."""
    appears: Appearance = field(default_factory=Appearance)
    """As whom, and how, it asked."""
    restore_id: int | None = None
    """The restore of which it stands for whatever was asked for since the backup was made. It asked nothing itself."""

    @property
    def began_at(self) -> datetime:
        """The earliest instant at which its post can have become live."""
        return self.armed_at or self.claimed_at

    @property
    def ended_at(self) -> datetime:
        """When it ended: answered, taken back, or at the end of its lease."""
        return self.answered_at or self.rescued_at or self.lease_until


def begin(
    connection: Connection,
    *,
    delivery_id: int,
    n: int,
    fence: int,
    worker: str,
    first_part: int,
    now: datetime,
    lease_until: datetime,
) -> int:
    """Record an attempt, before anything is touched."""
    values = {
        "delivery_id": delivery_id,
        "n": n,
        "fence": fence,
        "worker": worker,
        "executor": "",
        "first_part": first_part,
        "phase": Phase.CLAIMED,
        "claimed_at": now,
        "lease_until": lease_until,
    }
    attempt_id: int = connection.execute(_BEGIN, values).scalar_one()
    return attempt_id


def one(connection: Connection, attempt_id: int) -> Attempt:
    """Read one attempt."""
    row = connection.execute(_ONE, {"which": attempt_id}).one_or_none()
    if row is None:
        raise UnknownAttempt(attempt_id)
    return attempt_of(row)


def latest(connection: Connection, kept: Kept) -> Attempt:
    """Read a delivery's latest attempt. Its fence may be ahead, since a person's word overtakes an attempt."""
    row = connection.execute(_LATEST, {"delivery": kept.delivery.id, "up_to": kept.fence}).one()
    return attempt_of(row)


def first_armed(connection: Connection, ids: Collection[int]) -> dict[int, Attempt]:
    """Give the first armed attempt of each delivery: when X says that an earlier one is live (187), that one is
    looked for.
    """
    earliest = (
        select(attempts.c.delivery_id, func.min(attempts.c.fence).label("fence"))
        .where(attempts.c.delivery_id.in_(ids), attempts.c.armed_at.is_not(None))
        .group_by(attempts.c.delivery_id)
        .subquery()
    )
    both = and_(attempts.c.delivery_id == earliest.c.delivery_id, attempts.c.fence == earliest.c.fence)
    rows = connection.execute(select(attempts).join(earliest, both))
    return {row.delivery_id: attempt_of(row) for row in rows}


def recent(connection: Connection, since: datetime) -> list[Try]:
    """List the newest attempts by number (needs no index), as the retry budget sees them."""
    rows = connection.execute(
        select(attempts.c.n, attempts.c.claimed_at, attempts.c.outcome)
        .order_by(attempts.c.id.desc())
        .limit(MOST_RECENT)
    )
    return [
        Try(at=row.claimed_at, again=row.n > 1, worked=row.n > 1 and _worked(row.outcome))
        for row in rows
        if row.claimed_at > since
    ]


def _worked(outcome: str | None) -> bool:
    return outcome is not None and isinstance(codec.loads(outcome).headline, Published)


def note(connection: Connection, attempt_id: int, **values: Any) -> None:
    """Update columns of an attempt."""
    changed = connection.execute(_NOTE, {"which": attempt_id, **values})
    if changed.rowcount == 0:
        raise UnknownAttempt(attempt_id)
    expect(f"noting attempt {attempt_id}", 1, changed.rowcount)


def attempt_of(row: Row[Any]) -> Attempt:
    """Read an attempt from its row."""
    return Attempt(
        id=row.id,
        delivery_id=row.delivery_id,
        n=row.n,
        fence=row.fence,
        worker=row.worker,
        executor=row.executor,
        first_part=row.first_part,
        phase=Phase(row.phase),
        claimed_at=row.claimed_at,
        lease_until=row.lease_until,
        armed_at=row.armed_at,
        answered_at=row.answered_at,
        rescued_at=row.rescued_at,
        answer=codec.loads(row.outcome) if row.outcome else None,
        gone_at=row.gone_at,
        offset=None if row.clock_ahead_ms is None else clocks.offset(row.clock_ahead_ms, row.clock_within_ms),
        appears=Appearance(identity=row.asked_as, options=json.loads(row.asked_how) if row.asked_how else {}),
        restore_id=row.restore_id,
    )
