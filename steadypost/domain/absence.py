"""When looks that missed a part prove that it is not live."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A look that would have shown a part, and did not."""

    at: datetime
    """When it began, by the clock of the machine that looked."""
    network_at: datetime | None
    """The same instant by the network's clock; ``None`` where that was not known, and then it proves nothing."""


def proves_absence(missed: Collection[Missed], *, gone_at: datetime | None, settle: timedelta) -> bool:
    """Say whether the looks that missed a part prove that it is not live.

    Two must be a settle window apart by both clocks, since one of them may have been moved. None counts that began
    before ``gone_at``: a request still to come is in no list.
    """
    if not settle:
        # The network shows at once what it has: one look is enough.
        return any(gone_at is not None and one.at >= gone_at for one in missed)
    counted = [one for one in missed if _counts(one, gone_at)]
    return bool(counted) and _span(counted) >= settle


def _counts(one: Missed, gone_at: datetime | None) -> bool:
    return gone_at is not None and one.at >= gone_at and one.network_at is not None


def _span(counted: Collection[Missed]) -> timedelta:
    """How far apart the first and the last of these looks were at the least."""
    ours = [one.at for one in counted]
    theirs = [one.network_at for one in counted if one.network_at is not None]
    return min(max(ours) - min(ours), max(theirs) - min(theirs))


def absent_since(missed: Collection[Missed], *, gone_at: datetime | None) -> datetime | None:
    """Give the instant of the first look that counts towards proof; ``None`` when none does."""
    return min((one.at for one in missed if _counts(one, gone_at)), default=None)


def was_watched(
    missed: Collection[Missed],
    *,
    began_at: datetime,
    gone_at: datetime | None,
    alive_by: timedelta,
    unseen_for: timedelta,
) -> bool:
    """Say whether looks were frequent enough for a missed post to have never been there.

    From the ask until ``alive_by`` after its executor was gone, no two may be further apart than ``unseen_for``: in
    between it could have been live and deleted.
    """
    counted = sorted(one.at for one in missed if gone_at is not None and one.at >= gone_at)
    until = (gone_at or began_at) + alive_by
    before = began_at
    for at in counted:
        if before < until and at - before > unseen_for:
            return False
        before = at
    return bool(counted)
