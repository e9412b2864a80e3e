"""Alembic's way in: the connection is handed in, inside the transaction that keeps or undoes it all."""

from __future__ import annotations

from alembic import context

from steadypost.store.schema import complete

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=complete(),
    # SQLite changes a table by making it anew.
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
