"""Strikes, the tags they may be of, and rollouts."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STANDS = sa.text("lifted_at IS NULL")
WATCHING = sa.text("course = 'watching'")


def upgrade() -> None:
    """Add the tables; the hashtags of the posts that are there become their tags."""
    op.create_table(
        "post_tags",
        sa.Column("post_id", ID, nullable=False),
        sa.Column("tag", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_tags_post_id")),
        sa.PrimaryKeyConstraint("post_id", "tag", name=op.f("pk_post_tags")),
    )
    op.create_table(
        "strikes",
        sa.Column("id", ID, nullable=False),
        sa.Column("of", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.String(length=200), nullable=False),
        sa.Column("lifted_why", sa.Text(), nullable=False),
        sa.CheckConstraint("of IN ('account', 'channel', 'tag')", name=op.f("ck_strikes_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strikes")),
    )
    op.create_index(
        "ix_strikes_standing", "strikes", ["id"], unique=False, sqlite_where=STANDS, postgresql_where=STANDS
    )
    op.create_table(
        "rollouts",
        sa.Column("id", ID, nullable=False),
        sa.Column("switch", sa.String(length=100), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("before", sa.Float(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("watch_s", sa.Float(), nullable=False),
        sa.Column("course", sa.String(length=20), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollouts")),
    )
    op.create_index(
        "uq_rollouts_watching",
        "rollouts",
        ["switch"],
        unique=True,
        sqlite_where=WATCHING,
        postgresql_where=WATCHING,
    )
    _tag_what_is_there()


def _tag_what_is_there() -> None:
    """Read the hashtags as this revision does, whatever later versions make of them."""
    connection = op.get_bind()
    tags: set[tuple[int, str]] = set()
    for post_id, said in connection.execute(sa.text("SELECT post_id, text FROM post_parts")):
        tags |= {
            (post_id, found.casefold()[:100]) for found in re.findall(r"(?<![\w&])#(\w*[^\W\d]\w*)", said)
        }
    table = sa.table("post_tags", sa.column("post_id", ID), sa.column("tag", sa.String()))
    if tags:
        op.bulk_insert(table, [{"post_id": post_id, "tag": tag} for post_id, tag in sorted(tags)])
