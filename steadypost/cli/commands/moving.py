"""``steadypost move``, ``reschedule``, ``shift`` and ``swap``: other times for what waits."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import click

from steadypost.cli import changes
from steadypost.cli.choosing import NUMBER, chosen, those_meant
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.cli.times import instant
from steadypost.domain import clock
from steadypost.domain.change import WAITS, Op
from steadypost.domain.delivery import State
from steadypost.intake.refusal import Refusal
from steadypost.intake.shifting import shifted, stretch
from steadypost.store import changing
from steadypost.store.acts import By
from steadypost.store.changing import Work
from steadypost.store.operations import Due, Moving, Swapping

_WHEN = click.option(
    "--when",
    "-w",
    required=True,
    help='"+20m", "2026-11-24T18:30+01:00", or a local time with --zone: "tomorrow 9am", "24.11.2026 18:30".',
)

NOTHING_MISSED = (
    "Nothing was missed, so there is nothing to reschedule. To move what waits: "
    "steadypost move ID --when TIME"
)

_ZONE = click.option("--zone", default="", help="The zone of a time written without one.")


@command("move")
@chosen
@_WHEN
@_ZONE
@signed(why_is_required=False)
def move(house: House, *, ids: tuple[int, ...], when: str, **given: Any) -> Answer:
    """Give waiting posts another time. Its late rule goes with it."""
    at = instant(house, when, given["zone"], clock.now())
    return _moved(house, ids, lambda _: at, Op.MOVE, given, WAITS)


@command("reschedule")
@chosen
@_WHEN
@_ZONE
@signed(why_is_required=False)
def reschedule(house: House, *, ids: tuple[int, ...], when: str, **given: Any) -> Answer:
    """Give missed posts a new time. With filters: all missed ones that fit."""
    at = instant(house, when, given["zone"], clock.now())
    return _moved(
        house, ids, lambda _: at, Op.RESCHEDULE, given, frozenset({State.MISSED}), nothing=NOTHING_MISSED
    )


@command("shift")
@chosen
@click.option("--later", metavar="LENGTH", help='So much later: "2h", "30m", "1d".')
@click.option("--earlier", metavar="LENGTH", help="So much earlier.")
@signed(why_is_required=False)
def shift(
    house: House, *, ids: tuple[int, ...], later: str | None, earlier: str | None, **given: Any
) -> Answer:
    """Move what waits by a stretch of time, for instance all of a day: shift --day tomorrow --later 1d.

    By whole days 09:00 stays 09:00, also where the clocks change in between.
    """
    if (later is None) == (earlier is None):
        raise Stop(
            Ending.USAGE, "usage", "how far, and which way?", "give one of --later 1d and --earlier 1d"
        )
    way = "later" if later is not None else "earlier"
    length, zone = stretch(later or earlier or ""), ZoneInfo(house.settings.zone)
    if isinstance(length, Refusal):
        raise Stop(Ending.USAGE, "usage", f"--{way} {length.value!r}: {length.why}", length.remedy)
    by = length if way == "later" else -length
    return _moved(house, ids, lambda one: shifted(one.due_at, by, zone), Op.MOVE, given, WAITS, did="shift")


@command("swap")
@click.argument("one", metavar="ID", type=NUMBER)
@click.argument("other", metavar="ID", type=NUMBER)
@click.option("--dry-run", is_flag=True, help="Say what would become of both, and change nothing.")
@signed(why_is_required=False)
def swap(house: House, *, one: int, other: int, dry_run: bool, by: str | None, why: str) -> Answer:
    """Give two deliveries each other's time, both or neither."""
    if one == other:
        raise Stop(Ending.USAGE, "usage", f"{one} and {other} are the same delivery", "name two")
    given = {
        **dict.fromkeys(("account", "text", "since", "until", "day", "label")),
        "dry_run": dry_run,
        "by": by,
        "why": why,
    }
    return _changed(house, (one, other), Swapping(one, other), given, WAITS, did="swap", together=True)


def _moved(  # noqa: PLR0917 - private, and every one of them is needed
    house: House,
    ids: tuple[int, ...],
    due: Due,
    op: Op,
    given: dict[str, Any],
    states: frozenset[State],
    did: str | None = None,
    nothing: str = changes.NOTHING,
) -> Answer:
    return _changed(house, ids, Moving(due=due, op=op), given, states, did=did or str(op), nothing=nothing)


def _changed(
    house: House,
    ids: tuple[int, ...],
    work: Work,
    given: dict[str, Any],
    states: frozenset[State],
    *,
    did: str,
    together: bool = False,
    nothing: str = changes.NOTHING,
) -> Answer:
    who = signature_of(given["by"], given["why"], why_is_required=False)
    with house.store() as store:
        those = those_meant(house, store, given, ids, states)
        done = store.write(
            changing.change,
            work,
            those,
            did=did,
            by=By(name=who.by, why=who.why),
            now=clock.now(),
            dry_run=given["dry_run"],
            together=together,
        )
        notes = changes.noted(store, done, given.get("zone", ""))
    return changes.answer(done, house.settings.zone, dry_run=given["dry_run"], nothing=nothing, notes=notes)


commands = {"move": move, "reschedule": reschedule, "shift": shift, "swap": swap}
