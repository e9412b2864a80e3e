"""One account's life on another server: the product decides, and the server's ledger judges.

Time is true on the server; this machine's clock may be off, and be moved. Nothing here knows how a channel works.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, or_, select, text

import tasks.directory
import tasks.house
from flows.publish import claim_due
from flows.reconcile import accounts_to_look_at
from steadypost.channels.port import Access, Order
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer
from steadypost.domain.post import Media, Part, Post
from steadypost.domain.quota import Limits
from steadypost.networks import named
from steadypost.store import MOST_LOOKS, AccountRecord, Claim, Outbox, Store, intake, reading
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.schema import CLAIMABLE, UNCONFIRMED, UNVERIFIED, deliveries
from tasks.deliveries import ask, record, rest_account
from tasks.house import House
from tasks.looks import LookFailed, look
from tasks.removals import NotTakenDown, Removing
from tests.channels.other_servers.line import OtherServer, Posted, Time

DONE = (
    State.PUBLISHED,
    State.REFUSED,
    State.MISSED,
    State.CANCELLED,
    State.REMOVED,
    State.QUARANTINED,
    State.HELD,
)
SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(minutes=15)


class OurClock:
    """This machine's clock: off, and moved now and then."""

    def __init__(self, true: Time, ahead: timedelta) -> None:
        self._true = true
        self.ahead = ahead

    def __call__(self) -> datetime:
        """Say what it shows."""
        return self._true() + self.ahead


@dataclass(kw_only=True)
class Life:
    """One account, one server, one stretch of time."""

    store: Store
    server: OtherServer
    true: Time
    dice: random.Random
    channel: str
    access: Access
    folder: Path
    tokens: Any = None
    drifts: bool = True
    moves_clock: bool = False
    crashes: float = 0.0
    """How often the worker dies between the answer and its record."""
    armed: int = 0
    meddles: Callable[[str], None] = lambda _: None
    """What a person does by hand beside us, told what was just asked for."""
    ids: list[int] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = OurClock(
            self.true, timedelta(seconds=self.dice.choice([0, 0, 3, -20, 90, -200]) if self.drifts else 0)
        )
        kind = tasks.directory.CHANNELS[self.channel]
        self.store.write(
            account_rows.put,
            AccountRecord(
                name=self.access.account,
                channel=self.channel,
                network=kind.network.name,
                handle=self.access.handle,
                limits=Limits(per_hour=500, per_day=5000, spacing=timedelta(0)),
                settle=named(kind.network.name).settle,
            ),
            now=self.clock(),
        )
        self.house = House(
            store=self.store,
            browsers=None,  # type: ignore[arg-type]  # no channel here needs one
            worker=f"world-{self.access.account}",
            outbox=Outbox(self.folder / "outbox", self.store.address),
            clock=self.clock,
            dice=self.dice,
            tokens=self.tokens,
            home=self.folder,
        )
        self.house.directory.accounts = {self.access.account: self.access}

    def add(self, *parts: Part, reply_to: str | None = None, due_in: timedelta = timedelta(0)) -> int:
        """Have something to be said."""
        now = self.clock()
        [added] = self.store.write(
            intake.add,
            Post(parts=parts, reply_to=reply_to),
            accounts=[self.access.account],
            due_at=now + due_in,
            now=now,
        )
        self.ids.append(added.delivery_id)
        return added.delivery_id

    # --- passing the time

    def lasts(self, so_long: timedelta) -> None:
        """Let the product work for so long, or until nothing moves any more."""
        ends, idle = self.true() + so_long, SHORTEST
        while self.true() < ends:
            with self._at_work():
                busy = self._publishes()
                busy |= self._looks()
            if not busy and self._nothing_moves():
                return
            # What is due and may not go, of an account that rests, is not asked about every second.
            idle = SHORTEST if busy else min(LONGEST, idle * 2)
            self._waits(idle)

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        before = tasks.house._open
        tasks.house._open = self.house
        try:
            yield
        finally:
            tasks.house._open = before

    def _publishes(self) -> bool:
        house = self.house
        house.budget.forget()
        claims = claim_due(house, at_most=4)
        for claim in claims:
            self._delivers(claim)
        return bool(claims)

    def _delivers(self, claim: Claim) -> None:
        house = self.house
        answer = ask(house, claim)
        self.answers.append(answer)
        try:
            if self.dice.random() >= self.crashes:
                record(house, claim, answer)
                rest_account(house, claim.account, answer)
        finally:
            house.drop(claim.attempt_id)
        self._clock_is_moved()
        self.meddles(claim.parts[0].text)

    def _looks(self) -> bool:
        due = accounts_to_look_at(self.house)
        for account in due:
            with contextlib.suppress(LookFailed):
                look.fn(account)
        return bool(due)

    def _clock_is_moved(self) -> None:
        if self.moves_clock and self.dice.random() < 0.2:
            self.clock.ahead = timedelta(seconds=self.dice.choice([0, 30, -30, 200, -200]))

    def _nothing_moves(self) -> bool:
        return self._next() is None and set(self.states().values()) <= {*DONE, State.NEEDS_REVIEW}

    def _next(self) -> datetime | None:
        query = select(func.min(deliveries.c.next_at)).where(
            deliveries.c.account == self.access.account,
            or_(text(CLAIMABLE), text(UNCONFIRMED), and_(text(UNVERIFIED), deliveries.c.looks < MOST_LOOKS)),
        )
        found: datetime | None = self.store.read(lambda connection: connection.scalar(query))
        return found

    def _waits(self, idle: timedelta) -> None:
        found = self._next()
        wait = idle if found is None else found - self.clock()
        self.true.passes(min(LONGEST, max(idle, wait)))

    # --- what there is to say of it

    def states(self) -> dict[int, State]:
        """Say how each delivery stands."""
        query = select(deliveries.c.id, deliveries.c.state).where(deliveries.c.account == self.access.account)
        rows = self.store.read(lambda connection: connection.execute(query).all())
        return {row.id: State(row.state) for row in rows}

    def takes_down(self, number: int) -> bool:
        """Have a person take a delivery's posts down; whether all of it is said to be gone."""
        with self.house.channel(self.access.account, within=timedelta(seconds=10)) as channel:
            removing = Removing(
                store=self.store,
                channel=channel,
                access=self.access,
                by=By(name="alice", why="it is wrong"),
                now=self.clock,
                wait=lambda seconds: self.true.passes(timedelta(seconds=seconds)),
            )
            try:
                removing.run(number)
            except NotTakenDown:
                return False
        return True

    def resumed(self) -> None:
        """Have a person enter the sign-in once more."""
        self.store.write(account_rows.resume, self.access.account, now=self.clock())

    def judged(self) -> Verdict:
        """Hold the store against the ledger."""
        return Verdict.of(self)


