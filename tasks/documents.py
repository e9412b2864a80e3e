"""Reads the blocks the flows work with, all in a few calls, and says honestly when it cannot."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import BlockDocumentUpdate
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from pydantic import ValidationError

from blocks import Circuit, OnCall, StoreAddress, Switch, Switches, XAccount
from blocks.on_call import DOCUMENT as ON_CALL_DOCUMENT
from blocks.store_address import DOCUMENT as STORE_DOCUMENT
from blocks.switches import DOCUMENT as SWITCHES_DOCUMENT
from blocks.switches import strangers
from steadypost.domain.circuit import Page, Said
from tasks.circuit_pages import create, pages_of, words_of

ANSWER_WITHIN = 10.0
"""Seconds that Prefect may take for one answer. Whoever reads has the last known documents meanwhile."""


class ApiAway(Exception):
    """Prefect's API did not answer, or answered with an error of its own."""


@dataclass(frozen=True, kw_only=True)
class Documents:
    """What the blocks said at one moment."""

    accounts: dict[str, XAccount]
    switches: Switches | None
    """``None``: their document does not fit its type, and the last known ones serve."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Account documents that do not fit their type, by name, with the reason."""
    pages: dict[str, list[Page]] = field(default_factory=dict)
    """How the circuits stand, by their names."""
    words: dict[str, Said] = field(default_factory=dict)
    """What persons say of circuits, by their names."""
    wrong_switches: tuple[str, ...] = ()
    """What is wrong with the switches' document, each with what to do instead."""


def read() -> Documents:
    """Read every account and the switches; raises ``ApiAway``."""
    with _api() as client:
        accounts, unreadable = _accounts(client)
        switches, wrong = _switches(client)
        pages, words = pages_of(client), words_of(client)
    return Documents(
        accounts=accounts,
        switches=switches,
        unreadable=unreadable,
        wrong_switches=wrong,
        pages=pages,
        words=words,
    )


def make_circuits(names: Iterable[str]) -> None:
    """Put a block there for each circuit that has none, for persons to find and to edit; raises ``ApiAway``."""
    with _api() as client:
        for name in names:
            create(client, Circuit(), name)


def store_url() -> str | None:
    """Read the store's address from its block; ``None`` when there is no such document."""
    with _api() as client:
        block = _one(client, StoreAddress, STORE_DOCUMENT)
    return cast("StoreAddress", block).url.get_secret_value() if block else None


def switches() -> tuple[Switches | None, tuple[str, ...]]:
    """Read the switches, and what is wrong with their document; raises ``ApiAway``."""
    with _api() as client:
        return _switches(client)


def change_switch(name: str, change: Callable[[Switch], Switch]) -> tuple[Switch, Switch]:
    """Change one switch, and leave the others to whoever changes them meanwhile; answers it before and after.

    Prefect has no compare-and-set for blocks (facts.md). Only this one switch is sent, which the server lays over what
    is there, and what came of it is read back: raises ``ChangedMeanwhile`` when that is somebody else's word.
    """
    with _api() as client:
        document = _document(client, Switches, SWITCHES_DOCUMENT)
        if document is None:
            raise NoDocument(SWITCHES_DOCUMENT)
        before = _named(name, document)
        after = change(before)
        client.update_block_document(
            document.id,
            BlockDocumentUpdate(data={name: after.model_dump(mode="json")}, merge_existing_data=True),
        )
        written = _document(client, Switches, SWITCHES_DOCUMENT)
        if written is None or _named(name, written) != after:
            raise ChangedMeanwhile(name)
    return before, after


def _named(name: str, document: BlockDocument) -> Switch:
    return Switch.model_validate(document.data.get(name) or {})


class NoDocument(LookupError):
    """There is no document of the switches yet: deployments makes it."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the same switch at the same moment; theirs is in force."""


def on_call() -> OnCall:
    """Read who is to be told; raises ``ApiAway``."""
    with _api() as client:
        block = _one(client, OnCall, ON_CALL_DOCUMENT)
    return cast("OnCall", block) if block else OnCall()


@contextlib.contextmanager
def _api() -> Iterator[SyncPrefectClient]:
    """Open a client for one reading, whose every failure is ``ApiAway``, and soon.

    It is a client of our own: the one that a flow has open repeats what is refused for a minute, and with it the run
    would stand still for as long.
    """
    settings: dict[str, Any] = {"timeout": ANSWER_WITHIN}
    if not (PREFECT_API_URL.value() or "").startswith("https:"):
        # Nothing is encrypted, so nobody's certificate counts. Reading all of them anew for each reading, as Prefect
        # does, takes 30 ms in which no other thread of this process goes on.
        settings["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        with (
            temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1}),
            get_client(sync_client=True, httpx_settings=settings) as client,
        ):
            yield client
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        raise ApiAway(type(error).__name__) from error


def _accounts(client: SyncPrefectClient) -> tuple[dict[str, XAccount], dict[str, str]]:
    documents = client.read_block_documents_by_type(
        block_type_slug=XAccount.get_block_type_slug(), include_secrets=True
    )
    accounts: dict[str, XAccount] = {}
    unreadable: dict[str, str] = {}
    for document in documents:
        try:
            accounts[document.name or ""] = cast("XAccount", Block._from_block_document(document))  # noqa: SLF001 - the public load costs a call each
        except ValidationError as invalid:
            fields = ", ".join(".".join(map(str, problem["loc"])) for problem in invalid.errors())
            unreadable[document.name or ""] = f"these fields do not fit: {fields}"
    return accounts, unreadable


def _switches(client: SyncPrefectClient) -> tuple[Switches | None, tuple[str, ...]]:
    """Take the switches as far as they can be meant: a name that is none of ours is left out, and named."""
    document = _document(client, Switches, SWITCHES_DOCUMENT)
    if document is None:
        return Switches(), ()
    unknown = strangers(document.data)
    document.data = {name: value for name, value in document.data.items() if name not in unknown}
    try:
        return cast("Switches", Block._from_block_document(document)), tuple(unknown.values())  # noqa: SLF001 - the public load costs a call each
    except ValidationError as invalid:
        wrong = [f"{'.'.join(map(str, one['loc'])) or 'switches'}: {one['msg']}" for one in invalid.errors()]
        return None, (*unknown.values(), *wrong)


def _one(client: SyncPrefectClient, kind: type[Block], name: str) -> Block | None:
    found = _document(client, kind, name)
    return Block._from_block_document(found) if found else None  # noqa: SLF001 - the public load costs a call each


def _document(client: SyncPrefectClient, kind: type[Block], name: str) -> BlockDocument | None:
    documents = client.read_block_documents_by_type(
        block_type_slug=kind.get_block_type_slug(), include_secrets=True
    )
    return next((document for document in documents if document.name == name), None)
