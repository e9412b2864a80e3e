"""A server's limits, kept for a day in a file of this machine, for every process and for posts that come in."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from steadypost.networks.mastodon.ids import moment
from steadypost.networks.mastodon.limits import Limits

KEPT_FOR = timedelta(days=1)
"""A server's limits change with its configuration: seldom, and never within a thread."""

FOLDER = "limits"
"""Below the home of this machine."""

Told = tuple[Limits, datetime]
"""What a server allows, and when it said so."""


class Knowledge:
    """The limits of servers. Threads share it; processes share its folder, if it has one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._folder = folder
        self._known: dict[str, Told] = {}

    def of(self, server: str, now: datetime, ask: Callable[[], Limits | None]) -> Limits | None:
        """Give the limits of a server: those of the last day, else what it answers; ``None`` when it tells none."""
        known = self._last(server)
        if known is not None and timedelta(0) <= now - known[1] < KEPT_FOR:
            return known[0]
        told = ask()
        if told is None:
            return known[0] if known is not None else None
        self.learn(server, told, now)
        return told

    def last(self, server: str) -> Limits | None:
        """Give what a server last said, however long ago; it is asked nothing."""
        known = self._last(server)
        return None if known is None else known[0]

    def learn(self, server: str, told: Limits, now: datetime) -> None:
        """Keep what a server said."""
        with self._lock:
            self._known[server] = (told, now)
        path = self._path(server)
        if path is not None:
            # If it cannot be written, the server is asked once more: no reason to stop.
            with contextlib.suppress(OSError):
                _write(path, told, now)

    def forget(self, server: str) -> None:
        """Ask a server again next time: it refused what its limits allow."""
        with self._lock:
            self._known.pop(server, None)
        path = self._path(server)
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _last(self, server: str) -> Told | None:
        with self._lock:
            known = self._known.get(server)
        path = self._path(server)
        if known is not None or path is None:
            return known
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            read = _read(path)
            with self._lock:
                return self._known.setdefault(server, read)
        return None

    def _path(self, server: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{quote(server, safe='')}.json"


@functools.cache
def knowledge_in(home: Path) -> Knowledge:
    """Give what this machine knows of servers."""
    return Knowledge(home / FOLDER)


def _write(path: Path, told: Limits, now: datetime) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.write_text(json.dumps({"at": now.isoformat(), "limits": asdict(told)}), encoding="utf-8")
    draft.replace(path)


def _read(path: Path) -> Told:
    """Read what was written; raises for whatever is not that."""
    told = json.loads(path.read_text(encoding="utf-8"))
    at = moment(told["at"])
    if at is None:
        raise ValueError("no time")
    return Limits(**told["limits"]), at
