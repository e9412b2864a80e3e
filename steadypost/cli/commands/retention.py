"""``steadypost retention``: what is kept, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain.retention import RULES

if TYPE_CHECKING:
    from rich.console import Console


@command("retention")
def retention(house: House) -> Answer:
    """Show what is kept and for how long. The watch keeps to it by itself, a batch a minute."""
    del house
    document = {
        "rules": [
            {"name": name, "where": rule.where, "what": rule.what, "days": rule.keep.days, "why": rule.why}
            for name, rule in RULES.items()
        ]
    }
    return Answer(document=document, tell=_tell)


def _tell(console: Console) -> None:
    page = speech.table("where", "days", "what, and why so long")
    for rule in RULES.values():
        page.add_row(rule.where, str(rule.keep.days), f"{rule.what}: {rule.why}")
    console.print(page)


commands = {"retention": retention}
