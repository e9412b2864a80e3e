"""What is to be said: posts as they came in, and series of them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
)

from steadypost.store.schema.columns import (
    Id,
    Moment,
    RemoteIdType,
    metadata,
)

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reply_to", RemoteIdType),
    Column("source", Text, nullable=False),
    Column("key", String(500), unique=True),
    Column("fingerprint", String(64), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    # The post that came in, where this is what a person changed it to: its key is found by it.
    Column("origin", Id, ForeignKey("posts.id"), index=True),
    # Who wrote these words: the one who brought the post, or who changed it to this.
    Column("worded_by", String(200), nullable=False, server_default=""),
)

post_parts = Table(
    "post_parts",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("text", Text, nullable=False),
)

post_media = Table(
    "post_media",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("kind", String(100), nullable=False),
    Column("alt", Text, nullable=False),
    Column("digest", String(64), nullable=False, server_default=""),
)

post_variants = Table(
    "post_variants",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id"), primary_key=True),
    Column("network", String(50), primary_key=True),
    Column("fingerprint", String(64), nullable=False, index=True),
)

variant_parts = Table(
    "variant_parts",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id"), primary_key=True),
    Column("network", String(50), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("text", Text, nullable=False),
)

variant_media = Table(
    "variant_media",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id"), primary_key=True),
    Column("network", String(50), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("path", Text, nullable=False),
    Column("kind", String(100), nullable=False),
    Column("alt", Text, nullable=False),
    Column("digest", String(64), nullable=False, server_default=""),
)

post_tags = Table(
    "post_tags",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id"), primary_key=True),
    Column("tag", String(100), primary_key=True),
)

series = Table(
    "series",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post_id", Id, ForeignKey("posts.id"), nullable=False, unique=True),
    Column("rule", String(500), nullable=False),
    Column("zone", String(100), nullable=False),
    Column("starts", String(30), nullable=False),
    Column("late_after_s", Integer),
    Column("when_late", String(10), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("planned_until", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_why", Text, nullable=False),
)

series_accounts = Table(
    "series_accounts",
    metadata,
    Column("series_id", Id, ForeignKey("series.id"), primary_key=True),
    Column("account", String(200), ForeignKey("accounts.name"), primary_key=True),
)

occurrences = Table(
    "occurrences",
    metadata,
    Column("series_id", Id, ForeignKey("series.id"), primary_key=True),
    Column("account", String(200), ForeignKey("accounts.name"), primary_key=True),
    Column("local", String(30), primary_key=True),
    Column("delivery_id", Id, ForeignKey("deliveries.id"), nullable=False, unique=True),
)

series_skips = Table(
    "series_skips",
    metadata,
    Column("series_id", Id, ForeignKey("series.id"), primary_key=True),
    Column("local", String(30), primary_key=True),
    Column("change_id", Id, ForeignKey("changes.id"), nullable=False),
)

series_wordings = Table(
    "series_wordings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("series_id", Id, ForeignKey("series.id"), nullable=False, index=True),
    Column("since", String(30), nullable=False),
    Column("post_id", Id, ForeignKey("posts.id"), nullable=False),
    Column("change_id", Id, ForeignKey("changes.id"), nullable=False),
)

series_hours = Table(
    "series_hours",
    metadata,
    Column("id", Id, primary_key=True),
    Column("series_id", Id, ForeignKey("series.id"), nullable=False, index=True),
    Column("since", String(30), nullable=False),
    # As the clock on the wall shows it: 18:30.
    Column("at", String(5), nullable=False),
    Column("change_id", Id, ForeignKey("changes.id"), nullable=False),
)

series_joins = Table(
    "series_joins",
    metadata,
    Column("id", Id, primary_key=True),
    Column("series_id", Id, ForeignKey("series.id"), nullable=False, index=True),
    Column("since", String(30), nullable=False),
    Column("account", String(200), ForeignKey("accounts.name"), nullable=False),
    # It leaves where it does not join.
    Column("joins", Boolean, nullable=False),
    Column("change_id", Id, ForeignKey("changes.id"), nullable=False),
)
