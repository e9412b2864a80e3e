"""What every command finds when it comes in: this machine's settings, and the store on request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from steadypost import private, settings
from steadypost.cli.endings import Ending, Stop

if TYPE_CHECKING:
    from steadypost.settings import Settings
    from steadypost.store import Store
    from steadypost.store.engine import Database


class House:
    """One call of the command line."""

    def __init__(self) -> None:
        self._given: str | None = None

    def given(self, store_url: str | None) -> None:
        """Take what the command line says of the store."""
        self._given = store_url

    @cached_property
    def settings(self) -> Settings:
        """This machine's settings, or the reason why they are not valid."""
        try:
            read = settings.read()
            private.keep(read.home)
        except settings.SettingsRefused as refused:
            names = ", ".join(wrong.name for wrong in refused.wrong)
            raise Stop(
                Ending.USAGE,
                "settings_refused",
                "; ".join(map(str, refused.wrong)),
                f"correct or unset {names}",
            ) from None
        return read

    @cached_property
    def store_url(self) -> str:
        """Where the store is: as the command line says, else as this machine's settings say."""
        if self._given is None:
            return self.settings.store_url
        try:
            return settings.store_address(self._given)
        except ValueError as wrong:
            shown = settings.without_password(self._given)
            raise Stop(Ending.USAGE, "store_address", f"--store {shown!r} is refused", str(wrong)) from None

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store for one command, or say why it cannot be."""
        from steadypost.store import Store  # noqa: PLC0415 - a quarter of a second that --help need not wait

        self._refuse_to_make_one()
        with Store.open(self.store_url) as opened:
            yield opened

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Open the database under the store, whatever its tables are, for what copies or replaces it as a whole."""
        from steadypost.store.engine import Database  # noqa: PLC0415 - as above

        self._refuse_to_make_one()
        opened = Database(self.store_url)
        try:
            yield opened
        finally:
            opened.engine.dispose()

    def _refuse_to_make_one(self) -> None:
        """Stop before SQLite makes an empty file of an address that was never initialised, or is a slip."""
        url = self.store_url
        if url.startswith("sqlite") and not sqlite_file(url).exists():
            message = f"there is no store at {settings.without_password(url)}"
            raise Stop(
                Ending.STORE,
                "store_missing",
                message,
                "make one with 'steadypost init', or check the address",
            )


def sqlite_file(url: str) -> Path:
    """Find the file in the address of a SQLite store."""
    return Path(url.partition("://")[2].partition("?")[0].removeprefix("/"))
