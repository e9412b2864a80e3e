"""Those on watch mind each other: whoever falls silent is replaced by the others.

Prefect's automation replaces a run that died at once, and cannot be all there is. It parks what it hears of a run until
it has heard what came before, for up to a quarter of an hour; and what came before may never be heard: after its server
was killed it has forgotten that it ever saw the run begin, and of a run that the schedule made nobody ever told it
that it was scheduled (found by the drill, and by killing runs again and again; prefect 3.8.8, events/ordering). And of a
run that stands still it hears nothing at all. The seats in the store tell all three, whatever Prefect remembers.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import httpx
from prefect.exceptions import PrefectException

from steadypost.domain.health import Kind, failing
from steadypost.domain.incident import Remedy, Tried, opened
from steadypost.store import StoreError, Watch
from tasks import runs
from tasks.house import House

SILENT_AFTER = {
    "publish": timedelta(seconds=15),
    "reconcile": timedelta(seconds=30),
    "watch": timedelta(seconds=30),
}
"""The flows whose runs stay on watch, and how long a seat may go without a beat before somebody else is sent.

A publisher's seat beats every second, and a store that hangs keeps a beat for five: past this nobody is in it, or
somebody asleep. The watch beats between the steps of its rounds, none of which takes half as long while Prefect's API,
which another run would have to be had from, answers.
"""

MIND_EVERY = 5.0
"""Seconds between two looks at the others' seats."""

PATIENCE = timedelta(seconds=30)
"""A run that was started takes a few seconds to sit down; it is not started again before this."""


class Mates:
    """The others, as one of those on watch sees them."""

    def __init__(self, house: House, own: str) -> None:
        self._house = house
        self._own = own
        self._minded = time.monotonic()
        self._started: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    def mind(self) -> None:
        """See to it that the others are there, now and then, in a thread: nobody due waits for Prefect's API."""
        if time.monotonic() - self._minded < MIND_EVERY or (self._thread and self._thread.is_alive()):
            return
        self._minded = time.monotonic()
        self._thread = threading.Thread(target=self.see, name="minding-the-others", daemon=True)
        self._thread.start()

    def see(self) -> list[str]:
        """Start a run for each seat that fell silent, unless one is about to start; answer for which."""
        try:
            seats = self._house.store.watches()
            silent = self._silent(seats)
            # One that stands still does nothing any more, and holds a place of its deployment. In a transaction of
            # SQLite's it holds the whole store: then nobody beats, and nobody is to be replaced for that.
            holding = list(SILENT_AFTER) if self._cannot_beat(seats) else silent
            if not holding:
                return []
            with runs.client() as api:
                for flow in holding:
                    for ended in runs.end_still(api, flow):
                        self._house.log.warning("%s stood still, and was ended (run %s)", flow, ended)
                started = [flow for flow in silent if runs.start(api, flow)]
            for flow in started:
                self._note(flow)
        except StoreError as away:
            self._house.store_away_at = self._house.clock()
            self._house.log.debug("the others could not be minded: %s", type(away).__name__)
            return []
        except (httpx.HTTPError, PrefectException) as error:
            # Whoever is away now is asked again in a moment.
            self._house.log.debug("the others could not be minded: %s", type(error).__name__)
            return []
        for flow in started:
            self._started[flow] = time.monotonic()
            self._house.log.warning("%s fell silent, and is replaced", flow)
        return started

    def _note(self, flow: str) -> None:
        """Enter it among the incidents: what is mended before the next round of checks is to be known all the same."""
        moment = self._house.clock()
        found = opened(failing(Kind.ON_WATCH, f"its run fell silent, as {self._own} found", flow), moment)
        if found is None:
            return
        incident = self._house.store.enter_incident(found)
        effect = f"{self._own} started another"
        one = Tried(n=len(incident.tries) + 1, remedy=Remedy.REVIVE_FLOW, at=moment, effect=effect)
        self._house.store.begin_remedy(incident.id, one)

    def _cannot_beat(self, seats: list[Watch]) -> bool:
        """Whether not even the own seat beats: the store takes no beats from anybody, or only just does again."""
        moment = self._house.clock()
        return any(
            seat.flow == self._own and moment - seat.beat_at > SILENT_AFTER["publish"] for seat in seats
        )

    def _silent(self, seats: list[Watch]) -> list[str]:
        """Name the seats that somebody had, and that have not beaten lately."""
        moment = self._house.clock()
        if self._cannot_beat(seats):
            self._house.store_away_at = moment
            return []
        away_at = self._house.store_away_at
        return [
            watch.flow
            for watch in seats
            if watch.flow != self._own
            and watch.flow in SILENT_AFTER
            and moment - max(watch.beat_at, away_at or watch.beat_at) > SILENT_AFTER[watch.flow]
            and time.monotonic() - self._started.get(watch.flow, float("-inf")) > PATIENCE.total_seconds()
        ]
