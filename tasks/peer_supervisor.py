"""Runs on watch check each other: one that is gone is replaced, with Prefect's server or without it.

Prefect's events come late or never; the store's leases tell. Prefect has seconds, then a stand-in takes the lease.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import psutil
from prefect.exceptions import PrefectException

from steadypost.domain.health import Kind, failing
from steadypost.domain.incident import Tried, opened
from steadypost.domain.living import Heard
from steadypost.domain.remedy import Remedy
from steadypost.domain.watched import REPLACED_AFTER
from steadypost.store import StoreError, Watch, incidents, vitals, watches
from tasks import places, runs, stand_ins
from tasks.bulkheads import this_host
from tasks.house import House
from tasks.retried import UNANSWERED
from tasks.sharing import PUBLISH, RENEWED_WITHIN

DEAD_AFTER = timedelta(seconds=15)
"""How long a run that says every few seconds that it lives, in a thread of its own, may be wholly silent. Its machine is
gone, or it hangs: a long step of its work does not keep that thread."""

JUMP = 5.0
"""By so many seconds a clock that is only kept right never jumps."""

BEGINS_WITHIN = timedelta(seconds=60)
"""From getting a lease to the first heartbeat: a loaded machine needs half of that to start Python."""

MIND_EVERY = 1.0
"""Seconds between two looks at the others' leases."""

ANSWERS_WITHIN = 5.0
"""Seconds in which Prefect has to have taken the order for another run."""

COMES_WITHIN = 15.0
"""Seconds for that run to take the lease: four on an idle machine; sent posts' leases last as long."""

SCAN_EVERY = 5.0
"""Seconds between two looks through all processes of this machine for a run that is not known to be here."""


UNSEEN_AFTER = timedelta(seconds=3)
"""Silence after which a run of this machine whose process was never seen is looked for: three heartbeats."""


class PeerSupervisor:
    """The runs on watch, as one of them sees the others."""

    def __init__(self, house: House, own: str, *, at_start: bool = False) -> None:
        self._house = house
        self._own = own
        self._at_start = at_start
        """Whether its machine may have come up a moment ago: then a worker has to begin before a run of Prefect's can."""
        self._here = Here()
        self._heard = Heard()
        self._missing: dict[str, _Missing] = {}
        self._clock_ahead = _clock_ahead()
        self._clock_set_at: datetime | None = None

    def listen(self) -> None:
        """Hear what the others have written so far, and judge nothing: their clocks may be off, and a sign that comes
        after this one shows that its writer lives.
        """
        with contextlib.suppress(StoreError):
            moment = self._house.clock()
            for lease in self._house.store.read(watches.every):
                self._heard.at(f"{lease.flow} {lease.run_id}", lease.heartbeat_at, moment)

    def see(self) -> list[str]:
        """Replace what is gone; answer for which flows a stand-in was started."""
        try:
            self._note_a_jump()
            stand_ins.speak_for_beginners(self._house)
            leases = self._house.store.read(watches.every)
            if self._cannot_send_heartbeats(leases):
                # One that hangs in a transaction of SQLite's blocks the whole store: then no run sends heartbeats, and
                # none is to be replaced for that.
                self._house.watching.store_away_at = self._house.clock()
                self._end_still(leases)
                return []
            gone = {lease.flow: lease for lease in leases if self._is_gone(lease)}
            self._missing = {
                flow: one
                for flow, one in self._missing.items()
                if flow in gone and gone[flow].run_id == one.lease.run_id
            }
            at_start, self._at_start = self._at_start, False
            return [
                flow
                for flow, lease in gone.items()
                if self._replace(lease, at_once=at_start and flow == PUBLISH)
            ]
        except StoreError as away:
            self._house.watching.store_away_at = self._house.clock()
            self._house.log.debug("the other runs could not be checked: %s", type(away).__name__)
            return []

    def _note_a_jump(self) -> None:
        """Note when this machine's clock was set, or the machine slept: every heartbeat is old then, or yet to come, and
        none is late.
        """
        ahead = _clock_ahead()
        if abs(ahead - self._clock_ahead) > JUMP:
            self._clock_set_at = self._house.clock()
            self._house.log.warning("the clock has jumped by %.0f s", ahead - self._clock_ahead)
        self._clock_ahead = ahead

    # --- who is gone

    def _is_gone(self, lease: Watch) -> bool:
        if lease.flow == self._own or lease.flow not in REPLACED_AFTER:
            return False
        return self._is_silent(lease) or self._here.has_died(lease.run_id) or self._has_no_process_here(lease)

    def _quiet(self, lease: Watch) -> timedelta:
        moment, away_at = self._house.clock(), self._house.watching.store_away_at
        heard_at = self._heard.at(f"{lease.flow} {lease.run_id}", lease.heartbeat_at, moment)
        since = max(one for one in (heard_at, away_at, self._clock_set_at) if one is not None)
        return moment - since

    def _has_no_process_here(self, lease: Watch) -> bool:
        """Whether a run has said that it is on this machine, and is not: also one of before the machine was started."""
        if self._quiet(lease) < UNSEEN_AFTER:
            return False
        said = self._house.store.read(vitals.every).get(f"{vitals.RUN}{lease.run_id}")
        return said is not None and said.told == this_host() and lease.run_id not in runs.processes()

    def _is_silent(self, lease: Watch) -> bool:
        has_begun = lease.heartbeat_at > lease.since
        patience = REPLACED_AFTER[lease.flow] if has_begun else max(BEGINS_WITHIN, REPLACED_AFTER[lease.flow])
        quiet = self._quiet(lease)
        return quiet > patience or (has_begun and quiet > DEAD_AFTER and self._says_nothing(lease))

    def _says_nothing(self, lease: Watch) -> bool:
        """Whether a run that has said that it lives says so no longer."""
        said = self._house.store.read(vitals.every).get(f"{vitals.RUN}{lease.run_id}")
        moment = self._house.clock()
        return said is not None and moment - self._heard.at(lease.run_id, said.at, moment) > DEAD_AFTER

    def _cannot_send_heartbeats(self, leases: list[Watch]) -> bool:
        """Whether its own lease cannot heartbeat either: the store takes none, or only just does again."""
        moment = self._house.clock()
        return any(
            lease.flow == self._own and moment - lease.heartbeat_at > REPLACED_AFTER["publish"]
            for lease in leases
        )

    # --- replacing it

    def _replace(self, lease: Watch, *, at_once: bool) -> bool:
        """Take the next step of a replacement; answer whether a stand-in took the lease."""
        missing = self._missing.get(lease.flow)
        if missing is None:
            self._house.log.warning("%s is gone (run %s), and is replaced", lease.flow, lease.run_id)
            self._end_still([lease])
            missing = self._missing[lease.flow] = _Missing(
                self._house, self._own, lease, is_silent=self._is_silent(lease)
            )
            missing.ask_prefect()
        if not at_once and not missing.is_in_vain():
            return False
        del self._missing[lease.flow]
        try:
            pid = stand_ins.send(self._house, lease.flow, lease.run_id)
        except (OSError, subprocess.SubprocessError) as error:
            self._house.log.error("no stand-in could be sent for %s (%s)", lease.flow, error)  # noqa: TRY400
            return False
        if pid is None:
            return False
        self._house.log.warning("%s: process %s stands in: Prefect started no run", lease.flow, pid)
        note(self._house, lease.flow, f"{self._own} started a stand-in")
        return True

    def _end_still(self, leases: Iterable[Watch]) -> None:
        """End processes of this machine that have a lease and hang: they may hold what others wait for."""
        found = runs.processes()
        for lease in leases:
            here = found.get(lease.run_id)
            if lease.flow != self._own and here and runs.stands_still(here):
                runs.kill(lease.run_id)
                self._house.log.warning("%s hung, and was ended (run %s)", lease.flow, lease.run_id)


