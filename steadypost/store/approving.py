"""A second person's approval as a change: one transaction, recorded with its author, and undoable."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from steadypost.domain.change import Barred
from steadypost.domain.delivery import Delivery, State, WhenLate
from steadypost.store import approvals, changing
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.approvals import Rules, Yes
from steadypost.store.changing import Done, Plan
from steadypost.store.selecting import Selection

DID = "approve"


def approve(
    connection: Connection, those: Selection, *, by: By, now: datetime, dry_run: bool = False
) -> Done:
    """Say yes to what waits for it; of the others say why they stay."""
    ids = approvals.meant(connection, those)
    meant = delivery_rows.several(connection, ids) if dry_run else approvals.lock(connection, ids)
    rules = Rules(connection)
    judged = [(kept, approvals.said_yes(connection, kept, by, rules)) for kept in meant]
    plans = [
        (kept, one if isinstance(one, Barred) else _plan(kept.delivery, one, now)) for kept, one in judged
    ]
    given = [one for _, one in judged if isinstance(one, Yes)]
    if dry_run or not given:
        return changing.foreseen(connection, plans)
    numbers = ", ".join(str(one.kept.delivery.id) for one in given[:8])
    more = f" and {len(given) - 8} more" if len(given) > 8 else ""
    told = f"{DID} of {numbers}{more}"
    change_id = changing.begin(connection, did=DID, by=by, told=told, now=now)
    for one in given:
        approvals.write(connection, one, by=by, change_id=change_id, now=now)
    return changing.carried_out(connection, plans, change_id=change_id, did=DID, by=by, now=now)


def _plan(delivery: Delivery, yes: Yes, now: datetime) -> Plan:
    """Let it go out, or say whose approval is still missing."""
    if yes.left:
        return Plan(after=replace(delivery, why=yes.left))
    # Who says yes to what is late by a rule that asks, has answered that too.
    asked = delivery.when_late is WhenLate.ASK and delivery.is_late(now)
    after = delivery.move(
        State.SCHEDULED,
        why="",
        next_at=max(delivery.due_at, now),
        late_after=None if asked else delivery.late_after,
    )
    return Plan(after=after, values={"held_for": None})
