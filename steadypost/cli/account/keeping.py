"""What is there of an account, and keeping a new one: its sign-in, its block and its line in the store, or nothing."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadypost import prefect_address, settings
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.domain import clock
from steadypost.domain.circuit import Position
from steadypost.domain.token import Token, Unreadable
from steadypost.store import Store
from steadypost.store import accounts as account_rows
from steadypost.store.tokens import Tokens

if TYPE_CHECKING:
    from prefect.blocks.core import Block

    from blocks import AccountBlock, Circuit


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The accounts that have a block."""

    blocks: dict[str, AccountBlock]
    unreadable: dict[str, str]

    def has(self, name: str) -> bool:
        """Whether a block has this name."""
        return name in self.blocks or name in self.unreadable


def known() -> Known:
    """Read the account blocks, or stop with what is in the way."""
    # Before Prefect is loaded: it would send word of its use, and say so in the midst of the questions.
    if not prefect_address.use(settings.read().home) and not _api_url():
        message = "accounts are kept in Prefect, and PREFECT_API_URL is not set"
        remedy = "start everything with 'steadypost up', or set it: export PREFECT_API_URL=http://127.0.0.1:4200/api"
        raise Stop(Ending.REFUSED, "prefect_away", message, remedy)
    from tasks import documents  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

    # At the end it would count, on standard error, the events that it has not sent yet.
    logging.getLogger("EventsWorker").setLevel(logging.CRITICAL)
    try:
        blocks, unreadable = documents.accounts()
    except documents.ApiAway as away:
        raise _away(str(away)) from None
    return Known(blocks=blocks, unreadable=unreadable)


def entered() -> dict[str, Block]:
    """Read what an operator entered beside the accounts: the switches, and who is on call; ``Stop`` as above."""
    from tasks import documents  # noqa: PLC0415 - as above

    try:
        switches, _ = documents.switches()
        on_call = documents.on_call()
    except documents.ApiAway as away:
        raise _away(str(away)) from None
    return {"on_call": on_call} if switches is None else {"on_call": on_call, "switches": switches}


def forced() -> dict[str, Circuit]:
    """Read what persons say of circuits for as long as they do not say otherwise, by the circuit; ``Stop`` as above."""
    from tasks import documents  # noqa: PLC0415 - as above

    try:
        circuits = documents.circuits()
    except documents.ApiAway as away:
        raise _away(str(away)) from None
    once = {Position.AUTOMATIC, Position.CLOSED}
    return {name: circuit for name, circuit in circuits.items() if circuit.position not in once}


def _api_url() -> str:
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - as above

    return os.environ.get("PREFECT_API_URL") or PREFECT_API_URL.value() or ""


def _away(why: str) -> Stop:
    message = f"Prefect's API at {_api_url()} cannot be reached ({why}), and accounts are kept there"
    return Stop(
        Ending.REFUSED,
        "prefect_away",
        message,
        (
            "start everything with 'steadypost up', or correct PREFECT_API_URL; a server that runs may be busy: try again"
        ),
    )


def refuse_twin(name: str, block: AccountBlock, there: Known) -> None:
    """Stop where another block is the same account on the same network."""
    from blocks.account import taken  # noqa: PLC0415 - as above

    for other, one in there.blocks.items():
        if other != name and one.who() == block.who():
            why, _, remedy = taken(name, block.handle, other).rpartition(": ")
            raise Stop(Ending.REFUSED, "handle_taken", why, remedy)


def keep(house: House, name: str, block: AccountBlock, token: Token | None) -> None:
    """Keep all of it. The sign-in comes first: a block whose token is not kept would ask with one that was used."""
    with house.store() as store, _token_kept(store, house, name, token):
        save(name, block)
        _note(store, name, block)


@contextlib.contextmanager
def _token_kept(store: Store, house: House, name: str, token: Token | None) -> Iterator[None]:
    """Keep a sign-in, and put back what was there when the rest cannot be kept."""
    tokens = store.tokens(house.settings.home)
    before = _readable(tokens, name)
    if token is None:
        yield
        return
    tokens.put(name, token)
    try:
        yield
    except BaseException:  # also Ctrl-C puts the old sign-in back
        _put_back(tokens, name, before)
        raise


def _readable(tokens: Tokens, name: str) -> Token | None:
    """Give the token that is kept; one that cannot be read any more is in the way of every other, and is dropped."""
    try:
        return tokens.current(name)
    except Unreadable:
        tokens.forget(name)
        return None


def _put_back(tokens: Tokens, name: str, before: Token | None) -> None:
    if before is None:
        tokens.forget(name)
    else:
        tokens.put(name, before)


def save(name: str, block: Block) -> None:
    """Make the block document, or replace it, or stop with what is in the way."""
    import httpx  # noqa: PLC0415 - as above
    from prefect.exceptions import PrefectHTTPStatusError  # noqa: PLC0415
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings  # noqa: PLC0415

    from blocks import HandleTaken  # noqa: PLC0415

    try:
        with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1}):
            block.save(name, overwrite=True)
    except HandleTaken as twin:
        why, _, remedy = str(twin).rpartition(": ")
        raise Stop(Ending.REFUSED, "handle_taken", why, remedy) from None
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        raise _away(type(error).__name__) from None


def _note(store: Store, name: str, block: AccountBlock) -> None:
    """Make the account known at once; the publisher would do it within five seconds."""
    from tasks.records import record_of  # noqa: PLC0415 - as above

    store.write(account_rows.put, record_of(name, block), now=clock.now())
