"""Take a live post down from its network, in Prefect's own form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.answering import answered, fitting, in_titles, refused
from flows.house import probing_house
from steadypost.browser import BrowserError
from steadypost.channels.port import Access
from steadypost.domain.spoken import CannotBeMeant, signature
from steadypost.intake.removal import RemovalOrder
from steadypost.store import StoreAway, StoreError, removals
from steadypost.store.acts import By
from tasks.deadline import ended_within
from tasks.discreet import discreet
from tasks.house import House
from tasks.removals import NotTakenDown, Removing, Shown

WITHIN = timedelta(minutes=2)
"""How long the store, and then a browser, is waited for."""

ENDS_WITHIN = timedelta(minutes=30)
"""A thread of twenty-five parts in a browser; past it the run ends, and may be started again."""


KEY = "delete"
"""The key of the page that says what became of a form; each run has its own version."""

FORM = Field()
"""Nothing was sent: each of its fields is missing then."""


@flow(name="delete", flow_run_name="delete", retries=0, validate_parameters=False)
@discreet
@fitting(KEY)
def delete(removal: RemovalOrder = FORM) -> State[dict[str, object]]:
    """Take a delivery's posts down, or say why not. What is gone already is only looked at."""
    try:
        said = signature(removal.by, removal.why, why_is_required=True)
        with ended_within(ENDS_WITHIN), probing_house(WITHIN) as house:
            return take_down(house, removal, By(name=said.by, why=said.why))
    except StoreAway:
        raise
    except NotTakenDown as not_done:
        return refused([f"{not_done.why}; {not_done.remedy}"], key=KEY)
    except CannotBeMeant as wrong:
        return refused(in_titles(wrong), key=KEY)
    except StoreError as wrong:
        return refused(str(wrong).splitlines(), key=KEY)


def take_down(house: House, removal: RemovalOrder, by: By) -> State[dict[str, object]]:
    """Take it down with this run's browsers and clients."""
    plan = house.store.read(removals.planned, removal.delivery)
    name = plan.delivery.account
    access = house.directory.access(name)
    if not isinstance(access, Access):
        why = access.why if access is not None else "it has no block"
        raise NotTakenDown(f"the account {name} cannot be opened: {why}", "see its block in Prefect's pages")
    seen: list[str] = []

    def agrees(shown: Sequence[Shown]) -> bool:
        seen.extend(_line(one) for one in reversed(shown))
        return removal.sure

    try:
        with house.channel(name, within=WITHIN) as channel:
            removing = Removing(
                store=house.store, channel=channel, access=access, by=by, agrees=agrees, now=house.clock
            )
            after = removing.run(removal.delivery)
    except BrowserError as error:
        raise NotTakenDown(f"no browser was available ({type(error).__name__})", "try again") from None
    if after is None:
        return refused(["nothing was taken down; turn on 'Take it down, for everybody' for:", *seen], key=KEY)
    ids = [str(part.id) for part in reversed(plan.parts)]
    told = "\n".join([f"delivery {after.id} of {name} is {after.state}", *seen])
    return answered(
        told,
        page=told.replace("\n", "\n\n"),
        key=KEY,
        data={"delivery": after.id, "state": str(after.state), "removed": ids},
    )


def _line(one: Shown) -> str:
    said = "gone already" if one.post is None else repr(one.post.text)
    return f"part {one.part.n + 1}, {one.part.id}: {said}"
