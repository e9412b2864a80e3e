"""The tables. States are checked by the database too, an id belongs to one part of an account only.

What is queried all the time has an index over only those rows, so a long queue costs no more.
"""

from sqlalchemy import MetaData

from steadypost.store.schema.accounts import (
    accounts,
    charged_reads,
    foreign_posts,
    quota_uses,
    slots,
    strikes,
    tokens,
)
from steadypost.store.schema.columns import (
    CLAIMABLE,
    LATE_COUNTS,
    OPEN,
    SENDING,
    UNCONFIRMED,
    UNSETTLED,
    UNTOLD,
    UNVERIFIED,
    Moment,
    metadata,
    one_of,
)
from steadypost.store.schema.deliveries import (
    acts,
    approvals,
    attempts,
    changes,
    deliveries,
    delivery_parts,
    evidence,
    label_approvers,
    restores,
    transitions,
)
from steadypost.store.schema.health import (
    checks,
    incidents,
    network_clocks,
    notices,
    remedies,
    rollouts,
    vitals,
    watches,
)
from steadypost.store.schema.posts import (
    occurrences,
    post_media,
    post_parts,
    post_tags,
    post_variants,
    posts,
    series,
    series_accounts,
    series_hours,
    series_joins,
    series_skips,
    series_wordings,
    variant_media,
    variant_parts,
)

__all__ = [
    "CLAIMABLE",
    "LATE_COUNTS",
    "OPEN",
    "REVISIONS",
    "SENDING",
    "UNCONFIRMED",
    "UNSETTLED",
    "UNTOLD",
    "UNVERIFIED",
    "Moment",
    "accounts",
    "acts",
    "approvals",
    "attempts",
    "changes",
    "charged_reads",
    "checks",
    "complete",
    "deliveries",
    "delivery_parts",
    "evidence",
    "foreign_posts",
    "incidents",
    "label_approvers",
    "metadata",
    "network_clocks",
    "notices",
    "occurrences",
    "one_of",
    "post_media",
    "post_parts",
    "post_tags",
    "post_variants",
    "posts",
    "quota_uses",
    "remedies",
    "restores",
    "rollouts",
    "series",
    "series_accounts",
    "series_hours",
    "series_joins",
    "series_skips",
    "series_wordings",
    "slots",
    "strikes",
    "tokens",
    "transitions",
    "variant_media",
    "variant_parts",
    "vitals",
    "watches",
]

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
)
"""Every revision of the tables, oldest first. The last is the one this version works with."""


def complete() -> MetaData:
    """Give the tables with PostgreSQL's partial indexes: its dialect loads slowly, so only to make or compare."""
    for table in metadata.tables.values():
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
    return metadata
