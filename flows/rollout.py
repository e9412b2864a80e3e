"""Turn something on for some before it is on for all, and back by itself when it does harm."""

from __future__ import annotations

import time
from datetime import timedelta

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from blocks.switches import Per, names, per
from flows.answering import answered, fitting, refused
from flows.house import at_work
from steadypost.domain.clock import now
from steadypost.domain.rollout import STEPS, WATCH, Course
from steadypost.intake.refusal import excerpt
from steadypost.store import AlreadyRollingOut, Store, StoreAway, rollouts
from tasks.discreet import discreet
from tasks.rollouts import CannotRollOut, begin, carry_on, in_words

STORE_WITHIN = timedelta(minutes=10)
"""How long the store may be away when a rollout begins."""

PACE = 10.0
"""Seconds between two looks at the figures: a share that does harm keeps it for so long after it shows."""


KEY = "rollout"
"""The key of the page that says what became of a form; each run has its own version."""

ABLE = [name for name in names() if per(name) is not Per.EVERYTHING]
"""The switches that can be on for some: what concerns everything at once has no share."""


def named() -> str:
    """Name a run by its switch."""
    return f"rollout of {excerpt(flow_run.parameters.get('switch') or 'no switch')}"


@flow(name="rollout", flow_run_name=named, retries=0, validate_parameters=False)
@discreet
@fitting(KEY)
def rollout(
    switch: str = Field(
        title="Switch",
        description="Which one: 'steadypost switches NAME' says what each does.",
        json_schema_extra={"enum": [*ABLE]},
    ),
    why: str = Field(title="Why", description="Kept with the change of the switch."),
    by: str = Field(title="Your name", description="Kept with the change of the switch."),
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
    with at_work(STORE_WITHIN) as store:
        try:
            started = begin(
                store, switch, steps=steps, watch=timedelta(hours=watch_hours), by=by, why=why, now=now()
            )
        except (CannotRollOut, AlreadyRollingOut) as error:
            return refused([str(error)], key=KEY)
        get_run_logger().info(in_words(started))
        return _follow(store, switch)


def _follow(store: Store, switch: str) -> State[dict[str, object]]:
    """Carry it on until it is over, and answer how it ended."""
    log = get_run_logger()
    while True:
        carry_on(store, now, log)
        try:
            latest = [one for one in store.read(rollouts.every, also_over=True) if one.switch == switch][-1]
        except StoreAway as away:
            log.warning("the store is away: %s", away)
        else:
            if latest.course is not Course.WATCHING:
                told = f"{str(latest.course).replace('_', ' ').capitalize()}. {in_words(latest)}"
                return answered(told, page=f"# {told}\n", key=KEY, data={"course": str(latest.course)})
        time.sleep(PACE)
