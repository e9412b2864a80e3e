"""Deletes what its rule says is too old, in small batches. The last numbered row stays: SQLite would reuse the number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from steadypost.domain.delivery import FINAL
from steadypost.domain.retention import kept
from steadypost.store.schema import (
    acts,
    attempts,
    changes,
    deliveries,
    delivery_parts,
    evidence,
    foreign_posts,
    incidents,
    notices,
    occurrences,
    post_media,
    post_parts,
    post_tags,
    post_variants,
    posts,
    quota_uses,
    remedies,
    series,
    series_hours,
    series_joins,
    series_skips,
    series_wordings,
    transitions,
    variant_media,
    variant_parts,
)

AT_ONCE = 200
"""Rows that one batch deletes by each rule. At one batch a minute that is far more than ever accrues."""

_FINAL = deliveries.c.state.in_(sorted(FINAL))


def sweep(connection: Connection, now: datetime, at_most: int = AT_ONCE) -> Mapping[str, int]:
    """Delete one batch by every rule; answer how many rows, by rule."""
    return {name: let_go(connection, now, at_most) for name, let_go in _BY_RULE.items()}


def _evidence(connection: Connection, now: datetime, at_most: int) -> int:
    old = (
        select(evidence.c.id)
        .join(deliveries, deliveries.c.id == evidence.c.delivery_id)
        .where(evidence.c.at < now - kept("evidence"), _FINAL, _not_the_last(evidence))
    )
    return _drop(connection, evidence, old, at_most)


def _attempts(connection: Connection, now: datetime, at_most: int) -> int:
    """The latest of each stays: an answer that comes late, and a look, are about that one."""
    newer = attempts.alias()
    old = (
        select(attempts.c.id)
        .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
        .where(
            attempts.c.claimed_at < now - kept("attempts"),
            _FINAL,
            exists().where(newer.c.delivery_id == attempts.c.delivery_id, newer.c.fence > attempts.c.fence),
            _not_the_last(attempts),
        )
    )
    ids = connection.scalars(old.order_by(attempts.c.id).limit(at_most)).all()
    _where_in(connection, quota_uses, quota_uses.c.attempt_id, ids)
    return _where_in(connection, attempts, attempts.c.id, ids)


def _transitions(connection: Connection, now: datetime, at_most: int) -> int:
    old = select(transitions.c.id).where(
        transitions.c.at < now - kept("transitions"),
        transitions.c.told_at.is_not(None),
        _not_the_last(transitions),
    )
    return _drop(connection, transitions, old, at_most)


def _notices(connection: Connection, now: datetime, at_most: int) -> int:
    old = select(notices.c.id).where(notices.c.sent_at < now - kept("notices"), _not_the_last(notices))
    return _drop(connection, notices, old, at_most)


def _incidents(connection: Connection, now: datetime, at_most: int) -> int:
    old = select(incidents.c.id).where(
        incidents.c.over_at < now - kept("incidents"), _not_the_last(incidents)
    )
    ids = connection.scalars(old.order_by(incidents.c.id).limit(at_most)).all()
    _where_in(connection, remedies, remedies.c.incident_id, ids)
    return _where_in(connection, incidents, incidents.c.id, ids)


def _foreign_posts(connection: Connection, now: datetime, at_most: int) -> int:
    old = select(foreign_posts.c.account, foreign_posts.c.remote_id).where(
        foreign_posts.c.made_at < now - kept("foreign_posts")
    )
    rows = connection.execute(old.limit(at_most)).all()
    for row in rows:
        connection.execute(
            delete(foreign_posts).where(
                foreign_posts.c.account == row.account, foreign_posts.c.remote_id == row.remote_id
            )
        )
    return len(rows)


def _deliveries(connection: Connection, now: datetime, at_most: int) -> int:
    """With all about them, and posts without deliveries. A series does not plan a passed time anew."""
    before, newest = now - kept("deliveries"), attempts.alias()
    old = select(deliveries.c.id).where(
        _FINAL,
        deliveries.c.due_at < before,
        deliveries.c.updated_at < before,
        or_(deliveries.c.published_at.is_(None), deliveries.c.published_at < before),
        _not_the_last(deliveries),
        # The last attempt's number would be given out anew: its delivery goes when there is a newer one.
        ~exists().where(
            attempts.c.delivery_id == deliveries.c.id,
            attempts.c.id == select(func.max(newest.c.id)).scalar_subquery(),
        ),
    )
    ids = connection.scalars(old.order_by(deliveries.c.id).limit(at_most)).all()
    if not ids:
        return 0
    of_them = connection.scalars(select(attempts.c.id).where(attempts.c.delivery_id.in_(ids))).all()
    candidates = connection.scalars(select(deliveries.c.post_id).where(deliveries.c.id.in_(ids))).all()
    connection.execute(update(deliveries).where(deliveries.c.repeats.in_(ids)).values(repeats=None))
    _where_in(connection, quota_uses, quota_uses.c.attempt_id, of_them)
    for table in (attempts, evidence, acts, transitions, notices, occurrences, delivery_parts):
        _where_in(connection, table, table.c.delivery_id, ids)
    gone = _where_in(connection, deliveries, deliveries.c.id, ids)
    _posts(connection, candidates, before)
    return gone


def _posts(connection: Connection, candidates: Collection[int], before: datetime) -> None:
    """Delete those of these posts that nothing refers to."""
    other = posts.alias()
    free = connection.scalars(
        select(posts.c.id).where(
            posts.c.id.in_(candidates),
            posts.c.created_at < before,
            ~exists().where(deliveries.c.post_id == posts.c.id),
            ~exists().where(series.c.post_id == posts.c.id),
            ~exists().where(series_wordings.c.post_id == posts.c.id),
            ~exists().where(other.c.origin == posts.c.id),
            _not_the_last(posts),
        )
    ).all()
    for table in (variant_media, variant_parts, post_variants, post_media, post_tags, post_parts):
        _where_in(connection, table, table.c.post_id, free)
    _where_in(connection, posts, posts.c.id, free)


def _changes(connection: Connection, now: datetime, at_most: int) -> int:
    """A change is kept for as long as anything that it changed."""
    old = select(changes.c.id).where(
        changes.c.at < now - kept("acts"),
        ~exists().where(acts.c.change_id == changes.c.id),
        *(
            ~exists().where(table.c.change_id == changes.c.id)
            for table in (series_hours, series_joins, series_skips, series_wordings)
        ),
        _not_the_last(changes),
    )
    return _drop(connection, changes, old, at_most)


_BY_RULE: Mapping[str, Callable[[Connection, datetime, int], int]] = {
    "evidence": _evidence,
    "attempts": _attempts,
    "transitions": _transitions,
    "notices": _notices,
    "incidents": _incidents,
    "foreign_posts": _foreign_posts,
    "deliveries": _deliveries,
    "acts": _changes,
}


def _not_the_last(table: Table) -> ColumnElement[bool]:
    every = table.alias()
    return and_(table.c.id < select(func.max(every.c.id)).scalar_subquery())


def _drop(connection: Connection, table: Table, old: Select[int], at_most: int) -> int:
    return _where_in(
        connection, table, table.c.id, connection.scalars(old.order_by(table.c.id).limit(at_most)).all()
    )


def _where_in(
    connection: Connection, table: Table, column: ColumnElement[object], ids: Collection[object]
) -> int:
    if not ids:
        return 0
    return int(connection.execute(delete(table).where(column.in_(list(ids)))).rowcount)
