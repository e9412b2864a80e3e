"""What follows when a circuit changes its state, and its trials reserved in the store."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import TYPE_CHECKING

from steadypost.channels.port import Access
from steadypost.domain.circuit import State
from steadypost.domain.circuit.catalogue import SIGN_IN_LOST, WAKES, Dependency
from steadypost.domain.circuit.catalogue import Kind as Circuit
from steadypost.domain.whose import Address
from steadypost.store import StoreAway, trials, waking
from steadypost.store import accounts as account_rows
from tasks.circuits import Turned
from tasks.dependencies import NOT_REACHED

if TYPE_CHECKING:
    from tasks.house import House


def follow(house: House, turned: Turned) -> None:
    """Wake what waited for a circuit that closed; done once, by the process that closed it."""
    house.announce(turned)
    kind, of = turned.dependency.kind, turned.dependency.of
    if turned.after.state is not State.CLOSED or kind not in WAKES:
        return
    try:
        for account in house.directory.usable() if kind is Circuit.BROWSER else [of]:
            if kind is Circuit.SIGN_IN:
                _lift_pause(house, account)
            if kind is Circuit.X_PAGE:
                _reached_again(house, account)
            if woken := house.store.write(waking.wake, account, WAKES[kind], now=house.clock()):
                house.log.info("%s: %s deliveries are due again", account, woken)
    except StoreAway as away:
        house.log.warning(
            "deliveries that waited for %s were not woken, and go out at their own time: %s",
            turned.dependency.name,
            away,
        )


def _reached_again(house: House, account: str) -> None:
    """Close the circuits of accounts on the same address that failed only because it was not reached."""
    mine = house.directory.access(account)
    if not isinstance(mine, Access):
        return
    for name in house.directory.usable():
        other, page = house.directory.access(name), Dependency(Circuit.X_PAGE, name)
        same = isinstance(other, Access) and Address.of(other.base_url) == Address.of(mine.base_url)
        if name != account and same and house.circuits.known(page).cause in NOT_REACHED:
            house.circuits.renewed(page, f"its address is reached again, as {account} found")


def _lift_pause(house: House, account: str) -> None:
    """End a pause for a lost sign-in: it was seen to be well. A limit's pause ends at its own instant."""
    record = next((one for one in house.store.read(account_rows.every) if one.name == account), None)
    if record is not None and record.paused_until and record.pause_cause in SIGN_IN_LOST:
        house.store.write(account_rows.resume, account, now=house.clock())
        house.log.info("%s goes on: its sign-in was seen to be well", account)


class StoreTrials:
    """The right to a trial, from the store: one that is away gives none."""

    def __init__(self, house: House) -> None:
        self._house = house

    def take(self, circuit: str, *, holder: str, now: datetime, until: datetime) -> bool:
        """Take the trial of a circuit unless another process has it."""
        try:
            return self._house.store.write(trials.take, circuit, holder=holder, now=now, until=until)
        except StoreAway as away:
            self._house.log.debug("it is not known who tries %s: %s", circuit, away)
            return False

    def give_back(self, circuit: str, *, holder: str, not_before: datetime | None) -> None:
        """End a trial."""
        with contextlib.suppress(StoreAway):
            self._house.store.write(trials.give_back, circuit, holder=holder, not_before=not_before)
