"""What the store knows of the system's health, read in one transaction. Only looks say that a post is live."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, delete, func, insert, select, text, update

from steadypost.domain.delivery import State
from steadypost.domain.observed import AccountSeen, Head, Money, Noted, Published, StoreSeen
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import PartState
from steadypost.domain.quota import DAY, MONTH, Free, Full, capacity, spent
from steadypost.store import accounts as account_rows
from steadypost.store import clocks as network_clocks
from steadypost.store import deliveries as delivery_rows
from steadypost.store import ledger, money, removals
from steadypost.store import strikes as strike_rows
from steadypost.store import watches as leases
from steadypost.store.accounts import AccountRecord
from steadypost.store.schema import (
    CLAIMABLE,
    SENDING,
    UNCONFIRMED,
    attempts,
    deliveries,
    delivery_parts,
    evidence,
    notices,
    quota_uses,
    vitals,
)
from steadypost.store.strikes import Bars

LOOK = "look:"
"""What the looks at an account note, under its name."""

BROWSERS = "browsers:"
"""What a pool of browsers notes, under the name of its flow."""

SHED = "shed:"
"""What is noted of something that can wait, under its name: it is unwell while it is left for later."""

TWIN = "twin:"
"""The note on an account that duplicates another: unwell, with the other's name."""

ACCOUNT = "account:"
"""What is noted of an account when its block is read, under its name: it is unwell while the block cannot be used."""

ON_CALL = "on call"
"""Whether a person is named who can be told; noted by the process that tells."""

RUN = "run:"
"""What a run notes under its id while it is at work."""

RUNS_KEPT = timedelta(days=1)
"""How long the note of a run that died is kept: longer than any run may take."""

PULSE = "pulse"
"""What the watch writes in every round: that it could be written is what it says."""

MOST_CLAIMS = 200
"""How many published posts of an account one round holds against the looks, the newest."""


# --- notes


def note(connection: Connection, name: str, *, well: bool, told: str = "", now: datetime) -> None:
    """Note under a name how something is; its beginning is kept while it stays so."""
    before = connection.execute(select(vitals).where(vitals.c.name == name)).one_or_none()
    if before is None:
        connection.execute(insert(vitals).values(name=name, well=well, since=now, at=now, told=told))
        return
    since = before.since if before.well == well else now
    connection.execute(
        update(vitals).where(vitals.c.name == name).values(well=well, since=since, at=now, told=told)
    )


def twins(connection: Connection) -> dict[str, str]:
    """Name the accounts that are refused because another is the same one on the network, and that other."""
    rows = connection.execute(select(vitals).where(vitals.c.name.like(f"{TWIN}%")))
    return {row.name.removeprefix(TWIN): row.told for row in rows}


def note_twins(connection: Connection, refused: Mapping[str, str], now: datetime) -> None:
    """Write down which accounts are refused now, and for which others; the rest are refused no more."""
    for name in twins(connection).keys() - refused.keys():
        connection.execute(delete(vitals).where(vitals.c.name == f"{TWIN}{name}"))
    for name, other in refused.items():
        note(connection, f"{TWIN}{name}", well=False, told=other, now=now)


def run_lives(connection: Connection, run_id: str, *, told: str, now: datetime) -> None:
    """Write down that a run is at work, and where; signs that are long over go with it."""
    connection.execute(delete(vitals).where(vitals.c.name.like(f"{RUN}%"), vitals.c.at < now - RUNS_KEPT))
    note(connection, f"{RUN}{run_id}", well=True, told=told, now=now)


def run_ended(connection: Connection, run_id: str) -> None:
    """Forget a run that has ended."""
    connection.execute(delete(vitals).where(vitals.c.name == f"{RUN}{run_id}"))


def every(connection: Connection) -> dict[str, Noted]:
    """Read all that was noted, by name."""
    return {
        row.name: Noted(well=row.well, since=row.since, at=row.at, told=row.told)
        for row in connection.execute(select(vitals))
    }


# --- what is so


