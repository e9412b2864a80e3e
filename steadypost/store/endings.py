"""What ended unpublished or stands half live, and is to be told: state changes since the last message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection, func, insert, select, update

from steadypost.domain.delivery import State
from steadypost.domain.endings import Ended, Telling, is_time, message
from steadypost.domain.outcome import Cause
from steadypost.store import notices
from steadypost.store import vitals as notes
from steadypost.store.schema import deliveries, post_parts, transitions, vitals

TOLD = "told of:"
"""Under this and the state is noted up to which change of state a person was told."""

SETTLED_AFTER = timedelta(minutes=1)
"""How old a change has to be: one that was numbered before another may be written after it, by half a minute."""

AFTER: Mapping[State, timedelta] = MappingProxyType(
    {
        State.REFUSED: SETTLED_AFTER,
        State.MISSED: SETTLED_AFTER,
        # A thread usually goes on by itself within seconds. Half of it for an hour is worth a message.
        State.PARTIAL: timedelta(hours=1),
    }
)
"""The states a person is told of, and how long a delivery must have been in one."""

AT_FIRST = timedelta(days=1)
"""How far back the first message goes: what ended before this was kept account of is no news."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """What is to be told, and what to write down once it is."""

    ended: tuple[Ended, ...]
    marks: Mapping[State, int]
    last_at: datetime | None
    """When the last such message was sent."""


def tell(connection: Connection, telling: Telling, now: datetime) -> int:
    """Write one message of what ended since the last, if it is time; answer of how many posts. One transaction."""
    take_turn(connection, now)
    found = untold(connection, now)
    speaks = bool(found.ended) and is_time(telling, found.last_at, now)
    if found.ended and not speaks and telling is not Telling.NEVER:
        return 0
    if speaks:
        said = message(found.ended)
        key = f"endings:{':'.join(str(mark) for mark in found.marks.values())}"
        notices.put(connection, key=key, title=said.title, body=said.body, now=now)
    told(connection, found.marks, was_told=speaks, now=now)
    return len(found.ended) if speaks else 0


def take_turn(connection: Connection, now: datetime) -> None:
    """Lock out other watches until this transaction ends: two would send the same message."""
    name = f"{TOLD}turn"
    if connection.execute(update(vitals).where(vitals.c.name == name).values(at=now)).rowcount == 0:
        # Of two who insert, one fails on the name, and is judged anew.
        connection.execute(insert(vitals).values(name=name, well=True, since=now, at=now, told=""))


def untold(connection: Connection, now: datetime) -> Untold:
    """Read what ended, or got stuck half live, since a person was last told."""
    ended: list[Ended] = []
    marks: dict[State, int] = {}
    told_at: list[datetime] = []
    for state, after in AFTER.items():
        known = connection.execute(select(vitals).where(vitals.c.name == f"{TOLD}{state}")).one_or_none()
        since = int(known.told) if known is not None else _beginning(connection, now)
        marks[state] = _up_to(connection, since, now - after)
        ended += _between(connection, state, since, marks[state])
        told_at += [] if known is None or not known.well else [known.at]
    return Untold(ended=tuple(ended), marks=marks, last_at=max(told_at, default=None))


def told(connection: Connection, marks: Mapping[State, int], *, was_told: bool, now: datetime) -> None:
    """Write down up to where a person was told; ``was_told``: now, and not only that there was nothing."""
    for state, mark in marks.items():
        name = f"{TOLD}{state}"
        known = connection.execute(select(vitals).where(vitals.c.name == name)).one_or_none()
        if known is not None and int(known.told) >= mark and not was_told:
            continue
        spoke = was_told or (known is not None and known.well)
        at = now if was_told or known is None else known.at
        notes.note(connection, name, well=spoke, told=str(mark), now=at)


def _beginning(connection: Connection, now: datetime) -> int:
    """Say where to begin the first time: after the last change that is too old to be news."""
    old = select(func.max(transitions.c.id)).where(transitions.c.at < now - AT_FIRST)
    return int(connection.scalar(old) or 0)


def _up_to(connection: Connection, since: int, limit: datetime) -> int:
    """Say how far the changes have settled: numbers missing in between may still be being written."""
    later = select(func.min(transitions.c.id)).where(transitions.c.id > since, transitions.c.at > limit)
    unsettled = connection.scalar(later)
    settled = select(func.max(transitions.c.id)).where(transitions.c.id > since)
    if unsettled is not None:
        settled = settled.where(transitions.c.id < unsettled)
    return int(connection.scalar(settled) or since)


def _between(connection: Connection, state: State, since: int, up_to: int) -> list[Ended]:
    changed = (
        select(transitions.c.delivery_id)
        .where(
            transitions.c.id > since,
            transitions.c.id <= up_to,
            transitions.c.after == str(state),
            transitions.c.delivery_id.is_not(None),
        )
        .distinct()
    )
    rows = connection.execute(
        select(deliveries, post_parts.c.text)
        .join(post_parts, (post_parts.c.post_id == deliveries.c.post_id) & (post_parts.c.n == 0))
        # What has gone on since then, or come to light, is not what it was.
        .where(deliveries.c.id.in_(changed), deliveries.c.state == str(state))
        .order_by(deliveries.c.due_at, deliveries.c.id)
    )
    return [
        Ended(
            delivery_id=row.id,
            account=row.account,
            state=state,
            due_at=row.due_at,
            cause=Cause(row.cause) if row.cause else None,
            why=row.why,
            text=row.text,
        )
        for row in rows
    ]
