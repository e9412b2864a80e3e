"""Write a post, or a thread, in Prefect's own form, and say when and where it goes out."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.house import open_store
from flows.refusal import refused
from steadypost import settings
from steadypost.domain.clock import now
from steadypost.intake.draft import Draft
from steadypost.intake.entry import Fate, enter
from tasks.deadline import ended_within

ENDS_WITHIN = timedelta(minutes=2)
"""One post is judged and stored in a second; whoever pressed the button is not left waiting for ever."""


@flow(name="compose", flow_run_name="compose", retries=0, validate_parameters=True)
def compose(post: Draft) -> State[dict[str, object]]:
    """Check what was written and schedule it; nothing enters unless all of it is right."""
    machine = settings.read()
    with ended_within(ENDS_WITHIN):
        entered = enter(
            open_store(),
            post,
            now=now(),
            source="compose",
            zone=machine.zone_for_naive,
            # Prefect runs every flow in a folder of its own, gone afterwards: no path can be meant from there.
            folder=machine.home,
        )
    if entered.fate is Fate.REFUSED:
        return refused([str(refusal) for refusal in entered.refusals])
    deliveries = ", ".join(f"{one.delivery_id} as {one.account}" for one in entered.deliveries)
    told = f"delivery {deliveries}" if deliveries else "its first time is more than a week ahead"
    series = "" if entered.series is None else f"series {entered.series}: "
    return Completed(name=entered.fate.capitalize(), message=f"{series}{told}", data=entered.as_dict())
