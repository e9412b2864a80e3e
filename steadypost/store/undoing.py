"""Undoing a change, while nothing of it went out; and the history of what persons did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select, update

from steadypost.domain.change import RESTS, Barred, can_be_undone
from steadypost.domain.delivery import State
from steadypost.domain.post import Post
from steadypost.store import accounts as account_rows
from steadypost.store import acts as act_rows
from steadypost.store import approvals, changing, persons, repeats, series_changes, snapshots, variants
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.changing import Changed, Done, Stays
from steadypost.store.deliveries import Kept
from steadypost.store.errors import StoreError
from steadypost.store.schema import acts, changes, deliveries


class NothingToUndo(StoreError):
    """There is no such change, or it was taken back before."""

    def __init__(self, change_id: int | None, why: str) -> None:
        super().__init__(why, remedy="'steadypost history' lists what was changed")
        self.change_id = change_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a person, or one act that is no change."""

    id: int | None
    """By this it is undone; ``None``: it cannot be."""
    at: datetime
    by: str
    did: str
    why: str
    deliveries: tuple[int, ...]
    account: str | None
    undone_at: datetime | None = None
    undone_by: str = ""


def undo(
    connection: Connection, change_id: int | None, *, by: By, now: datetime, dry_run: bool = False
) -> tuple[Change, Done]:
    """Undo a change, else the latest; what went out or was changed since stays. ``dry_run``: done and rolled back."""
    trial = connection.begin_nested() if dry_run else None
    try:
        return _undo(connection, change_id, by=by, now=now)
    finally:
        if trial is not None:
            trial.rollback()


def _undo(connection: Connection, change_id: int | None, *, by: By, now: datetime) -> tuple[Change, Done]:
    found = _change(connection, change_id)
    rows = connection.execute(
        select(acts.c.delivery_id, acts.c.was, acts.c.became)
        .where(acts.c.change_id == found.id)
        .order_by(acts.c.delivery_id)
    ).all()
    account_rows.lock_all(connection, _accounts(connection, found))
    changed: list[Changed] = []
    stays: list[Stays] = []
    for row in rows:
        kept = delivery_rows.one(connection, row.delivery_id, lock=True)
        was = None if row.was is None else snapshots.loads(row.was)
        became = snapshots.loads(row.became)
        bar = _bar(connection, kept, was, became, found=found, now=now)
        after = bar or _back(connection, kept, was and _restored(kept, was, became), found, by=by, now=now)
        text = changing.first_words(connection, kept)
        if isinstance(after, Barred):
            stays.append(Stays(delivery=kept.delivery, text=text, bar=after))
        else:
            text = changing.first_words(connection, after)
            wants = after.held_for == repeats.APPROVAL
            changed.append(Changed(before=kept.delivery, after=after.delivery, text=text, wants_yes=wants))
    if changed or not rows:
        unsaid = approvals.take_back(connection, found.id)
        changed += _held_again(connection, unsaid, found, by=by, now=now)
        of_series = _series_back(connection, found, by=by, now=now)
        changed += of_series.changed
        stays += of_series.stays
        connection.execute(
            update(changes).where(changes.c.id == found.id).values(undone_at=now, undone_by=by.name)
        )
    return found, Done(change_id=found.id, changed=tuple(changed), stays=tuple(stays))


def _change(connection: Connection, change_id: int | None) -> Change:
    query = select(changes)
    if change_id is None:
        query = query.where(changes.c.undone_at.is_(None)).order_by(changes.c.id.desc()).limit(1)
    else:
        query = query.where(changes.c.id == change_id)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        told = "there is no change to undo" if change_id is None else f"there is no change {change_id}"
        raise NothingToUndo(change_id, told)
    if row.undone_at is not None:
        raise NothingToUndo(change_id, f"change {row.id} was undone before, by {row.undone_by}")
    return Change(id=row.id, at=row.at, by=row.by, did=row.did, why=row.why, deliveries=(), account=None)


