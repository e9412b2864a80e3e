"""What persons change of what waits, so that it can be shown and undone; slots; skipped times of a series."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables up. Acts before this belong to no change, and cannot be undone."""
    _changes()
    _series()
    op.create_table(
        "slots",
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=5), nullable=False),
        sa.Column("zone", sa.String(length=100), nullable=False),
        sa.CheckConstraint("day BETWEEN 0 AND 6", name=op.f("ck_slots_day")),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_slots_account")),
        sa.PrimaryKeyConstraint("account", "day", "at", name=op.f("pk_slots")),
    )
    with op.batch_alter_table("posts") as table:
        table.add_column(sa.Column("origin", ID, nullable=True))
        table.create_foreign_key(op.f("fk_posts_origin"), "posts", ["origin"], ["id"])
        table.create_index("ix_posts_origin", ["origin"], unique=False)
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("held_for", sa.String(length=20), nullable=True))
    op.execute("UPDATE deliveries SET held_for = 'repeat' WHERE repeats IS NOT NULL")


def _changes() -> None:
    op.create_table(
        "changes",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("did", sa.String(length=50), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("undone_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    with op.batch_alter_table("acts") as table:
        table.add_column(sa.Column("change_id", ID, nullable=True))
        table.add_column(sa.Column("was", sa.Text(), nullable=True))
        table.add_column(sa.Column("became", sa.Text(), nullable=True))
        table.create_foreign_key(op.f("fk_acts_change_id"), "changes", ["change_id"], ["id"])
        table.create_index("ix_acts_change_id", ["change_id"], unique=False)


def _series() -> None:
    op.create_table(
        "series_skips",
        sa.Column("series_id", ID, nullable=False),
        sa.Column("local", sa.String(length=30), nullable=False),
        sa.Column("change_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_skips_series_id")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_series_skips_change_id")),
        sa.PrimaryKeyConstraint("series_id", "local", name=op.f("pk_series_skips")),
    )
    op.create_table(
        "series_wordings",
        sa.Column("id", ID, nullable=False),
        sa.Column("series_id", ID, nullable=False),
        sa.Column("since", sa.String(length=30), nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("change_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_wordings_series_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_series_wordings_post_id")),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_series_wordings_change_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_wordings")),
    )
    op.create_index("ix_series_wordings_series_id", "series_wordings", ["series_id"], unique=False)
