"""What a post says on one network alone."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the tables up. Posts before this say the same everywhere."""
    op.create_table(
        "post_variants",
        sa.Column("post_id", ID, nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_variants_post_id")),
        sa.PrimaryKeyConstraint("post_id", "network", name=op.f("pk_post_variants")),
    )
    op.create_index(op.f("ix_post_variants_fingerprint"), "post_variants", ["fingerprint"], unique=False)
    op.create_table(
        "variant_parts",
        sa.Column("post_id", ID, nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_variant_parts_post_id")),
        sa.PrimaryKeyConstraint("post_id", "network", "n", name=op.f("pk_variant_parts")),
    )
    op.create_table(
        "variant_media",
        sa.Column("post_id", ID, nullable=False),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_variant_media_post_id")),
        sa.PrimaryKeyConstraint("post_id", "network", "n", "position", name=op.f("pk_variant_media")),
    )
