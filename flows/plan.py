"""Make deliveries of the coming week's times of everything that comes again."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.house import at_work
from steadypost.domain.clock import now
from steadypost.intake.planning import plan as plan_ahead
from tasks.deadline import ended_within
from tasks.discreet import discreet

ENDS_WITHIN = timedelta(minutes=5)
"""A week of a thousand series is planned in seconds."""


@flow(name="plan", flow_run_name="plan", retries=2, retry_delay_seconds=30)
@discreet
def plan() -> State[list[int]]:
    """Write down what is due within a week. Done twice, or by two at once, it adds nothing the second time.

    It may be retried automatically because it only writes into the queue.
    """
    with ended_within(ENDS_WITHIN), at_work(ENDS_WITHIN / 2) as store:
        added = plan_ahead(store, now=now())
    told = f"{len(added)} new deliveries" if added else "everything of the coming week was there"
    return Completed(message=told, data=[one.delivery_id for one in added])