def observe(connection: Connection, now: datetime, *, claims_of: timedelta) -> StoreSeen:
    """Read everything in one transaction."""
    noted = every(connection)
    records = account_rows.every(connection)
    watches = leases.every(connection)
    waiting, refused = _waiting(connection), twins(connection)
    on_call, bars = noted.get(ON_CALL), strike_rows.bars(connection, now)
    return StoreSeen(
        accounts=tuple(
            replace(
                _account(connection, record, now, claims_of, bars),
                look=noted.get(f"{LOOK}{record.name}"),
                closed=_closed(noted.get(f"{ACCOUNT}{record.name}")),
                refused_for=refused.get(record.name, ""),
            )
            for record in records
        ),
        heartbeats={lease.flow: lease.heartbeat_at for lease in watches if "@" not in lease.flow},
        leases={lease.flow: lease.run_id for lease in watches},
        leased_since={lease.flow: lease.since for lease in watches},
        lapsed=_lapsed(connection, now),
        claimed_at=connection.scalar(select(attempts.c.claimed_at).order_by(attempts.c.id.desc()).limit(1)),
        notices_waiting=len(waiting),
        notices_since=waiting[0][0] if waiting else None,
        notices_trouble=next((trouble for _, trouble in waiting if trouble), ""),
        no_person_named=on_call is not None and not on_call.well,
        told_later=on_call.told if on_call is not None and on_call.well else "",
        browsers={
            name.removeprefix(BROWSERS): one for name, one in noted.items() if name.startswith(BROWSERS)
        },
        shed=tuple(
            name.removeprefix(SHED) for name, one in noted.items() if name.startswith(SHED) and not one.well
        ),
        clock_off=_clock_off(connection, now - claims_of),
        runs_heard={name.removeprefix(RUN): one.at for name, one in noted.items() if name.startswith(RUN)},
    )


def _account(
    connection: Connection, record: AccountRecord, now: datetime, claims_of: timedelta, bars: Bars
) -> AccountSeen:
    waiting = connection.execute(
        select(func.count(deliveries.c.id.distinct()).label("many"), func.count().label("units"))
        .join(delivery_parts, delivery_parts.c.delivery_id == deliveries.c.id)
        .where(
            text(f"deliveries.{CLAIMABLE}"),
            deliveries.c.account == record.name,
            deliveries.c.due_at <= now,
            delivery_parts.c.state != PartState.LIVE,
        )
    ).one()
    free = head = None
    if waiting.many:
        free = None if bars.strikes(record) else _head(connection, record.name, now, bars)
        head = free or _head(connection, record.name, now, Bars())
    return AccountSeen(
        name=record.name,
        paused_until=record.paused_until,
        pause_cause=record.pause_cause,
        pause_why=record.pause_why,
        struck=_struck(connection, record.name, head, now) if head and free is None else "",
        waiting=waiting.many,
        units=waiting.units,
        head=head,
        capacity=_capacity(connection, record, head, now),
        limits=record.limits,
        money=_spent(connection, record, now),
        claimed_at=connection.scalar(
            select(quota_uses.c.taken_at)
            .where(quota_uses.c.account == record.name)
            .order_by(quota_uses.c.id.desc())
            .limit(1)
        ),
        next_due_at=connection.scalar(
            select(func.min(deliveries.c.due_at)).where(text(CLAIMABLE), deliveries.c.account == record.name)
        ),
        published=_published(connection, record.name, now - claims_of),
        looks_overdue_since=connection.scalar(
            select(func.min(deliveries.c.next_at)).where(
                text(UNCONFIRMED), deliveries.c.account == record.name, deliveries.c.next_at < now
            )
        ),
    )


def _struck(connection: Connection, name: str, head: Head, now: datetime) -> str:
    """Say which strike keeps it back."""
    post_id = connection.scalar(select(deliveries.c.post_id).where(deliveries.c.id == head.id)) or 0
    return "; ".join(map(str, strike_rows.against_post(connection, name, post_id, now)))


def _head(connection: Connection, name: str, now: datetime, bars: Bars) -> Head | None:
    """Find what is next in line: what may be taken up now, else what was due first and waits for its next attempt."""
    due = (
        select(deliveries)
        .where(text(CLAIMABLE), deliveries.c.account == name, deliveries.c.due_at <= now, bars.spare())
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(1)
    )
    row = connection.execute(due.where(deliveries.c.next_at <= now)).one_or_none()
    row = row or connection.execute(due).one_or_none()
    if row is None:
        return None
    return Head(
        id=row.id,
        due_at=row.due_at,
        next_at=row.next_at,
        # What came in a moment ago with a moment of long ago has not been waiting since then.
        ready_since=max(row.due_at, row.next_at, row.updated_at),
        cause=Cause(row.cause) if row.cause else None,
        why=row.why,
    )


