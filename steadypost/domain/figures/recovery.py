"""How fast troubles were noticed, and were over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from steadypost.domain.figures.distribution import NEVER, Distribution
from steadypost.domain.figures.posts import DuePost
from steadypost.domain.incident import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that went wrong: since when, when it was noticed, and when all was well again."""

    kind: str
    """Its class, in the word that tables agree on."""
    opened_at: datetime
    detected_at: datetime | None = None
    over_at: datetime | None = None
    ended_at: datetime | None = None
    """When the fault itself ended, where known: from then on it is our time alone."""


def all_back(back_at: Mapping[str, datetime | None]) -> datetime | None:
    """Find when the last affected account was back; ``None`` while one is not."""
    known = [at for at in back_at.values() if at is not None]
    return max(known, default=None) if len(known) == len(back_at) else None


def troubles(incidents: Iterable[Incident], due_posts: Sequence[DuePost]) -> list[Trouble]:
    """Make troubles of incidents, as far as a store knows them.

    A trouble began when the first post fell due that was waiting as it was noticed; else when it was noticed.
    """
    return [
        Trouble(
            kind=str(one.kind),
            opened_at=_onset(one, due_posts),
            detected_at=one.opened_at,
            over_at=one.over_at,
        )
        for one in incidents
    ]


def _onset(incident: Incident, due_posts: Sequence[DuePost]) -> datetime:
    at = incident.opened_at
    whose = {one.account for one in due_posts} & {incident.about}
    waited = (
        one.at
        for one in due_posts
        if one.at <= at and _until(one) > at and (not whose or one.account in whose)
    )
    return min(waited, default=at)


def _until(one: DuePost) -> datetime:
    """Say when a post stopped being waited for."""
    return one.live_at or one.ended_at or datetime.max.replace(tzinfo=one.at.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """How fast troubles of one class were noticed, and were over."""

    kind: str
    n: int
    unnoticed: int
    """How many were not noticed."""
    open: int
    """How many are not over."""
    detection: Distribution
    """From their beginning until they were noticed; its mean is what others call MTTD."""
    repair: Distribution
    """From their beginning until all was well; its mean is what others call MTTR."""
    recovery: Distribution
    """From the end of the fault until all was well, where that end is known. One that is not over is ``NEVER``."""

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return {
            "n": self.n,
            "unnoticed": self.unnoticed,
            "open": self.open,
            "detection_s": self.detection.as_dict(),
            "repair_s": self.repair.as_dict(),
            "recovery_s": self.recovery.as_dict(),
        }


def recoveries(troubles: Iterable[Trouble]) -> dict[str, Recovery]:
    """Tell of each class how fast its troubles were noticed, and were over."""
    by_kind: defaultdict[str, list[Trouble]] = defaultdict(list)
    for one in troubles:
        by_kind[one.kind].append(one)
    return {kind: _recovery(kind, by_kind[kind]) for kind in sorted(by_kind)}


def _recovery(kind: str, those: Sequence[Trouble]) -> Recovery:
    none = timedelta(0)
    return Recovery(
        kind=kind,
        n=len(those),
        unnoticed=sum(one.detected_at is None for one in those),
        open=sum(one.over_at is None for one in those),
        detection=Distribution.of(
            max(none, one.detected_at - one.opened_at) for one in those if one.detected_at
        ),
        repair=Distribution.of(max(none, one.over_at - one.opened_at) for one in those if one.over_at),
        recovery=Distribution.of(
            NEVER if one.over_at is None else max(none, one.over_at - one.ended_at)
            for one in those
            if one.ended_at
        ),
    )
