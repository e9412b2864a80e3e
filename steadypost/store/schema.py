"""The tables.

Names of states are checked by the database as well as by the domain, ids of posts by their shape, and the
same id is never given to two parts of an account. What is queried every quarter of a second has an index
that holds only the rows in question, so that a long queue costs no more than a short one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

from steadypost.domain.clock import utc
from steadypost.domain.delivery import PartState, State, WhenLate
from steadypost.domain.health import Verdict

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every revision of the tables, oldest first. The last is the one this version works with."""


class Moment(TypeDecorator[datetime]):
    """An instant in UTC: aware in, aware out, to the microsecond. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Bring it to UTC; SQLite keeps it without a zone, in a form that sorts."""
        if value is None:
            return None
        moment = utc(value)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give it back aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only when the type is exactly INTEGER."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, words: Iterable[StrEnum]) -> str:
    """Write the condition that a column holds one of these words.

    Written out, not bound: a database uses an index over some rows only when it can see that the query is
    about those rows.
    """
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


POST_ID = "length({0}) BETWEEN 15 AND 20 AND trim({0}, '0123456789') = ''"
"""The shape of a post's id, in words that both databases understand."""

CLAIMABLE = one_of("state", [State.SCHEDULED, State.PARTIAL])
LATE_COUNTS = (
    f"({one_of('state', [State.SCHEDULED])} OR "
    f"({one_of('state', [State.HELD])} AND {one_of('when_late', [WhenLate.MISS])}))"
)
"""Whose late rule may have something to say: what is held *because* it is late has been heard already."""
SENDING = one_of("state", [State.SENDING])
UNCONFIRMED = one_of("state", [State.UNCONFIRMED])
OPEN = "over_at IS NULL"
UNTOLD = "told_at IS NULL"
UNVERIFIED = f"{one_of('state', [State.PUBLISHED])} AND verified_at IS NULL"


def _some(name: str, *columns: str, of: str, unique: bool = False) -> Index:
    """An index over the rows that fulfil a condition. Whoever makes tables of it needs :func:`complete`."""
    return Index(name, *columns, unique=unique, sqlite_where=text(of))


def _account() -> Column[Any]:
    return Column("account", String(200), ForeignKey("accounts.name"), nullable=False)


def _delivery() -> Column[Any]:
    return Column("delivery_id", Id, ForeignKey("deliveries.id"), nullable=False)


