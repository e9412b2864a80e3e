"""The ask: one request for each part, after everything was made ready. Nothing here is done twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from steadypost.channels.confirmed import Confirmed
from steadypost.channels.mastodon.answers import UNPROCESSABLE, Asked, about_files, interpret, unless_unseen
from steadypost.channels.mastodon.api import Api
from steadypost.channels.mastodon.knowledge import Knowledge
from steadypost.channels.mastodon.preparing import KEEP, Halt, Identity, Uploads, identity, limits, refusal
from steadypost.channels.port import Access, Arm, Order, Progress
from steadypost.domain import clock
from steadypost.domain.evidence import Appearance
from steadypost.domain.outcome import Cause, NotSubmitted, Outcome, Phase, Published, Refused, Unconfirmed
from steadypost.domain.post import Part
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.mastodon.ids import key_of
from steadypost.networks.mastodon.limits import Limits
from steadypost.networks.mastodon.manner import Manner, body, manner
from steadypost.networks.mastodon.rules import options_of

logger = logging.getLogger(__name__)

ANSWER_WITHIN = 30.0
"""Seconds for the answer to one part. Servers end a request of their own after some fifteen."""

LEAST = 10.0
"""Seconds that must be left for a further part of a thread to be begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """One part, complete: nothing is left but to ask."""

    part: Part
    how: Manner
    files: tuple[str, ...]
    """The names of its files on the server."""
    body: Callable[[RemoteId | None], dict[str, Any]]
    """Gives the request, for what it answers."""


