"""``steadypost cancel``."""

from __future__ import annotations

from typing import Any

from steadypost.cli import changes
from steadypost.cli.choosing import chosen, those_meant
from steadypost.cli.command import command
from steadypost.cli.commands.queue import delivery_document
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.change import WAITS
from steadypost.domain.delivery import State
from steadypost.store import changing
from steadypost.store.acts import By
from steadypost.store.changing import Stays
from steadypost.store.operations import Cancelling


@command("cancel")
@chosen
@signed(why_is_required=False)
def cancel(
    house: House, *, ids: tuple[int, ...], dry_run: bool, by: str | None, why: str, **given: Any
) -> Answer:
    """Take deliveries back before they, or what is left of them, are sent. 'undo' brings them back."""
    who = signature_of(by, why, why_is_required=False)
    signed_by = By(name=who.by, why=who.why)
    with house.store() as store:
        those = those_meant(house, store, given, ids, WAITS)
        done = store.write(
            changing.change,
            Cancelling(signed_by),
            those,
            did="cancel",
            by=signed_by,
            now=clock.now(),
            dry_run=dry_run,
        )
    if len(ids) == 1 and done.stays:
        raise _stop(done.stays[0])
    one: dict[str, Any] = (
        {"delivery": delivery_document(done.changed[0].after)} if len(ids) == 1 and done.changed else {}
    )
    return changes.answer(done, house.settings.zone, dry_run=dry_run, **one)


_KINDS = {
    State.SENDING: "in_hand",
    State.UNCONFIRMED: "may_be_live",
    State.NEEDS_REVIEW: "may_be_live",
}


def _stop(stays: Stays) -> Stop:
    """Say why the one that was named is not taken back."""
    kind = _KINDS.get(stays.delivery.state, "impossible_move")
    message = f"delivery {stays.delivery.id} can no longer be cancelled: {stays.bar.why}"
    return Stop(Ending.REFUSED, kind, message, stays.bar.remedy)


commands = {"cancel": cancel}
