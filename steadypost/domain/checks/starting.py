"""What has just restarted, or is about to start: its silence means nothing yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from steadypost.domain.health import Tolerances
from steadypost.domain.observed import Observed, PrefectSeen, StoreSeen


def fresh(heard: datetime | None, now: datetime, within: timedelta) -> bool:
    """Whether its last heartbeat is recent enough."""
    return heard is not None and now - heard <= within


def is_just_back(seen: Observed, tolerances: Tolerances) -> bool:
    """Whether the store was away a moment ago: silence during that time means nothing now."""
    away_at = seen.store_away_at
    return away_at is not None and seen.at - away_at <= tolerances.every + tolerances.heartbeat_within


def is_starting(flow: str, seen: Observed, tolerances: Tolerances) -> bool:
    """Whether a run that has not taken the lease yet was started a moment ago. Not long, or it hangs."""
    if not isinstance(seen.prefect, PrefectSeen):
        return False
    leases = set(seen.store.leases.values()) if isinstance(seen.store, StoreSeen) else set()
    fresh = seen.at - tolerances.starts_within
    return any(
        run.flow == flow and run.id not in leases and run.since > fresh for run in seen.prefect.running
    )


def is_between_runs(seen: Observed, tolerances: Tolerances) -> bool:
    """Whether publishing waits only for the next run to start."""
    heartbeat = seen.store.heartbeats.get("publish") if isinstance(seen.store, StoreSeen) else None
    return not fresh(heartbeat, seen.at, tolerances.heartbeat_within) and is_starting(
        "publish", seen, tolerances
    )
