"""What each picture held when its post came in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up. Of pictures that came in before it is not known, and they go out as they are."""
    for name in ("post_media", "variant_media"):
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("digest", sa.String(length=64), nullable=False, server_default=""))
