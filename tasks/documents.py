"""Reads the blocks the flows work with, all in a few calls, and says honestly when it cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import httpx
from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError
from pydantic import ValidationError

from blocks import OnCall, StoreAddress, Switches, XAccount
from blocks.on_call import DOCUMENT as ON_CALL_DOCUMENT
from blocks.store_address import DOCUMENT as STORE_DOCUMENT
from blocks.switches import DOCUMENT as SWITCHES_DOCUMENT


class ApiAway(Exception):
    """Prefect's API did not answer, or answered with an error of its own."""


@dataclass(frozen=True, kw_only=True)
class Documents:
    """What the blocks said at one moment."""

    accounts: dict[str, XAccount]
    switches: Switches
    unreadable: dict[str, str] = field(default_factory=dict)
    """Account documents that do not fit their type, by name, with the reason."""


def read() -> Documents:
    """Read every account and the switches; raises ``ApiAway``."""
    with _api() as client:
        accounts, unreadable = _accounts(client)
        switches = _one(client, Switches, SWITCHES_DOCUMENT) or Switches()
    return Documents(accounts=accounts, switches=cast("Switches", switches), unreadable=unreadable)


def store_url() -> str | None:
    """Read the store's address from its block; ``None`` when there is no such document."""
    with _api() as client:
        block = _one(client, StoreAddress, STORE_DOCUMENT)
    return cast("StoreAddress", block).url.get_secret_value() if block else None


def on_call() -> OnCall:
    """Read who is to be told; raises ``ApiAway``."""
    with _api() as client:
        block = _one(client, OnCall, ON_CALL_DOCUMENT)
    return cast("OnCall", block) if block else OnCall()


class _api:  # noqa: N801 - reads as the context it is
    """A client for one reading, whose every failure is ``ApiAway``."""

    def __enter__(self) -> SyncPrefectClient:
        self._client = get_client(sync_client=True)
        return self._client.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._client.__exit__(kind, error, None)
        if isinstance(error, httpx.HTTPError | PrefectHTTPStatusError):
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


def _one(client: SyncPrefectClient, kind: type[Block], name: str) -> Block | None:
    documents = client.read_block_documents_by_type(
        block_type_slug=kind.get_block_type_slug(), include_secrets=True
    )
    found = next((document for document in documents if document.name == name), None)
    return Block._from_block_document(found) if found else None  # noqa: SLF001 - the public load costs a call each