accounts = Table(
    "accounts",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("channel", String(50), nullable=False),
    Column("handle", String(200), nullable=False),
    Column("longest", Integer, nullable=False),
    Column("per_hour", Integer),
    Column("per_day", Integer),
    Column("spacing_s", Integer, nullable=False),
    Column("paused_until", Moment),
    Column("pause_cause", String(50)),
    Column("pause_why", Text, nullable=False),
    Column("session_mark", String(200), nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("on_absence", String(20), nullable=False, server_default="ask_again"),
    Column("settle_s", Integer, nullable=False, server_default="900"),
)

posts = Table(
    "posts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reply_to", String(20)),
    Column("source", Text, nullable=False),
    Column("key", String(500), unique=True),
    Column("fingerprint", String(64), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    CheckConstraint(POST_ID.format("reply_to"), "reply_to_shape"),
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
)

post_tags = Table(
    "post_tags",
    metadata,
    Column("post_id", Id, ForeignKey("posts.id"), primary_key=True),
    Column("tag", String(100), primary_key=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("post_id", Id, ForeignKey("posts.id"), nullable=False, index=True),
    _account(),
    Column("state", String(20), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("late_after_s", Integer),
    Column("late_at", Moment),
    Column("when_late", String(10), nullable=False, server_default="miss"),
    Column("units", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("broken", Integer, nullable=False),
    Column("deferred", Integer, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("cause", String(50)),
    Column("why", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("worker", String(200)),
    Column("lease_until", Moment),
    Column("repeats", Id, ForeignKey("deliveries.id")),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("published_at", Moment),
    Column("verified_at", Moment),
    CheckConstraint(one_of("state", State), "state"),
    CheckConstraint("(late_after_s IS NULL) = (late_at IS NULL)", "late_rule"),
    CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", "leased_while_sending"),
    # No index may order all deliveries by due_at: PostgreSQL would walk it to find one account's oldest.
    _some("ix_deliveries_claimable", "account", "due_at", "id", "next_at", of=CLAIMABLE),
    _some("ix_deliveries_next", "next_at", of=CLAIMABLE),
    _some("ix_deliveries_late", "late_at", of=LATE_COUNTS),
    _some("ix_deliveries_leased", "lease_until", of=SENDING),
    _some("ix_deliveries_in_doubt", "next_at", of=UNCONFIRMED),
    _some("ix_deliveries_unverified", "next_at", of=UNVERIFIED),
    _some("ix_deliveries_published", "account", "published_at", of="published_at IS NOT NULL"),
)

delivery_parts = Table(
    "delivery_parts",
    metadata,
    Column("delivery_id", Id, ForeignKey("deliveries.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("state", String(20), nullable=False),
    Column("remote_id", String(20)),
    _account(),
    UniqueConstraint("account", "remote_id"),
    CheckConstraint(one_of("state", PartState), "state"),
    CheckConstraint(POST_ID.format("remote_id"), "remote_id_shape"),
    CheckConstraint("(state = 'live') = (remote_id IS NOT NULL)", "live_with_id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    _delivery(),
    Column("n", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("worker", String(200), nullable=False),
    Column("browser", Text, nullable=False),
    Column("first_part", Integer, nullable=False),
    Column("phase", String(20), nullable=False),
    Column("claimed_at", Moment, nullable=False),
    Column("lease_until", Moment, nullable=False),
    Column("armed_at", Moment),
    Column("answered_at", Moment),
    Column("rescued_at", Moment),
    Column("outcome", Text),
    Column("gone_at", Moment),
    UniqueConstraint("delivery_id", "fence"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Id, primary_key=True),
    _delivery(),
    Column("n", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("remote_id", String(20)),
    Column("why", Text, nullable=False),
    Column("fence", Integer),
    CheckConstraint("kind IN ('present', 'absent', 'cannot_tell')", "kind"),
    Index("ix_evidence_delivery_id", "delivery_id", "id"),
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

quota_uses = Table(
    "quota_uses",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("attempt_id", Id, ForeignKey("attempts.id"), nullable=False, unique=True),
    Column("units", Integer, nullable=False),
    Column("taken_at", Moment, nullable=False),
    Column("counted_at", Moment),
    Column("unknown", Boolean, nullable=False),
    Column("released", Boolean, nullable=False),
    Index("ix_quota_uses_account", "account", "released", "counted_at"),
)

watches = Table(
    "watches",
    metadata,
    Column("flow", String(200), primary_key=True),
    Column("run_id", String(200), nullable=False),
    Column("since", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
)

foreign_posts = Table(
    "foreign_posts",
    metadata,
    Column("account", String(200), ForeignKey("accounts.name"), primary_key=True),
    Column("remote_id", String(20), primary_key=True),
    Column("made_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("text", Text, nullable=False),
    CheckConstraint(POST_ID.format("remote_id"), "remote_id_shape"),
    Index("ix_foreign_posts_made", "account", "made_at"),
)

acts = Table(
    "acts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", String(200), nullable=False),
    Column("did", String(50), nullable=False),
    Column("why", Text, nullable=False),
    Column("delivery_id", Id, ForeignKey("deliveries.id")),
    Column("account", String(200), ForeignKey("accounts.name")),
    Column("before", String(20), nullable=False),
    Column("after", String(20), nullable=False),
    Index("ix_acts_delivery_id", "delivery_id", "id"),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Moment, nullable=False),
    _account(),
    Column("delivery_id", Id, ForeignKey("deliveries.id")),
    Column("before", String(20), nullable=False),
    Column("after", String(20), nullable=False),
    Column("cause", String(50)),
    Column("told_at", Moment, index=True),
    _some("ix_transitions_untold", "id", of=UNTOLD),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(300), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("delivery_id", Id, ForeignKey("deliveries.id")),
    Column("created_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sent_at", Moment),
    Column("trouble", Text, nullable=False),
    _some("ix_notices_waiting", "next_at", of="sent_at IS NULL"),
)

vitals = Table(
    "vitals",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("well", Boolean, nullable=False),
    Column("since", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    Column("told", Text, nullable=False),
)

checks = Table(
    "checks",
    metadata,
    Column("kind", String(50), primary_key=True),
    Column("about", String(200), primary_key=True),
    Column("verdict", String(20), nullable=False),
    Column("what", Text, nullable=False),
    Column("quiet", String(50)),
    Column("explained_by", String(50)),
    Column("since", Moment, nullable=False),
    Column("at", Moment, nullable=False),
    CheckConstraint(one_of("verdict", Verdict), "verdict"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(50), nullable=False),
    Column("about", String(200), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("what", Text, nullable=False),
    Column("opened_at", Moment, nullable=False, index=True),
    Column("rounds", Integer, nullable=False),
    Column("told_at", Moment),
    Column("reminded_at", Moment),
    Column("well_since", Moment),
    Column("over_at", Moment),
    CheckConstraint(one_of("verdict", Verdict), "verdict"),
    # Two rounds at once (one run relieves another) open one incident, not two.
    _some("uq_incidents_open", "kind", "about", of=OPEN, unique=True),
)

remedies = Table(
    "remedies",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", Id, ForeignKey("incidents.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("remedy", String(50), nullable=False),
    Column("at", Moment, nullable=False),
    Column("effect", Text, nullable=False),
    UniqueConstraint("incident_id", "n"),
)

strikes = Table(
    "strikes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("of", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("by", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("lifted_at", Moment),
    Column("lifted_by", String(200), nullable=False),
    Column("lifted_why", Text, nullable=False),
    CheckConstraint("of IN ('account', 'channel', 'tag')", "of"),
    _some("ix_strikes_standing", "id", of="lifted_at IS NULL"),
)

rollouts = Table(
    "rollouts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("switch", String(100), nullable=False),
    Column("steps", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("before", Float, nullable=False),
    Column("since", Moment, nullable=False),
    Column("watch_s", Float, nullable=False),
    Column("course", String(20), nullable=False),
    Column("why", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("started_at", Moment, nullable=False),
    _some("uq_rollouts_watching", "switch", of="course = 'watching'", unique=True),
)


def complete() -> MetaData:
    """Give the tables with PostgreSQL's word for an index over some rows, which only making or comparing them needs.

    Naming a dialect's option loads the dialect, and PostgreSQL's is a tenth of what a look at the queue may take.
    """
    for table in metadata.tables.values():
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
    return metadata
