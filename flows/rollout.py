"""Turn something on for some before it is on for all, and back by itself when it does harm."""

from __future__ import annotations

import time
from datetime import timedelta

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.house import open_store
from flows.refusal import refused
from steadypost.domain.clock import now
from steadypost.domain.rollout import STEPS, WATCH, Course
from steadypost.store import AlreadyRollingOut, Store, StoreAway
from tasks.rollouts import CannotRollOut, begin, carry_on, in_words

PACE = 10.0
"""Seconds between two looks at the figures: a share that does harm keeps it for so long after it shows."""


@flow(name="rollout", flow_run_name="rollout of {switch}", retries=0)
def rollout(
    switch: str = Field(title="Switch", description="Which one: the names stand in 'steadypost switches'."),
    why: str = Field(title="Why", description="For whoever reads it in a month."),
    by: str = Field(title="By", description="Who wants it."),
    steps: list[float] = Field(  # noqa: B008 - Prefect reads the form from it
        default=list(STEPS),
        title="Steps",
        description="The shares, in per cent, that have it one after the other.",
    ),
    watch_hours: float = Field(
        default=WATCH.total_seconds() / 3600,
        gt=0,
        title="Watch (hours)",
        description="How long each share is watched before the next.",
    ),
) -> State[dict[str, object]]:
    """Raise the share in steps; compare those who have it with the rest; go back when they fare worse, and say so.

    It may die at any time: the run of reconcile on watch carries every rollout on from where it stands.
    """
    with open_store() as store:
        try:
            started = begin(
                store, switch, steps=steps, watch=timedelta(hours=watch_hours), by=by, why=why, now=now()
            )
        except (CannotRollOut, AlreadyRollingOut) as error:
            return refused([str(error)])
        get_run_logger().info(in_words(started))
        return _follow(store, switch)


def _follow(store: Store, switch: str) -> State[dict[str, object]]:
    """Carry it on until it is over, and answer how it ended."""
    log = get_run_logger()
    while True:
        carry_on(store, now, log)
        try:
            latest = [one for one in store.rollouts(also_over=True) if one.switch == switch][-1]
        except StoreAway as away:
            log.warning("the store is away: %s", away)
        else:
            if latest.course is not Course.WATCHING:
                name = str(latest.course).replace("_", " ").capitalize()
                return Completed(name=name, message=in_words(latest), data={"course": str(latest.course)})
        time.sleep(PACE)
