"""``steadypost login NAME``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer

if TYPE_CHECKING:
    from rich.console import Console


@command("login")
@click.argument("name", metavar="NAME")
@click.option(
    "--within", type=click.IntRange(min=10, max=3600), default=600, help="Seconds to sign in; ten minutes."
)
def login(house: House, *, name: str, within: int) -> Answer:
    """Sign an account of the channel x_web in: shows X's own sign-in page in a browser window, and waits for you.

    You type; nothing is typed or clicked for you. The session is kept only once the page shows the right account signed
    in and its test is well. It needs a display; without one it says what to do instead.
    """
    from steadypost.cli.account import login as room  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

    found = room.login(house, name, within=within)

    def tell(console: Console) -> None:
        for sentence in found.sentences:
            speech.tell(console, sentence)
        speech.tell(console, "The new session is kept; waiting posts go on by themselves.")

    return Answer(document={"account": found.as_dict(), "saved": True}, tell=tell)


commands = {"login": login}
