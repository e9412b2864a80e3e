"""Reads the blocks again and again, and of them only what has changed by Prefect's events; switches every time.

Events may be late, lost or off: all is read every two minutes, and always once a change came without event. Of the
processes of a machine one reads, and the others learn whether there is anything new.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import PrefectHTTPStatusError

from blocks import Switches
from tasks.block_documents import KINDS, ApiAway, Document, asking, every, new_client
from tasks.documents import Documents, Made, assembled
from tasks.shared_reading import SharedReading, Told, mark_of

READ_EVERY = 3.5
"""Seconds after which the blocks are read again, by one process of the machine."""

LISTENS_EVERY = 1.0
"""Seconds between two looks at whether another process has read them."""

ALL_EVERY = 120.0
"""Seconds after which everything is read again, whatever the events say."""

TOLD_WITHIN = timedelta(seconds=30)
"""How late an event may come: by default the server writes them in batches every five seconds."""

WRITTEN_WITHIN = timedelta(seconds=10)
"""How long after an event a reading may still give the old document: the event precedes the last write."""

MOST_EVENTS = 50
"""The most that Prefect tells of at once. Where there are more, reading all is cheaper."""

PREFIX = "prefect.block-document."
"""With this the id of a document begins, as a resource of Prefect's events."""

PAGE = 200
"""The most documents that Prefect gives in one answer."""

OURS = frozenset(kind.get_block_type_slug() for kind in KINDS)
SWITCHES = Switches.get_block_type_slug()


