"""What is kept, and for how long: by age, never by number.

The id of every live post is kept far longer than anything stays unconfirmed. What is not at its end is always kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing that grows."""

    what: str
    where: str
    """``store``, ``home`` or ``prefect``."""
    keep: timedelta
    why: str


RULES: Mapping[str, Rule] = {
    "evidence": Rule(
        what="what looks found, of deliveries that have ended",
        where="store",
        keep=90 * DAY,
        why="a person may ask how a delivery was settled",
    ),
    "attempts": Rule(
        what="attempts of deliveries that have ended, but for the latest of each, and their quota",
        where="store",
        keep=90 * DAY,
        why="figures reach back so far; the longest quota window is thirty days",
    ),
    "transitions": Rule(
        what="changes of state that were told",
        where="store",
        keep=30 * DAY,
        why="they are events for automations, and were sent",
    ),
    "notices": Rule(
        what="what a person was told, and got",
        where="store",
        keep=365 * DAY,
        why="a person may ask when a message was sent",
    ),
    "incidents": Rule(
        what="incidents that are over, and what was tried",
        where="store",
        keep=365 * DAY,
        why="a year shows what comes again",
    ),
    "foreign_posts": Rule(
        what="posts made by hand",
        where="store",
        keep=90 * DAY,
        why="they count against the quota, whose longest window is thirty days",
    ),
    "deliveries": Rule(
        what="deliveries that have ended: ids, latest attempt, what persons did to them, posts",
        where="store",
        keep=365 * DAY,
        why="no unconfirmed delivery lasts so long, so no post of then can be taken for one of now; figures of a year",
    ),
    "acts": Rule(
        what="changes of which nothing is left",
        where="store",
        keep=365 * DAY,
        why="with the deliveries that they changed",
    ),
    "journals": Rule(
        what="journals of runs",
        where="home",
        keep=7 * DAY,
        why="one delivery can be followed through everything for a week",
    ),
    "snapshots": Rule(
        what="pictures of pages that had changed",
        where="home",
        keep=30 * DAY,
        why="until a person has looked",
    ),
    "trouble": Rule(
        what="details of what should not have happened",
        where="home",
        keep=30 * DAY,
        why="until a person has reported it",
    ),
    "events": Rule(
        what="events",
        where="prefect",
        keep=2 * DAY,
        why="automations act on them at once; they are nine tenths of its database",
    ),
    "flow_runs": Rule(
        what="flow runs that have ended, with their task runs, logs and artifacts",
        where="prefect",
        keep=14 * DAY,
        why="two weeks of what ran, for people who look into Prefect's pages",
    ),
}


def of_prefects_server() -> dict[str, str]:
    """Give the settings by which Prefect's own server keeps to the rules: told nothing it deletes only events."""
    return {
        "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": f"PT{kept('events').total_seconds():.0f}S",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs,orphans",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": f"{kept('flow_runs').total_seconds():.0f}",
    }


def kept(name: str) -> timedelta:
    """Say for how long something is kept."""
    return RULES[name].keep
