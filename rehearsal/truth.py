"""What the network's ledger alone says: who made what, when, and what is live too often, by this machine's clock."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from steadypost.channels.x_web.waiting import ANSWER_WITHIN
from steadypost.domain.delivery import State
from steadypost.domain.post import Media, Post
from steadypost.domain.span import Span, joined
from steadypost.store import Story

NEVER_TO_BE_LIVE = frozenset({State.HELD, State.MISSED, State.CANCELLED, State.REFUSED})
"""Of a delivery that ended like this no live copy is wanted; one that is live all the same is no excuse for another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One post that the network made."""

    id: str
    author: str
    text: str
    reply_to: str | None
    media: tuple[str, ...] = ()
    """The hash of each of its pictures."""
    at: datetime
    """When it came to life."""
    asked_at: datetime | None = None
    """When the request for it arrived; ``None``: it was made by hand."""
    live: bool = True
    deleted_at: datetime | None = None
    edited: bool = False
    """Whether a person has made it say something else since."""

    @property
    def by_hand(self) -> bool:
        """Whether a person made it, and not we."""
        return self.asked_at is None


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes an ask that ask: account, exact text, what it answers (by identity, not id), pictures."""

    author: str
    text: str
    media: tuple[str, ...]
    above: Identity | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """Something that is live more often than was wanted."""

    identity: Identity
    live: int
    wanted: int

    @property
    def extra(self) -> int:
        """How many of them are too many."""
        return self.live - self.wanted


def made(ledger: Iterable[Mapping[str, Any]], asks: Iterable[Mapping[str, Any]]) -> list[Made]:
    """Read a sandbox's ledger. Later versions of an edited post are no posts of their own."""
    arrived = {ask["id"]: _moment(ask, "arrived_at") for ask in asks}
    return [_made(post, arrived) for post in ledger if post.get("edit_of") is None]


def _made(post: Mapping[str, Any], arrived: Mapping[str, datetime]) -> Made:
    at = _moment(post, "made_at", "created_at")
    return Made(
        id=post["id"],
        author=post["author"],
        text=post["text"],
        reply_to=post["reply_to"],
        media=tuple(one["sha256"] for one in post["media"]),
        at=at,
        asked_at=arrived.get(post["ask"], at) if post["ask"] else None,
        live=bool(post["live"]),
        deleted_at=_moment(post, "deleted_at") if post.get("deleted_at") else None,
        edited=post.get("superseded_by") is not None,
    )


def _moment(entry: Mapping[str, Any], name: str, network: str = "") -> datetime:
    """Read a moment by the machine's clock; a ledger that has one clock has it under the network's name."""
    ms = entry.get(f"{name}_host", entry.get(network or name))
    return datetime.fromtimestamp(ms / 1000, UTC)


def arrived_at(ask: Mapping[str, Any]) -> datetime:
    """Say when a request arrived."""
    return _moment(ask, "arrived_at")


# --- identities


def digest(media: Media) -> str:
    """Give a picture's hash, as a ledger keeps it; a file that is gone was never uploaded."""
    return hashlib.sha256(media.path.read_bytes()).hexdigest() if media.path.exists() else "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What one network says was made, in the form that all are judged by."""

    made: Callable[[], list[Made]]
    channel: str | None = None
    """The channel whose accounts it has; ``None``: it has every account."""
    picture: Callable[[Media], str] = digest
    """How it names a picture."""


def identities(posts: Iterable[Made]) -> dict[str, Identity]:
    """Say of each post that was asked for what it is."""
    ours = {one.id: one for one in posts if not one.by_hand}
    known: dict[str, Identity] = {}

    def identity(one: Made) -> Identity:
        if one.id not in known:
            parent = ours.get(one.reply_to or "")
            # An id is older than what answers it, so this ends.
            above = identity(parent) if parent is not None else one.reply_to
            known[one.id] = Identity(one.author.casefold(), one.text, one.media, above)
        return known[one.id]

    for one in ours.values():
        identity(one)
    return known


def asked_for(
    post: Post,
    handle: str,
    ours: Mapping[str, Identity] | None = None,
    *,
    picture: Callable[[Media], str] = digest,
) -> Iterator[Identity]:
    """Give the identity of each part of a post, as the ledger will show it."""
    above: Identity | str | None = (ours or {}).get(post.reply_to or "", post.reply_to)
    for part in post.parts:
        above = Identity(handle.casefold(), part.text, tuple(map(picture, part.media)), above)
        yield above


def wanted(
    stories: Iterable[Story],
    handles: Mapping[str, str],
    ours: Mapping[str, Identity],
    *,
    picture: Callable[[Media], str] = digest,
) -> Counter[Identity]:
    """Count how often each thing was to be live at the most: once for each delivery that was to go out."""
    return Counter(
        identity
        for story in stories
        if story.delivery.state not in NEVER_TO_BE_LIVE
        for identity in asked_for(story.post, handles[story.delivery.account], ours, picture=picture)
    )


