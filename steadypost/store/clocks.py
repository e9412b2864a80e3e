"""How far each network's clock is ahead of each host's, as its answers told."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from steadypost.domain.clock import Offset
from steadypost.store.schema import network_clocks

MILLISECOND = timedelta(milliseconds=1)


def note(connection: Connection, host: str, network: str, offset: Offset, now: datetime) -> None:
    """Keep what the latest answer of a network told a host of its clock."""
    here = (network_clocks.c.host == host) & (network_clocks.c.network == network)
    connection.execute(delete(network_clocks).where(here))
    connection.execute(
        insert(network_clocks).values(
            host=host,
            network=network,
            ahead_ms=milliseconds(offset.ahead),
            within_ms=milliseconds(offset.within),
            at=now,
        )
    )


def every(connection: Connection, since: datetime) -> dict[tuple[str, str], Offset]:
    """Give what was told since then, by host and network."""
    rows = connection.execute(select(network_clocks).where(network_clocks.c.at >= since))
    return {(row.host, row.network): offset(row.ahead_ms, row.within_ms) for row in rows}


def milliseconds(span: timedelta) -> int:
    """Give a span as it is kept."""
    return round(span / MILLISECOND)


def offset(ahead_ms: int, within_ms: int) -> Offset:
    """Read an offset from how it is kept."""
    return Offset(ahead=ahead_ms * MILLISECOND, within=within_ms * MILLISECOND)
