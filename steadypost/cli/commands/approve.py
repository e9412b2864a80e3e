"""``steadypost approve`` and ``steadypost approvals``: a second person's yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import changes, speech
from steadypost.cli.choosing import chosen, those_meant
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.approval import ANYBODY, named
from steadypost.domain.delivery import State
from steadypost.domain.post import tag
from steadypost.store import accounts as account_rows
from steadypost.store import approvals as rows
from steadypost.store import approving
from steadypost.store.accounts import AccountRecord
from steadypost.store.acts import By
from steadypost.store.approvals import LabelRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


@command("approve")
@chosen
@signed(why_is_required=False)
def approve(
    house: House, *, ids: tuple[int, ...], dry_run: bool, by: str | None, why: str, **given: Any
) -> Answer:
    """Approve what waits for a second person's yes. 'undo' takes it back, while nothing of it went out.

    Its author, or who changed it last, cannot. Change it afterwards and it waits again; another time is no change of
    its words. One yes lets all times of a series go. --by is taken at its word, as everywhere.
    """
    who = signature_of(by, why, why_is_required=False)
    with house.store() as store:
        those = those_meant(house, store, given, ids, frozenset({State.HELD}))
        done = store.write(
            approving.approve, those, by=By(name=who.by, why=who.why), now=clock.now(), dry_run=dry_run
        )
    return changes.answer(done, house.settings.zone, dry_run=dry_run)


@command("approvals")
@click.option("--label", metavar="LABEL", help="Have posts with this label or hashtag wait for a yes.")
@click.option(
    "--by-whom",
    "approvers",
    multiple=True,
    metavar="NAME",
    help="Who may approve; * for any person but the author; may be repeated.",
)
@click.option("--none", "nobody", is_flag=True, help="The label needs no approval any more.")
@signed(why_is_required=False)
def approvals(
    house: House, *, label: str | None, approvers: tuple[str, ...], nobody: bool, by: str | None, why: str
) -> Answer:
    """List which accounts and labels need a second person's yes, and whose; or set that for a label.

    An account says so in its block: 'Approved by', or 'steadypost account add NAME --approved-by NAME'. It counts for
    what comes in from then on.
    """
    names = _names(label, approvers, nobody=nobody)
    who = signature_of(by, why, why_is_required=False)
    with house.store() as store:
        if label is not None:
            store.write(rows.require, label, names, by=By(name=who.by, why=who.why), now=clock.now())
        accounts = [one for one in store.read(account_rows.every) if one.approvers]
        labels = store.read(rows.of_labels)
    document = {
        "accounts": {one.name: one.approvers for one in accounts},
        "labels": [
            {"label": one.label, "approvers": list(one.approvers), "by": one.by, "why": one.why}
            for one in labels
        ],
    }
    return Answer(document=document, tell=lambda console: _tell(console, accounts, labels))


def _names(label: str | None, approvers: Sequence[str], *, nobody: bool) -> list[str]:
    """Read whose yes a label needs, or stop with what is unclear."""
    names = [name for written in approvers for name in named(written)]
    if label is None and (names or nobody):
        raise Stop(Ending.USAGE, "usage", "no label is named", "add --label LABEL")
    if label is not None and not tag(label):
        raise Stop(Ending.USAGE, "usage", f"--label {label!r} is no label", "write a word, such as launch")
    if label is not None and bool(names) == nobody:
        raise Stop(
            Ending.USAGE,
            "usage",
            f"whose yes does {label} need?",
            "add --by-whom NAME, or --none to ask for no approval",
        )
    return names


def _tell(console: Console, accounts: Sequence[AccountRecord], labels: Sequence[LabelRule]) -> None:
    if not (accounts or labels):
        speech.tell(console, "Nothing needs a second person's yes.")
    for account in accounts:
        speech.tell(console, f"Account {speech.plain(account.name)}: {_whose(account.approvers)}.")
    for one in labels:
        why = f" ({speech.line(one.why, 60)})" if one.why else ""
        whose = _whose(", ".join(one.approvers))
        speech.tell(console, f"Label {speech.plain(one.label)}: {whose}, says {speech.plain(one.by)}{why}.")
    speech.tell(console, "What waits for one: steadypost queue --state held")


def _whose(approvers: str) -> str:
    names = named(approvers)
    return "any person but the author" if ANYBODY in names else " or ".join(map(speech.plain, names))


commands = {"approve": approve, "approvals": approvals}