def copies(posts: Sequence[Made], wanted: Mapping[Identity, int]) -> list[Copied]:
    """Name what is live more often than it was wanted; what was not wanted may be a false status, and is no copy."""
    known = identities(posts)
    live = Counter(known[one.id] for one in posts if one.live and not one.by_hand)
    return [
        Copied(identity=identity, live=many, wanted=max(1, wanted.get(identity, 0)))
        for identity, many in live.items()
        if many > max(1, wanted.get(identity, 0))
    ]


# --- rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an account's operator allows."""

    per_hour: int | None = None
    per_day: int | None = None
    spacing: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When one delivery may be asked for, by its own rule and the asker's clock."""

    first: str
    """The id of its first part."""
    due_at: datetime
    late_at: datetime | None = None


LARGEST = 3
"""The longest thread of a rehearsal. An account sends in order, so a thread without room holds up the next."""

AS_ASSUMED = timedelta(seconds=ANSWER_WITHIN)
"""How long an answer is waited for at most. A post made later is made after its attempt has ended, when the next may be
under way: no distance can be kept from it, so it counts from its ask."""

STARTED_WITHIN = timedelta(seconds=150)
"""A late rule forbids starting; what has been started may take so long, and is then given up."""


def counts_at(one: Made) -> datetime:
    """Say from when on a post counts against its account's limits."""
    asked_at = one.asked_at or one.at
    return one.at if one.at - asked_at <= AS_ASSUMED else asked_at


def over_quota(rules: Rules, posts: Sequence[Made], slack: timedelta = timedelta(0)) -> Iterator[str]:
    """Slide both windows over what was asked for. ``slack``: how far the clocks of those who ask may differ."""
    moments = sorted(counts_at(one) for one in posts if not one.by_hand)
    for limit, window in ((rules.per_hour, timedelta(hours=1)), (rules.per_day, timedelta(days=1))):
        most = max((_within(moments, since, window - slack) for since in moments), default=0)
        if limit is not None and most > limit:
            yield f"{most} posts within {window}, and {limit} are allowed"


def _within(moments: Sequence[datetime], since: datetime, window: timedelta) -> int:
    return sum(since <= moment < since + window for moment in moments)


def too_near(
    rules: Rules,
    posts: Sequence[Made],
    later_parts: frozenset[str] = frozenset(),
    slack: timedelta = timedelta(0),
) -> Iterator[str]:
    """Measure the distance between two deliveries; the parts of one (``later_parts``) keep none."""
    line = sorted((one for one in posts if not one.by_hand), key=counts_at)
    for before, after in pairwise(line):
        apart = counts_at(after) - counts_at(before)
        if after.id not in later_parts and apart < rules.spacing - slack:
            yield (
                f"{after.id} came {apart.total_seconds():.1f} s after {before.id}, "
                f"and {rules.spacing} are to be between"
            )


def out_of_time(
    timings: Iterable[Timing], posts: Mapping[str, Made], slack: timedelta = timedelta(0)
) -> Iterator[str]:
    """Name what was asked for before it was due, or started later than its own rule lets it."""
    for timing in timings:
        one = posts.get(timing.first)
        if one is None or one.asked_at is None:
            continue
        if one.asked_at < timing.due_at - slack:
            early = (timing.due_at - one.asked_at).total_seconds()
            yield f"{one.id} was asked for {early:.1f} s before it was due"
        if timing.late_at is not None and one.asked_at > timing.late_at + STARTED_WITHIN + slack:
            late = (one.asked_at - timing.late_at).total_seconds()
            yield f"{one.id} was asked for {late:.1f} s after its late rule had ended it"


def was_full(rules: Rules, posts: Sequence[Made], moment: datetime, but: frozenset[str]) -> bool:
    """Whether an account's own limits left no room at a moment, used up by posts that are in the ledger."""
    moments = [counts_at(one) for one in posts if one.id not in but]
    return any(
        limit is not None and sum(moment - window < at <= moment for at in moments) + LARGEST > limit
        for limit, window in ((rules.per_hour, timedelta(hours=1)), (rules.per_day, timedelta(days=1)))
    )


def full_spans(rules: Rules, posts: Sequence[Made], units: int = LARGEST) -> list[Span]:
    """Say when an account's own limits left no room for so many posts more."""
    moments = sorted(counts_at(one) for one in posts)
    spans = []
    for limit, window in ((rules.per_hour, timedelta(hours=1)), (rules.per_day, timedelta(days=1))):
        if limit is None:
            continue
        # From the post that is the last one allowed until the first of them leaves the window.
        spans += [
            Span(last, first + window)
            for first, last in zip(moments, moments[max(0, limit - units) :], strict=False)
            if last < first + window
        ]
    return list(joined(spans))
