"""What a person does in Prefect's pages during a drill, done by a program of its own inside the stack.

python -m rehearsal.drill.person accounts PEOPLE.json --settle-minutes 1   the account blocks, sessions included
python -m rehearsal.drill.person off bulkheads deadlines                    the switches of these protections, off
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from blocks import Switches, XAccount
from blocks.switches import DOCUMENT, Switch
from rehearsal.accounts import Limits, made

WORK = frozenset({"publish"})
"""The switches that are no protection but the work itself: off, there would be nothing to compare."""

PROTECTIONS = tuple(
    name for name, field in Switches.model_fields.items() if field.annotation is Switch and name not in WORK
)
"""Every protection that has a switch."""


@click.group()
def main() -> None:
    """Do one thing that a person does."""


@main.command()
@click.argument("people", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--settle-minutes", type=float, required=True)
def accounts(people: Path, settle_minutes: float) -> None:
    """Save the account blocks of these people with the sessions that stand there."""
    told: dict[str, Any] = json.loads(people.read_text())
    for person in told["accounts"]:
        XAccount(
            handle=person["handle"],
            session=SecretStr(json.dumps(person["storage_state"])),
            base_url=told["url"],
            rules_accepted=True,
            rules_accepted_by="the drill: this X is a sandbox on this machine",
            **person["limits"],
            settle_minutes=settle_minutes,
        ).save(person["handle"], overwrite=True)


@main.command()
@click.argument("others", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--settle-minutes", type=float, required=True)
def others(others: Path, settle_minutes: float) -> None:
    """Save the account blocks of the other networks, with the secrets that stand there."""
    limits = Limits(per_hour=300, per_day=2000, spacing_seconds=2)
    told: dict[str, dict[str, str]] = json.loads(others.read_text())
    for name, one in told.items():
        block = made(one.pop("channel"), one, limits)
        if block.settle_minutes:
            # Bluesky needs none: there a post is asked for by its name.
            block.settle_minutes = settle_minutes
        block.save(name, overwrite=True)


@main.command("off")
@click.argument("names", nargs=-1, required=True, type=click.Choice(PROTECTIONS))
def turn_off(names: tuple[str, ...]) -> None:
    """Turn these protections off."""
    switches = Switches(
        **{name: Switch(on=False, reason="the drill's other half", by="the drill") for name in names}
    )
    switches.save(DOCUMENT, overwrite=True)


if __name__ == "__main__":
    sys.exit(main())
