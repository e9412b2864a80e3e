"""``steadypost queue``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain.delivery import FINAL, State

if TYPE_CHECKING:
    from rich.console import Console

    from steadypost.domain.delivery import Delivery
    from steadypost.store import Entry, Store

OPEN = [state for state in State if state not in FINAL]
"""What is not at rest: the queue proper."""


@command("queue")
@click.option(
    "--state", type=click.Choice([str(state) for state in State]), help="Only deliveries in this state."
)
@click.option("--account", help="Only deliveries of this account.")
@click.option(
    "--all", "everything", is_flag=True, help="Also what is published, refused, missed or taken back."
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many."
)
def queue(house: House, state: str | None, account: str | None, everything: bool, limit: int) -> Answer:
    """List what waits, by the moment it is due, and count the rest."""
    with house.store() as store:
        if account is not None:
            store.account(account)
        counts = store.counts(account)
        if state is not None or everything:
            entries = store.queue(state=State(state) if state else None, account=account, limit=limit)
        else:
            entries = _open(store, counts, account, limit)
    zone = house.settings.zone
    document = {
        "counts": {str(one): count for one, count in counts.items()},
        "deliveries": [entry_document(entry) for entry in entries],
    }

    def tell(console: Console) -> None:
        if entries:
            console.print(_table(entries, zone))
        else:
            speech.tell(console, "Nothing waits.")
        speech.tell(console, _summary(counts))

    return Answer(document=document, tell=tell)


def _open(store: Store, counts: dict[State, int], account: str | None, limit: int) -> list[Entry]:
    """Ask for each state by itself, so that a long past never crowds out what is due."""
    asked = [state for state in OPEN if counts[state]]
    found = [entry for state in asked for entry in store.queue(state=state, account=account, limit=limit)]
    return sorted(found, key=lambda entry: (entry.delivery.due_at, entry.delivery.id))[:limit]


def _table(entries: list[Entry], zone: str) -> Any:
    page = speech.table("id", f"due ({zone})", "account", "state", "post")
    page.columns[-1].no_wrap, page.columns[-1].overflow = True, "ellipsis"
    for entry in entries:
        one = entry.delivery
        parts = f"[{len(one.parts)} parts] " if len(one.parts) > 1 else ""
        page.add_row(
            str(one.id),
            speech.moment(one.due_at, zone),
            speech.line(one.account, 16),
            str(one.state),
            parts + speech.line(entry.text),
        )
    return page


def _summary(counts: dict[State, int]) -> str:
    some = [f"{count} {state}" for state, count in counts.items() if count]
    return ", ".join(some) or "The store holds no delivery yet."


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
