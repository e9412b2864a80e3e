"""``steadypost restore``: an old store in the place of a lost one, without asking for anything a second time."""

from __future__ import annotations

import contextlib
import shlex
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from steadypost import private
from steadypost.cli import archive, block_documents, speech
from steadypost.cli.archive import DOCUMENTS, KEYS, STORE, Contents
from steadypost.cli.command import command
from steadypost.cli.commands.backup import make
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House, sqlite_file
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.cli.up.lock import started
from steadypost.domain import clock
from steadypost.settings import without_password
from steadypost.store import Schema, Store, StoreError, copying, restores, tables, watches
from steadypost.store.acts import By
from steadypost.store.engine import Database
from steadypost.store.restores import Unsure

FRESH = timedelta(seconds=60)
"""A store whose watches were heard of so lately is at work."""

THE_WORD = (
    "whatever still works with the lost store, on this machine or another, goes on publishing what the restored store "
    "publishes too"
)


@command("restore")
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option(
    "--nothing-runs",
    is_flag=True,
    help="Your word that nothing works with the lost store any more, on any machine.",
)
@click.option(
    "--accounts-only",
    is_flag=True,
    help="Only put back what is missing in Prefect: accounts, switches, who is on call.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be put unconfirmed, and change nothing.")
@signed(why_is_required=True)
def restore(
    house: House,
    *,
    path: Path,
    nothing_runs: bool,
    accounts_only: bool,
    dry_run: bool,
    by: str | None,
    why: str,
) -> Answer:
    """Put a backup in the place of the store, and look for all that may have been sent since before sending it.

    What was due since the backup, and what was under way when it was made, is unconfirmed: it counts against the quota,
    and is asked for only after looks have proven that it is not live. The store as it was is kept aside.
    """
    who, now = signature_of(by, why, why_is_required=True), clock.now()
    if accounts_only:
        return _only_accounts(house, path)
    if not nothing_runs and not dry_run:
        remedy = "stop it, or cut its machine off and revoke the accounts' sign-ins; then say --nothing-runs"
        raise Stop(Ending.USAGE, "nothing_runs", THE_WORD, remedy)
    signed_by = By(name=who.by, why=who.why)
    with archive.opened(path) as backup, _workshop(house) as folder:
        _not_from_the_future(backup.contents, now)
        copy = folder / STORE
        backup.extract(STORE, copy)
        unconfirmed = prepare(copy, backup.contents, signed_by, now)
        if not dry_run:
            _refuse_while_at_work(house, now)
            # Read first: whatever is wrong with the file is found before anything is changed.
            keys = {name: backup.read(f"{KEYS}{name}") for name in backup.contents.keys}
            documents = backup.read(DOCUMENTS) if backup.contents.has_documents else None
            aside = _put_in_place(house, copy, now)
            told = [f"the store as it was: {aside or 'there was none'}", *_put_keys(house, keys, now)]
            documents_told, ending = _put_documents(house, documents, path)
            told.append(documents_told)
        else:
            told, ending = ["nothing was changed"], Ending.OK
    if path.stat().st_mode & 0o077:
        told.append(f"Others can read the backup, which holds secrets: chmod 600 {path}")
    return _answer(backup.contents, unconfirmed, told, house.settings.zone, dry_run=dry_run, ending=ending)


def _only_accounts(house: House, path: Path) -> Answer:
    with archive.opened(path) as backup:
        documents = backup.read(DOCUMENTS) if backup.contents.has_documents else None
    told, ending = _put_documents(house, documents, path)
    return Answer(document={"told": [told]}, tell=lambda console: speech.tell(console, told), ending=ending)


def prepare(copy: Path, contents: Contents, by: By, now: datetime) -> Unsure:
    """Bring a copy to this version, and put unconfirmed what it cannot know; nothing else has it open."""
    copying.check_copy(copy)
    database = Database(f"sqlite:///{copy}")
    try:
        tables.migrate(database)
        with database.writing() as connection:
            found = restores.begin(connection, made_at=contents.made_at, by=by, now=now)
        copying.close_copy(database)
    finally:
        database.engine.dispose()
    return found


@contextlib.contextmanager
def _workshop(house: House) -> Any:
    """Give a folder on the disk on which the store will be, for this user alone."""
    url = house.store_url
    beside = sqlite_file(url).parent if url.startswith("sqlite") else house.settings.home
    private.folder(beside)
    with archive.workshop(beside, ".restore-") as folder:
        yield folder


def _not_from_the_future(contents: Contents, now: datetime) -> None:
    if contents.made_at > now:
        made, here = f"{contents.made_at:%Y-%m-%d %H:%M:%S} UTC", f"{now:%Y-%m-%d %H:%M:%S} UTC"
        message = f"the backup was made at {made}, and by this machine's clock it is {here}"
        raise Stop(
            Ending.REFUSED, "clock", message, "set this machine's clock; what is looked for depends on it"
        )


