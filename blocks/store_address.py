"""Where the store is, as an operator sees it."""

from __future__ import annotations

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from steadypost.store import Store

DOCUMENT = "steadypost"
"""The name of the one document of this type that the flows open."""


class StoreAddress(Block):
    """The database that remembers posts, deliveries, attempts, evidence and quota.

    A machine's own ``STEADYPOST_STORE_URL`` goes before this block, so that a program on that machine
    needs no Prefect to read the queue.
    """

    _block_type_name: ClassVar[str] = "Steadypost store"
    _block_type_slug: ClassVar[str] = "steadypost-store"
    _description: ClassVar[str] = "Where Steadypost keeps its queue: SQLite on one machine, or PostgreSQL."

    url: SecretStr = Field(
        title="Address",
        description=(
            "sqlite:///absolute/path/steadypost.db, or postgresql+psycopg://user:password@host/database. "
            "Everything that publishes must use the same one."
        ),
    )

    def open(self) -> Store:
        """Open the store; raises ``StoreAway`` or ``SchemaMismatch``, each with its remedy."""
        return Store.open(self.url.get_secret_value())
