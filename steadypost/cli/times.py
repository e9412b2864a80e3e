"""Times as a person writes them on the command line, read by intake's own rules."""

from __future__ import annotations

from datetime import datetime

from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.intake.moment import due


def instant(house: House, when: str, zone: str, now: datetime) -> datetime:
    """Read the one instant that is meant, or end the command with what is wrong with it."""
    found = due(when, zone=zone, default_zone=house.settings.zone_for_naive, now=now)
    if isinstance(found, datetime):
        return found
    told = "; ".join(f"--{one.field} {one.value!r}: {one.why}" for one in found)
    raise Stop(Ending.USAGE, "usage", told, "; ".join(dict.fromkeys(one.remedy for one in found)))


def check_zone(name: str | None) -> None:
    """End the command where no zone has the name that ``--zone`` gives: said once, whatever it is for."""
    from steadypost.intake.moment import zone_named  # noqa: PLC0415 - see House.store
    from steadypost.intake.refusal import Refusal  # noqa: PLC0415

    found = zone_named(name) if name else None
    if isinstance(found, Refusal):
        raise Stop(Ending.USAGE, "usage", f"--zone {found.value!r}: {found.why}", found.remedy)