class BlockReader:
    """A cache of the documents that keeps itself up to date. Threads of a process may share it."""

    def __init__(
        self, known: Iterable[Document] = (), *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._documents = {one.id: one for one in known}
        self._made: Made = {}
        self._last: Documents | None = None
        self._all_at: float | None = None
        """When everything was read last."""
        self._seen: dict[UUID, datetime] = {}
        """The events that need not be followed again, with when they occurred."""
        self._trusts_events = True
        self._client: SyncPrefectClient | None = None
        self._ahead = timedelta(0)
        """How far the server's clock is ahead of this machine's."""
        self._others: SharedReading | None = None
        self._mark = ""
        self._leads = True
        self._asked_at = self._current_at = clock()
        """When this process read last, or tried to; and when it knew last that its documents were the present ones."""

    def share(self, others: SharedReading) -> None:
        """Read no more than the processes of this machine need together."""
        self._others = others

    def read(self) -> Documents:
        """Read what has changed, the same object if nothing; raises ``ApiAway``, and then what was known stays known."""
        with self._lock:
            told = self._fresh()
            self._leads = told is None
            if told is not None and told.mark == self._mark:
                self._all_at = max(told.all_at, self._all_at or told.all_at)
                self._current_at = told.at
                return self._taken(self._documents)
            moment = self._asked_at = self._clock()
            try:
                with asking():
                    client = self._connected()
                    taken = self._taken(
                        self._all(client) if self._is_time_for_all() else self._changed(client)
                    )
                    if told is not None and told.mark != self._mark:
                        # It told of something that no event tells of.
                        taken = self._taken(self._all(client))
            except ApiAway:
                self._drop()
                raise
            self._current_at = moment
            if told is None and self._others is not None and self._all_at is not None:
                self._others.tell(Told(at=moment, all_at=self._all_at, mark=self._mark))
            return taken

    def wait(self, end: threading.Event) -> bool:
        """Wait until it is time to read: after a while, or as soon as another process has. ``True``: told to end."""
        if self._others is None:
            return end.wait(READ_EVERY)
        # Never at once: where a circuit keeps it from reading, it is asked again and again.
        while not end.wait(min(LISTENS_EVERY, max(LISTENS_EVERY / 4, self._due() - self._clock()))):
            if self._fresh() is not None or self._clock() >= self._due():
                return False
        return True

    def _due(self) -> float:
        """Say when to read. Who read last reads next; the others are a little later, and only if it does not."""
        return self._latest() + READ_EVERY + (0.0 if self._leads else LISTENS_EVERY)

    def _latest(self) -> float:
        return max(self._asked_at, self._current_at)

    def _fresh(self) -> Told | None:
        """Give what another process has read since this one knew the present documents, if that was a moment ago."""
        told = self._others.told() if self._others is not None else None
        if told is None or not self._latest() < told.at <= self._clock() < told.at + READ_EVERY:
            return None
        return told

    def known(self) -> Documents:
        """Give the cached documents, without a call."""
        with self._lock:
            return self._taken(self._documents)

    def _connected(self) -> SyncPrefectClient:
        """Keep one client: each new one asks the server for a token of its own before it asks anything."""
        if self._client is None:
            self._client = new_client()
            self._client.__enter__()
        return self._client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            # It failed, and closing it may fail the same way; the next reading opens another.
            with contextlib.suppress(httpx.HTTPError, PrefectHTTPStatusError, RuntimeError, OSError):
                client.__exit__(None, None, None)

    def close(self) -> None:
        """End the kept client."""
        with self._lock:
            self._drop()

    def _taken(self, found: dict[UUID, Document]) -> Documents:
        if self._last is None or found != self._documents:
            self._documents = found
            self._made = {id_: one for id_, one in self._made.items() if id_ in found}
            self._last = assembled(found.values(), self._made)
            self._mark = mark_of(found.values())
        return self._last

    def _is_time_for_all(self) -> bool:
        return self._all_at is None or not self._trusts_events or self._clock() - self._all_at >= ALL_EVERY

    def _all(self, client: SyncPrefectClient) -> dict[UUID, Document]:
        """Read everything. The events are asked for first: what happens meanwhile is read once more."""
        moment, events = self._events(client)
        found = {one.id: one for one in every(client)}
        if self._all_at is not None:
            self._trusts_events = self._trusts_events and not self._untold(found, moment, events)
        self._all_at = self._clock()
        self._note(moment, events)
        return found

    def _untold(
        self, found: Mapping[UUID, Document], moment: datetime, events: list[Mapping[str, Any]]
    ) -> bool:
        """Whether something has changed a while ago of which no event told."""
        told = {_document(one) for one in events}
        settled = moment - TOLD_WITHIN
        return any(
            one != self._documents.get(id_) and id_ not in told and one.updated and one.updated < settled
            for id_, one in found.items()
        )

    def _changed(self, client: SyncPrefectClient) -> dict[UUID, Document]:
        moment, events = self._events(client)
        if len(events) >= MOST_EVENTS:
            return self._all(client)
        named = {_document(one) for one in events if UUID(one["id"]) not in self._seen}
        self._note(moment, events)
        found = {id_: one for id_, one in self._documents.items() if id_ not in named}
        for document in [*_by_id(client, named), *_switches(client)]:
            found[document.id] = document
        return found

    def _note(self, moment: datetime, events: list[Mapping[str, Any]]) -> None:
        occurred = {UUID(one["id"]): datetime.fromisoformat(one["occurred"]) for one in events}
        settled = {id_: at for id_, at in occurred.items() if at < moment - WRITTEN_WITHIN}
        kept = {id_: at for id_, at in self._seen.items() if at > moment - 2 * TOLD_WITHIN}
        self._seen = kept | settled

    def _events(self, client: SyncPrefectClient) -> tuple[datetime, list[Mapping[str, Any]]]:
        """Read what was done to documents lately, and when that is: by the server's clock, not by this machine's."""
        since = TOLD_WITHIN + timedelta(seconds=self._clock() - self._current_at)
        wanted = {
            "occurred": {"since": (datetime.now(UTC) + self._ahead - since).isoformat()},
            "resource": {"id_prefix": [PREFIX]},
            "order": "ASC",
        }
        answer = client.request("POST", "/events/filter", json={"filter": wanted, "limit": MOST_EVENTS})
        if date := answer.headers.get("date"):
            self._ahead = parsedate_to_datetime(date) - datetime.now(UTC)
        return datetime.now(UTC) + self._ahead, list(answer.json()["events"])


class ReadAlong(threading.Thread):
    """Reads the blocks again and again in a thread of its own from now on, so that a slow API delays nothing else."""

    def __init__(
        self,
        read: Callable[[], object],
        wait: Callable[[threading.Event], bool],
        log: Callable[[], logging.Logger | logging.LoggerAdapter[logging.Logger]],
    ) -> None:
        super().__init__(name="block-reader", daemon=True)
        self._read, self._wait, self._log = read, wait, log
        self._end = threading.Event()
        self.start()

    def run(self) -> None:
        """Read whenever it is time."""
        while not self._wait(self._end):
            try:
                self._read()
            except Exception:  # noqa: BLE001 - logged with its trace, by the caller, who has the log
                # A dead reader would freeze the blocks as last read: it goes on after any error.
                self._log().exception("the blocks could not be read")

    def stop(self) -> None:
        """End, and do not wait for an API that does not answer."""
        self._end.set()
        self.join(timeout=2)


def _document(event: Mapping[str, Any]) -> UUID:
    """Say which document an event is about."""
    return UUID(str(event["resource"]["prefect.resource.id"]).removeprefix(PREFIX))


def _by_id(client: SyncPrefectClient, ids: Iterable[UUID]) -> list[Document]:
    wanted = sorted(map(str, ids))
    return _filtered(client, {"block_documents": {"id": {"any_": wanted}}}) if wanted else []


def _switches(client: SyncPrefectClient) -> list[Document]:
    return _filtered(client, {"block_types": {"slug": {"any_": [SWITCHES]}}})


def _filtered(client: SyncPrefectClient, wanted: Mapping[str, Any]) -> list[Document]:
    """Read the documents of ours that fit, by one call."""
    asked = {**wanted, "include_secrets": True, "limit": PAGE}
    answer = client.request("POST", "/block_documents/filter", json=asked)
    found = [Document.of(one) for one in BlockDocument.model_validate_list(answer.json())]
    return [one for one in found if one.kind in OURS]
