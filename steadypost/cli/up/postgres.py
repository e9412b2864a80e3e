"""PostgreSQL in a folder of one's own: its programs found, its data made, itself started, asked and stopped.

It listens on a socket in that folder and nowhere else. Whoever asks is known by the system (``peer``), so there is no
password; the folder is its owner's alone.
"""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from sqlalchemy import URL

from steadypost import private

ROLE = "prefect"
"""Whom it knows: the user of this system whose folder it is, by whatever name that user has here."""

DATABASE = "prefect"

LONGEST_SOCKET = 107
"""Bytes that the path of a socket may have (unix(7))."""

SOCKET = ".s.PGSQL.5432"
SOCKET_LOCK = f"{SOCKET}.lock"

STOPS_WITHIN = 20.0

REMEDY = (
    "PostgreSQL's programs (initdb, postgres) were not found; install them (Debian: apt-get install postgresql), or "
    "name their folder in PG_BIN"
)

AS_ROOT = (
    "PostgreSQL does not run as root; run Steadypost as a user of its own (adduser --system --home /var/lib/steadypost "
    "steadypost, and 'steadypost service install --run-as steadypost')"
)


class NoPostgres(RuntimeError):
    """It cannot run here; says why, and what to do."""


def folders() -> list[Path]:
    """Find the folders with PostgreSQL's programs: the one named, that on the PATH, and Debian's, the newest first."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True)
    named = [os.environ.get("PG_BIN"), found and str(Path(found).resolve().parent), *map(str, debian)]
    return [
        Path(one)
        for one in named
        if one and (Path(one) / "initdb").exists() and (Path(one) / "postgres").exists()
    ]


def _number(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdecimal() else 0


def programs(version: int | None = None) -> Path:
    """Find the folder with PostgreSQL's programs, of one major version where it is named."""
    for folder in folders():
        if version is None or version_of(folder) == version:
            return folder
    raise NoPostgres(REMEDY)


@functools.cache
def version_of(folder: Path) -> int:
    """Ask the programs of a folder for their major version; 0 where they do not tell."""
    asked = [str(folder / "postgres"), "--version"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", told)
    return int(found[1]) if found else 0


def make(folder: Path, data: Path, role: str, user: Mapping[str, Any], *options: str) -> None:
    """Make the data of a new server; ``user`` says as whom, in the words of ``subprocess``.

    It appears whole or not at all. Raises ``NoPostgres`` with what it said.
    """
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    # The order of letters is that of their bytes, which no update of the system's libraries changes under an index.
    words = [str(folder / "initdb"), "-D", str(draft), "-U", role, "-E", "UTF8", "--no-locale", *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=data.parent, **user)
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip() or "no reason").splitlines()[-1]
        shutil.rmtree(draft, ignore_errors=True)
        raise NoPostgres(f"PostgreSQL's initdb ended with {done.returncode}: {told}")
    draft.rename(data)


