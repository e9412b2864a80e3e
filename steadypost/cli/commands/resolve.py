"""``steadypost resolve``."""

from __future__ import annotations

import click

from steadypost import networks
from steadypost.cli import speech
from steadypost.cli.choosing import NUMBER
from steadypost.cli.command import command
from steadypost.cli.commands.queue import delivery_document
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import login_name, not_meant, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.delivery import Delivery, ImpossibleMove, State
from steadypost.domain.spoken import CannotBeMeant, spoken
from steadypost.store import persons
from steadypost.store.acts import By


@command("resolve")
@click.argument("delivery_id", metavar="ID", type=NUMBER)
@click.option(
    "--live",
    multiple=True,
    metavar="URL",
    help="This post is it. For a thread once for each part, in their order, or as N=URL for part N.",
)
@click.option("--absent", is_flag=True, help="You looked, and what else was asked for is not there.")
@click.option(
    "--drop",
    is_flag=True,
    help="What is not live is not to be sent. While it may be live, only together with --absent.",
)
@signed(why_is_required=True)
def resolve(
    house: House,
    *,
    delivery_id: int,
    live: tuple[str, ...],
    absent: bool,
    drop: bool,
    by: str | None,
    why: str,
) -> Answer:
    """Say what is true of an unconfirmed delivery.

    What you say is checked as far as it can be, kept with your name and your reason, and acted on: what is
    live is never sent again, what is absent is asked for anew, what is dropped ends.
    """
    try:
        said = spoken(
            live=live,
            absent=absent,
            drop=drop,
            by=login_name() if by is None else by,
            why=why,
            read=networks.read,
            remedy=networks.REMEDY,
        )
    except CannotBeMeant as wrong:
        raise not_meant(wrong) from None
    with house.store() as store:
        try:
            after = store.write(
                persons.resolve,
                delivery_id,
                live=said.live,
                absent=absent,
                drop=drop,
                by=By(name=said.by, why=said.why),
                now=clock.now(),
            )
        except ImpossibleMove as impossible:
            message = f"delivery {delivery_id} is {impossible.origin}: what you say would not settle it"
            remedy = f"see 'steadypost why {delivery_id}'"
            raise Stop(Ending.REFUSED, "impossible_move", message, remedy) from None
    zone = house.settings.zone
    return Answer(
        document={"delivery": delivery_document(after)},
        tell=lambda console: speech.tell(console, _sentence(after, zone)),
    )


def _sentence(after: Delivery, zone: str) -> str:
    match after.state:
        case State.SCHEDULED | State.PARTIAL:
            tail = f"; it goes on from {speech.moment(after.next_at, zone)} ({zone})"
        case State.UNCONFIRMED | State.NEEDS_REVIEW:
            missing = [str(part.n + 1) for part in after.parts if part.remote_id is None]
            tail = f"; of part {', '.join(missing)} nothing is known yet" if missing else ""
        case _:
            tail = ""
    return f"Delivery {after.id} is {after.state}{tail}."


commands = {"resolve": resolve}