def content(text: str, alts: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Give what makes two posts the same here."""
    return text, alts


@dataclass(kw_only=True)
class Verdict:
    """What the ledger shows."""

    broken: list[str] = field(default_factory=list)
    """What may never be."""
    doubts: list[str] = field(default_factory=list)
    """What stands before a person."""
    waiting: list[str] = field(default_factory=list)
    """What ought to have gone out, and has not."""

    @classmethod
    def of(cls, life: Life) -> Verdict:
        """Judge."""
        verdict = cls()
        ours = [one for one in life.server.ledger if not one.by_hand]
        by_id = {one.id: one for one in life.server.ledger}
        wanted: Counter[str] = Counter()
        told_live: Counter[str] = Counter()
        unsure: Counter[str] = Counter()
        used: Counter[str] = Counter()
        for number in life.ids:
            shown = life.store.read(reading.show, number)
            state = shown.delivery.state
            said = f"{number} ({state}: {shown.delivery.why})"
            for part, words in zip(shown.delivery.parts, shown.post.parts, strict=True):
                wanted[words.text] += 1
                if part.remote_id is not None:
                    used[part.remote_id] += 1
                    told_live[words.text] += 1
                    verdict._check(said, part.remote_id, words, by_id)
                elif state in {State.UNCONFIRMED, State.NEEDS_REVIEW, State.SENDING}:
                    unsure[words.text] += 1
            if state in {State.UNCONFIRMED, State.NEEDS_REVIEW, State.SENDING}:
                verdict.doubts.append(f"{said} {shown.post.parts[0].text!r}")
            elif state not in DONE:
                verdict.waiting.append(said)
            elif state is State.REMOVED:
                gone = all(
                    part.remote_id in by_id and by_id[part.remote_id].gone for part in shown.delivery.parts
                )
                if not gone:
                    verdict.broken.append(f"{said}: said to be gone and is live")
        made = Counter(one.text for one in ours)
        for words, many in made.items():
            if many > wanted[words]:
                verdict.broken.append(f"{many} copies of {words!r} for {wanted[words]}")
            if many > told_live[words] + unsure[words]:
                verdict.broken.append(
                    f"live and not told so: {words!r} ({many} > {told_live[words]} + {unsure[words]})"
                )
        verdict.broken += [f"{one} stands for {many} parts" for one, many in used.items() if many > 1]
        return verdict

    def _check(self, said: str, remote_id: str, words: Part, by_id: dict[str, Posted]) -> None:
        found = by_id.get(remote_id)
        if found is None:
            self.broken.append(f"{said}: {remote_id} was never made")
        elif found.text != words.text:
            self.broken.append(f"{said}: {remote_id} says {found.text!r} and not {words.text!r}")
        elif found.by_hand:
            self.broken.append(f"{said}: {remote_id} was made by hand")


__all__ = ["Life", "Media", "Order", "Verdict"]
