"""Say what is true of a delivery in doubt, in Prefect's own form."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.house import open_store
from steadypost.domain.delivery import ImpossibleMove
from steadypost.domain.spoken import CannotBeMeant, spoken
from steadypost.domain.word import WordNotTaken
from steadypost.intake.resolution import Resolution
from steadypost.store import InHand, MayBeLive, UnknownDelivery
from tasks.deadline import ended_within

ENDS_WITHIN = timedelta(minutes=2)
"""A word is taken in an instant."""


@flow(name="resolve", flow_run_name="resolve", retries=0, validate_parameters=True)
def resolve(word: Resolution) -> State[dict[str, object]]:
    """Take a person's word, or say why it is not taken. Nothing is changed unless all of it is."""
    try:
        said = spoken(live=word.live, absent=word.absent, drop=word.drop, by=word.by, why=word.why)
        with ended_within(ENDS_WITHIN), open_store() as store:
            after = store.resolve(
                word.delivery, live=said.live, absent=said.absent, drop=said.drop, by=said.by, why=said.why
            )
    except WordNotTaken as not_taken:
        return Failed(name="Refused", message=f"{not_taken.why}; {not_taken.remedy}")
    except (CannotBeMeant, ImpossibleMove, InHand, MayBeLive, UnknownDelivery) as refused:
        return Failed(name="Refused", message=str(refused))
    return Completed(
        name=str(after.state).capitalize(),
        message=f"delivery {after.id} is {after.state}",
        data={"delivery": after.id, "state": str(after.state)},
    )
