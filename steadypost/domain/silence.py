"""The dead-man check, judged from outside by what the store last received."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from steadypost.domain.watched import JUDGED, WATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What has fallen silent, in words; empty when nothing has."""

    said: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.said)


def listen(
    heartbeats: Mapping[str, datetime],
    now: datetime,
    *,
    within: timedelta,
    waiting_since: datetime | None = None,
    trouble: str = "",
) -> Silence:
    """Say what is silent: runs on watch, and undelivered messages. With the watch there, only what it cannot tell
    itself.
    """
    silent = {
        flow: heartbeats.get(flow)
        for flow in (WATCH, *JUDGED)
        if (heartbeat := heartbeats.get(flow)) is None or now - heartbeat > within
    }
    said = []
    if WATCH in silent:
        said = [_unheard(flow, heartbeat, now) for flow, heartbeat in silent.items()]
    if waiting_since is not None and now - waiting_since > within:
        minutes = (now - waiting_since).total_seconds() / 60
        said.append(f"messages have not got through for {minutes:.0f} min: {trouble or 'not tried yet'}")
    return Silence(said=tuple(said))


def _unheard(flow: str, heartbeat: datetime | None, now: datetime) -> str:
    if heartbeat is None:
        return f"{flow} has never sent a heartbeat"
    return f"{flow} sent its last heartbeat {(now - heartbeat).total_seconds() / 60:.1f} min ago"
