"""What the rounds found: the latest of each check, and every incident with the remedies that were tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, text, update

from steadypost.domain.health import Check, Kind, Quiet, Verdict
from steadypost.domain.incident import Incident, Message, Tried
from steadypost.domain.remedy import Remedy
from steadypost.store import notices
from steadypost.store.schema import OPEN, checks, incidents, remedies


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The latest of one check: what it came to, since when it has been so, and when that was found."""

    check: Check
    since: datetime
    at: datetime


def keep_checks(connection: Connection, found: Sequence[Check], now: datetime) -> None:
    """Record what a round found; delete checks that no longer exist."""
    before = {(row.kind, row.about): row for row in connection.execute(select(checks))}
    for check in found:
        known = before.pop((str(check.kind), check.about), None)
        told: dict[str, Any] = {
            "verdict": str(check.verdict),
            "what": check.what,
            "quiet": str(check.quiet) if check.quiet else None,
            "explained_by": str(check.explained_by) if check.explained_by else None,
            "at": now,
        }
        here = (checks.c.kind == str(check.kind), checks.c.about == check.about)
        if known is None:
            connection.execute(
                insert(checks).values(kind=str(check.kind), about=check.about, since=now, **told)
            )
        else:
            since = known.since if known.verdict == check.verdict else now
            connection.execute(update(checks).where(*here).values(since=since, **told))
    for kind, about in before:
        connection.execute(delete(checks).where(checks.c.kind == kind, checks.c.about == about))


def standings(connection: Connection) -> list[Standing]:
    """List the latest of each check."""
    return [
        Standing(
            check=Check(
                kind=Kind(row.kind),
                about=row.about,
                verdict=Verdict(row.verdict),
                what=row.what,
                quiet=Quiet(row.quiet) if row.quiet else None,
                explained_by=Kind(row.explained_by) if row.explained_by else None,
            ),
            since=row.since,
            at=row.at,
        )
        for row in connection.execute(select(checks).order_by(checks.c.kind, checks.c.about))
    ]


def enter(connection: Connection, incident: Incident) -> Incident:
    """Write a new incident down, or answer the one that is open about the same."""
    known = connection.execute(
        select(incidents).where(
            text(OPEN), incidents.c.kind == str(incident.kind), incidents.c.about == incident.about
        )
    ).one_or_none()
    if known is not None and incident.over_at is None:
        return _incident(known, _tries(connection, [known.id]).get(known.id, ()))
    key = connection.execute(
        insert(incidents).values(
            kind=str(incident.kind),
            about=incident.about,
            opened_at=incident.opened_at,
            **_changing(incident),
        )
    ).inserted_primary_key
    return replace(incident, id=int(key[0]) if key else 0)


def keep(connection: Connection, incident: Incident, message: Message | None, now: datetime) -> None:
    """Write down how an incident stands, and with it what a person is to be told of that."""
    connection.execute(update(incidents).where(incidents.c.id == incident.id).values(**_changing(incident)))
    if message is not None:
        notices.put(connection, key=message.key, title=message.title, body=message.body, now=now)


def begin_remedy(connection: Connection, incident_id: int, one: Tried) -> bool:
    """Write down that a remedy is about to be tried; ``False`` when another process is at it already."""
    known = select(remedies.c.id).where(remedies.c.incident_id == incident_id, remedies.c.n == one.n)
    if connection.scalar(known) is not None:
        return False
    connection.execute(
        insert(remedies).values(
            incident_id=incident_id, n=one.n, remedy=str(one.remedy), at=one.at, effect=one.effect
        )
    )
    return True


def end_remedy(connection: Connection, incident_id: int, one: Tried) -> None:
    """Write down what a remedy did."""
    mine = (remedies.c.incident_id == incident_id, remedies.c.n == one.n)
    connection.execute(update(remedies).where(*mine).values(effect=one.effect))


def still_open(connection: Connection) -> list[Incident]:
    """List the open incidents, the oldest first."""
    return _list(
        connection, connection.execute(select(incidents).where(text(OPEN)).order_by(incidents.c.id)).all()
    )


def latest(connection: Connection, limit: int = 100, since: datetime | None = None) -> list[Incident]:
    """List incidents, the newest first."""
    query = select(incidents).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc()).limit(limit)
    if since is not None:
        query = query.where(incidents.c.opened_at >= since)
    return _list(connection, connection.execute(query).all())


def _list(connection: Connection, rows: Sequence[Row[Any]]) -> list[Incident]:
    tries = _tries(connection, [row.id for row in rows])
    return [_incident(row, tries.get(row.id, ())) for row in rows]


def _tries(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Tried, ...]]:
    found: dict[int, tuple[Tried, ...]] = {}
    if ids:
        rows = connection.execute(
            select(remedies).where(remedies.c.incident_id.in_(ids)).order_by(remedies.c.n)
        )
        for row in rows:
            one = Tried(n=row.n, remedy=Remedy(row.remedy), at=row.at, effect=row.effect)
            found[row.incident_id] = (*found.get(row.incident_id, ()), one)
    return found


def _changing(incident: Incident) -> dict[str, Any]:
    return {
        "verdict": str(incident.verdict),
        "what": incident.what,
        "rounds": incident.rounds,
        "told_at": incident.told_at,
        "reminded_at": incident.reminded_at,
        "well_since": incident.well_since,
        "over_at": incident.over_at,
    }


def _incident(row: Row[Any], tries: tuple[Tried, ...]) -> Incident:
    return Incident(
        id=row.id,
        kind=Kind(row.kind),
        about=row.about,
        verdict=Verdict(row.verdict),
        what=row.what,
        opened_at=row.opened_at,
        rounds=row.rounds,
        tries=tries,
        told_at=row.told_at,
        reminded_at=row.reminded_at,
        well_since=row.well_since,
        over_at=row.over_at,
    )
