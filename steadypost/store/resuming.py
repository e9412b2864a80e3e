"""A person's word that a paused account may go on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert

from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.schema import acts


def resume(connection: Connection, name: str, *, by: By, now: datetime) -> bool:
    """End an account's pause whatever it was for, and write down who said so; ``False`` when it was not paused."""
    if not account_rows.resume(connection, name, now):
        return False
    connection.execute(
        insert(acts).values(
            at=now, by=by.name, did="resume", why=by.why, account=name, before="paused", after="ready"
        )
    )
    return True