def _refuse_while_at_work(house: House, now: datetime) -> None:
    """Stop where the store that is there is at work. One that cannot be read tells nothing; there the word has to do."""
    if started(house.settings.home):
        message = f"'steadypost up' runs for {house.settings.home}"
        raise Stop(Ending.REFUSED, "at_work", message, "end it, wait a minute, and restore again")
    if house.store_url.startswith("sqlite") and not sqlite_file(house.store_url).exists():
        return
    try:
        # Whatever version's its tables are: who goes back to an earlier one may have left the later one running.
        with Store.at(house.store_url) as store:
            at_work = [watch.flow for watch in store.read(watches.every) if now - watch.heartbeat_at < FRESH]
    except StoreError:
        return
    if at_work:
        message = f"the store is in use: {', '.join(sorted(at_work))} sent a heartbeat less than a minute ago"
        raise Stop(Ending.REFUSED, "at_work", message, "stop it, wait a minute, and restore again")


def _put_in_place(house: House, copy: Path, now: datetime) -> str:
    """Put the copy where the store is kept; answer where what was there is now."""
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    if not house.store_url.startswith("sqlite"):
        _refuse_later_tables(house)
        aside = private.folder(house.settings.home / "backups") / f"before-restore-{stamp}.backup"
        kept = _keep_aside(house, aside, now)
        with house.database() as database:
            copying.put_rows(copy, database)
        return kept
    target = sqlite_file(house.store_url)
    if not target.exists():
        copying.put_file(copy, target, None)
        return ""
    with house.database() as database:
        _retire(database)
    kept_as = target.with_name(f"{target.name}.before-restore-{stamp}")
    copying.put_file(copy, target, kept_as)
    return str(kept_as)


def _refuse_later_tables(house: House) -> None:
    """Stop where a later version has changed the tables in PostgreSQL, which this one can neither empty nor keep."""
    with Store.at(house.store_url) as store:
        if store.schema() is Schema.AHEAD:
            message = f"the tables at {without_password(store.address)} are a later version's"
            remedy = (
                "make a new, empty database, name it with --store or STEADYPOST_STORE_URL on every machine, and restore "
                "into that; nothing was changed"
            )
            raise Stop(Ending.REFUSED, "tables_ahead", message, remedy)


def _keep_aside(house: House, aside: Path, now: datetime) -> str:
    """Make a backup of what is there, where that is a store at all."""
    with archive.workshop(aside.parent, ".aside-") as folder:
        try:
            contents = make(house, folder / STORE, now)
        except StoreError:
            return ""
        archive.write(aside, contents, {STORE: folder / STORE}, folder)
    return str(aside)


def _retire(database: Database) -> None:
    """Take the lost store out of work, as far as it can still be read and written."""
    with contextlib.suppress(StoreError, SQLAlchemyError):
        copying.retire(database)


def _put_keys(house: House, keys: dict[str, bytes], now: datetime) -> list[str]:
    told = []
    for name, key in keys.items():
        file = private.folder(house.settings.home) / name
        if file.exists() and file.read_bytes() == key:
            told.append(f"{name}: was here")
        elif file.exists() and name != "tokens.key":
            told.append(f"{name}: another one is here, and stays")
        else:
            if file.exists():
                file.replace(file.with_name(f"{name}.before-restore-{now:%Y%m%dT%H%M%SZ}"))
            private.write(file, key)
            told.append(f"{name}: restored")
    return told


def _put_documents(house: House, documents: bytes | None, path: Path) -> tuple[str, Ending]:
    """Put back what is kept in Prefect; answers what to say, and whether there is something left to do."""
    if documents is None:
        remedy = "enter them with 'steadypost account add' and 'steadypost switches'"
        return f"accounts, switches, who is on call: not in the backup; {remedy}", Ending.OK
    made, why_not = block_documents.or_why_not(
        house.settings.home, lambda: block_documents.put_back(documents)
    )
    if made is None:
        then = f"steadypost restore {shlex.quote(str(path))} --accounts-only --why TEXT"
        told = (
            f"accounts, switches, who is on call: not restored ({why_not}). Until they are, nothing goes out. Start "
            f"Steadypost, then: {then}"
        )
        return told, Ending.REFUSED
    told = (
        f"in Prefect made anew: {', '.join(made)}"
        if made
        else "accounts: all were here, and stay as they are"
    )
    return told, Ending.OK


def _answer(
    contents: Contents, unconfirmed: Unsure, told: list[str], zone: str, *, dry_run: bool, ending: Ending
) -> Answer:
    document = {
        "made_at": speech.iso(contents.made_at),
        "unconfirmed": unconfirmed.due,
        "ahead": unconfirmed.ahead,
        "dry_run": dry_run,
        "told": told,
    }
    would = "would be looked for" if dry_run else "are looked for"
    lines = [
        f"The backup of {contents.made_at:%Y-%m-%d %H:%M:%S} UTC {'would be' if dry_run else 'is'} the store.",
        f"{unconfirmed.due} deliveries that may have been sent since {would}.",
        f"{unconfirmed.ahead} deliveries whose time is to come.",
        "Each goes out only after looks have proven that it is not live.",
        *told,
    ]
    if not dry_run:
        lines.append(
            "What came in after the backup is not in it. Start Steadypost; 'steadypost queue' shows what is unconfirmed."
        )
    return Answer(
        document=document,
        tell=lambda console: speech.tell_lines(console, speech.by_clocks_of(zone, "\n".join(lines))),
        ending=ending,
    )


commands = {"restore": restore}