def _accounts(connection: Connection, found: Change) -> list[str]:
    query = select(acts.c.account).where(acts.c.change_id == found.id, acts.c.account.is_not(None)).distinct()
    return [name for name in connection.scalars(query) if name is not None]


def _bar(
    connection: Connection,
    kept: Kept,
    was: snapshots.Snapshot | None,
    became: snapshots.Snapshot,
    *,
    found: Change,
    now: datetime,
) -> Barred | None:
    """Say why a delivery is not put back: it went out, it is under way, or was changed since."""
    bar = can_be_undone(kept.delivery)
    if bar is not None:
        return bar
    touched = became.differs_from(was) if was is not None else frozenset({"state", "post_id", "due_at"})
    since = touched & became.differs_from(snapshots.of(kept)) - {"why", "cause"}
    if since:
        return Barred(
            "it was changed since", f"see 'steadypost history {kept.delivery.id}', and undo that first"
        )
    if kept.delivery.state is State.CANCELLED and was is not None:
        if became.delivery_state is not State.CANCELLED:
            number = kept.delivery.id
            return Barred(
                "it was cancelled since",
                f"see 'steadypost history {number}'; 'steadypost copy {number} --when TIME' posts it as a new one",
            )
        return _said_elsewhere(connection, kept, was, found, now)
    return None


def _restored(kept: Kept, was: snapshots.Snapshot, became: snapshots.Snapshot) -> snapshots.Snapshot:
    """Say what it is without the change: what a later one changed stays.

    Where its words come back, or it had ended since, its state was one of the words and the time that it had.
    """
    touched = became.differs_from(was)
    if touched & (snapshots.STANDING | {"post_id"}) or kept.delivery.state in RESTS:
        touched |= snapshots.STANDING
    return snapshots.of(kept).with_those_of(was, touched)


def _said_elsewhere(
    connection: Connection, kept: Kept, was: snapshots.Snapshot, found: Change, now: datetime
) -> Barred | None:
    """Bar what was written anew since it was taken back: both would go out. What stood beside it before may again."""
    post = Post(parts=variants.said_by(connection, was.post_id, kept.delivery.account))
    other = repeats.repeated(connection, post, kept.delivery.account, now, but=kept.delivery.id)
    if other is None or was.repeats is not None or not _is_new(connection, other, found):
        return None
    return Barred(f"delivery {other} says the same now", f"cancel that first: steadypost cancel {other}")


def _is_new(connection: Connection, delivery_id: int, found: Change) -> bool:
    """Say whether a delivery came in since a change, or was changed since by another."""
    since = select(deliveries.c.id).where(
        deliveries.c.id == delivery_id,
        (deliveries.c.created_at > found.at)
        | exists().where(
            acts.c.delivery_id == delivery_id, acts.c.at > found.at, acts.c.did != f"undo {found.id}"
        ),
    )
    return connection.scalar(since) is not None


def _back(
    connection: Connection,
    kept: Kept,
    was: snapshots.Snapshot | None,
    found: Change,
    *,
    by: By,
    now: datetime,
) -> Kept | Barred:
    if was is None:
        # The change made it: without the change it would not be there.
        persons.cancel(connection, kept.delivery.id, by=by, now=now)
        return delivery_rows.one(connection, kept.delivery.id)
    after = changing.restore(connection, kept, was, now)
    if isinstance(after, Kept):
        after = _gated(connection, kept, after, now)
        act_rows.record(
            connection,
            did=f"undo {found.id}",
            by=by,
            before=kept.delivery.state,
            after=after.delivery,
            now=now,
        )
    return after


def _gated(connection: Connection, before: Kept, after: Kept, now: datetime) -> Kept:
    """Hold what would go again where the approval of its words was taken back meanwhile."""
    same = (before.delivery.state, before.delivery.post_id) == (after.delivery.state, after.delivery.post_id)
    return after if same else _held_without_a_yes(connection, after, now)


