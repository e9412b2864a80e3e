"""A PostgreSQL of one's own: made in a folder, thrown away with it, and stopped and started at will.

``python -m tests.postgres`` makes one, starts it, asks it, and so proves that the programs are there and run.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from steadypost.cli.up.postgres import NoPostgres, command, make, programs

STARTS_WITHIN = 30.0


class Server:
    """One server, reached through a socket in its own folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    def url(self, database: str = "postgres") -> str:
        """Give the address of a database, as Steadypost takes it."""
        return f"postgresql+psycopg://postgres:s3cret@/{database}?host={self._folder}"

    def fresh(self, like: str = "template0") -> str:
        """Make a database, empty or like another that nobody is using, and give its address."""
        name = f"steadypost_{next(self._numbers)}"
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY wal_log")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database that ``fresh`` made, whatever is connected to it."""
        self.say(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = command(programs(), self._folder / "data", self._folder, "-F", "-N", "150")
        with (self._folder / "log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                words,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                # Ctrl-C in a terminal is for whoever uses it: this one ends after them.
                start_new_session=True,
                **who(),
            )
        self._process = process
        ends = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            if process.poll() is not None or time.monotonic() > ends:
                raise NoPostgres(f"PostgreSQL did not start: {(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it at once, whoever is connected."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STARTS_WITHIN)
            self._process = None

    @property
    def pid(self) -> int:
        """Its first process, which has started all others."""
        return self._process.pid if self._process else -1

    def say(self, *statements: str) -> None:
        """Have it carry out statements, each by itself."""
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @property
    def _conninfo(self) -> str:
        return f"host={self._folder} user=postgres dbname=postgres connect_timeout=2"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._conninfo).close()
        except psycopg.OperationalError:
            return False
        return True


def who() -> dict[str, Any]:
    """Answer as whom to run it: PostgreSQL refuses to run as root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


@contextlib.contextmanager
def running(*, in_memory: bool = False) -> Iterator[Server]:
    """Run a server in a folder of its own, and leave nothing of it behind.

    In memory, where there is some, a database is made in a third of the time, and a thousand are deleted in seconds
    instead of minutes.
    """
    found = programs()
    # A socket's path may have a hundred characters, which pytest's own folders exceed.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_memory() if in_memory else None))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        make(found, folder / "data", "postgres", who(), "-A", "trust", "-N")
        server = Server(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path | None:
    """Find a folder in memory with a gigabyte free."""
    shm = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    if os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 1 << 30:
        return shm
    return None


def main() -> int:
    """Say which PostgreSQL was started, or why none could be."""
    try:
        with running() as server, psycopg.connect(server._conninfo) as connection:
            print(f"{programs()}, PostgreSQL {connection.info.parameter_status('server_version')}: it runs")  # noqa: T201
    except NoPostgres as none:
        print(none, file=sys.stderr)  # noqa: T201 - run as a program, it speaks
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
