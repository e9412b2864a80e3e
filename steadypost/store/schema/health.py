"""How the service is: who is on watch, what was noted, incidents, and what persons are told."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from steadypost.domain.health import Verdict
from steadypost.store.schema.columns import (
    OPEN,
    Id,
    Moment,
    index_of,
    metadata,
    one_of,
)

watches = Table(
    "watches",
    metadata,
    Column("flow", String(200), primary_key=True),
    Column("run_id", String(200), nullable=False),
    Column("since", Moment, nullable=False),
    Column("heartbeat_at", Moment, nullable=False),
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
    index_of("uq_incidents_open", "kind", "about", of=OPEN, unique=True),
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
    index_of("ix_notices_delivery_id", "delivery_id", of="delivery_id IS NOT NULL"),
    index_of("ix_notices_waiting", "next_at", of="sent_at IS NULL"),
)

network_clocks = Table(
    "network_clocks",
    metadata,
    Column("host", String(200), primary_key=True),
    Column("network", String(200), primary_key=True),
    Column("ahead_ms", Integer, nullable=False),
    Column("within_ms", Integer, nullable=False),
    Column("at", Moment, nullable=False),
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
    index_of("uq_rollouts_watching", "switch", of="course = 'watching'", unique=True),
)
