"""How a change is told: what became of each delivery, why the others stay, and how it is undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from steadypost.cli import speech
from steadypost.cli.commands.queue import delivery_document
from steadypost.cli.endings import Ending
from steadypost.cli.speech import Answer
from steadypost.domain.delivery import State

if TYPE_CHECKING:
    from rich.console import Console

    from steadypost.store import Store
    from steadypost.store.changing import Changed, Done, Stays

MOST_SHOWN = 50
"""Of each kind so many are shown to people; programs get all of them."""


NOTHING = "Nothing that can be changed fits. 'steadypost queue' shows what waits."


def answer(
    done: Done, zone: str, *, dry_run: bool, nothing: str = NOTHING, notes: Sequence[str] = (), **more: Any
) -> Answer:
    """Tell of a change in both forms. What was meant and stays makes the command end as refused."""
    document = {
        **more,
        "change": done.change_id,
        "dry_run": dry_run,
        "changed": [changed_document(one) for one in done.changed],
        "stays": [stays_document(one) for one in done.stays],
        "notes": list(notes),
    }

    def say(console: Console) -> None:
        tell(console, done, zone, dry_run=dry_run, nothing=nothing)
        for note in notes:
            speech.tell(console, note)

    return Answer(
        document=document,
        tell=say,
        ending=Ending.REFUSED if done.stays else Ending.OK,
    )


def noted(store: Store, done: Done, zone: str = "") -> tuple[str, ...]:
    """Say what is worth knowing of a move: what its ``zone`` means there, and what stands at about the same time.

    Of a rehearsal the latter cannot be said.
    """
    from steadypost.intake import notes  # noqa: PLC0415 - half a second

    moved = [one.after for one in done.changed if one.after.due_at != one.before.due_at]
    of_zone = notes.of_zone(zone, moved[0].due_at) if moved else ()
    others = notes.beside(store, moved[:MOST_SHOWN]) if done.change_id is not None else ()
    return (*of_zone, *others)


def changed_document(one: Changed) -> dict[str, Any]:
    """Write what became of a delivery for programs."""
    return {
        **delivery_document(one.after),
        "text": one.text,
        "was": {"state": str(one.before.state), "due_at": speech.iso(one.before.due_at)},
    }


def stays_document(one: Stays) -> dict[str, Any]:
    """Write why a delivery stays as it is for programs."""
    return {
        **delivery_document(one.delivery),
        "text": one.text,
        "because": one.bar.why,
        "remedy": one.bar.remedy,
    }


def tell(console: Console, done: Done, zone: str, *, dry_run: bool, nothing: str = NOTHING) -> None:
    """Tell people, the changed ones first."""
    if not (done.changed or done.stays):
        speech.tell(console, nothing)
        return
    tell_rows(console, done, zone, dry_run=dry_run)
    if dry_run:
        speech.tell(console, f"{_many(len(done.changed))} would be changed. Nothing was written.")
    elif done.change_id is not None:
        speech.tell(
            console, f"{_many(len(done.changed))} changed. To take it back: steadypost undo {done.change_id}"
        )


def tell_rows(console: Console, done: Done, zone: str, *, dry_run: bool) -> None:
    """Tell what became of each."""
    if done.changed:
        _tell_changed(console, done.changed, zone, dry_run=dry_run)
    for one in done.stays[:MOST_SHOWN]:
        speech.tell(
            console,
            f"Delivery {one.delivery.id} stays as it is: {speech.by_clocks_of(zone, speech.line(one.bar.why))}.",
        )
        speech.tell(console, f"  → {speech.line(one.bar.remedy)}")
    if len(done.stays) > MOST_SHOWN:
        speech.tell(console, f"... and {len(done.stays) - MOST_SHOWN} more stay; --json names all.")


def _tell_changed(console: Console, changed: tuple[Changed, ...], zone: str, *, dry_run: bool) -> None:
    page = speech.table("id", f"due ({zone})", "account", "state", "post")
    page.columns[-1].no_wrap, page.columns[-1].overflow = True, "ellipsis"
    for one in changed[:MOST_SHOWN]:
        moved = one.before.due_at != one.after.due_at
        page.add_row(
            str(one.after.id),
            speech.brief(one.after.due_at, zone) + ("*" if moved else ""),
            speech.line(one.after.account, 12),
            str(one.after.state),
            speech.line(one.text),
        )
    console.print(page)
    if any(one.before.due_at != one.after.due_at for one in changed):
        speech.tell(console, "* at another time than before")
    for one in changed[:MOST_SHOWN]:
        if one.after.state is State.HELD:
            speech.tell(
                console,
                f"Delivery {one.after.id} is held: {speech.by_clocks_of(zone, speech.line(one.after.why))}.",
            )
            speech.tell(console, f"  → {held_remedy(one.after.id, wants_yes=one.wants_yes)}")
    if len(changed) > MOST_SHOWN:
        would = "would be changed" if dry_run else "are changed"
        speech.tell(console, f"... and {len(changed) - MOST_SHOWN} more {would}; --json names all.")


def held_remedy(delivery_id: int, *, wants_yes: bool = False) -> str:
    """Say what to do about a delivery that is held."""
    go = (
        f"an approver: steadypost approve {delivery_id}"
        if wants_yes
        else f"let it go out: steadypost release {delivery_id}"
    )
    return f"{go}; or change it: steadypost edit {delivery_id} --text TEXT"


def _many(count: int) -> str:
    return f"{count} {'delivery' if count == 1 else 'deliveries'}"
