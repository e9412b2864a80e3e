"""Write a post, or a thread, in Prefect's own form, and say when and where it goes out."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.house import open_store
from flows.refusal import refused
from steadypost import settings
from steadypost.domain.clock import now
from steadypost.intake.draft import Draft
from steadypost.intake.entry import Fate, enter


@flow(name="compose", flow_run_name="compose", retries=0, validate_parameters=True)
def compose(post: Draft) -> State[dict[str, object]]:
    """Check what was written and schedule it; nothing enters unless all of it is right."""
    machine = settings.read()
    entered = enter(
        open_store(),
        post,
        now=now(),
        source="compose",
        zone=machine.zone_for_naive,
        # Prefect runs every flow in a folder of its own, that is gone afterwards: no path can be meant from there.
        folder=machine.home,
    )
    if entered.fate is Fate.REFUSED:
        return refused([str(refusal) for refusal in entered.refusals])
    deliveries = ", ".join(f"{one.delivery_id} as {one.account}" for one in entered.deliveries)
    return Completed(name=entered.fate.capitalize(), message=f"delivery {deliveries}", data=entered.as_dict())
