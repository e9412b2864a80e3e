"""Change what waits, in Prefect's own form: other words, another time, not at all; and take a change back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import ValidationError

from flows.answering import answered, in_titles, refused
from flows.house import at_work
from steadypost import settings
from steadypost.domain.clock import now
from steadypost.domain.spoken import CannotBeMeant, signature
from steadypost.intake.answering import changed_page, changed_words, stays_words
from steadypost.intake.fields import misfits
from steadypost.intake.order import Order
from steadypost.intake.ordering import Desk, OrderRefused, carry_out
from steadypost.intake.refusal import Refusal, excerpt, in_the_form
from steadypost.store import StoreAway, StoreError
from steadypost.store.changing import Done
from steadypost.store.operations import Copied
from tasks.deadline import ended_within
from tasks.discreet import discreet

ENDS_WITHIN = timedelta(minutes=2)
"""A change is one transaction; the person who pressed the button is not left waiting for ever."""

KEY = "change"
"""The key of the page that says what became of a form; each run has its own version."""

EMPTY = Order()


def read(order: Order | Mapping[str, object]) -> Order | list[Refusal]:
    """Take the form as it was sent, or say what in it does not fit: Prefect itself would answer with a traceback."""
    try:
        return Order.model_validate(order)
    except ValidationError as error:
        return misfits(error, Order)


def named() -> str:
    """Name a run by what is done to which deliveries."""
    order = read(flow_run.parameters.get("order", {}))
    if isinstance(order, list):
        return "change: not taken"
    those = [", ".join(map(str, order.deliveries)), order.account, order.saying, order.label, order.day]
    return excerpt(" ".join([order.what or "change", *(one for one in those if one)]))


@flow(name="change", flow_run_name=named, retries=0, validate_parameters=False)
@discreet
def change(order: Order = EMPTY) -> State[dict[str, object]]:
    """Carry out a change, or say why not. What is being sent or live stays as it is."""
    wanted = read(order)
    if isinstance(wanted, list):
        return refused([in_the_form(one) for one in wanted], key=KEY)
    try:
        done = _carried_out(wanted)
    except StoreAway:
        raise
    except CannotBeMeant as wrong:
        return refused(in_titles(wrong), key=KEY)
    except (OrderRefused, StoreError) as wrong:
        return refused(str(wrong).splitlines(), key=KEY)
    if isinstance(done, Done) and done.stays and not done.changed:
        return refused(stays_words(done), key=KEY)
    numbers = (
        [one.delivery_id for one in done.added]
        if isinstance(done, Copied)
        else [one.after.id for one in done.changed]
    )
    stays = [] if isinstance(done, Copied) else stays_words(done)
    return answered(
        changed_words(done, dry_run=wanted.dry_run),
        page=changed_page(done, settings.read().zone, dry_run=wanted.dry_run),
        key=KEY,
        data={"deliveries": numbers, "change": done.change_id, "stays": stays},
    )


def _carried_out(order: Order) -> Done | Copied:
    machine = settings.read()
    who = signature(order.by, order.why, why_is_required=False)
    with ended_within(ENDS_WITHIN), at_work(ENDS_WITHIN / 2) as store:
        desk = Desk(
            store=store,
            now=now(),
            zone=ZoneInfo(machine.zone),
            zone_for_naive=machine.zone_for_naive,
            # Prefect runs every flow in a folder of its own, gone afterwards: no path can be meant from there.
            folder=machine.home,
        )
        return carry_out(desk, order.model_copy(update={"by": who.by, "why": who.why}))
