"""``steadypost init``, and ``migrate``."""

from __future__ import annotations

from steadypost import private
from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House, sqlite_file
from steadypost.cli.speech import Answer
from steadypost.settings import without_password
from steadypost.store import Store


def make_current(house: House) -> Answer:
    """Make the store, or bring its tables to this version. Harmless when they are."""
    _make_folder(house.store_url)
    with Store.at(house.store_url) as store:
        before = store.schema()
        store.migrate()
        after, address = store.schema(), without_password(store.address)
    document = {"store": address, "before": str(before), "now": str(after)}
    done = "was current already" if before == after else f"was {before}, is {after}"
    return Answer(document=document, tell=lambda console: speech.tell(console, f"{address}: {done}"))


def _make_folder(url: str) -> None:
    """Make the folder of a SQLite store, for this user only."""
    if not url.startswith("sqlite"):
        return
    folder = sqlite_file(url).parent
    try:
        private.folder(folder)
    except OSError as error:
        told = error.strerror or type(error).__name__
        message = f"the folder {folder} cannot be made ({told})"
        remedy = "name another with STEADYPOST_HOME or --store, or let this user write there"
        raise Stop(Ending.STORE, "store_folder", message, remedy) from None


commands = {name: command(name)(make_current) for name in ("init", "migrate")}
