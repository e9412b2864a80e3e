"""Keeps the revisions of circuits as block documents in Prefect, and reads what persons say of circuits."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import BlockDocumentCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from pydantic import ValidationError

from blocks.circuit import Circuit, CircuitRevision, document_name
from steadypost.domain.circuit import Revision, Said, newest
from tasks.block_documents import Document, all_of
from tasks.circuit_book import RevisionsAway
from tasks.retried import UNANSWERED, retried

ANSWER_WITHIN = 3.0
"""Seconds that Prefect may take for one answer before it counts as away. A post waits for none of them."""

BUSY_WAITS = (0.1, 0.3, 0.6)
"""Seconds, with jitter, between retries to a busy server."""

T = TypeVar("T")

log = logging.getLogger("steadypost")


class PrefectBook:
    """Revisions in Prefect. One kept client, no retries of its own: the caller decides what follows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: SyncPrefectClient | None = None
        self._seen: dict[str, UUID] = {}
        """The ids of the documents of the last reading, so that removing one needs no other."""

    def create(self, circuit: str, revision: Revision) -> None:
        """Create a revision, or not when its number is taken."""
        block, name = CircuitRevision.of(circuit, revision), document_name(circuit, revision.number)
        self._ask(lambda client: create(client, block, name))

    def read(self, circuit: str) -> list[Revision]:
        """Read all revisions of a circuit."""
        return self.read_all().get(circuit, [])

    def read_all(self) -> dict[str, list[Revision]]:
        """Read all revisions of all circuits, in one call."""

        def read(client: SyncPrefectClient) -> dict[str, list[Revision]]:
            documents = all_of(client, CircuitRevision)
            self._seen = {document.name: document.id for document in documents}
            return revisions_of(documents)

        return self._ask(read)

    def remove(self, circuit: str, numbers: Iterable[int]) -> None:
        """Remove old revisions; what is gone already was removed by another process."""
        seen = self._seen
        names = [document_name(circuit, number) for number in numbers]

        def remove(client: SyncPrefectClient) -> None:
            for id_ in [seen[name] for name in names if name in seen]:
                with contextlib.suppress(ObjectNotFound):
                    client.delete_block_document(id_)

        self._ask(remove)

    def close(self) -> None:
        """End the kept client."""
        with self._lock:
            self._drop()

    def _ask(self, what: Callable[[SyncPrefectClient], T]) -> T:
        """Ask Prefect; failures are ``RevisionsAway``.

        A busy server (locked SQLite) is asked again: revisions have number and mark, so that is safe.
        """
        with self._lock, retried(0):
            for wait in (*BUSY_WAITS, None):
                try:
                    return what(self._connected())
                except (*UNANSWERED, RuntimeError) as error:
                    if _is_busy(error) and wait is not None:
                        time.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - to spread, not to hide
                        continue
                    self._drop()
                    raise RevisionsAway(f"Prefect's API is away ({_named(error)})") from error
        raise AssertionError("the last try ends it")

    def _connected(self) -> SyncPrefectClient:
        if self._client is None:
            self._client = get_client(sync_client=True, httpx_settings={"timeout": ANSWER_WITHIN})
            self._client.__enter__()
        return self._client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.__exit__(None, None, None)


def _is_busy(error: Exception) -> bool:
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code in {429, 503}


def _named(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return type(error).__name__


def create(client: SyncPrefectClient, block: Circuit | CircuitRevision, name: str) -> None:
    """Create a document, or not when there is one of this name. Nothing that stands is ever written over."""
    type_id, schema_id = _ids(type(block))
    written = block.model_dump(mode="json")
    data = {name: written[name] for name in type(block).model_fields if name in written}
    with contextlib.suppress(ObjectAlreadyExists):
        client.create_block_document(
            BlockDocumentCreate(name=name, data=data, block_type_id=type_id, block_schema_id=schema_id)
        )


def _ids(kind: type[Circuit | CircuitRevision]) -> tuple[UUID, UUID]:
    """Find under which ids Prefect knows a type; asked once in the life of a process."""
    if kind._block_type_id is None or kind._block_schema_id is None:  # noqa: SLF001 - registering sets them
        # Explicitly synchronous: Prefect must not take a task's thread for the event loop of its flow.
        kind.register_type_and_schema(_sync=True)  # type: ignore[call-arg]
    type_id, schema_id = kind._block_type_id, kind._block_schema_id  # noqa: SLF001 - the same
    if type_id is None or schema_id is None:
        raise RevisionsAway(f"Prefect gave no id to the type {kind.get_block_type_name()}")
    return type_id, schema_id


def revisions_of(documents: Iterable[Document]) -> dict[str, list[Revision]]:
    """Read documents as revisions. One edited into nonsense keeps its number and says what the one before said."""
    revisions: dict[str, list[Revision]] = defaultdict(list)
    nonsense: list[Document] = []
    for document in documents:
        try:
            block = CircuitRevision.model_validate(document.data)
            revisions[block.circuit].append(block.revision())
        except ValidationError:
            nonsense.append(document)
    for document in nonsense:
        circuit, _, number = document.name.rpartition("-")
        log.warning(
            "The circuit revision %r cannot be read; what the revision before it said serves", document.name
        )
        if number.isdecimal():
            before = newest(revision for revision in revisions[circuit] if revision.number < int(number))
            mark = f"edited {document.updated}"
            revisions[circuit].append(Revision(number=int(number), mark=mark, memory=before.memory))
    return dict(revisions)


def words_of(documents: Iterable[Document]) -> dict[str, Said]:
    """Read what persons say of circuits, by the circuit's name."""
    words: dict[str, Said] = {}
    for document in documents:
        try:
            words[document.name] = Circuit.model_validate(document.data).said(document.updated)
        except ValidationError as invalid:
            fields = ", ".join(".".join(map(str, problem["loc"])) for problem in invalid.errors())
            log.warning(
                "The circuit block %r says nothing: these fields do not fit: %s", document.name, fields
            )
    return words
