"""``steadypost release``."""

from __future__ import annotations

import click

from steadypost.cli import speech
from steadypost.cli.choosing import NUMBER
from steadypost.cli.command import command
from steadypost.cli.commands.queue import delivery_document
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer, moment
from steadypost.domain import clock
from steadypost.domain.change import Op, barred
from steadypost.domain.delivery import ImpossibleMove
from steadypost.store import persons, reading
from steadypost.store.acts import By


@command("release")
@click.argument("delivery_id", metavar="ID", type=NUMBER)
@click.option(
    "--not-live",
    is_flag=True,
    help="You looked at the account, and what was asked for is not there. Without this it is never asked twice.",
)
@signed(why_is_required=False)
def release(house: House, delivery_id: int, not_live: bool, by: str | None, why: str) -> Answer:
    """Let a delivery that is held, quarantined or under review go on."""
    who = signature_of(by, why, why_is_required=False)
    with house.store() as store:
        try:
            after = store.write(
                persons.release,
                delivery_id,
                not_live=not_live,
                by=By(name=who.by, why=who.why),
                now=clock.now(),
            )
        except ImpossibleMove as impossible:
            message = f"delivery {delivery_id} is {impossible.origin}: it does not wait for a person"
            bar = barred(Op.MOVE, store.read(reading.show, delivery_id).delivery)
            remedy = bar.remedy if bar else f"see 'steadypost show {delivery_id}'"
            raise Stop(Ending.REFUSED, "impossible_move", message, remedy) from None
    when = moment(after.next_at, house.settings.zone)
    sentence = f"Delivery {after.id} is {after.state}; it goes on from {when} ({house.settings.zone})."
    return Answer(
        document={"delivery": delivery_document(after)}, tell=lambda console: speech.tell(console, sentence)
    )


commands = {"release": release}
