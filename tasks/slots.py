"""Prefect's global concurrency limits, by the few calls that the bulkheads need."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.exceptions import ObjectAlreadyExists, PrefectHTTPStatusError

from tasks.bulkheads import SlotsAway, Standing
from tasks.retried import UNANSWERED

PAGE = 200
"""How many limits are read in one call: the most that Prefect gives."""

FULL = frozenset({422, 423})
"""More was asked for than the limit has, or than it has left."""

GONE = frozenset({404, 410})

WITHIN = 5.0
"""Seconds for one answer of Prefect's API."""


class PrefectSlots:
    """The limits of the Prefect that this process talks to. One client is kept: a new one costs more than a call."""

    def __init__(self) -> None:
        self._client: SyncPrefectClient | None = None

    def read(self) -> Mapping[str, Standing]:
        """Read how the limits stand, by name."""
        found: dict[str, Standing] = {}
        with self._api() as client:
            while page := client.read_global_concurrency_limits(limit=PAGE, offset=len(found)):
                for limit in page:
                    found[limit.name] = Standing(
                        slots=limit.limit, taken=limit.active_slots, enforced=limit.active
                    )
                if len(page) < PAGE:
                    break
        return found

    def create(self, name: str, slots: int) -> None:
        """Make a limit, unless there is one of this name."""
        with self._api() as client, contextlib.suppress(ObjectAlreadyExists):
            client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=slots))

    def change(self, name: str, slots: int) -> None:
        """Give a limit another number of slots."""
        with self._api() as client:
            client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(limit=slots))

    def acquire(self, names: Sequence[str], each: int, lease: float) -> str | None:
        """Take so many slots of each, all or none; ``None`` when one has too few or a limit does not exist."""
        with self._api() as client:
            try:
                answer = client.increment_concurrency_slots_with_lease(
                    names=list(names), slots=each, mode="concurrency", lease_duration=lease
                )
            except PrefectHTTPStatusError as error:
                if error.response.status_code in FULL:
                    return None
                raise
            taken = answer.json()
            lease_id = str(taken["lease_id"])
            if {limit["name"] for limit in taken["limits"]} != set(names):
                client.release_concurrency_slots_with_lease(UUID(lease_id))
                return None
            return lease_id

    def renew(self, lease_id: str, lease: float) -> bool:
        """Hold on to a lease; ``False`` when it is lost."""
        with self._api() as client:
            try:
                client.renew_concurrency_lease(UUID(lease_id), lease)
            except PrefectHTTPStatusError as error:
                if error.response.status_code in GONE:
                    return False
                raise
            return True

    def release(self, lease_id: str) -> None:
        """Give the slots of a lease back."""
        with self._api() as client:
            client.release_concurrency_slots_with_lease(UUID(lease_id))

    def lease_storage(self) -> str:
        """Say where the server keeps the leases of its slots: the module's name, empty when it does not tell."""
        with self._api() as client:
            told = client.request("GET", "/admin/settings").json()
        return str(told.get("server", {}).get("concurrency", {}).get("lease_storage", ""))

    def close(self) -> None:
        """Close the client."""
        client, self._client = self._client, None
        if client is not None:
            client.__exit__(None, None, None)

    @contextlib.contextmanager
    def _api(self) -> Iterator[SyncPrefectClient]:
        try:
            if self._client is None:
                self._client = get_client(sync_client=True, httpx_settings={"timeout": WITHIN}).__enter__()
            yield self._client
        except UNANSWERED as error:
            self.close()
            raise SlotsAway(type(error).__name__) from error
