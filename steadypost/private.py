"""What this machine keeps is for its owner alone: folders 0700, files 0600, those that were made looser included.

A queue says what will be published and as whom, and beside it are logs, pictures of signed-in pages and the
outbox. Nothing but the standard library is used here, because every command comes by.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

FOLDER = 0o700
FILE = 0o600

BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite keeps beside a database: of its own it gives them the database's mode, once that is right."""


def by_default() -> None:
    """Make every file of this process and its children private to its owner."""
    os.umask(0o077)


def folder(path: Path) -> Path:
    """Make a folder and every one above it that is missing. ``mkdir`` gives its mode to the last of them only."""
    for missing in reversed([one for one in (path, *path.parents) if not one.exists()]):
        missing.mkdir(mode=FOLDER, exist_ok=True)
    path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    return path


def home(path: Path) -> Path:
    """Make the home of this machine, or take it back from everybody else if it was made looser; and keep it so."""
    by_default()
    folder(path)
    keep(path)
    return path


def keep(path: Path) -> None:
    """Take a home that is there back from everybody else."""
    if path.is_dir() and not _is_shared(path):
        tighten(path, FOLDER)


def write(path: Path, data: bytes) -> None:
    """Write a file for its owner alone; it appears whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def database(path: Path) -> None:
    """Make a database's file before SQLite would, which makes it for everybody; and tighten what is there."""
    if not path.exists():
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, FILE))
    for end in BESIDE:
        tighten(path.with_name(f"{path.name}{end}"), FILE)


def tighten(path: Path, mode: int) -> None:
    """Take from everybody but the owner what they could do; what is not ours to change stays as it is."""
    with contextlib.suppress(OSError):
        before = stat.S_IMODE(path.stat().st_mode)
        if before & ~mode & 0o077:
            path.chmod(before & ~0o077)


def _is_shared(path: Path) -> bool:
    """Whether it is a folder that others live in as well: ``/tmp``, or a user's whole home."""
    resolved = path.resolve()
    sticky = bool(resolved.stat().st_mode & stat.S_ISVTX)
    return sticky or resolved in {Path(resolved.anchor), Path.home().resolve()}
