"""``steadypost cancel``."""

from __future__ import annotations

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.commands.queue import delivery_document
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain.delivery import ImpossibleMove


@command("cancel")
@click.argument("delivery_id", metavar="ID", type=click.IntRange(min=1))
@signed(why_is_required=False)
def cancel(house: House, delivery_id: int, by: str | None, why: str) -> Answer:
    """Take a delivery back before it, or what is left of it, is sent."""
    who = signature_of(by, why, why_is_required=False)
    with house.store() as store:
        try:
            after = store.cancel(delivery_id, by=who.by, why=who.why)
        except ImpossibleMove as impossible:
            message = f"delivery {delivery_id} is {impossible.origin}: it can no longer be taken back"
            remedy = f"see 'steadypost show {delivery_id}'"
            raise Stop(Ending.REFUSED, "impossible_move", message, remedy) from None
    return Answer(
        document={"delivery": delivery_document(after)},
        tell=lambda console: speech.tell(console, f"Delivery {after.id} is {after.state}."),
    )


commands = {"cancel": cancel}
