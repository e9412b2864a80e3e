"""``steadypost queue``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.choosing import filtered, selection
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain.delivery import FINAL, Delivery, State
from steadypost.store import Entry, reading, selecting
from steadypost.store import accounts as account_rows
from steadypost.store.selecting import Found

if TYPE_CHECKING:
    from rich.console import Console

OPEN = [state for state in State if state not in FINAL]
"""What is not at rest: the queue proper."""


@command("queue")
@click.option(
    "--state", type=click.Choice([str(state) for state in State]), help="Only deliveries in this state."
)
@filtered
@click.option(
    "--all", "everything", is_flag=True, help="Also what is published, refused, missed or taken back."
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many."
)
def queue(house: House, *, state: str | None, everything: bool, limit: int, **given: Any) -> Answer:
    """List what waits, by the moment it is due, and say what is not shown."""
    account = given["account"]
    states = frozenset({State(state)}) if state else frozenset() if everything else frozenset(OPEN)
    with house.store() as store:
        if account is not None:
            store.read(account_rows.one, account)
        counts = store.read(reading.counts, account)
        found = store.read(selecting.find, selection(house, given, states=states), limit=limit)
    zone = house.settings.zone
    document = {
        "counts": {str(one): count for one, count in counts.items()},
        "deliveries": [entry_document(entry) for entry in found.entries],
        "total": found.total,
        "hidden": {"by_limit": found.hidden, **{str(one): many for one, many in found.at_rest.items()}},
    }

    def tell(console: Console) -> None:
        if found.entries:
            console.print(_table(found.entries, zone))
        else:
            speech.tell(console, "Nothing waits." if not state else f"Nothing is {state}.")
        speech.tell(console, _summary(counts))
        for line in hidden(found, limit):
            speech.tell(console, line)

    return Answer(document=document, tell=tell)


def hidden(found: Found, limit: int) -> Iterator[str]:
    """Say what of a search is not shown, and how to see it."""
    if found.hidden:
        yield f"{found.hidden} more are not shown: add --limit {limit + found.hidden}"
    some = ", ".join(f"{many} {state}" for state, many in found.at_rest.items() if many)
    if some:
        yield f"Not shown: {some} (add --all, or --state)"


def _table(entries: Sequence[Entry], zone: str) -> Any:
    page = speech.table("id", f"due ({zone})", "account", "state", "post")
    page.columns[-1].no_wrap, page.columns[-1].overflow = True, "ellipsis"
    for entry in entries:
        one = entry.delivery
        parts = f"[{len(one.parts)} parts] " if len(one.parts) > 1 else ""
        page.add_row(
            str(one.id),
            speech.brief(one.due_at, zone),
            speech.short(one.account, 16),
            str(one.state),
            parts + speech.line(entry.text),
        )
    return page


def _summary(counts: dict[State, int]) -> str:
    some = [f"{count} {state}" for state, count in counts.items() if count]
    return ", ".join(some) or "No post was ever added: steadypost add TEXT -a ACCOUNT -w now"


def delivery_document(one: Delivery) -> dict[str, Any]:
    """Write a delivery for programs."""
    return {
        "id": one.id,
        "post_id": one.post_id,
        "account": one.account,
        "state": str(one.state),
        "due_at": speech.iso(one.due_at),
        "next_at": speech.iso(one.next_at),
        "late_after_s": None if one.late_after is None else one.late_after.total_seconds(),
        "when_late": str(one.when_late),
        "parts": [{"n": part.n, "state": str(part.state), "id": part.remote_id} for part in one.parts],
        "attempts": one.attempts,
        "broken": one.broken,
        "deferred": one.deferred,
        "looks": one.looks,
        "cause": str(one.cause) if one.cause else None,
        "why": one.why,
    }


def entry_document(entry: Entry) -> dict[str, Any]:
    """Write a line of the queue for programs."""
    return {
        **delivery_document(entry.delivery),
        "text": entry.text,
        "source": entry.source,
        "repeats": entry.repeats,
        "published_at": speech.iso(entry.published_at),
        "verified_at": speech.iso(entry.verified_at),
    }


commands = {"queue": queue}
