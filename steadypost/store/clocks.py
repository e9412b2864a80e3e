"""How far each network's clock is ahead of each host's, by its answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select

from steadypost.domain.clock import Offset
from steadypost.store.schema import network_clocks

MILLISECOND = timedelta(milliseconds=1)

# What each post runs is built once: building a statement takes several times what executing it does.
_FORGET = delete(network_clocks).where(
    network_clocks.c.host == bindparam("host"), network_clocks.c.network == bindparam("network")
)
_NOTE = insert(network_clocks)


def note(connection: Connection, host: str, network: str, offset: Offset, now: datetime) -> None:
    """Keep the offset that a host found from the network's latest answer."""
    here = {"host": host, "network": network}
    connection.execute(_FORGET, here)
    found = {"ahead_ms": milliseconds(offset.ahead), "within_ms": milliseconds(offset.within)}
    connection.execute(_NOTE, {**here, **found, "at": now})


def every(connection: Connection, since: datetime) -> dict[tuple[str, str], Offset]:
    """Give the offsets found since then, by host and network."""
    rows = connection.execute(select(network_clocks).where(network_clocks.c.at >= since))
    return {(row.host, row.network): offset(row.ahead_ms, row.within_ms) for row in rows}


def milliseconds(span: timedelta) -> int:
    """Give a span in whole milliseconds, as stored."""
    return round(span / MILLISECOND)


def offset(ahead_ms: int, within_ms: int) -> Offset:
    """Read an offset from its row."""
    return Offset(ahead=ahead_ms * MILLISECOND, within=within_ms * MILLISECOND)
