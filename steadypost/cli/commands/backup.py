"""``steadypost backup``: one file from which all can be set up again."""

from __future__ import annotations

from datetime import datetime
from importlib import metadata
from pathlib import Path

import click

from steadypost import private
from steadypost.cli import archive, block_documents, speech
from steadypost.cli.archive import DOCUMENTS, KEYS, STORE, Contents
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.store import copying

KEY_FILES = ("tokens.key", "prefect.key")
"""This machine's keys, by the names they have in its home."""

COUNTED = {"posts": "posts", "deliveries": "deliveries", "accounts": "accounts"}


@command("backup")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option(
    "--without-accounts",
    is_flag=True,
    help="Leave out the accounts' documents, which Prefect keeps, with their secrets.",
)
def backup(house: House, *, path: Path, without_accounts: bool) -> Answer:
    """Write the store, this machine's keys and the accounts with their secrets into one file, while all goes on.

    PATH is a file that is not there yet, or a folder, in which the file is named by the time. Anyone with the file can
    publish as every account in it: it is readable for you alone. Keep it so wherever you copy it.
    """
    now = clock.now()
    target = _target(path, now)
    documents, why_not = (None, "left out, as asked") if without_accounts else _documents(house)
    # Beside the target: a store is too large for a folder in memory.
    with archive.workshop(target.parent, ".backup-") as folder:
        copy = folder / STORE
        contents = make(house, copy, now)
        parts: dict[str, Path | bytes] = {STORE: copy}
        parts |= {
            f"{KEYS}{name}": file for name in KEY_FILES if (file := house.settings.home / name).exists()
        }
        if documents is not None:
            parts[DOCUMENTS] = documents
        archive.write(target, contents, parts, folder)
    unreadable = [] if documents is None else block_documents.unreadable(documents)
    failed = bool(unreadable) or (documents is None and not without_accounts)
    keys = sorted(name.removeprefix(KEYS) for name in parts if name.startswith(KEYS))
    document = {
        "path": str(target),
        "made_at": speech.iso(contents.made_at),
        "counts": dict(contents.counts),
        "keys": keys,
        "accounts": documents is not None,
        "why_no_accounts": why_not,
        "unreadable_accounts": unreadable,
    }
    told = [
        f"{target}: {contents.counts['deliveries']} deliveries of {contents.counts['posts']} posts",
        f"keys: {', '.join(keys) or 'none'}",
        "accounts: with their secrets" if documents is not None else f"accounts: not in it ({why_not})",
        "It holds secrets. Keep it as you keep passwords. 'steadypost restore' takes it.",
    ]
    if unreadable:
        told.append(
            f"Not in it, for their blocks cannot be read: {', '.join(unreadable)}. 'steadypost accounts' says why."
        )
    elif failed:
        told.append("Start Prefect and run this again, or say --without-accounts.")
    return Answer(
        document=document,
        tell=lambda console: speech.tell_lines(console, "\n".join(told)),
        ending=Ending.REFUSED if failed else Ending.OK,
    )


def make(house: House, copy: Path, now: datetime) -> Contents:
    """Copy the store, and say what the copy is of: the instant before it began, as nothing older is missing in it."""
    with house.database() as database:
        copying.copy_to(database, copy)
        kind = "sqlite" if database.is_sqlite else "postgresql"
        found = copying.counts(database, COUNTED)
    return Contents(made_at=now, version=metadata.version("steadypost"), store=kind, counts=found)


def _documents(house: House) -> tuple[bytes | None, str]:
    return block_documents.or_why_not(house.settings.home, block_documents.read)


def _target(path: Path, now: datetime) -> Path:
    target = path / f"steadypost-{now:%Y%m%dT%H%M%SZ}.backup" if path.is_dir() else path
    if target.exists():
        raise Stop(
            Ending.REFUSED, "exists", f"{target} is there already", "name a file that is not there yet"
        )
    try:
        private.folder(target.parent)
    except OSError as error:
        told = error.strerror or type(error).__name__
        message = f"the folder {target.parent} cannot be made ({told})"
        raise Stop(Ending.REFUSED, "backup_folder", message, "name another folder") from None
    return target.absolute()


commands = {"backup": backup}
