"""Which database Prefect's own server has: PostgreSQL where it can run here, else SQLite, on which it may hang."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from steadypost import private
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.up.postgres import Cluster

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
KINDS = (SQLITE, POSTGRESQL)

SETTING = "PREFECT_SERVER_DATABASE_CONNECTION_URL"
SETTINGS = (SETTING, "PREFECT_API_DATABASE_CONNECTION_URL")
"""Prefect's own setting, and its older name."""

ON_SQLITE = (
    "with SQLite, Prefect's server may hang for up to a minute; "
    "publishing goes on meanwhile, changes and new runs wait"
)

HOW = "end this, and once say: steadypost up --database postgresql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen."""

    kind: str | None
    """``None``: somebody has named a database by Prefect's own setting, and runs it."""
    cluster: Cluster | None = None
    """What is to be started first: the one to use, or the one to move from."""
    by_itself: bool = False
    """Whether nobody has asked for it, and nothing is in it yet: where it does not start, the other one will do."""
    moves: bool = False
    """Whether what an operator entered is still in the other one."""


def choose(
    home: Path,
    environment: Mapping[str, str],
    *,
    wanted: str | None,
    kept: str | None,
    say: Callable[[str], None],
) -> Chosen:
    """Choose: what somebody named, what this home has, and for a new one what is best here. Raises ``Stop``."""
    cluster = Cluster(folder=home / "postgres")
    if named(environment):
        if wanted is not None:
            raise Stop(Ending.USAGE, "database", f"{SETTING} names a database", "leave out --database")
        _refuse_unreadable(environment)
        return Chosen(kind=None)
    has = kept or (SQLITE if sqlite_file(home, environment).exists() else None)
    refusal = cluster.refusal()
    if POSTGRESQL in {has, wanted} and refusal:
        raise Stop(
            Ending.REFUSED, "database", f"Prefect's database in PostgreSQL: {refusal}", "then start again"
        )
    if kept is None and has == SQLITE and wanted is None and refusal is None:
        say(f"Prefect's database stays on SQLite; {ON_SQLITE}. To move it to PostgreSQL: {HOW}")
    if has is None and wanted is None and refusal:
        say(f"{ON_SQLITE}. {refusal}")
    kind = wanted or has or (SQLITE if refusal else POSTGRESQL)
    moves = has is not None and kind != has
    return Chosen(
        kind=kind,
        cluster=cluster if kind == POSTGRESQL or moves else None,
        by_itself=has is None and wanted is None,
        moves=moves,
    )


def _refuse_unreadable(environment: Mapping[str, str]) -> None:
    """Stop where the address cannot be read. Its text, or what is said of it, may hold a password."""
    try:
        plain(named(environment) or "")
    except (ArgumentError, ValueError):
        remedy = "write / in a password as %2F, @ as %40, : as %3A, # as %23 and % as %25"
        raise Stop(Ending.USAGE, "database", f"{SETTING} cannot be read as an address", remedy) from None


def named(environment: Mapping[str, str]) -> str | None:
    """Give the address that somebody named by Prefect's own setting."""
    return next((environment[name] for name in SETTINGS if environment.get(name)), None)


def sqlite_file(home: Path, environment: Mapping[str, str]) -> Path:
    """Say where Prefect has its database in SQLite."""
    return Path(environment.get("PREFECT_HOME") or home / "prefect") / "prefect.db"


def put_aside(file: Path, stamp: str) -> None:
    """Keep a database in SQLite under another name, with what belongs to it."""
    for end in private.BESIDE:
        beside = file.with_name(f"{file.name}{end}")
        if beside.exists():
            beside.rename(file.with_name(f"{file.name}.before-{stamp}{end}"))


def plain(address: str) -> URL:
    """Give an address with a driver that needs no event loop."""
    url = make_url(address)
    return url.set(drivername="sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg")


def setting(url: URL) -> dict[str, str]:
    """Give the setting by which Prefect's server finds a database."""
    driver = "sqlite+aiosqlite" if url.get_backend_name() == "sqlite" else "postgresql+asyncpg"
    return {SETTING: url.set(drivername=driver).render_as_string(hide_password=False)}
