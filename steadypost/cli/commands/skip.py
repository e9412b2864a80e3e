"""``steadypost skip``."""

from __future__ import annotations

import click

from steadypost.cli import series_times
from steadypost.cli.choosing import NUMBER
from steadypost.cli.command import command
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.store import series_changes
from steadypost.store.acts import By


@command("skip")
@click.argument("series_id", metavar="SERIES", type=NUMBER)
@click.argument("times", metavar="[TIME]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Say what would be left out, and change nothing.")
@signed(why_is_required=False)
def skip(
    house: House, *, series_id: int, times: tuple[str, ...], dry_run: bool, by: str | None, why: str
) -> Answer:
    """Leave out times of a series: days such as 2026-12-24, or local times. Without any, the next one."""
    who, now = signature_of(by, why, why_is_required=False), clock.now()
    with house.store() as store:
        one = series_times.series(store, series_id)
        meant = series_times.times(one, times, now)
        signed_by = By(name=who.by, why=who.why)
        done = store.write(series_changes.skip, one.id, meant, by=signed_by, now=now, dry_run=dry_run)
    told = ", ".join(local.replace("T", " ")[:16] for local in meant)
    said = f"Series {one.id} leaves out {told} ({one.zone})."
    return series_times.answer(done, house.settings.zone, said, dry_run=dry_run)


commands = {"skip": skip}