def command(folder: Path, data: Path, socket: Path, *options: str) -> list[str]:
    """Give the command that runs a server on a socket in a folder, and on no port."""
    words = [str(folder / "postgres"), "-D", str(data), "-c", "listen_addresses="]
    words += ["-c", f'unix_socket_directories="{socket}"', "-c", "unix_socket_permissions=0700"]
    return [*words, *options]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The server of one home, for one database."""

    folder: Path
    user: Mapping[str, Any] = field(default_factory=dict)
    """As whom it runs, in the words of ``subprocess``; as a rule as whoever asks."""

    @property
    def data(self) -> Path:
        """Where its data is."""
        return self.folder / "data"

    @property
    def version(self) -> int | None:
        """By which major version its data was made, which alone can read it; ``None`` where there is none yet."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        return None

    def refusal(self) -> str | None:
        """Say why it cannot run here, and what to do; ``None`` when it can."""
        if os.geteuid() == 0 and not self.user:
            return AS_ROOT
        if not self._os_user:
            return f"the user {os.geteuid()} has no name here, which PostgreSQL needs; add it to /etc/passwd"
        if len(os.fsencode(self.folder / SOCKET)) > LONGEST_SOCKET:
            return f"the path {self.folder / SOCKET} is too long for a socket; set STEADYPOST_HOME to a shorter one"
        try:
            programs(self.version)
        except NoPostgres as none:
            if self.version is None or not folders():
                return str(none)
            return (
                f"the data in {self.data} is of PostgreSQL {self.version}, whose programs are not here; install them "
                f"(Debian: apt-get install postgresql-{self.version}), or name their folder in PG_BIN"
            )
        return None

    def prepare(self) -> None:
        """Have everything as it must be before it starts: data, rules, and nobody else at it. Raises ``NoPostgres``."""
        private.folder(self.folder)
        if self.version is None:
            make(programs(), self.data, ROLE, self.user, "-A", "peer")
        (self.data / "pg_hba.conf").write_text(f"local all {ROLE} peer map=home\n", encoding="utf-8")
        (self.data / "pg_ident.conf").write_text(f'home "{self._os_user}" {ROLE}\n', encoding="utf-8")
        self._end_left_over()

    def command(self) -> list[str]:
        """Give the command that runs it. Small: Prefect's server has a few connections."""
        options = ("-c", "shared_buffers=32MB")
        return command(programs(self.version), self.data, self.folder, *options)

    def answers(self) -> bool:
        """Whether it takes connections; makes the database with the first one."""
        try:
            with self._connected() as connection:
                there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if there.fetchone() is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError:
            return False
        return True

    def begin_anew(self, aside: str) -> None:
        """Have the database empty; what it holds is kept under another name."""
        with self._connected(DATABASE) as connection:
            if connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone() is None:
                return
        with self._connected() as connection:
            connection.execute(f"ALTER DATABASE {DATABASE} RENAME TO {aside}".encode())
            connection.execute(f"CREATE DATABASE {DATABASE}")

    def url(self) -> URL:
        """Give the address of the database, with a driver that needs no event loop."""
        return URL.create("postgresql+psycopg", ROLE, database=DATABASE, query={"host": str(self.folder)})

    @contextlib.contextmanager
    def _connected(self, name: str = "postgres") -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(
            host=str(self.folder), user=ROLE, dbname=name, connect_timeout=5, autocommit=True
        ) as connection:
            yield connection

    @property
    def _os_user(self) -> str:
        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            return ""

    def _end_left_over(self) -> None:
        """End one that outlived whoever started it. One lock of the home is held here: no other is at work."""
        left = self._left_over()
        if left is not None:
            # At once; if not, at once without tidying up; and one that is stopped hears nothing else. Nothing that was
            # committed is lost.
            for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                with contextlib.suppress(psutil.TimeoutExpired, psutil.NoSuchProcess):
                    left.send_signal(how)
                    left.wait(STOPS_WITHIN)
            if left.is_running():
                raise NoPostgres(
                    f"process {left.pid} is at work on {self.data} and could not be ended; end it"
                )
        self._end_orphans()
        # After a power loss the number in them may be that of any process of today.
        for lock in (self.data / "postmaster.pid", self.folder / SOCKET_LOCK):
            lock.unlink(missing_ok=True)

    def _end_orphans(self) -> None:
        """End what a killed server has left: while one of them is stopped it holds the memory that all share."""
        orphans = []
        for one in psutil.process_iter():
            with contextlib.suppress(OSError, psutil.Error):
                if self._is_of_it(one):
                    one.kill()
                    orphans.append(one)
        psutil.wait_procs(orphans, timeout=STOPS_WITHIN)

    def _is_of_it(self, process: psutil.Process) -> bool:
        return "postgres" in process.name() and Path(process.cwd()) == self.data.resolve()

    def _left_over(self) -> psutil.Process | None:
        try:
            written = (self.data / "postmaster.pid").read_text(encoding="utf-8")
            process = psutil.Process(int(written.splitlines()[0]))
            is_it = self._is_of_it(process)
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return process if is_it else None