def _held_without_a_yes(connection: Connection, kept: Kept, now: datetime) -> Kept:
    why = approvals.waits_for(connection, kept) if kept.delivery.state is State.SCHEDULED else ""
    if not why:
        return kept
    held = kept.delivery.move(State.HELD, why=why)
    delivery_rows.keep(connection, kept, held, now, quietly=True, held_for=repeats.APPROVAL)
    approvals.tell(connection, [held.id], now)
    return delivery_rows.one(connection, held.id)


def _held_again(
    connection: Connection, unsaid: Sequence[tuple[int, str]], found: Change, *, by: By, now: datetime
) -> list[Changed]:
    """Hold whatever else goes by a yes that was taken back: the times of a series that were planned since."""
    held = []
    for delivery_id in approvals.going(connection, unsaid):
        kept = delivery_rows.one(connection, delivery_id, lock=True)
        after = _held_without_a_yes(connection, kept, now)
        if after.delivery.state is kept.delivery.state:
            continue
        before = kept.delivery.state
        act_rows.record(
            connection, did=f"undo {found.id}", by=by, before=before, after=after.delivery, now=now
        )
        text = changing.first_words(connection, after)
        held.append(Changed(before=kept.delivery, after=after.delivery, text=text, wants_yes=True))
    return held


def _series_back(connection: Connection, found: Change, *, by: By, now: datetime) -> Done:
    """Take back what is to become of series, also of their times that were planned since."""
    plans = series_changes.back(connection, found.id or 0, by=by, now=now)
    did = f"undo {found.id}"
    return changing.carried_out(connection, plans, change_id=None, did=did, by=by, now=now)


def history(
    connection: Connection, *, limit: int, delivery_id: int | None = None, account: str | None = None
) -> tuple[list[Change], int]:
    """List what persons did, the newest first, and how much more there is."""
    query = select(acts)
    if delivery_id is not None:
        query = query.where(acts.c.delivery_id == delivery_id)
    if account is not None:
        query = query.where(acts.c.account == account)
    grouped: dict[tuple[object, ...], list[Row[Any]]] = {}
    for row in connection.execute(query.order_by(acts.c.id.desc())):
        # What one command did to many has one moment, one author and one word.
        group = (row.change_id,) if row.change_id else (row.at, row.by, row.did)
        grouped.setdefault(group, []).append(row)
    of_none = _without_deliveries(connection) if delivery_id is None and account is None else []
    undone = {row.id: row for row in connection.execute(select(changes))}
    listed = [_listed(rows, undone) for rows in grouped.values()] + of_none
    listed.sort(key=lambda one: one.at, reverse=True)
    return listed[:limit], max(0, len(listed) - limit)


def _listed(rows: Sequence[Row[Any]], undone: Mapping[int, Row[Any]]) -> Change:
    first = rows[0]
    change = undone.get(first.change_id)
    return Change(
        id=first.change_id,
        at=first.at,
        by=first.by,
        did=first.did,
        why=first.why,
        deliveries=tuple(sorted(row.delivery_id for row in rows if row.delivery_id is not None)),
        account=first.account,
        undone_at=change.undone_at if change is not None else None,
        undone_by=change.undone_by if change is not None else "",
    )


def _without_deliveries(connection: Connection) -> list[Change]:
    """List the changes that concern no delivery that is there yet, such as a skipped time months ahead."""
    concerned = select(func.count()).where(acts.c.change_id == changes.c.id).scalar_subquery()
    return [
        Change(
            id=row.id,
            at=row.at,
            by=row.by,
            did=row.told,
            why=row.why,
            deliveries=(),
            account=None,
            undone_at=row.undone_at,
            undone_by=row.undone_by,
        )
        for row in connection.execute(select(changes).where(concerned == 0))
    ]
