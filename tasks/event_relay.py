"""The event relay, a thread of ``watch``: tells Prefect of every change of state, for automations to hang on.

``steadypost.delivery.published`` on ``steadypost.delivery.17``; told at least once, numbered.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from prefect.events import emit_event

from steadypost.store import StoreError, Transition, transitions
from tasks.house import House
from tasks.journal import redact

EVERY = 2.0
"""Seconds between two polls for changes."""


class EventRelay(threading.Thread):
    """Sends changes as events, until it is stopped."""

    def __init__(self, house: House) -> None:
        super().__init__(name="event-relay", daemon=True)
        self._house = house
        self._end = threading.Event()

    def run(self) -> None:
        """Send events, and retry later what could not be sent."""
        while not self._end.wait(EVERY):
            try:
                while tell(self._house):
                    pass
            except StoreError as away:
                self._house.log.debug("changes of state cannot be read: %s", away)
            except Exception:
                self._house.log.warning("changes of state could not be sent as events", exc_info=True)

    def stop(self) -> None:
        """End."""
        self._end.set()
        self.join(timeout=5)


def tell(house: House) -> int:
    """Send what was not sent yet; answer how many changes."""
    changes = house.store.read(transitions.untold)
    for one in changes:
        emit_event(**told(one))
    if changes:
        house.store.write(transitions.told, [one.id for one in changes], house.clock())
    return len(changes)


def told(one: Transition) -> dict[str, Any]:
    """Make one of Prefect's events of a change."""
    kind, of = ("account", one.account) if one.delivery_id is None else ("delivery", str(one.delivery_id))
    resource = {
        "prefect.resource.id": f"steadypost.{kind}.{of}",
        "prefect.resource.name": f"{kind} {of}",
        "steadypost.account": one.account,
    }
    payload = {"number": one.id, "before": one.before, "after": one.after, "cause": one.cause}
    return {
        "event": f"steadypost.{kind}.{one.after}",
        "occurred": one.at,
        "resource": redact.of(resource),
        "payload": redact.of(payload),
    }


@contextlib.contextmanager
def relaying_events(house: House) -> Iterator[None]:
    """Run the relay while the block lasts."""
    event_relay = EventRelay(house)
    event_relay.start()
    try:
        yield
    finally:
        event_relay.stop()