def _capacity(connection: Connection, record: AccountRecord, head: Head | None, now: datetime) -> Free | Full:
    if head is None:
        return Free()
    missing = connection.scalar(
        select(func.count()).where(
            delivery_parts.c.delivery_id == head.id, delivery_parts.c.state != PartState.LIVE
        )
    )
    uses = ledger.uses(connection, {record.name: record.limits}, now)[record.name]
    return capacity(record.limits, uses, missing or 1, now, _cost(connection, record, head))


def _cost(connection: Connection, record: AccountRecord, head: Head) -> Decimal:
    if not money.is_charged(record.channel):
        return Decimal(0)
    delivery = delivery_rows.one(connection, head.id).delivery
    return money.total(money.of_delivery(connection, record.channel, delivery))


def _spent(connection: Connection, record: AccountRecord, now: datetime) -> Money | None:
    """Say what the account has spent; ``None`` where nothing is charged."""
    if not money.is_charged(record.channel):
        return None
    # A month whatever the budgets are: what is spent is shown also where nothing limits it.
    months = replace(record.limits, budget_per_month=record.limits.budget_per_month or ENDLESS)
    uses = ledger.uses(connection, {record.name: months}, now)[record.name]
    return Money(
        in_a_day=spent(uses, DAY, now),
        in_a_month=spent(uses, MONTH, now),
        budget_per_day=record.limits.budget_per_day,
        budget_per_month=record.limits.budget_per_month,
    )


ENDLESS = Decimal(10) ** 9
"""More dollars than are ever spent on posts."""


def _published(connection: Connection, name: str, since: datetime) -> tuple[Published, ...]:
    rows = connection.execute(
        select(
            deliveries.c.id,
            deliveries.c.published_at,
            deliveries.c.verified_at,
            deliveries.c.state,
            deliveries.c.fence,
        )
        .where(deliveries.c.account == name, deliveries.c.published_at >= since)
        .order_by(deliveries.c.published_at.desc(), deliveries.c.id.desc())
        .limit(MOST_CLAIMS)
    ).all()
    # What a person takes down is no sign of trouble when it is gone.
    by_hand = removals.taken_down(connection, [row.id for row in rows if row.verified_at is None])
    rows = [row for row in rows if row.id not in by_hand]
    missed = _missed(connection, {row.id: row.fence for row in rows if row.verified_at is None})
    return tuple(
        Published(
            id=row.id,
            at=row.published_at,
            seen_at=row.verified_at,
            missed_at=missed.get(row.id, ()),
            gone=row.state == State.REMOVED,
        )
        for row in reversed(rows)
    )


def _missed(connection: Connection, fences: Mapping[int, int]) -> dict[int, tuple[datetime, ...]]:
    """Give, by delivery, the looks that would have shown it and did not, since its latest claim."""
    found: defaultdict[int, set[datetime]] = defaultdict(set)
    if fences:
        rows = connection.execute(
            select(evidence.c.delivery_id, evidence.c.at, evidence.c.fence).where(
                evidence.c.delivery_id.in_(list(fences)), evidence.c.kind == "absent"
            )
        )
        for row in rows:
            if row.fence == fences[row.delivery_id]:
                found[row.delivery_id].add(row.at)
    return {delivery_id: tuple(sorted(at)) for delivery_id, at in found.items()}


def _lapsed(connection: Connection, now: datetime) -> dict[int, datetime]:
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.lease_until).where(text(SENDING), deliveries.c.lease_until < now)
    )
    return {row.id: row.lease_until for row in rows}


def _closed(noted: Noted | None) -> str:
    return noted.told if noted is not None and not noted.well else ""


def _waiting(connection: Connection) -> Sequence[tuple[datetime, str]]:
    rows = connection.execute(
        select(notices.c.created_at, notices.c.trouble)
        .where(text("sent_at IS NULL"))
        .order_by(notices.c.created_at, notices.c.id)
    )
    return [(row.created_at, row.trouble) for row in rows]


def _clock_off(connection: Connection, since: datetime) -> tuple[str, timedelta] | None:
    """Name the host whose clock is furthest from a network's, and its lead; nothing when none was compared since."""
    known = network_clocks.every(connection, since)
    worst = max(known, key=lambda key: abs(known[key].ahead), default=None)
    return None if worst is None else (worst[0], -known[worst].ahead)
