"""Moving times by a stretch: whole days by the clock on the wall, anything else by the clock's own ticking."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from steadypost.domain.change import Barred
from steadypost.domain.clock import utc
from steadypost.domain.lengths import span
from steadypost.intake.moment import LocalTime
from steadypost.intake.refusal import Refusal, refusal

_DAY = timedelta(days=1)


def stretch(written: str) -> timedelta | Refusal:
    """Read how far to move: ``2h``, ``30m``, ``1d``."""
    length = span(written.strip().removeprefix("+"))
    if not length:
        return refusal("length", written, "this is not a stretch of time", 'write "2h", "30m" or "1d"')
    return length


def shifted(at: datetime, by: timedelta, zone: ZoneInfo) -> datetime | Barred:
    """Move an instant. By whole days, 09:00 stays 09:00 whatever the clocks do in between."""
    if by % _DAY:
        return utc(at + by)
    local = LocalTime(at.astimezone(zone).replace(tzinfo=None) + by, zone)
    if local.is_skipped:
        _, first = local.around_the_gap()
        return Barred(
            f"the clocks of {zone.key} skip {local.shown:%Y-%m-%d %H:%M}",
            f"move it by itself, for instance to {first.isoformat()}",
        )
    if local.comes_twice:
        return Barred(
            f"{local.shown:%Y-%m-%d %H:%M} comes twice in {zone.key}",
            f"move it by itself, to {local.earlier.isoformat()} or {local.later.isoformat()}",
        )
    return utc(local.earlier)
