"""Opening an account from the command line; a browser, where its channel needs one, is its own and ends with it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from steadypost import prefect_address, private
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House

if TYPE_CHECKING:
    from steadypost.channels.port import Access, Channel
    from steadypost.store import Store


@contextlib.contextmanager
def opened(house: House, account: str, name: str, store: Store) -> Iterator[tuple[Channel, Access]]:
    """Open an account by its channel. Raises ``Stop`` where that cannot be."""
    # Before Prefect is loaded, which else would start a server of its own that knows no account.
    if not prefect_address.use(house.settings.home):
        message = f"accounts are kept in Prefect, and {prefect_address.UNKNOWN}"
        raise Stop(Ending.REFUSED, "prefect_away", message, prefect_address.REMEDY)
    from blocks.channels import CHANNELS  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait
    from steadypost.channels.port import Access, Means  # noqa: PLC0415

    block = _block(account)
    access = block.open(account)
    if not isinstance(access, Access):
        remedy = f"see its block '{account}' in Prefect's pages"
        raise Stop(Ending.REFUSED, "account", f"the account {account} cannot be opened: {access.why}", remedy)
    private.home(house.settings.home)
    means = Means(
        browser=lambda: browser(house, name),
        home=house.settings.home,
        tokens=store.tokens(house.settings.home),
    )
    with CHANNELS[block.channel].kind.open(means) as channel:
        yield channel, access


@contextlib.contextmanager
def browser(house: House, name: str) -> Iterator[Any]:
    """Start a browser for one command. Raises ``Stop`` where none starts."""
    from steadypost.browser import BrowserError, BrowserRunner, LaunchSettings  # noqa: PLC0415 - only where one is opened

    try:
        runner = BrowserRunner.start(LaunchSettings(), private.folder(house.settings.run_dir), name)
    except BrowserError as error:
        message = f"no browser starts ({type(error).__name__}), and this channel needs one"
        raise Stop(Ending.REFUSED, "browser", message, "see 'steadypost doctor'") from None
    try:
        yield runner
    finally:
        runner.close()


def _block(account: str) -> Any:
    from tasks import documents  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

    try:
        found = documents.read().accounts.get(account)
    except documents.ApiAway as away:
        message = f"Prefect's API is away ({away}), and the account's sign-in is kept there"
        raise Stop(Ending.REFUSED, "api_away", message, "see 'steadypost doctor'") from None
    if found is None:
        message = f"there is no block for the account {account}"
        raise Stop(Ending.REFUSED, "account", message, f"set it up: steadypost account add {account}")
    return found
