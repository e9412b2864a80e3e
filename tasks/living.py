"""A run reports in the store that it works, from a thread of its own; a hung process reports nothing."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from steadypost.domain.clock import Clock, now
from steadypost.domain.health import Tolerances
from steadypost.domain.living import Heard, Signs
from steadypost.store import Store, StoreError, vitals, watches
from steadypost.store.settling import Held, Rescued
from tasks.bounds import LEASE, RENEW_EVERY
from tasks.bulkheads import this_host

SAYS_SO_EVERY = timedelta(seconds=5)
"""How often; a third of the silence after which a run on watch that sends no heartbeat either counts as dead."""


RENEWED_WITHIN = 2 * RENEW_EVERY + timedelta(seconds=1)
"""How long a worker of another machine may leave a lease alone that has run out by this machine's clock."""


def rescue(store: Store, moment: datetime) -> list[Rescued]:
    """Take back what workers hold that fell silent. A lease of another machine, whose clock may be off, has run out when
    it was not renewed for as long as it lasts.
    """

    def is_silent(one: Held) -> bool:
        if one.worker.partition(":")[0].casefold() == this_host():
            return one.until <= moment
        came = store.heard.at(f"lease of {one.delivery_id}", one.until, moment, oldest=timedelta(0))
        return moment - came > (RENEWED_WITHIN if one.until <= moment else LEASE + RENEWED_WITHIN)

    return store.rescue(moment, silent=is_silent)


ALMOST_DEAD = Tolerances().relieved_within - 3 * SAYS_SO_EVERY
"""How old a sign counts that is seen for the first time: a run that lives says so again before it counts as dead."""


class _Voice(threading.Thread):
    def __init__(self, store: Store, run_id: str, clock: Clock) -> None:
        super().__init__(name="says-it-lives", daemon=True)
        self._store = store
        self._run_id = run_id
        self._clock = clock
        self._end = threading.Event()

    def run(self) -> None:
        while True:
            self.say()
            if self._end.wait(SAYS_SO_EVERY.total_seconds()):
                return

    def say(self) -> None:
        try:
            self._store.write(vitals.run_lives, self._run_id, told=this_host(), now=self._clock())
        except StoreError as away:
            # No run is called dead while the store cannot say which live.
            logging.getLogger("steadypost.store").debug("a sign of life waits: %s", away)

    def stop(self) -> None:
        self._end.set()
        self.join(timeout=5)
        with contextlib.suppress(StoreError):
            self._store.write(vitals.run_ended, self._run_id)


@contextlib.contextmanager
def says_it_lives(store: Store, run_id: str | None, clock: Clock = now) -> Iterator[None]:
    """Report that a run lives, again and again, while the block lasts. Outside of a run it does nothing."""
    if not run_id:
        yield
        return
    voice = _Voice(store, run_id, clock)
    voice.start()
    try:
        yield
    finally:
        voice.stop()


def signs_of(store: Store, moment: datetime) -> Signs:
    """Read what the store tells of runs, by the clock of the one who asks; raises ``StoreError``."""
    said = {
        name.removeprefix(vitals.RUN): noted.at
        for name, noted in store.read(vitals.every).items()
        if name.startswith(vitals.RUN)
    }
    leases = frozenset(lease.run_id for lease in store.read(watches.every))
    return Signs(leases=leases, heard=by_our_clock(said, store.heard, moment))


def by_our_clock(said: Mapping[str, datetime], heard: Heard, moment: datetime) -> dict[str, datetime]:
    """Say when each run was last heard of. A first sign of an old date may be of a clock that is behind."""
    return {name: heard.at(name, at, moment, oldest=ALMOST_DEAD) for name, at in said.items()}
