"""A network that is simulated: what is live, what timelines show, and how it answers. It knows the truth."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from rehearsal.simulation.odds import Odds
from steadypost.channels.port import LookRequest, Order
from steadypost.channels.x_web.waiting import ANSWER_WITHIN
from steadypost.domain.evidence import SeenPost, Sighting
from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Outcome,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.snowflake import RemoteId, id_at
from steadypost.domain.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """One post that is live, or will be."""

    id: RemoteId
    handle: str
    text: str
    reply_to: RemoteId | None
    at: datetime
    shown_at: datetime


PATIENCE = timedelta(seconds=ANSWER_WITHIN)
"""How long an answer is waited for."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """What became of one ask, and when whoever asked will know it."""

    answer: Answer
    takes: timedelta


class Network:
    """Every account's posts, and the trouble that the network makes."""

    def __init__(self, odds: Odds, seed: str) -> None:
        self.odds = odds
        self.live: dict[RemoteId, Live] = {}
        self.by_handle: defaultdict[str, list[Live]] = defaultdict(list)
        self.said: Counter[tuple[str, str]] = Counter()
        self.refused: set[str] = set()
        self.asks = 0
        self.away: set[str] = set()
        """Accounts for which X does not answer at all now."""
        self.losing: set[str] = set()
        """Accounts whose answers are all lost now."""
        self.signed_out: set[str] = set()
        self.lists_away = False
        self.not_now: defaultdict[str, list[Span]] = defaultdict(list)
        """When X had told an account to wait."""
        self._chance = random.Random(f"{seed}:network")  # noqa: S311 - repeatable, not secret
        self._sequence = 0

    # --- asking

    def before(self, handle: str) -> NotSubmitted | None:
        """Say what keeps an attempt from its click, if anything does."""
        if handle in self.away:
            return NotSubmitted(cause=Cause.PAGE_UNREACHABLE, why="X does not answer", phase=Phase.CLAIMED)
        if handle in self.signed_out:
            return NotSubmitted(cause=Cause.SIGNED_OUT, why="signed out", phase=Phase.OPENED)
        if self._chance.random() < self.odds.page_trouble:
            cause = self._chance.choice([Cause.OVERLAY, Cause.UI_DRIFT, Cause.PAGE_UNREACHABLE])
            return NotSubmitted(cause=cause, why="the page cannot be used", phase=Phase.OPENED)
        return None

    def ask(self, handle: str, order: Order, now: datetime) -> Asked:
        """Take a click, and do with it what chance says."""
        self.asks += 1
        takes = self._takes()
        roll, odds = self._chance.random(), self.odds
        for share, fate in (
            (odds.refused, self._refuse),
            (odds.not_now, self._defer),
            (odds.vanished, self._vanish),
            (odds.comes_late, self._come_late),
        ):
            if roll < share:
                return fate(handle, order, now, takes)
            roll -= share
        return self._make(handle, order, now, takes)

    def _takes(self) -> timedelta:
        usual, tenth, hundredth = self.odds.answer_takes
        roll = self._chance.random()
        seconds = hundredth if roll < 0.01 else tenth if roll < 0.10 else usual
        return timedelta(seconds=seconds * self._chance.uniform(0.7, 1.1))

    def _refuse(self, _handle: str, order: Order, _now: datetime, takes: timedelta) -> Asked:
        self.refused.add(order.parts[0].text)
        outcome = Refused(cause=Cause.TOO_LONG, code="186", why="a bit shorter")
        return Asked(answer=_whole(order, outcome), takes=takes)

    def _defer(self, handle: str, order: Order, now: datetime, takes: timedelta) -> Asked:
        until = now + timedelta(seconds=self._chance.uniform(10, 60))
        self.not_now[handle].append(Span(now, until))
        outcome = Deferred(cause=Cause.RATE_LIMIT, code="88", why="rate limit", until=until)
        return Asked(answer=_whole(order, outcome), takes=takes)

    def _vanish(self, _handle: str, order: Order, _now: datetime, _takes: timedelta) -> Asked:
        return Asked(answer=_whole(order, _doubt()), takes=timedelta(seconds=20))

    def _come_late(self, handle: str, order: Order, now: datetime, _takes: timedelta) -> Asked:
        """The request lies somewhere, and comes to life after its browser gave up: within the settle window."""
        at = now + timedelta(seconds=self._chance.uniform(30, 240))
        self._bring_to_life(handle, order, at)
        return Asked(answer=_whole(order, _doubt()), takes=timedelta(seconds=20))

    def _make(self, handle: str, order: Order, now: datetime, takes: timedelta) -> Asked:
        made = self._bring_to_life(handle, order, now + takes * 0.8)
        ids: list[Outcome] = [Published(remote_id=one.id) for one in made]
        roll = self._chance.random()
        if handle in self.losing or roll < self.odds.answer_lost + self.odds.odd_answer:
            cut = self._chance.randrange(len(ids))
            ids[cut:] = [_doubt(Cause.ODD_ANSWER if roll < self.odds.odd_answer else Cause.NO_ANSWER)] * (
                len(ids) - cut
            )
        if takes > PATIENCE:
            # Whoever asked has stopped waiting by then, and nobody hears the answer.
            ids[:], takes = [_doubt()] * len(ids), PATIENCE
        return Asked(answer=Answer(outcomes=tuple(ids), first=order.first), takes=takes)

    def _bring_to_life(self, handle: str, order: Order, at: datetime) -> list[Live]:
        made, above = [], order.reply_to
        for n, part in enumerate(order.parts):
            self._sequence = (self._sequence + 1) % 4096
            moment = at + timedelta(milliseconds=300 * n)
            one = Live(
                id=id_at(moment, sequence=self._sequence),
                handle=handle,
                text=part.text,
                reply_to=above,
                at=moment,
                shown_at=moment + timedelta(seconds=self._shows_after()),
            )
            self.live[one.id] = one
            self.by_handle[handle].append(one)
            self.said[handle, part.text] += 1
            made.append(one)
            above = one.id
        return made

    def _shows_after(self) -> float:
        roll = self._chance.random()
        for share, seconds in self.odds.shows_after:
            if roll < share:
                return seconds
            roll -= share
        return self.odds.shows_after[-1][1]

    # --- looking

    def look(self, handle: str, request: LookRequest, now: datetime) -> Sighting:
        """Show an account's posts, or not."""
        roll = self._chance.random()
        if self.lists_away or handle in self.away or roll < self.odds.look_fails:
            return Sighting(account="", at=now, trouble=Cause.PAGE_UNREACHABLE, why="no list")
        if handle in self.signed_out:
            return Sighting(account="", at=now, trouble=Cause.SIGNED_OUT, why="signed out")
        shown = [one for one in self.by_handle[handle][-400:] if one.shown_at <= now]
        shown.sort(key=lambda one: one.at, reverse=True)
        reached: datetime | None = request.back_to - timedelta(hours=1)
        if roll < self.odds.look_fails + self.odds.look_partial:
            # It ends early, and nobody can say how far back it is whole.
            shown, reached = shown[: self._chance.randrange(3)], None
        return Sighting(
            account=handle,
            at=now,
            posts=tuple(
                SeenPost(id=one.id, author=handle, text=one.text, reply_to=one.reply_to)
                for one in shown
                if one.at >= request.back_to
            ),
            reached_back_to=reached,
        )

    # --- the truth

    def copies(self) -> int:
        """Count what is live beyond once: every text of the simulation is wanted once."""
        return sum(many - 1 for many in self.said.values() if many > 1)


def _whole(order: Order, outcome: Outcome) -> Answer:
    return Answer(outcomes=(outcome,) * len(order.parts), first=order.first)


def _doubt(cause: Cause = Cause.NO_ANSWER) -> Unconfirmed:
    return Unconfirmed(cause=cause, why="clicked, and no answer was seen", phase=Phase.CLICKED)
