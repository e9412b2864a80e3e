"""The outbox: answers of attempts, synced to this disk until the store has them.

A click cannot be undone and its answer comes once, so it is kept here first; applying it twice counts once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from steadypost import private
from steadypost.domain.outcome import Answer
from steadypost.store import codec, settling
from steadypost.store.errors import StoreAway, UnknownAttempt
from steadypost.store.settling import Settled

if TYPE_CHECKING:
    from steadypost.store.store import Store

ASIDE = "not-taken"
"""The folder for entries that this store can never take, because it does not know their attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """One answer on its way to the store."""

    path: Path
    attempt_id: int
    answer: Answer
    at: datetime
    """When the attempt answered."""


class Outbox:
    """The entries of this machine for one store."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._mark = hashlib.sha256(address.encode()).hexdigest()[:12]

    def keep(self, attempt_id: int, answer: Answer, at: datetime) -> OutboxEntry:
        """Write an answer down, durably; raises ``OSError`` when this disk cannot."""
        private.folder(self._folder)
        path = self._folder / f"{self._mark}-{attempt_id}.json"
        told = {"attempt_id": attempt_id, "answer": codec.dumps(answer), "at": at.isoformat()}
        draft = path.with_suffix(f".{os.getpid()}.draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        self._through_to_the_disk()
        return OutboxEntry(path=path, attempt_id=attempt_id, answer=answer, at=at)

    def waiting(self) -> list[OutboxEntry]:
        """Read every entry for this store that can be read, the oldest attempt first."""
        with contextlib.suppress(FileNotFoundError):
            found = [entry for path in self._folder.glob(f"{self._mark}-*.json") if (entry := _read(path))]
            return sorted(found, key=lambda entry: entry.attempt_id)
        return []

    def put_aside(self) -> int:
        """Count the entries that this store can never take."""
        return len(list((self._folder / ASIDE).glob(f"{self._mark}-*.json")))

    def hand_over(self, store: Store, *, jitter: Callable[[], float]) -> Iterator[Settled]:
        """Bring the store what waits, by when it came, and forget what it took; ends quietly when it is away."""
        for entry in self.waiting():
            try:
                settled = store.write(
                    settling.answered, entry.attempt_id, entry.answer, now=entry.at, jitter=jitter()
                )
            except StoreAway:
                return
            except UnknownAttempt:
                self._put_aside(entry)
                continue
            self.forget(entry)
            yield settled

    def forget(self, entry: OutboxEntry) -> None:
        """Let go of an entry that was taken."""
        entry.path.unlink(missing_ok=True)

    def _put_aside(self, entry: OutboxEntry) -> None:
        """Keep for a person what this store does not know: a restored store would lose it silently."""
        aside = self._folder / ASIDE
        private.folder(aside)
        entry.path.replace(aside / entry.path.name)

    def _through_to_the_disk(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path: Path) -> OutboxEntry | None:
    """Read an entry; half a one, or one that was just taken, is none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return OutboxEntry(
            path=path,
            attempt_id=int(told["attempt_id"]),
            answer=codec.loads(told["answer"]),
            at=datetime.fromisoformat(told["at"]),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None
