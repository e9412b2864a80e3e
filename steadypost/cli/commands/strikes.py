"""``steadypost strike``, ``lift`` and ``strikes``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.lengths import span
from steadypost.store import Of, Strike
from steadypost.store import strikes as strike_rows
from steadypost.store.acts import By

if TYPE_CHECKING:
    from rich.console import Console

OF = ("account", "channel", "tag")

WHAT = click.argument("of", metavar="account|channel|tag", type=click.Choice(OF))
NAME = click.argument("name", metavar="NAME")


@command("strike")
@WHAT
@NAME
@click.option(
    "--for", "length", metavar="LENGTH", help="For how long: 30m, 2h, 3d. Otherwise until it is lifted."
)
@signed(why_is_required=True)
def strike(house: House, *, of: str, name: str, length: str | None, by: str | None, why: str) -> Answer:
    """Keep back everything of an account, a channel or a tag.

    It waits; nothing is lost. A post that is being prepared is stopped before its click; one that was asked for
    already is not recalled.
    """
    who = signature_of(by, why, why_is_required=True)
    until = ends(length, clock.now())
    with house.store() as store:
        struck = store.write(
            strike_rows.put, Of(of), name, by=By(name=who.by, why=who.why), until=until, now=clock.now()
        )
    return _told("struck", struck, house)


@command("lift")
@WHAT
@NAME
@signed(why_is_required=True)
def lift(house: House, *, of: str, name: str, by: str | None, why: str) -> Answer:
    """End a strike: its posts go out again."""
    who = signature_of(by, why, why_is_required=True)
    with house.store() as store:
        lifted = store.write(strike_rows.lift, Of(of), name, by=By(name=who.by, why=who.why), now=clock.now())
    return _told("lifted", lifted, house)


@command("strikes")
@click.option("--all", "also_over", is_flag=True, help="Also those that were lifted, or have ended.")
def strikes(house: House, *, also_over: bool) -> Answer:
    """List what is struck, by whom, why and until when."""
    now = clock.now()
    with house.store() as store:
        found = store.read(strike_rows.every, also_over=also_over, now=now)
    zone = house.settings.zone

    def tell(console: Console) -> None:
        if not found:
            speech.tell(console, "Nothing is struck.")
            return
        page = speech.table("what", "name", f"until ({zone})", "by", "why")
        for one in found:
            page.add_row(
                one.of, speech.line(one.name, 20), _until(one, zone), speech.line(one.by, 16), _why(one)
            )
        console.print(page)

    return Answer(document={"strikes": [document(one, now) for one in found]}, tell=tell)


def ends(length: str | None, now: datetime) -> datetime | None:
    """Say when a length from now is over, or end the command with how to write one."""
    if length is None:
        return None
    read = span(length)
    if not read:
        message = f"--for {speech.line(length, 40)!r}: this is not a stretch of time"
        raise Stop(Ending.USAGE, "usage", message, "write 30m, 2h or 3d")
    return now + read


def document(one: Strike, now: datetime) -> dict[str, Any]:
    """Write a strike for programs."""
    return {
        "of": str(one.of),
        "name": one.name,
        "by": one.by,
        "why": one.why,
        "since": speech.iso(one.since),
        "until": speech.iso(one.until),
        "in_force": one.is_in_force(now),
        "lifted_at": speech.iso(one.lifted_at),
        "lifted_by": one.lifted_by,
        "lifted_why": one.lifted_why,
    }


def _told(did: str, one: Strike, house: House) -> Answer:
    zone = house.settings.zone
    until = f", until {speech.moment(one.until, zone)} ({zone})" if one.until else ""
    struck = f"The {one.of} {one.name} is struck{until}."
    sentence = struck if did == "struck" else f"The strike of the {one.of} {one.name} is ended."
    return Answer(
        document={"strike": document(one, clock.now())}, tell=lambda console: speech.tell(console, sentence)
    )


def _until(one: Strike, zone: str) -> str:
    if one.lifted_at is not None:
        return f"lifted {speech.moment(one.lifted_at, zone)}"
    return speech.moment(one.until, zone) if one.until else "lifted"


def _why(one: Strike) -> str:
    lifted = f"; lifted by {one.lifted_by}: {one.lifted_why}" if one.lifted_at else ""
    return speech.line(f"{one.why}{lifted}")


commands = {"strike": strike, "lift": lift, "strikes": strikes}
