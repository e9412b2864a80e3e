"""The file of a backup: the store, this machine's keys, and the documents of the accounts, with a list of what is in it.

It is a tar file, compressed, for its owner alone. What it says of itself comes first, with a checksum of each part, so
that half a file, or one that was changed, is refused before anything is touched.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from steadypost import private
from steadypost.cli.endings import Ending, Stop
from steadypost.domain.clock import utc

FORMAT = 1
LIST = "backup.json"
STORE = "store.db"
DOCUMENTS = "documents.json"
KEYS = "keys/"

CHUNK = 1024 * 1024

LEFT_FOR_S = 24 * 3600.0
"""Seconds after which no backup is under way any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a backup says of itself."""

    made_at: datetime
    """The moment whose store this is: what was asked for later is not in it."""
    version: str
    store: str
    """Which database it was made from: ``sqlite`` or ``postgresql``."""
    counts: Mapping[str, int]
    checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """The names of the key files in it."""
        return sorted(name.removeprefix(KEYS) for name in self.checksums if name.startswith(KEYS))

    @property
    def has_documents(self) -> bool:
        """Whether the documents of the accounts are in it."""
        return DOCUMENTS in self.checksums

    def document(self) -> dict[str, Any]:
        """Give it as it is written."""
        return {
            "format": FORMAT,
            "made_at": self.made_at.isoformat(),
            "version": self.version,
            "store": self.store,
            "counts": dict(self.counts),
            "checksums": dict(self.checksums),
        }


@contextmanager
def workshop(folder: Path, prefix: str) -> Iterator[Path]:
    """Give a folder on the disk of the result, for this user alone. What one that was killed left goes after a day."""
    for left in folder.glob(f"{prefix}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_FOR_S:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as made:
        yield Path(made)


def write(target: Path, contents: Contents, parts: Mapping[str, Path | bytes], shop: Path) -> None:
    """Write a backup; it appears whole or not at all, for this user alone."""
    draft = shop / "draft"
    sums = {name: _checksum(part) for name, part in parts.items()}
    told = json.dumps(Contents(**{**_fields(contents), "checksums": sums}).document(), indent=2).encode()
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private.FILE)
    with _named(target), os.fdopen(opened, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as tar:
            for name, part in ((LIST, told), *parts.items()):
                _add(tar, name, part)
        file.flush()
        os.fsync(file.fileno())
    # Not over one that is there: of two backups under one name neither is lost.
    os.link(draft, target)


def _fields(contents: Contents) -> dict[str, Any]:
    return {name: getattr(contents, name) for name in ("made_at", "version", "store", "counts")}


def _add(tar: tarfile.TarFile, name: str, part: Path | bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = private.FILE
    if isinstance(part, bytes):
        entry.size = len(part)
        tar.addfile(entry, io.BytesIO(part))
        return
    with part.open("rb") as file:
        entry.size = os.fstat(file.fileno()).st_size
        tar.addfile(entry, file)


def _checksum(part: Path | bytes) -> str:
    if isinstance(part, bytes):
        return hashlib.sha256(part).hexdigest()
    with part.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _named(target: Path) -> Iterator[None]:
    """Name the file where the disk refuses what is written to it."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(target)
        raise


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """Open a backup and read what it says of itself, or stop with what is wrong with it."""
    with ExitStack() as open_:
        with _reading(path):
            backup = Backup(path, open_.enter_context(tarfile.open(path, mode="r:gz")))
        yield backup


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = error.strerror or str(error) or type(error).__name__
        raise Stop(
            Ending.REFUSED, "backup_unreadable", f"{path} cannot be read: {told}", "name another file"
        ) from None
    except (tarfile.TarError, EOFError, zlib.error):
        raise damaged(path, "it is no backup, or only a part of one") from None


def damaged(path: Path, why: str) -> Stop:
    """Say that a backup cannot be used."""
    return Stop(
        Ending.REFUSED, "backup_damaged", f"{path}: {why}", "restore another backup; nothing was changed"
    )


class Backup:
    """A backup that is open for reading."""

    def __init__(self, path: Path, tar: tarfile.TarFile) -> None:
        self._path = path
        self._tar = tar
        self.contents = self._contents()

    def _contents(self) -> Contents:
        first = self._tar.next()
        file = self._tar.extractfile(first) if first is not None and first.name == LIST else None
        if file is None:
            raise damaged(self._path, "it is no backup of Steadypost's")
        try:
            told = json.loads(file.read())
            if told["format"] != FORMAT:
                version = told["version"]
                message = f"{self._path}: a later version of Steadypost made it ({version})"
                remedy = f"update Steadypost on this machine to {version}, then restore; nothing was changed"
                raise Stop(Ending.REFUSED, "backup_later", message, remedy)
            return Contents(
                made_at=utc(datetime.fromisoformat(told["made_at"])),
                version=str(told["version"]),
                store=str(told["store"]),
                counts={str(name): int(value) for name, value in told["counts"].items()},
                checksums={str(name): str(value) for name, value in told["checksums"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise damaged(self._path, "what it says of itself cannot be read") from None

    def extract(self, name: str, target: Path) -> None:
        """Write one part into a file that is not there yet, for this user alone."""
        source = self._member(name)
        digest = hashlib.sha256()
        opened_file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private.FILE)
        with _named(target), os.fdopen(opened_file, "wb") as file:
            while chunk := self._read(source, CHUNK):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        self._expect(name, digest.hexdigest())

    def read(self, name: str) -> bytes:
        """Read one part."""
        data = self._read(self._member(name))
        self._expect(name, hashlib.sha256(data).hexdigest())
        return data

    def _read(self, source: Any, most: int = -1) -> bytes:
        with _reading(self._path):
            data: bytes = source.read(most)
        return data

    def _member(self, name: str) -> Any:
        try:
            with _reading(self._path):
                found = self._tar.extractfile(name)
        except KeyError:
            found = None
        if found is None:
            raise damaged(self._path, f"{name} is missing in it")
        return found

    def _expect(self, name: str, found: str) -> None:
        if self.contents.checksums.get(name) != found:
            raise damaged(self._path, f"{name} in it is not what was written")
