"""Publishing is shared: each machine has a publisher, and each publisher works on accounts of its own.

One of them has the lease of ``publish``, as ever, and is replaced as ever: the *lead*. On every other machine a *helper*
has a lease of its own. Who works on what, each of them finds out by itself from what all say in the store. They may
disagree for a second, and a silent one may be alive: then two want the same post, and the claim gives it to one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from steadypost.domain.living import Heard
from steadypost.domain.spread import spread
from steadypost.store import Store, StoreError, publishers, watches
from steadypost.store.publishers import Publisher, Role
from tasks.bulkheads import this_host
from tasks.dependencies import browser_here
from tasks.house import House

SAYS_SO_EVERY = 1.0
"""Seconds between two reports of this publisher."""

RENEWED_WITHIN = 3.0
"""Seconds in which a living lease holder sends another heartbeat."""

PUBLISH = "publish"


def helping(host: str) -> str:
    """Name the lease of a machine's helper, and with it all that starts one there."""
    return f"{PUBLISH}@{host}"


class Sharing:
    """Which of all accounts this publisher serves."""

    def __init__(self, house: House, run_id: str, role: Role = Role.LEAD) -> None:
        self._house = house
        self._run_id = run_id
        self._role = role
        self._host = this_host()
        self._said_at = float("-inf")
        self._heard = Heard()
        self._others: list[Publisher] = []
        self._has: dict[str, str] = {}
        self.is_needless = False
        """Whether the lead is on this machine too, where there is to be one publisher."""

    def tend(self) -> None:
        """Report this publisher and read the others, when it is time to."""
        if time.monotonic() - self._said_at < SAYS_SO_EVERY:
            return
        self._said_at = time.monotonic()
        try:
            self._tend()
        except StoreError as away:
            # No publisher can claim then either; what was known serves until it is back.
            self._house.log.debug("who shares the accounts could not be told: %s", type(away).__name__)

    def _tend(self) -> None:
        moment = self._house.clock()
        every = self._house.store.read(publishers.every)
        said = [one for one in every if one.is_heard(moment, at=self._heard.at(one.host, one.at, moment))]
        here = next((one for one in said if one.host == self._host), None)
        if self._role is Role.HELPER and here and here.role is not Role.HELPER:
            self.is_needless = True
            return
        others = [one for one in said if one.host != self._host]
        if {one.host for one in others} != {one.host for one in self._others}:
            names = ", ".join(sorted(one.host for one in others))
            self._house.log.info("the accounts are shared with %s", names or "no other publisher")
        able = self._able()
        self._others = others
        self._has = spread({self._host: able, **{one.host: one.accounts for one in others}})
        self._house.store.write(
            publishers.say,
            self._host,
            run_id=self._run_id,
            role=self._role,
            accounts=able,
            works_on=self.mine(able),
            now=moment,
        )

    def _able(self) -> set[str]:
        """Name the accounts that this machine could work for: where its browsers are in trouble, others can."""
        usable = self._house.directory.usable()
        if self._house.circuits.refusal(browser_here()) is None:
            return set(usable)
        return {name for name in usable if not self._house.directory.kind_of(name).needs_browser}

    def mine(self, accounts: Iterable[str]) -> list[str]:
        """Choose those of these accounts that this publisher serves. With the switch off the lead serves all."""
        moment, switch = self._house.clock(), self._house.switches.sharing
        return [
            name
            for name in accounts
            if (self._is_mine(name) if switch.is_on(moment, name) else self._role is not Role.HELPER)
        ]

    def _is_mine(self, account: str) -> bool:
        if not self._others:
            return True
        return self._has.get(account) == self._host

    def leave(self) -> None:
        """Report the end, so that the others take over at once."""
        try:
            self._house.store.write(publishers.leave, self._host, run_id=self._run_id)
            self._house.store.write(publishers.forget, self._house.clock())
        except StoreError as away:
            self._house.log.debug("that this publisher goes could not be told: %s", type(away).__name__)


def lead_of(store: Store) -> Publisher | None:
    """Find the publisher that has the lease of ``publish``, by its last report; raises ``StoreError``."""
    lease = _leased(store)
    if lease is None:
        return None
    return next((one for one in store.read(publishers.every) if one.run_id == lease.run_id), None)


def living_lead(store: Store) -> Publisher | None:
    """Find it if it lives: seen to, not believed from a heartbeat of a moment ago. Raises ``StoreError``."""
    before = _leased(store)
    ends = time.monotonic() + RENEWED_WITHIN
    while before is not None and time.monotonic() < ends:
        time.sleep(0.25)  # no event says when the store was written
        if _leased(store) != before:
            return lead_of(store)
    return None


def _leased(store: Store) -> watches.Watch | None:
    return next((one for one in store.read(watches.every) if one.flow == PUBLISH), None)
