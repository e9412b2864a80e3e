"""Telling a person what the store holds to be told, through the notification blocks an operator named.

Written with the change it is about and told at least once, with its key; failures are repeated ever more rarely.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, cast

import prefect.blocks.notifications  # noqa: F401 - so that every kind of notification block can be loaded
from prefect.blocks.abstract import NotificationBlock
from prefect.blocks.core import Block

from blocks import OnCall
from steadypost import settings
from steadypost.domain import clock
from steadypost.domain.circuit.catalogue import Dependency, Kind
from steadypost.domain.clock import Clock
from steadypost.domain.endings import Message
from steadypost.store import Notice, StoreAway, notices, vitals
from steadypost.store.vitals import ON_CALL
from tasks import documents
from tasks.circuits import Refused
from tasks.house import House
from tasks.retried import retried

TOLD_WITHIN = timedelta(minutes=2)
"""How long a process that took a message has to send it before another does."""

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=10)

NOBODY = "no address is set in the block 'Steadypost on call'"


LATER = "it waits for the hours in the block 'Steadypost on call'"

ADDRESS = "the address in the block 'Steadypost on call'"


class Said(Protocol):
    """One message to a person."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def body(self) -> str: ...  # noqa: D102


class Untold(Exception):
    """No way took it. The reasons name the ways that were tried, never an address or its secrets."""


class NotTaken(Untold):
    """There are ways, and none of them works; without a named person this says nothing."""


WAYS = Dependency(Kind.NOTIFICATIONS)
"""The circuit of all ways together: each of them was tried before a message counts as not taken."""


def pause(tries: int) -> timedelta:
    """Say how long a message that did not get through waits: soon at first, then ever more rarely."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(tries, 10)))


class Teller:
    """Tells messages, by the blocks as last read: they serve while Prefect's API is away."""

    def __init__(self, now: Clock = clock.now) -> None:
        self._now = now
        self._on_call = OnCall()
        self._ways: dict[str, NotificationBlock] = {}
        self._fresh: set[str] = set()

    @property
    def on_call(self) -> OnCall:
        """What the operator wants told, as last read."""
        return self._on_call

    @property
    def knows_person(self) -> bool:
        """Whether a person is named, by a block or by this machine's own address."""
        return self._on_call.names_person or settings.read().on_call is not None

    def may_tell(self, now: datetime) -> bool:
        """Whether the person named wants messages at this hour."""
        return self._on_call.may_be_told(now, settings.read().zone)

    def read(self) -> None:
        """Read anew who is to be told; with the API away, who was known before."""
        with contextlib.suppress(documents.ApiAway):
            self._on_call = documents.on_call()
            self._fresh.clear()

    def tell(self, said: Said) -> str:
        """Send one message; answers by which way, or raises ``Untold``."""
        if not self.may_tell(self._now()):
            raise Untold(f"{LATER}: {self._on_call.hours}")
        zone, tried = self._on_call.zone or settings.read().zone, []
        said = Message(title=clock.by_clocks_of(zone, said.title), body=clock.by_clocks_of(zone, said.body))
        if named := self._on_call.address:
            if by_apprise(named.get_secret_value(), said):
                return ADDRESS
            tried.append(f"{ADDRESS}: not taken")
        for way in self._on_call.blocks:
            try:
                self._by(way, said)
            except Exception as error:  # noqa: BLE001 - any way may be broken in any manner; the next may not be
                tried.append(f"{way}: {type(error).__name__}")
            else:
                return way
        if (address := settings.read().on_call) is not None:
            if by_apprise(address, said):
                return settings.ON_CALL
            tried.append(f"{settings.ON_CALL}: not taken")
        raise NotTaken("; ".join(tried)) if tried else Untold(NOBODY)

    def _by(self, way: str, said: Said) -> None:
        block = self._way(way)
        with block.raise_on_failure():
            block.notify(body=said.body, subject=said.title)  # type: ignore[unused-coroutine]

    def _way(self, way: str) -> NotificationBlock:
        """Load a notification block once after each reading; in between, and with the API away, the last one serves."""
        if way not in self._fresh:
            try:
                # Once: Prefect's client would repeat for a minute what is refused, and the round would wait for it.
                with retried(0):
                    self._ways[way] = cast("NotificationBlock", Block.load(way))
            except Exception:
                if way not in self._ways:
                    raise
            self._fresh.add(way)
        return self._ways[way]


def by_apprise(address: str, said: Said) -> bool:
    """Send to this machine's own address, without Prefect."""
    from apprise import Apprise  # noqa: PLC0415 - only when all else fails

    teller = Apprise()
    return bool(teller.add(address) and teller.notify(title=said.title, body=said.body))


def send(house: House, teller: Teller, meanwhile: Callable[[], None] = lambda: None) -> int:
    """Send what is due, ``meanwhile`` after each; answers how many got through. Failing ways rest, then one message
    tries.
    """
    told = 0
    note_who(house, teller)
    if house.circuits.refusal(WAYS) and not house.circuits.is_due(WAYS):
        return told
    try:
        for notice in house.store.write(notices.take, house.clock(), house.clock() + TOLD_WITHIN):
            told += _told(house, teller, notice)
            meanwhile()
    except StoreAway as away:
        house.log.warning("what is to be told cannot be read: %s", away)
    return told


def note_who(house: House, teller: Teller) -> None:
    """Record whether a person can be told now: none named, or one asleep, is no failure of a way."""
    who = "" if teller.may_tell(house.clock()) else LATER
    who = who if teller.knows_person else NOBODY
    try:
        house.store.write(
            vitals.note,
            ON_CALL,
            well=teller.knows_person,
            told=who,
            now=house.clock(),
        )
    except StoreAway as away:
        house.log.debug("who can be told is noted later: %s", away)


def _told(house: House, teller: Teller, notice: Notice) -> bool:
    try:
        with house.circuits.guard(WAYS, failures=(NotTaken,)):
            way = teller.tell(notice)
    except (Untold, Refused) as why:
        house.log.warning("not told yet: %s (%s)", notice.title, why)
        house.store.write(
            notices.not_sent, notice.id, why=str(why), next_at=house.clock() + pause(notice.tries)
        )
        return False
    house.log.info("told by %s: %s", way, notice.title)
    house.store.write(notices.sent, notice.id, house.clock())
    return True
