"""A house in which everything is well, to be broken one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from steadypost.domain.observed import (
    AccountSeen,
    BlocksSeen,
    Head,
    MachineSeen,
    Noted,
    Observed,
    PrefectSeen,
    Published,
    SignIn,
    StoreSeen,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def alice(**changes) -> AccountSeen:
    """Alice, whose last post went out ten minutes ago and was seen, and whose next is due in half an hour."""
    told = {
        "name": "alice",
        "claimed_at": NOW - 10 * MINUTE,
        "next_due_at": NOW + 30 * MINUTE,
        "published": (Published(id=1, at=NOW - 10 * MINUTE, seen_at=NOW - 9 * MINUTE),),
        "look": Noted(well=True, since=NOW - HOUR, at=NOW - 9 * MINUTE),
    }
    return AccountSeen(**{**told, **changes})


def head(ago: timedelta = MINUTE, **changes) -> Head:
    """A delivery that was due so long ago, and could have been taken up since then."""
    told = {"id": 7, "due_at": NOW - ago, "next_at": NOW - ago, "ready_since": NOW - ago}
    return Head(**{**told, **changes})


def store(*accounts: AccountSeen, **changes) -> StoreSeen:
    """A store whose runs on watch heartbeat."""
    told = {
        "accounts": accounts or (alice(),),
        "heartbeats": {"publish": NOW - SECOND, "reconcile": NOW - SECOND, "watch": NOW - SECOND},
        "leases": {"publish": "run-p", "reconcile": "run-r", "watch": "run-w"},
        "claimed_at": NOW - 10 * MINUTE,
        "browsers": {"publish": Noted(well=True, since=NOW - HOUR, at=NOW - SECOND)},
        "clock_off": ("here", timedelta(0)),
    }
    return StoreSeen(**{**told, **changes})


def blocks(**changes) -> BlocksSeen:
    """Alice can sign in, nothing is turned off."""
    return BlocksSeen(**{"sign_ins": {"alice": SignIn(expires_at=NOW + 720 * HOUR)}, **changes})


def machine(**changes) -> MachineSeen:
    """A machine with a worker and room."""
    told = {"workers": {100: False}, "has_had_worker": True, "disk_free_mb": 9000, "memory_free_mb": 2000}
    return MachineSeen(**{**told, **changes})


def house(**changes) -> Observed:
    """A house in which everything is well, but for these."""
    well = Observed(
        at=NOW,
        store=store(),
        prefect=PrefectSeen(heartbeats={"steadypost": NOW - 10 * SECOND}),
        blocks=blocks(),
        machine=machine(),
    )
    return replace(well, **changes)
