"""What a person is to be told: written with the change it is about, sent once, by any process that can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, or_, select, text, update

from steadypost.domain.delivery import Delivery, State
from steadypost.domain.health import CLAIMS_OF, Kind
from steadypost.store.schema import incidents, notices

TOLD_AT_ONCE = 20
"""How many notices one round sends; the next sends more."""

OF_STATES = {
    State.HELD: "waits for a person",
    State.NEEDS_REVIEW: "needs a person",
    State.QUARANTINED: "is quarantined",
    State.REMOVED: "is not live any more",
}
"""States that a delivery does not leave by itself, and that are no success: a person is told, once."""

_RESOLVES = "'steadypost resolve {0}'"
_LETS_GO = "'steadypost release {0}' or 'steadypost cancel {0}'"
_DECIDES = {
    State.HELD: _LETS_GO,
    # Nothing of it was ever sent, so nothing of it can be live.
    State.QUARANTINED: _LETS_GO,
    State.REMOVED: "'steadypost resolve {0} --live ADDRESS' if you see it there",
}

_WAITING = "sent_at IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell a person."""

    id: int
    key: str
    """Its subject: no message is sent twice under one key."""
    title: str
    body: str
    delivery_id: int | None
    created_at: datetime
    tries: int
    sent_at: datetime | None
    trouble: str
    """Why it could not be sent yet."""


def of_delivery(
    connection: Connection,
    before: State,
    after: Delivery,
    *,
    unseen_since: datetime | None,
    fence: int,
    now: datetime,
) -> None:
    """Note that a delivery needs a person. ``unseen_since``: when it was published, if no look has shown it."""
    if after.state is before or after.state not in OF_STATES:
        return
    if after.state is State.REMOVED and _is_told_of(connection, after.account, unseen_since):
        return
    put(
        connection,
        key=f"delivery:{after.id}:{after.state}:{fence}",
        title=f"Delivery {after.id} of {after.account} {OF_STATES[after.state]}",
        body=(
            f"{after.why or 'No reason is known.'}\n"
            f"It was due {after.due_at:%Y-%m-%d %H:%M} UTC. Nothing else is held up by it.\n"
            f"See 'steadypost why {after.id}', then decide with {_DECIDES.get(after.state, _RESOLVES).format(after.id)}."
        ),
        delivery_id=after.id,
        now=now,
    )


def _is_told_of(connection: Connection, account: str, unseen_since: datetime | None) -> bool:
    """Whether the unseen post was told of already: an incident counted it, and twenty vanished posts are one message."""
    if unseen_since is None:
        return False
    counted = select(incidents.c.id).where(
        incidents.c.kind == str(Kind.LIVE),
        incidents.c.about == account,
        incidents.c.told_at.is_not(None),
        incidents.c.opened_at < unseen_since + CLAIMS_OF,
        or_(incidents.c.over_at.is_(None), incidents.c.over_at > unseen_since),
    )
    return connection.scalar(counted.limit(1)) is not None


def put(
    connection: Connection, *, key: str, title: str, body: str, now: datetime, delivery_id: int | None = None
) -> bool:
    """Write a notice down unless there is one of this key; answer whether it is new."""
    if connection.scalar(select(notices.c.id).where(notices.c.key == key)) is not None:
        return False
    connection.execute(
        insert(notices).values(
            key=key,
            title=title,
            body=body,
            delivery_id=delivery_id,
            created_at=now,
            next_at=now,
            tries=0,
            trouble="",
        )
    )
    return True


def due(connection: Connection, now: datetime) -> list[Notice]:
    """List what is to be told now, the oldest first."""
    rows = connection.execute(
        select(notices)
        .where(text(_WAITING), notices.c.next_at <= now)
        .order_by(notices.c.next_at, notices.c.id)
        .limit(TOLD_AT_ONCE)
    )
    return [_notice(row) for row in rows]


def take(connection: Connection, now: datetime, until: datetime) -> list[Notice]:
    """Take the notices due now: of two processes, one gets each. If it dies, the notice is free again at ``until``."""
    return [
        notice
        for notice in due(connection, now)
        if connection.execute(
            update(notices)
            .where(notices.c.id == notice.id, text(_WAITING), notices.c.next_at <= now)
            .values(next_at=until)
        ).rowcount
    ]


def every(connection: Connection) -> list[Notice]:
    """List all there ever were, the oldest first."""
    return [_notice(row) for row in connection.execute(select(notices).order_by(notices.c.id))]


def sent(connection: Connection, notice_id: int, now: datetime) -> None:
    """Write down that it reached a person."""
    connection.execute(
        update(notices).where(notices.c.id == notice_id, text(_WAITING)).values(sent_at=now, trouble="")
    )


def not_sent(connection: Connection, notice_id: int, *, why: str, next_at: datetime) -> None:
    """Write down that it did not, and when to try again."""
    connection.execute(
        update(notices)
        .where(notices.c.id == notice_id, text(_WAITING))
        .values(tries=notices.c.tries + 1, trouble=why, next_at=next_at)
    )


def _notice(row: Row[*tuple[object, ...]]) -> Notice:
    return Notice(
        id=row.id,
        key=row.key,
        title=row.title,
        body=row.body,
        delivery_id=row.delivery_id,
        created_at=row.created_at,
        tries=row.tries,
        sent_at=row.sent_at,
        trouble=row.trouble,
    )
