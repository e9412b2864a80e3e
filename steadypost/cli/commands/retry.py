"""``steadypost retry``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.commands.queue import delivery_document
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.outcome import Cause
from steadypost.store import Retried, persons
from steadypost.store.acts import By

if TYPE_CHECKING:
    from rich.console import Console


@command("retry")
@click.option(
    "--cause",
    required=True,
    metavar="CAUSE",
    type=click.Choice([str(cause) for cause in Cause]),
    help="Why they wait, in the word that 'steadypost show --json' gives as cause.",
)
@click.option("--account", "-a", help="Only deliveries of this account.")
@click.option("--dry-run", is_flag=True, help="Say what would go on and what would not, and do nothing.")
@signed(why_is_required=True)
def retry(
    house: House, *, cause: str, account: str | None, dry_run: bool, by: str | None, why: str
) -> Answer:
    """Let everything go on that is quarantined or under review for the same cause.

    All of it, or, if anything breaks on the way, none. What may be live is never among it: that needs
    a person who looks, post by post. Nor is what the network refused: it would refuse it again.
    """
    who = signature_of(by, why, why_is_required=True)
    with house.store() as store:
        done = (store.read if dry_run else store.write)(
            persons.retry,
            Cause(cause),
            account=account,
            by=By(name=who.by, why=who.why),
            dry_run=dry_run,
            now=clock.now(),
        )
    document = {
        "cause": cause,
        "dry_run": dry_run,
        "let_go": [delivery_document(one) for one in done.let_go],
        "left": [{**delivery_document(one.delivery), "left_because": one.why} for one in done.left],
    }
    return Answer(document=document, tell=lambda console: _tell(console, done, cause, dry_run=dry_run))


def _tell(console: Console, done: Retried, cause: str, *, dry_run: bool) -> None:
    if not (done.let_go or done.left):
        speech.tell(console, f"Nothing waits for {cause}.")
        return
    goes = "would go on" if dry_run else "goes on"
    page: Any = speech.table("id", "account", "state", "what becomes of it")
    for one in done.let_go:
        page.add_row(str(one.id), speech.line(one.account, 16), str(one.state), goes)
    for left in done.left:
        one = left.delivery
        page.add_row(
            str(one.id), speech.line(one.account, 16), str(one.state), speech.line(f"left: {left.why}")
        )
    console.print(page)
    speech.tell(console, f"{len(done.let_go)} {goes}, {len(done.left)} left.")


commands = {"retry": retry}
