"""Times of repeated posts become deliveries, a week ahead, each once however often it is done."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from steadypost.intake.repeat import Repetition
from steadypost.store import Added, Series, Store
from steadypost.store import series as series_rows

_OVERLAP = timedelta(days=1)

AHEAD = timedelta(days=7)
"""How far ahead: the queue shows the coming week, and nothing is lost while nobody plans for some days."""


def plan(store: Store, *, now: datetime) -> list[Added]:
    """Make deliveries of what falls due within a week; answer those that are new."""
    return [added for one in store.read(series_rows.every) for added in plan_one(store, one, now=now)]


def plan_one(store: Store, series: Series, *, now: datetime) -> list[Added]:
    """Make deliveries of the times of one series, from where it was planned to up to a week from now.

    What fell due while nobody planned becomes a delivery too, and its own late rule says what becomes of it:
    nothing is left out in silence. Its very first time does so even when it had passed as it came in.
    """
    repetition = Repetition(series.rule, ZoneInfo(series.zone), datetime.fromisoformat(series.starts))
    until = now + AHEAD
    first = series.starts
    # A day earlier than need be, because the zones' own rules may have changed meanwhile: what is there is known.
    since = max(series.created_at, series.planned_until - _OVERLAP)
    times = [
        (one.local, one.at)
        for one in repetition.between(datetime.min.replace(tzinfo=now.tzinfo), until)
        if one.at >= since or (one.local == first and not series.placed)
    ]
    return store.write(series_rows.place, series.id, times, until=until, now=now)
