"""``steadypost account add|test|record NAME``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer

if TYPE_CHECKING:
    from rich.console import Console

    from steadypost.cli.account import keeping

CHANNELS = ("file", "mastodon", "bluesky", "x_api", "x_web")
"""The channels there are, the last way last; named here so that --help need not load them."""


@command("account")
@click.argument("name", metavar="NAME")
@click.option("--channel", type=click.Choice(CHANNELS), required=True, help="By which way it publishes.")
@click.option(
    "--set", "pairs", multiple=True, metavar="FIELD=VALUE", help="Answer a question beforehand; no secrets."
)
@click.option(
    "--from-env",
    "variables",
    multiple=True,
    nargs=2,
    metavar="FIELD VARIABLE",
    help="Take an answer, a secret too, from a variable of the environment.",
)
@click.option(
    "--approved-by",
    "approvers",
    multiple=True,
    metavar="NAME",
    help="Who must approve its posts before they go out; * for any person but the author; may be repeated.",
)
@click.option("--replace", is_flag=True, help="Replace an account of this name without being asked.")
@click.option("--save-anyway", is_flag=True, help="Save it although its probe was not well.")
def add(
    house: House,
    *,
    name: str,
    channel: str,
    pairs: tuple[str, ...],
    variables: tuple[tuple[str, str], ...],
    approvers: tuple[str, ...],
    replace: bool,
    save_anyway: bool,
) -> Answer:
    """Set up an account: asks what its channel needs, tests it, and says what it may do.

    NAME is what you call the account in Steadypost. Nothing is saved before the test was well, or you say so.
    A secret is asked for without echo, or read from standard input or --from-env; it is never an argument.
    """
    from steadypost.cli.account import adding  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

    if approvers:
        pairs = (*pairs, f"approved_by={', '.join(approvers)}")
    found = adding.add(
        house, name, channel, pairs=pairs, variables=variables, replace=replace, unwell=save_anyway
    )
    well = found.probe.well

    def tell(console: Console) -> None:
        for sentence in found.sentences if well else ():
            speech.tell(console, sentence)
        if approvers:
            speech.tell(
                console, f"Its posts wait for a second person's yes: {speech.line(', '.join(approvers))}."
            )
        speech.tell(
            console, f"Saved. Your first post: steadypost add 'Hello.' -a {name} -w now" if well else SAVED
        )

    return Answer(document={"account": found.as_dict(), "saved": True}, tell=tell)


SAVED = "Saved all the same, as you said; it publishes nothing until it is well."


@command("account")
@click.argument("name", metavar="NAME")
def test(house: House, *, name: str) -> Answer:
    """Test an account: whether it could publish now, and if not, why; nothing is published.

    The exit code is 1 where it could not.
    """
    from steadypost.cli.account import keeping, probing  # noqa: PLC0415 - as above

    there = keeping.known()
    block = there.blocks.get(name)
    if block is None:
        raise _unknown(name, there)
    with house.store() as store:
        tokens = store.tokens(house.settings.home)
        found = probing.standing(name, block, probing.probe(house, name, block, tokens))

    def tell(console: Console) -> None:
        for sentence in found.sentences:
            speech.tell(console, sentence)

    ending = Ending.OK if found.probe.well else Ending.REFUSED
    return Answer(document={"account": found.as_dict()}, tell=tell, ending=ending)


def _unknown(name: str, there: keeping.Known) -> Stop:
    if name in there.unreadable:
        message = f"the block of the account {name} cannot be read: {there.unreadable[name]}"
        return Stop(
            Ending.REFUSED, "account", message, "correct it in Prefect's pages, or delete it and add it anew"
        )
    names = ", ".join(sorted(there.blocks)[:10])
    remedy = f"there are: {names}" if names else f"set it up: steadypost account add {name} --channel file"
    return Stop(Ending.REFUSED, "account", f"no account is called {name!r}", remedy)


@command("account")
@click.argument("name", metavar="NAME")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True, writable=True),
    default=Path(),
    help="The folder for the files; the current one by default.",
)
def record(house: House, *, name: str, out: Path) -> Answer:
    """Record what X's page is made of, as this account sees it: the composer, a post, the reply dialog.

    Nothing is submitted. The files hold no text, no name and no secret; put into tests/channels/fixtures they are looked
    at by the tests, and show where the page has changed.
    """
    from steadypost.cli.account.record import record as recorded  # noqa: PLC0415 - as above

    return recorded(house, name, out)


account = click.Group(
    "account",
    commands={"add": add, "test": test, "record": record},
    help="Set up an account, test it, or record X's page for the tests.\n\nEach answers with --json too.",
)
commands = {"account": account}
