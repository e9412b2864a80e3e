"""What the processes of one machine tell each other of the blocks: when one of them read them, and the mark they had.

With the same mark a process need not ask Prefect's server itself. Of what the blocks say, nothing is in the file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from prefect.settings import PREFECT_API_URL

from steadypost import private
from tasks.block_documents import Document

FILE = "blocks-read.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One reading, by whichever process. Times are of this machine's clock that is never set, which all of them share."""

    at: float
    all_at: float
    """When everything was read, and not only what had changed."""
    mark: str


class SharedReading:
    """The file in which a reading is told to the other processes of this machine."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._of = f"{metadata.version('steadypost')} at {PREFECT_API_URL.value()}"
        """Another version may know other blocks, and another server has others."""

    def told(self) -> Told | None:
        """Give the last reading; ``None`` where none was told that is of use here."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            said = json.loads(self._file.read_text(encoding="utf-8"))
            if said.pop("of") == self._of:
                return Told(at=float(said["at"]), all_at=float(said["all_at"]), mark=str(said["mark"]))
        return None

    def tell(self, told: Told) -> None:
        """Tell the others of one. Where that fails each of them reads for itself."""
        draft = self._file.with_name(f".{FILE}.{os.getpid()}")
        with contextlib.suppress(OSError):
            # Not synced to the disk, unlike what must outlive a power loss: it is of use for seconds.
            opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, private.FILE)
            with os.fdopen(opened, "w", encoding="utf-8") as file:
                json.dump({"of": self._of, **asdict(told)}, file)
            draft.replace(self._file)


def mark_of(documents: Iterable[Document]) -> str:
    """Mark what documents say, in whichever order; of their secrets nothing can be read from it."""
    lines = sorted(f"{one.id} {one.updated} {one.fingerprint()}" for one in documents)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
