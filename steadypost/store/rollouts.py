"""Rollouts: how far each has come, so that the next run can carry it on."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import Connection, insert, select, update

from steadypost.domain.rollout import Course, Rollout
from steadypost.store.errors import AlreadyRollingOut
from steadypost.store.schema import rollouts


def begin(connection: Connection, rollout: Rollout, *, by: str) -> None:
    """Write down that a switch is being rolled out; raises ``AlreadyRollingOut``."""
    if any(one.switch == rollout.switch for one in every(connection, also_over=False)):
        raise AlreadyRollingOut(
            f"{rollout.switch} is being rolled out already",
            remedy=f"Wait for it, or end it by setting the switch: 'steadypost switches {rollout.switch} --off --why …'",
        )
    connection.execute(
        insert(rollouts).values(switch=rollout.switch, by=by, started_at=rollout.since, **_row(rollout))
    )


def every(connection: Connection, *, also_over: bool = False) -> list[Rollout]:
    """List the rollouts, the oldest first."""
    query = select(rollouts).order_by(rollouts.c.id)
    if not also_over:
        query = query.where(rollouts.c.course == Course.WATCHING)
    return [
        Rollout(
            switch=row.switch,
            steps=tuple(json.loads(row.steps)),
            step=row.step,
            before=row.before,
            since=row.since,
            watch=timedelta(seconds=row.watch_s),
            course=Course(row.course),
            why=row.why,
        )
        for row in connection.execute(query)
    ]


def keep(connection: Connection, before: Rollout, after: Rollout) -> bool:
    """Record the next step of one, if it is unchanged."""
    changed = connection.execute(
        update(rollouts)
        .where(
            rollouts.c.switch == before.switch,
            rollouts.c.course == before.course,
            rollouts.c.step == before.step,
            rollouts.c.since == before.since,
        )
        .values(**_row(after))
    )
    return changed.rowcount == 1


def _row(rollout: Rollout) -> dict[str, object]:
    return {
        "steps": json.dumps(rollout.steps),
        "step": rollout.step,
        "before": rollout.before,
        "since": rollout.since,
        "watch_s": rollout.watch.total_seconds(),
        "course": rollout.course,
        "why": rollout.why,
    }