def _clock_ahead() -> float:
    """Say by how much the clock is ahead of what only counts while the machine runs."""
    return time.time() - time.monotonic()


def note(house: House, flow: str, effect: str) -> None:
    """Enter it among the incidents: what is mended before the next round of checks is to be known all the same."""
    moment = house.clock()
    found = opened(failing(Kind.ON_WATCH, "its run was gone", flow), moment)
    if found is None:
        return
    incident = house.store.write(incidents.enter, found)
    one = Tried(n=len(incident.tries) + 1, remedy=Remedy.REVIVE_FLOW, at=moment, effect=effect)
    house.store.write(incidents.begin_remedy, incident.id, one)


class _Missing:
    """A run that is gone, and Prefect's answer to the order for another."""

    def __init__(self, house: House, own: str, lease: Watch, *, is_silent: bool) -> None:
        self._house = house
        self._own = own
        self.lease = lease
        self._is_silent = is_silent
        self._since = time.monotonic()
        self._ordered = False
        self._refused = False
        self._thread: threading.Thread | None = None

    def ask_prefect(self) -> None:
        """Order another run, in a thread: checking the others waits for no answer of Prefect's."""
        self._thread = threading.Thread(target=self._ask, name="asking-prefect", daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        flow = self.lease.flow
        try:
            with runs.client() as api:
                # Dead and hanging runs occupy the deployment's concurrency, and a new one would find no place.
                for ended in places.free(
                    api, flow, self._house.store, self._house.clock(), gone=self.lease.run_id
                ):
                    self._house.log.warning(
                        "%s: run %s held a place and did nothing, and was ended", flow, ended
                    )
                runs.start(api, flow)
            self._ordered = True
            if self._is_silent:
                note(self._house, flow, f"{self._own} started another")
        except (*UNANSWERED, PrefectException, StoreError) as error:
            self._house.log.debug("no run of %s could be had: %s", flow, type(error).__name__)
            self._refused = True

    def is_in_vain(self) -> bool:
        """Whether the wait for a run of Prefect's is over."""
        waited = time.monotonic() - self._since
        return self._refused or waited > (COMES_WITHIN if self._ordered else ANSWERS_WITHIN)


class Here:
    """Which runs are carried out on this machine, as far as their processes were seen."""

    def __init__(self) -> None:
        self._found: dict[str, list[psutil.Process]] = {}
        self._scanned = float("-inf")

    def has_died(self, run_id: str) -> bool:
        """Whether a run that was seen here has no process any more. Of one never seen here, nothing is known."""
        known = self._found.get(run_id)
        if known is not None and any(map(runs.is_there, known)):
            return False
        if known is None and time.monotonic() - self._scanned < SCAN_EVERY:
            return False
        self._scanned = time.monotonic()
        found = runs.processes()
        gone = {one: self._found[one] for one in (run_id,) if one in self._found and one not in found}
        self._found = found | gone
        return run_id in gone


@contextlib.contextmanager
def minding(house: House, own: str) -> Iterator[None]:
    """Check the other runs while the block lasts, in a thread: neither a long look nor a slow answer keeps it."""
    peers, end = PeerSupervisor(house, own), threading.Event()

    def mind() -> None:
        peers.listen()
        end.wait(RENEWED_WITHIN)
        while not end.wait(MIND_EVERY):
            try:
                peers.see()
            except Exception:
                # Go on after any error: a supervisor that stopped would not be noticed.
                house.log.exception("the other runs could not be checked")

    thread = threading.Thread(target=mind, name="minding-the-others", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(timeout=2)
