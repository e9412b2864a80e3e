"""When posts were made, by this machine's clock: a network's ids and lists tell it by the network's own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from steadypost.domain.clock import Offset
from steadypost.domain.remote_id import RemoteId
from steadypost.store import accounts as account_rows
from steadypost.store.attempts import Attempt


def here(
    told: datetime, ahead: Offset | None, *, known_at: datetime, asked_at: datetime | None = None
) -> datetime:
    """Say by our clock when a post was made, of which the network's clock, so far ahead of ours, says ``told``.

    However far the clocks differ, it was made before it was known, and after it was asked for.
    """
    made = min(known_at, told - ahead.ahead if ahead is not None else told)
    return made if asked_at is None else max(made, min(asked_at, known_at))


def newest(
    connection: Connection, account: str, ids: Collection[RemoteId], attempt: Attempt | None, now: datetime
) -> datetime:
    """Say when the last of these posts was made; ``now`` where their ids do not tell. ``attempt`` asked for them."""
    network = account_rows.network_of(connection, account)
    told = [made for one in ids if (made := network.made_at(one)) is not None]
    if not told:
        return now
    offset, asked_at = (attempt.offset, attempt.armed_at) if attempt is not None else (None, None)
    return here(max(told), offset, known_at=now, asked_at=asked_at)
