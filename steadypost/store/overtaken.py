"""Answers and looks that were overtaken by another attempt or a person's word.

Only an id counts: the delivery becomes published, an attempt about to ask again is stopped, and a second copy is noted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from steadypost.domain.delivery import Delivery, State
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Published, Unconfirmed
from steadypost.domain.parts import DeliveryPart, PartState
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.waits import FIRST_LOOK
from steadypost.domain.word import came_to_light
from steadypost.store import attempts as attempt_rows
from steadypost.store import copies, ledger, made
from steadypost.store import deliveries as delivery_rows
from steadypost.store.attempts import Attempt
from steadypost.store.deliveries import Kept


def take(
    connection: Connection, kept: Kept, attempt: Attempt, answer: Answer, now: datetime
) -> Delivery | None:
    """Take what ids an overtaken attempt brings; nothing when it brings none that is new."""
    why = f"attempt {attempt.n} answered late: what was believed not to be live is"
    return _take(connection, kept, attempt, answer, why, now)


def seen(connection: Connection, kept: Kept, found: Mapping[int, RemoteId], now: datetime) -> Delivery | None:
    """Take what a look found of a delivery that was moved on while it looked."""
    if not found or not kept.delivery.attempts:
        return None
    nothing = NotSubmitted(cause=Cause.EARLIER_PART, why="not seen", phase=Phase.CLAIMED)
    told = Answer(
        outcomes=tuple(
            Published(remote_id=found[part.n]) if part.n in found else nothing for part in kept.delivery.parts
        )
    )
    why = "a look came home late: what was believed not to be live is"
    return _take(connection, kept, attempt_rows.latest(connection, kept), told, why, now)


def _take(  # noqa: PLR0917 - private, and every one of them is needed
    connection: Connection, kept: Kept, attempt: Attempt, answer: Answer, why: str, now: datetime
) -> Delivery | None:
    before = kept.delivery
    found = replace(before, parts=_parts(before, answer))
    twice = copies.told_by(before, answer)
    if found.parts == before.parts and not twice:
        return None
    after, more = _follows(connection, kept, found, why, now)
    if twice:
        after = replace(after, cause=Cause.DUPLICATE, why=copies.sentence(before, twice))
    if after.state is State.PUBLISHED and before.state is not State.PUBLISHED:
        after = replace(after, next_at=now + FIRST_LOOK, looks=0)
        ids = [part.remote_id for part in after.parts if part.remote_id is not None]
        more["published_at"] = kept.published_at or made.newest(connection, after.account, ids, attempt, now)
    delivery_rows.keep(connection, kept, after, now, **more)
    copies.tell(connection, before, twice, now)
    ledger.follow(connection, attempt, after, now)
    return after


def _parts(delivery: Delivery, answer: Answer) -> tuple[DeliveryPart, ...]:
    """Give the parts their ids; and where one came to light, what the same answer cannot tell is unconfirmed."""
    parts = list(delivery.parts)
    told = list(zip(range(answer.first, len(parts)), answer.outcomes, strict=False))
    for n, outcome in told:
        if isinstance(outcome, Published) and parts[n].state is not PartState.LIVE:
            parts[n] = DeliveryPart(n=n, state=PartState.LIVE, remote_id=outcome.remote_id)
    if tuple(parts) == delivery.parts:
        return delivery.parts
    for n, outcome in told:
        if isinstance(outcome, Unconfirmed) and parts[n].state is PartState.WAITING:
            parts[n] = DeliveryPart(n=n, state=PartState.ASKED)
    return tuple(parts)


def _follows(
    connection: Connection, kept: Kept, found: Delivery, why: str, now: datetime
) -> tuple[Delivery, dict[str, Any]]:
    """Judge where the delivery stands, and what else is to be written with it."""
    if found.parts == kept.delivery.parts or found.state is State.PUBLISHED:
        # Nothing but a second copy; a worker that holds it goes on holding it.
        return found, _held(kept)
    if found.state is not State.SENDING:
        return came_to_light(found, why), {}
    newest = attempt_rows.latest(connection, kept)
    if newest.armed_at is not None:
        # It is at the click or beyond: its own answer settles the delivery, and the ids stay.
        return found, _held(kept)
    # It has done nothing yet, and must not: with another fence it is never armed.
    after = came_to_light(found, why)
    nothing = len(found.parts)
    ledger.follow(connection, newest, after, now, first=nothing)
    return after, {"fence": kept.fence + 1}


def _held(kept: Kept) -> dict[str, Any]:
    return {"worker": kept.worker, "lease_until": kept.lease_until}
