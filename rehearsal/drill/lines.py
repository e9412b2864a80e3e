"""Every post of a rehearsal from both sides: what the ledger shows of it, and what the store says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rehearsal import truth
from rehearsal.truth import Identity, Made, Rules
from steadypost.cli.commands.why import happened
from steadypost.domain.delivery import State, WhenLate
from steadypost.domain.figures import ON_TIME
from steadypost.domain.outcome import Published, Refused
from steadypost.domain.span import Span
from steadypost.store import AccountRecord, Story


@dataclass(frozen=True, kw_only=True)
class Line:
    """One post of the programme, from both sides."""

    delivery_id: int
    n: int
    account: str
    due_at: datetime
    state: State
    live_at: datetime | None
    """When the last of its parts became live, by the ledger."""
    recorded_at: datetime | None
    copies: int
    """How many live copies there are of the part that has most."""
    attempts: int
    unconfirmed: bool
    """Whether an attempt of it ended unconfirmed: then looks, and their settle window, stand before another."""
    signs: tuple[datetime, ...]
    """When the store heard that something was wrong with it."""
    why: str
    held_late: bool = False
    """Whether its own late rule holds it."""
    no_capacity: bool = False
    """Whether its account's own limits, used up by posts that are in the ledger, left it none."""
    refused_code: str = ""
    """What the network refused it with."""
    asked_at: datetime | None = None
    """When it was first about to be asked for: from then on it is X that takes its time."""
    story: tuple[str, ...] = ()
    """What happened to it, in the words of ``steadypost why``."""

    def late_s(self) -> float | None:
        """How long after its time it was live."""
        return None if self.live_at is None else max(0.0, (self.live_at - self.due_at).total_seconds())


@dataclass(kw_only=True)
class Ledger:
    """What the network made, sorted so that each delivery finds its own."""

    posts: Sequence[Made]
    accounts: Mapping[str, AccountRecord]
    by_id: Mapping[str, Made] = field(init=False)
    known: Mapping[str, Identity] = field(init=False)
    extra: Counter[Identity] = field(init=False)
    """How many copies too many there are of each; each delivery that wanted it takes those that are left."""
    taken: frozenset[str] = field(init=False)
    """The ids that deliveries say are theirs."""

    @classmethod
    def of(cls, posts: Sequence[Made], accounts: Iterable[AccountRecord], stories: Sequence[Story]) -> Ledger:
        """Sort it."""
        ledger = cls(posts=posts, accounts={one.name: one for one in accounts})
        ledger.by_id = {one.id: one for one in posts}
        ledger.known = truth.identities(posts)
        handles = {name: one.handle for name, one in ledger.accounts.items()}
        wanted = truth.wanted(stories, handles, ledger.known)
        ledger.extra = Counter({one.identity: one.extra for one in truth.copies(posts, wanted)})
        ledger.taken = frozenset(
            part.remote_id for story in stories for part in story.delivery.parts if part.remote_id
        )
        return ledger

    def live_at(self, story: Story) -> datetime | None:
        """When the last of its parts came to life; of a part whose id is not known, by what it is."""
        identities = list(self._identities(story))
        made = [
            self._made(part.remote_id, identity, story)
            for part, identity in zip(story.delivery.parts, identities, strict=True)
        ]
        at = [one.at for one in made if one is not None]
        return max(at) if len(at) == len(made) else None

    def copies(self, story: Story) -> int:
        """How often the part is live that is live most often."""
        most = 0
        for part, identity in zip(story.delivery.parts, self._identities(story), strict=True):
            one = self._made(part.remote_id, identity, story)
            most = max(most, (one is not None and one.live) + self.extra.pop(identity, 0))
        return most

    def no_capacity(self, story: Story) -> bool:
        """Whether the account's own limits had room for it when it should have been live at the latest."""
        limits = self.accounts[story.delivery.account].limits
        rules = Rules(per_hour=limits.per_hour, per_day=limits.per_day)
        own = [one for one in self.posts if one.author == self.accounts[story.delivery.account].handle]
        ids = frozenset(part.remote_id for part in story.delivery.parts if part.remote_id)
        return truth.was_full(rules, own, story.delivery.due_at + ON_TIME, but=ids)

    def full(self) -> dict[str, list[Span]]:
        """Say, by account, when its own limits left room for nothing."""
        return {
            name: truth.full_spans(
                Rules(per_hour=one.limits.per_hour, per_day=one.limits.per_day),
                [post for post in self.posts if post.author == one.handle],
            )
            for name, one in self.accounts.items()
        }

    def _identities(self, story: Story) -> Iterator[Identity]:
        return truth.asked_for(story.post, self.accounts[story.delivery.account].handle, self.known)

    def _made(self, remote_id: str | None, identity: Identity, story: Story) -> Made | None:
        if remote_id is not None:
            return self.by_id.get(remote_id)
        began = min((one.armed_at for one in story.attempts if one.armed_at), default=None)
        fits = (
            one
            for one in self.posts
            if began is not None
            and self.known.get(one.id) == identity
            and one.live
            and one.id not in self.taken
            and one.at >= began - timedelta(seconds=5)
        )
        return min(fits, key=lambda one: one.at, default=None)


def line_of(story: Story, ledger: Ledger, *, n: int, began_at: datetime) -> Line:
    """Say of one delivery what both sides know."""
    unanswered = [attempt for attempt in story.attempts if attempt.armed_at and not said_id(attempt)]
    live_at = ledger.live_at(story)
    is_late = live_at is None or live_at > story.delivery.due_at + ON_TIME
    return Line(
        delivery_id=story.delivery.id,
        n=n,
        account=story.delivery.account,
        due_at=story.delivery.due_at,
        state=story.delivery.state,
        live_at=live_at,
        recorded_at=story.published_at,
        copies=ledger.copies(story),
        attempts=len(story.attempts),
        unconfirmed=bool(unanswered),
        no_capacity=is_late and ledger.no_capacity(story),
        held_late=story.delivery.state is State.HELD and story.delivery.when_late is WhenLate.ASK,
        refused_code=refused_code(story.attempts),
        asked_at=min((one.armed_at for one in story.attempts if one.armed_at), default=None),
        signs=tuple(signs_of(story.attempts)),
        why=story.delivery.why,
        story=tuple(
            f"{(event.at - began_at).total_seconds():8.2f}  {event.says}"
            for event in sorted(happened(story), key=lambda event: event.at)
        ),
    )


def refused_code(attempts: Sequence[Any]) -> str:
    """Give the code with which the network refused the latest attempt; empty when it did not."""
    outcomes = attempts[-1].answer.outcomes if attempts and attempts[-1].answer else ()
    return next((one.code for one in outcomes if isinstance(one, Refused)), "")


def said_id(attempt: Any) -> bool:
    """Whether an attempt ended with an id for everything that it asked for."""
    return attempt.answer is not None and all(isinstance(one, Published) for one in attempt.answer.outcomes)


def signs_of(attempts: Sequence[Any]) -> Iterator[datetime]:
    """Give the moments at which the store heard that an attempt went wrong, or took it from a silent worker."""
    for attempt in attempts:
        if attempt.rescued_at:
            yield attempt.rescued_at
        if attempt.answered_at and not said_id(attempt):
            yield attempt.answered_at