@dataclass(slots=True, kw_only=True)
class Asking:
    """One ask of one order."""

    api: Api
    access: Access
    order: Order
    knowledge: Knowledge
    confirmed: Confirmed[Identity]
    now: clock.Clock
    wait: Callable[[float], None]
    progress: Progress
    phase: Phase = Phase.CLAIMED
    appears: Appearance = field(default_factory=Appearance)

    def run(self, arm: Arm) -> tuple[Outcome, ...]:
        """Make everything ready, arm, and ask for part after part."""
        try:
            ready = self._prepare()
        except Halt as halt:
            self.confirmed.drop(self.api.sign_in)
            return self._all(halt.outcome)
        if (stopped := self._armed(arm)) is not None:
            return self._all(stopped)
        outcomes = tuple(self._ask_all(ready))
        if not all(isinstance(one, Published) for one in outcomes):
            # The next attempt begins with everything read anew.
            self.confirmed.drop(self.api.sign_in)
        return outcomes

    # -- before

    def _prepare(self) -> list[Ready]:
        self._reach(Phase.OPENED)
        who = self._who()
        how = manner(self.access.options)
        self.appears = Appearance(identity=who.on(self.access.network), options=how.wanted(who.visibility))
        self._reach(Phase.SIGNED_IN)
        allowed = limits(self.api, self.access, self.knowledge, self.now())
        if (refused := refusal(self.order.parts, allowed, self.access)) is not None:
            raise Halt(refused)
        ready = self._all_ready(who, allowed)
        if self.api.left < KEEP:
            why = "too little time was left for the ask"
            raise Halt(NotSubmitted(cause=Cause.DEADLINE, why=why, phase=self.phase))
        self._reach(Phase.COMPOSED)
        return ready

    def _all_ready(self, who: Identity, allowed: Limits) -> list[Ready]:
        """Hand the files in. One that fits the limits that are kept, and is refused, is made anew by those of now."""
        try:
            return [self._ready(part, who, allowed) for part in self.order.parts]
        except Halt as halt:
            if halt.outcome.cause is not Cause.MEDIA_REFUSED:
                raise
            self.knowledge.forget(self.access.base_url)
            told = limits(self.api, self.access, self.knowledge, self.now())
            if told == allowed:
                raise
            if (refused := refusal(self.order.parts, told, self.access)) is not None:
                raise Halt(refused) from halt
            return [self._ready(part, who, told) for part in self.order.parts]

    def _who(self) -> Identity:
        """Say whose token this is, as the server said within a minute, or says now."""
        if (proof := self.confirmed.lately(self.api.sign_in, self.now())) is not None:
            self.api.known = proof.offset
            return proof.who
        who = identity(self.api, self.access, self.now())
        self.confirmed.note(self.api.sign_in, who, self.api.offset, self.now())
        return who

    def _ready(self, part: Part, who: Identity, allowed: Limits) -> Ready:
        how = manner(self.access.options, options_of(part))
        files = Uploads(self.api, allowed, self.now, self.wait).of(part)
        # Named although it is the account's own: it may have been changed since the account was read.
        shown = replace(how, visibility=how.visibility or who.visibility)
        return Ready(part=part, how=how, files=files, body=partial(body, part.text, shown, files))

    def _armed(self, arm: Arm) -> NotSubmitted | None:
        try:
            said = arm() is True
        except Exception as error:
            # It may have been written down. But nothing was sent, and nothing will be.
            logger.exception("arming failed")
            why = f"arming failed ({type(error).__name__}), so nothing was sent"
            return NotSubmitted(cause=Cause.STORE_AWAY, why=why, phase=self.phase)
        if not said:
            return NotSubmitted(
                cause=Cause.LEASE_LOST, why="the lease was lost before the ask", phase=self.phase
            )
        self._reach(Phase.ARMED)
        return None

    # -- the ask

    def _ask_all(self, ready: list[Ready]) -> Iterable[Outcome]:
        parent, made_at = self.order.reply_to, self.order.live_at
        for index, one in enumerate(ready):
            if index and self.api.left < LEAST:
                why = "the deadline came before its turn"
                yield from self._rest(ready[index:], Cause.DEADLINE, why)
                return
            outcome = self._ask(index, one, parent, made_at)
            yield outcome
            if not isinstance(outcome, Published):
                yield from self._rest(ready[index + 1 :], Cause.EARLIER_PART, "its turn never came")
                return
            parent, made_at = outcome.remote_id, self.now()

    def _ask(self, index: int, one: Ready, parent: RemoteId | None, parent_at: datetime | None) -> Outcome:
        name = self.order.name(index)
        asked = Asked(
            handle=self.access.handle,
            text=one.part.text,
            how=one.how,
            media=tuple(media.alt for media in one.part.media),
            keyed_at=self.order.keyed_at,
            reply_to=parent,
            own_parent_at=parent_at,
            offset=self.api.offset,
        )
        told = one.body(parent)
        self._reach(Phase.CLICKED)
        try:
            heard = self.api.create(told, key=key_of(name.key, name.n), within=ANSWER_WITHIN)
            outcome = interpret(heard, asked, self.now())
        except Exception as error:
            # A defect of ours after the request may have left: what became of it is not known.
            logger.exception("an answer was not understood")
            why = f"a defect here ({type(error).__name__}) after it may have been sent"
            return Unconfirmed(cause=Cause.DEFECT, why=why, phase=Phase.CLICKED)
        self._reach(Phase.ANSWERED)
        if isinstance(outcome, Published) and outcome.lacking:
            logger.warning(
                "%s: the post %s is live, and %s", self.access.account, outcome.remote_id, outcome.lacking
            )
        if isinstance(outcome, Refused) and outcome.code == UNPROCESSABLE:
            outcome = about_files(map(self.api.media, one.files)) or self._by_new_limits(outcome, one)
        return unless_unseen(outcome, asked, self.now()) if isinstance(outcome, Refused) else outcome

    def _by_new_limits(self, refused: Refused, one: Ready) -> Refused:
        """Read the limits again: what fits those that are kept was refused, so they may have changed."""
        self.knowledge.forget(self.access.base_url)
        allowed = limits(self.api, self.access, self.knowledge, self.now())
        found = refusal([one.part], allowed, self.access)
        return (
            refused
            if found is None
            else replace(refused, cause=found.cause, why=f"{refused.why} ({found.why})")
        )

    # -- what never came about

    def _rest(self, ready: list[Ready], cause: Cause, why: str) -> Iterable[Outcome]:
        return (NotSubmitted(cause=cause, why=why, phase=Phase.ARMED) for _ in ready)

    def _all(self, outcome: Outcome) -> tuple[Outcome, ...]:
        return (outcome,) * len(self.order.parts)

    def _reach(self, phase: Phase) -> None:
        self.phase = phase
        try:
            self.progress(phase)
        except Exception:
            # A failing report must not spoil the attempt.
            logger.exception("progress was not taken")
