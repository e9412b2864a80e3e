"""Say what is true of an unconfirmed delivery, in Prefect's own form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from flows.answering import answered, fitting, in_titles, refused
from flows.house import at_work
from steadypost import networks
from steadypost.domain import clock
from steadypost.domain.delivery import ImpossibleMove
from steadypost.domain.spoken import CannotBeMeant, spoken
from steadypost.domain.word import WordNotTaken
from steadypost.intake.refusal import excerpt
from steadypost.intake.resolution import Resolution
from steadypost.store import InHand, MayBeLive, UnknownDelivery, persons
from steadypost.store.acts import By
from tasks.deadline import ended_within
from tasks.discreet import discreet

ENDS_WITHIN = timedelta(minutes=2)
"""A word is taken in an instant."""

KEY = "resolve"
"""The key of the page that says what became of a form; each run has its own version."""

FORM = Field()
"""Nothing was sent: each of its fields is missing then."""


def named() -> str:
    """Name a run by the delivery it is about, and what is said of it."""
    word = flow_run.parameters.get("word")
    if not isinstance(word, Mapping):
        return "nothing said"
    said = [name for name in ("live", "absent", "drop") if word.get(name)]
    return f"delivery {excerpt(word.get('delivery', '-'))}: {' and '.join(said) or 'nothing said'}"


@flow(name="resolve", flow_run_name=named, retries=0, validate_parameters=False)
@discreet
@fitting(KEY)
def resolve(word: Resolution = FORM) -> State[dict[str, object]]:
    """Take a person's word, or say why it is not taken. Nothing is changed unless all of it is."""
    try:
        said = spoken(
            live=word.live,
            absent=word.absent,
            drop=word.drop,
            by=word.by,
            why=word.why,
            read=networks.read,
            remedy=networks.REMEDY,
        )
        with ended_within(ENDS_WITHIN), at_work(ENDS_WITHIN / 2) as store:
            after = store.write(
                persons.resolve,
                word.delivery,
                live=said.live,
                absent=said.absent,
                drop=said.drop,
                by=By(name=said.by, why=said.why),
                now=clock.now(),
            )
    except WordNotTaken as not_taken:
        return refused([f"{not_taken.why}; {not_taken.remedy}"], key=KEY)
    except CannotBeMeant as wrong:
        return refused(in_titles(wrong), key=KEY)
    except (ImpossibleMove, InHand, MayBeLive, UnknownDelivery) as wrong:
        return refused([str(wrong)], key=KEY)
    told = f"Delivery {after.id} of {after.account} is {str(after.state).replace('_', ' ')}."
    return answered(told, page=f"# {told}\n", key=KEY, data={"delivery": after.id, "state": str(after.state)})
