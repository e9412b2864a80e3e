"""When one address was not reached: are the others? By plain connections, all at once, for seconds, not again for a
while.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import psutil

from steadypost.channels.port import Access
from steadypost.domain.outcome import Answer, Cause, NotSubmitted
from steadypost.domain.whose import Address, Found, Whose, whose
from tasks.house import House

WITHIN = 3.0
"""Seconds that a connection may take. One that takes longer is not reached."""

SERVES_FOR = 10.0
"""Seconds for which an answer serves."""

MOST_ASKED = 8
"""How many other addresses are asked for at once. One that is reached is enough."""

MEANS: Mapping[Whose, Cause] = {
    Whose.MACHINE: Cause.NO_WAY_OUT,
    Whose.ADDRESS: Cause.PAGE_UNREACHABLE,
    Whose.UNKNOWN: Cause.NO_WAY_THERE,
}
"""The cause that is charged, by the second question's answer."""

TOLD: Mapping[Whose, str] = {
    Whose.MACHINE: "no other address is reached from this machine either",
    Whose.ADDRESS: "this machine reaches the network: look at this account's address",
    Whose.UNKNOWN: "there is nothing else to tell this machine's trouble from this address's",
}


def is_reached(address: Address) -> bool:
    """Whether a connection to it can be opened, its name found first."""
    try:
        with socket.create_connection((address.host, address.port), timeout=WITHIN):
            return True
    except OSError:
        return False


def has_network() -> bool:
    """Whether any network but the one within this machine is up."""
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    given = [one for name, found in psutil.net_if_addrs().items() if name in up for one in found]
    return any(one.family in FAMILIES and not _is_within(one.address) for one in given)


FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})


def _is_within(address: str) -> bool:
    """Whether an address leads nowhere but to this machine, or to the next socket in the wall."""
    return address.startswith(("127.", "::1", "fe80:", "169.254."))


PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy")
"""Where a proxy is named, as a browser and our own requests read it."""


def proxy_of(environment: Mapping[str, str]) -> Address | None:
    """Find the proxy that the browsers of this machine go through, if there is one."""
    given = next((found for name in PROXIES if (found := environment.get(name))), "")
    if not given:
        return None
    return Address.of(given if "://" in given else f"http://{given}")


@dataclass(kw_only=True)
class SecondQuestion:
    """Asks, and remembers the answer for a moment."""

    reached: Callable[[Address], bool] = is_reached
    network: Callable[[], bool] = has_network
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    ticks: Callable[[], float] = time.monotonic
    _known: dict[Address, tuple[float, bool]] = field(default_factory=dict)

    def whose(self, own: Address, others: Iterable[Address]) -> Whose:
        """Find out whether this machine or ``own`` is at fault when ``own`` is not reached."""
        asked = [one for one in dict.fromkeys(others) if one.host != own.host and not one.is_here]
        proxy = proxy_of(self.environment)
        if proxy is not None:
            return whose(own, Found(has_network=self.network(), proxy=self._reached([proxy])[proxy]))
        # Its own too: an account may live elsewhere than at the address that its network is known by.
        every = [own, *self._by_turns(asked)[:MOST_ASKED]] if asked else []
        return whose(own, Found(has_network=self.network(), reached=self._reached(every)))

    def _by_turns(self, addresses: Iterable[Address]) -> list[Address]:
        """Order addresses: first those that were reached when they were last asked for, then those not asked for the
        longest. However many are wrong, one that is right is found before the machine is called down.
        """
        never = (-math.inf, False)
        last = {one: self._known.get(one, never) for one in addresses}
        return sorted(last, key=lambda one: (not last[one][1], last[one][0]))

    def _reached(self, addresses: list[Address]) -> dict[Address, bool]:
        now = self.ticks()
        fresh = {one for one in addresses if one in self._known and now - self._known[one][0] < SERVES_FOR}
        for one, reached in self._ask([one for one in addresses if one not in fresh]).items():
            self._known[one] = (now, reached)
        return {one: self._known[one][1] for one in addresses}

    def _ask(self, addresses: list[Address]) -> dict[Address, bool]:
        """Ask for all of them at once. Looking a name up cannot be given a deadline; waiting for it can."""
        told = dict.fromkeys(addresses, False)

        def ask(one: Address) -> None:
            told[one] = self.reached(one)

        threads = [threading.Thread(target=ask, args=(one,), daemon=True) for one in addresses]
        for thread in threads:
            thread.start()
        ends = time.monotonic() + WITHIN + 1
        for thread in threads:
            thread.join(max(0.0, ends - time.monotonic()))
        return dict(told)


def found_out(house: House, access: Access, cause: Cause | None, why: str) -> tuple[Cause | None, str]:
    """Give a cause its owner before it is charged, by a second question where that is unknown."""
    if cause is not Cause.NO_WAY_THERE:
        return cause, why
    found = Whose.UNKNOWN
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        found = house.second_question(Address.of(access.base_url), _others(house, access))
    house.log.warning("%s: %s; %s", access.account, why, TOLD[found])
    return MEANS[found], f"{why}; {TOLD[found]}"


def _others(house: House, access: Access) -> list[Address]:
    """List the other accounts' addresses, those that publish like this one does."""
    others = (house.directory.access(name) for name in house.directory.usable() if name != access.account)
    return [Address.of(one.base_url) for one in others if isinstance(one, Access)]


def owned(house: House, access: Access, answer: Answer) -> Answer:
    """Do the same for every outcome of an answer."""
    unconfirmed = [
        one for one in answer.outcomes if isinstance(one, NotSubmitted) and one.cause is Cause.NO_WAY_THERE
    ]
    if not unconfirmed:
        return answer
    cause, why = found_out(house, access, unconfirmed[0].cause, unconfirmed[0].why)
    assert cause is not None  # noqa: S101 - of a cause comes a cause
    return replace(
        answer,
        outcomes=tuple(
            replace(one, cause=cause, why=why) if one in unconfirmed else one for one in answer.outcomes
        ),
    )
