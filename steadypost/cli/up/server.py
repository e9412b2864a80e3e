"""Prefect's own server, as ``steadypost up`` starts it where nobody names another: its address, settings and key."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import URL, create_engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from steadypost import prefect_address, prefect_http, private
from steadypost.cli.up import database
from steadypost.domain import retention

PORT = 4200
"""Prefect's usual one, when it is free."""

KEPT = "server.json"
"""Which port the server of this home has, and which database: both stay the same from one start to the next."""

KEY_FILE = "prefect.key"
KEY = "PREFECT_SERVER_ENCRYPTION_KEY"

LEASES_IN_FILES = "prefect.server.concurrency.lease_storage.filesystem"
"""With this the slots of the dead come back, also after the server itself was killed."""


def ours(home: Path, environment: Mapping[str, str]) -> bool:
    """Whether the server is this home's own: nobody has named another, now or before."""
    if environment.get(prefect_address.NAME):
        return False
    known = prefect_address.known(home, {}).get(prefect_address.NAME)
    return known is None or known == address(_kept_port(home))


SELDOM = {
    # It asks its database again and again for what comes seldom or never here. No run of ours is ever paused.
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS": "15",
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "15",
    "PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_LOOP_SECONDS": "60",
}
"""Its services that do nothing most of the time, each of which wakes it every few seconds unless told otherwise."""

TOGETHER = {
    # Each post is a run of a task, and tells the server three times how it stands.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "2",
}
"""What its services write for many at once, and a second or two later. A quarter less of its processor for each post."""


def address(port: int | None) -> str:
    """Give the address of its API."""
    return f"http://127.0.0.1:{port}/api"


def port_of(home: Path) -> int:
    """Give its port: the one it had, else Prefect's usual one, else any that is free."""
    wanted = _kept_port(home) or PORT
    port = free_port(wanted)
    _keep(home, port=port)
    return port


def _kept_port(home: Path) -> int | None:
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return int(_kept(home)["port"])
    return None


def keep_database(home: Path, kind: str) -> None:
    """Note which kind of database it has."""
    _keep(home, database=kind)


def kept_database(home: Path) -> str | None:
    """Say which kind of database it has, as was noted; ``None`` where nothing was."""
    kind = _kept(home).get("database")
    return kind if kind in database.KINDS else None


def keep_deployed(home: Path, who: str) -> None:
    """Note by which version of Steadypost the deployments were made, and where."""
    _keep(home, deployed=who)


def deployed(home: Path) -> str | None:
    """Say the same, as was noted; ``None`` where nothing was."""
    return _kept(home).get("deployed")


def _keep(home: Path, **said: object) -> None:
    private.write(private.folder(home) / KEPT, json.dumps({**_kept(home), **said}).encode())


def _kept(home: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads((home / KEPT).read_text(encoding="utf-8"))
        return kept if isinstance(kept, dict) else {}
    return {}


def free_port(wanted: int) -> int:
    """Find a port of this machine that is free now: the wanted one if it is."""
    with socket.socket() as probe:
        # As servers do it: what a server left behind that has ended is no reason against its port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(home: Path, port: int) -> dict[str, str]:
    """Give the settings of the server and of all that talks to it. What an operator has set stays."""
    return {
        "PREFECT_HOME": str(home / "prefect"),
        prefect_address.NAME: address(port),
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES_IN_FILES,
        **retention.of_prefects_server(),
        **SELDOM,
        **TOGETHER,
    }


def key(home: Path, environment: Mapping[str, str]) -> str | None:
    """Give the key by which its database keeps secrets; it lies in a file of its own, and not in that database.

    Where the server made one itself, in the database that it protects, that one is taken out of it. ``None``: there is no
    file yet, and the database cannot be read; a new key would make what is in it unreadable.
    """
    file = home / KEY_FILE
    if not file.exists():
        url = database.plain(
            database.named(environment) or f"sqlite:///{environment['PREFECT_HOME']}/prefect.db"
        )
        try:
            found = _in_database(url)
        except SQLAlchemyError:
            return None
        private.write(file, found or Fernet.generate_key())
        if found and url.get_backend_name() == "sqlite":
            # Of a database in PostgreSQL another server may live, which has no file yet.
            _forget(url)
    private.tighten(file, private.FILE)
    return file.read_text(encoding="ascii").strip()


_ASKED = "SELECT value FROM configuration WHERE key = 'ENCRYPTION_KEY'"


def _in_database(url: URL) -> bytes | None:
    """Read the key that the server made; ``None`` where it has made none."""
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return None
    engine = create_engine(url, hide_parameters=True)
    try:
        if not inspect(engine).has_table("configuration"):
            return None
        with engine.connect() as connection:
            value = connection.scalar(text(_ASKED))
    finally:
        engine.dispose()
    if value is None:
        return None
    kept = json.loads(value) if isinstance(value, str) else value
    return str(kept["fernet_key"]).encode()


def _forget(url: URL) -> None:
    """Take the key out of the database, now that the file has it. Nobody else has the database open."""
    with contextlib.closing(sqlite3.connect(str(url.database))) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("DELETE FROM configuration WHERE key = 'ENCRYPTION_KEY'")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def answers(known: Mapping[str, str]) -> bool:
    """Whether its API is there; one that wants to know who asks is."""
    try:
        code, _ = prefect_http.ask(known, "/health", within=5)
    except (OSError, ValueError):
        return False
    return code < 400 or code in {401, 403}


def environment(home: Path, given: Mapping[str, str], mark: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of everything below ``steadypost up``, for a server that is this home's own."""
    port = port_of(home)
    made = {
        **settings(home, port),
        **given,
        **prefect_address.QUIET,
        prefect_address.NAME: address(port),
        "PREFECT_SERVER_API_PORT": str(port),
        "STEADYPOST_HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        **mark,
    }
    kept = None if made.get(KEY) else key(home, made)
    return made if kept is None else {**made, KEY: kept}


def named(home: Path, given: Mapping[str, str], mark: Mapping[str, str]) -> dict[str, str]:
    """Give the same for a server that somebody named, and runs."""
    return {
        **given,
        **prefect_address.known(home, given),
        **prefect_address.QUIET,
        "STEADYPOST_HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        **mark,
    }


def notify(word: str) -> None:
    """Tell systemd how far this is, where it asked to be told."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if where:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.sendto(word.encode(), f"\0{where[1:]}" if where.startswith("@") else where)
