"""Moves what somebody entered in Prefect from one database to another: between SQLite and PostgreSQL.

What has run stays behind: runs, their logs and events are the most of it, and are let go of within days anyway.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

from sqlalchemy import URL, Connection, Engine, create_engine, delete, insert, select, text

from steadypost.cli.up import database

ENTERED = (
    "block_type",
    "block_schema",
    "block_schema_reference",
    "block_document",
    "block_document_reference",
    "variable",
    "configuration",
    "flow",
    "work_pool",
    "work_queue",
    "concurrency_limit_v2",
    "deployment",
    "deployment_schedule",
    "automation",
    "automation_related_resource",
    "saved_search",
)
"""The tables of what an operator entered or edited, and of what that needs."""


class NotMoved(RuntimeError):
    """Nothing was moved, and where it is it still serves; says why."""


def move(origin: URL, target: URL, environment: Mapping[str, str]) -> int:
    """Copy it into an empty database, both by the tables of this version of Prefect; answer how many rows that were.

    Nobody else is at either of them. Raises ``NotMoved``.
    """
    for url in (origin, target):
        _bring_up_to_date(url, environment)
    return copy(origin, target)


def _bring_up_to_date(url: URL, environment: Mapping[str, str]) -> None:
    words = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
    done = subprocess.run(
        words,
        env={**environment, **database.setting(url)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip() or "no reason").splitlines()[-1]
        raise NotMoved(f"Prefect could not make its tables in {url.get_backend_name()}: {told}")


def copy(origin: URL, target: URL) -> int:
    """Copy it between two databases that have the same tables, all or nothing; answer how many rows that were."""
    engines = create_engine(origin, hide_parameters=True), create_engine(target, hide_parameters=True)
    try:
        return _copy(*engines)
    finally:
        for engine in engines:
            engine.dispose()


def _copy(origin: Engine, target: Engine) -> int:
    from prefect.server.database.orm_models import Base  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

    moved = 0
    with origin.connect() as read, target.begin() as write:
        _let_rows_come_in_any_order(write)
        for name in ENTERED:
            table = Base.metadata.tables[name]
            write.execute(delete(table))
            rows = [dict(row._mapping) for row in read.execute(select(table))]  # noqa: SLF001 - its public name
            if rows:
                write.execute(insert(table), rows)
            moved += len(rows)
    return moved


def _let_rows_come_in_any_order(connection: Connection) -> None:
    """Some point at each other: a pool at its first queue, and that at the pool."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
