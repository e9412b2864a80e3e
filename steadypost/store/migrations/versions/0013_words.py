"""Words of the field: a lease has heartbeats, and a check asks for unconfirmed deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KINDS = (("checks", "kind"), ("checks", "explained_by"), ("incidents", "kind"))
"""Where the name of a check is kept."""


def upgrade() -> None:
    """Rename. What is there keeps its meaning, and open incidents stay open."""
    # Both databases know this form. Alembic's own would copy the table on SQLite.
    op.execute("ALTER TABLE watches RENAME COLUMN beat_at TO heartbeat_at")
    op.drop_index("ix_deliveries_in_doubt", table_name="deliveries")
    op.create_index(
        "ix_deliveries_unconfirmed",
        "deliveries",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('unconfirmed')"),
        postgresql_where=sa.text("state IN ('unconfirmed')"),
    )
    for table_name, column in KINDS:
        table_of_it = sa.table(table_name, sa.column(column))
        named = table_of_it.c[column]
        op.execute(table_of_it.update().where(named == "doubt").values({column: "unconfirmed"}))
