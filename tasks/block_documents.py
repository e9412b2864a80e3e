"""Documents of Prefect's blocks, read by plain calls: Prefect's loader emits an event each, gigabytes a day."""

from __future__ import annotations

import contextlib
import hashlib
import json
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

from blocks import Circuit, CircuitRevision, Switches
from blocks.channels import CHANNELS
from tasks.retried import UNANSWERED, retried

ANSWER_WITHIN = 10.0
"""Seconds that Prefect may take for one answer. The last known documents serve meanwhile."""

ACCOUNTS: Mapping[str, type[Block]] = {
    one.block.get_block_type_slug(): one.block for one in CHANNELS.values()
}
"""The types of account blocks, by their slugs."""

KINDS: tuple[type[Block], ...] = (*ACCOUNTS.values(), Switches, CircuitRevision, Circuit)
"""What the flows read again and again."""


class ApiAway(Exception):
    """Prefect's API did not answer, or answered with an error of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document, with its secrets."""

    id: UUID
    kind: str
    """The slug of its type."""
    name: str
    data: Mapping[str, Any]
    created: datetime | None
    updated: datetime | None

    @classmethod
    def of(cls, found: BlockDocument, kind: str = "") -> Self:
        """Keep what is needed of Prefect's answer, which is forty times as large."""
        return cls(
            id=found.id,
            kind=kind or (found.block_type.slug if found.block_type else ""),
            name=found.name or "",
            data=found.data,
            created=found.created,
            updated=found.updated,
        )

    def fingerprint(self) -> str:
        """Mark what it says, so that the same again is known; of its secrets nothing can be read from it."""
        told = json.dumps(self.data, sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()

    def written(self) -> dict[str, Any]:
        """Write it as JSON, secrets and all."""
        return {
            "id": str(self.id),
            "kind": self.kind,
            "name": self.name,
            "data": dict(self.data),
            "created": self.created.isoformat() if self.created else None,
            "updated": self.updated.isoformat() if self.updated else None,
        }

    @classmethod
    def from_written(cls, told: Mapping[str, Any]) -> Self:
        """Read it again."""
        return cls(
            id=UUID(told["id"]),
            kind=told["kind"],
            name=told["name"],
            data=told["data"],
            created=datetime.fromisoformat(told["created"]) if told["created"] else None,
            updated=datetime.fromisoformat(told["updated"]) if told["updated"] else None,
        )


@contextlib.contextmanager
def api() -> Iterator[SyncPrefectClient]:
    """Open a client for one reading. It fails fast, and only with ``ApiAway``."""
    with asking(), new_client() as client:
        yield client


def new_client() -> SyncPrefectClient:
    """Make our own client: the flow's repeats what is refused for a minute."""
    settings: dict[str, Any] = {"timeout": ANSWER_WITHIN}
    if not (PREFECT_API_URL.value() or "").startswith("https:"):
        # Nothing is encrypted, so no certificates are needed. Loading all of them for each reading, as Prefect
        # does, takes 30 ms in which no other thread of this process goes on.
        settings["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return get_client(sync_client=True, httpx_settings=settings)


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Have what is not answered repeated once, and every failure be ``ApiAway``."""
    try:
        with retried(1):
            yield
    except UNANSWERED as error:
        raise ApiAway(type(error).__name__) from error


def all_of(client: SyncPrefectClient, kind: type[Block]) -> list[Document]:
    """Read every document of a type."""
    slug = kind.get_block_type_slug()
    try:
        found = client.read_block_documents_by_type(block_type_slug=slug, include_secrets=True)
    except ObjectNotFound:
        return []  # a type that this server does not know has no documents
    except PrefectHTTPStatusError as error:
        if error.response.status_code != 404:
            raise
        return []
    return [Document.of(one, slug) for one in found]


def every(client: SyncPrefectClient, kinds: Iterable[type[Block]] = KINDS) -> list[Document]:
    """Read every document of these types."""
    return [one for kind in kinds for one in all_of(client, kind)]


def one_of(client: SyncPrefectClient, kind: type[Block], name: str) -> Document | None:
    """Read one document of a type; ``None`` when there is none of this name."""
    return next((one for one in all_of(client, kind) if one.name == name), None)
