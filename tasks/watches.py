"""Staying on watch: a run goes on until the next scheduled one has taken its lease, since a cold start takes seconds.

A dead one is replaced by an automation or the schedule. Two at once do no harm: the claim decides.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from steadypost.store import StoreAway, watches
from tasks.deadline import ended_within
from tasks.house import House

GIVES_WAY = 0.1
"""Seconds to wait for a cycle, which takes a fifth of that, before going on without it."""

HEARTBEAT_EVERY = 1.0
"""Seconds between two looks at whether another has taken the lease."""


HUNG_AFTER = timedelta(minutes=3)
"""No cycle takes longer than this, unless it hangs; then its process is ended, so the next run can start."""

COMES_HOME_WITHIN = timedelta(minutes=10)
"""Past this nothing that a run had under way is its own any more: no lease is held for longer."""


class Watch:
    """The lease of one flow, held until relieved or over; ``leased_since``: given before it began, not taken from
    others.
    """

    def __init__(
        self,
        house: House,
        flow: str,
        run_id: str,
        *,
        at_most: timedelta,
        pace: float,
        hung_after: timedelta = HUNG_AFTER,
        leased_since: bool = False,
        needs_blocks: bool = False,
    ) -> None:
        self._house = house
        self.flow = flow
        """Of what it is the lease."""
        self._run_id = run_id
        self._ends = time.monotonic() + at_most.total_seconds()
        self._pace = pace
        self._hung_after = hung_after
        self._heartbeat_at = 0.0
        self._leased = leased_since
        self._needs_blocks = needs_blocks
        self._relieved = False
        self._called = threading.Event()
        self._turned = threading.Condition()
        self._begun = 0
        self._done = 0

    def __iter__(self) -> Iterator[None]:
        self._wait_for_blocks()
        with ended_within(self._hung_after) as cycle:
            while self._goes_on():
                self._begun += 1
                yield
                with self._turned:
                    self._done = self._begun
                    self._turned.notify_all()
                self._called.wait(self._pace)
                self._called.clear()
                cycle.again()

    def _wait_for_blocks(self) -> None:
        """Leave the lease where it is until the blocks were read: one that began as Prefect's server went away knows no
        account, and its stand-in does.
        """
        while self._needs_blocks and self._house.blocks is None and time.monotonic() < self._ends:
            self._house.refresh()
            self._called.wait(self._pace)

    def call(self) -> Callable[[], None]:
        """Start the next cycle at once. The answer waits for that cycle's end, but not for long."""
        wanted = self._begun + 1
        self._called.set()

        def wait() -> None:
            with self._turned:
                self._turned.wait_for(lambda: self._done >= wanted, GIVES_WAY)

        return wait

    def still_here(self) -> None:
        """Heartbeat, if it is time to: while waiting within a cycle."""
        moment = time.monotonic()
        if moment - self._heartbeat_at >= HEARTBEAT_EVERY:
            self._heartbeat_at = moment
            self._relieved = not self._heartbeat()

    def _goes_on(self) -> bool:
        self.still_here()
        return not self._relieved and time.monotonic() < self._ends

    def _heartbeat(self) -> bool:
        try:
            if not self._leased:
                self._house.store.write(watches.take, self.flow, run_id=self._run_id, now=self._house.clock())
                self._leased = True
            return self._house.store.write(
                watches.heartbeat, self.flow, run_id=self._run_id, now=self._house.clock()
            )
        except StoreAway as away:
            self._house.watching.store_away_at = self._house.clock()
            # The store is away, so no other run can have taken the lease: stay.
            self._house.log.warning("the watch could not be noted: %s", away)
            return True
