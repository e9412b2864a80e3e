"""How far a post that was seen agrees with what is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from steadypost.domain.clock import Offset
from steadypost.domain.evidence import SeenPost, Sighting, Wanted
from steadypost.domain.likeness import Grade
from steadypost.domain.network import Network
from steadypost.domain.remote_id import RemoteId

CLOCK_SKEW = timedelta(seconds=15)
"""How far two clocks that are said to agree may differ."""


TICK = timedelta(seconds=2)
"""What a network's own machines may differ among themselves: the one that dates answers and the one that makes ids."""


STEADY = timedelta(seconds=5)
"""Two offsets within this of each other, and their errors, are those of clocks that were not moved in between."""


UNKNOWN_CLOCK = timedelta(minutes=20)
"""How far a clock that was never compared with the network's may be off for its times to be of any use."""


def is_marked(post: SeenPost) -> bool:
    """Whether it is pinned or promoted. A list may leave it out of its own place."""
    return post.pinned or post.promoted


def grade(item: Wanted, post: SeenPost, sightings: Sequence[Sighting]) -> Grade:
    """Say how far a post agrees with what is wanted, in all that is known of both."""
    return _grade(item, post, widest_window(item, sightings))


def fitting(
    item: Wanted, posts: Iterable[SeenPost], sightings: Sequence[Sighting]
) -> Iterator[tuple[SeenPost, Grade]]:
    """Give every post that may be what is wanted, with how far it agrees."""
    bounds = widest_window(item, sightings)
    graded = ((post, _grade(item, post, bounds)) for post in posts)
    return ((post, grade) for post, grade in graded if grade is not Grade.OTHER)


def _grade(item: Wanted, post: SeenPost, bounds: Window) -> Grade:
    if post.author.casefold() != item.handle.casefold() or post.id == item.reply_to:
        return Grade.OTHER
    made = _time_grade(item, post, bounds)
    if made is Grade.OTHER:
        return Grade.OTHER
    if not post.readable:
        return Grade.UNCLEAR
    text = text_grade(item, post)
    if text is Grade.OTHER:
        return Grade.OTHER
    content = min(text, _parent_grade(item, post), _media_grade(item, post), _options_grade(item, post))
    # What is pinned or promoted, a quote, a poll, or a picture without a word is never adopted; but it may be ours, and
    # then it is not absent.
    is_odd = is_marked(post) or post.quotes or post.poll or _is_wordless(item, post)
    return min(made, content, Grade.UNCLEAR if is_odd else Grade.SAME)


def _is_wordless(item: Wanted, post: SeenPost) -> bool:
    """Whether it is pictures without any known description: any other picture would look the same."""
    told = zip(item.media, post.media or (), strict=False)
    return not item.text.strip() and not any(ours.strip() and theirs is not None for ours, theirs in told)


def text_grade(item: Wanted, post: SeenPost) -> Grade:
    """Compare their texts."""
    if len(post.versions) > 1:
        # It was edited, and its first text is not told any more: it may be ours, or was made the same later.
        return Grade.UNCLEAR
    return item.network.compare(item.text, post.said)


def _parent_grade(item: Wanted, post: SeenPost) -> Grade:
    if not post.parent_known:
        return Grade.UNCLEAR
    if not item.parent_known:
        return Grade.UNCLEAR if post.reply_to is not None else Grade.OTHER
    return Grade.SAME if item.reply_to == post.reply_to else Grade.OTHER


def _media_grade(item: Wanted, post: SeenPost) -> Grade:
    """Compare the pictures. A network has been seen to lose some, and never to add any."""
    if post.media is None:
        return Grade.SAME if not item.media else Grade.UNCLEAR
    if len(post.media) > len(item.media):
        return Grade.OTHER
    if len(post.media) < len(item.media):
        return Grade.UNCLEAR
    differs = any(
        theirs is not None and theirs.strip() != ours.strip()
        for ours, theirs in zip(item.media, post.media, strict=True)
    )
    return Grade.UNCLEAR if differs else Grade.SAME


def _options_grade(item: Wanted, post: SeenPost) -> Grade:
    """Compare how it went out. A server has been seen to change that by itself, so a difference proves nothing."""
    differs = any(post.options.get(name, wanted) != wanted for name, wanted in item.options.items())
    return Grade.UNCLEAR if differs else Grade.SAME


def is_of_this_ask(made: datetime, armed_at: datetime, offset: Offset | None, now: datetime) -> bool:
    """Whether a post whose id came with an answer can have been made for it.

    By this machine's clock alone it can too: a ``Date`` that contradicts both that clock and the id is a proxy's.
    """
    return made >= earliest(armed_at, offset) or is_since(made, armed_at, now)


def is_since(made: datetime, armed_at: datetime, now: datetime) -> bool:
    """Whether what was made then was made since ``armed_at``, by this machine's clock alone."""
    return armed_at - CLOCK_SKEW <= made <= now + CLOCK_SKEW


def earliest(armed_at: datetime, offset: Offset | None) -> datetime:
    """Say when, by the network's clock, what was armed then can have been made at the earliest."""
    if offset is None:
        return armed_at - UNKNOWN_CLOCK
    return armed_at + offset.ahead - offset.within - CLOCK_SKEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From when on, by the network's clock, a post can be the one that was asked for."""

    surely: datetime
    """What was made from here on is young enough."""
    perhaps: datetime
    """What was made before this is too old; in between it is unclear."""
    is_known: bool
    """Whether the clocks were compared both when it was asked for and when it was looked for."""


def window(item: Wanted, offset: Offset | None) -> Window:
    """Say from when on a post can be this one.

    A clock moved since the first comparison, put back meanwhile or not, widens the window by as much, and by ``STEADY``
    for what comparisons cannot show; so does a clock of the network's that dates posts and was compared with none. What
    is old by a ``Date`` alone, and young by this machine's clock, is not too old: that ``Date`` may be a proxy's.
    """
    known = item.offset or offset
    if known is None:
        return Window(
            surely=item.began_at + UNKNOWN_CLOCK, perhaps=item.began_at - UNKNOWN_CLOCK, is_known=False
        )
    earliest = item.began_at + known.ahead - known.within - TICK
    # A comparison so slow that it says little makes nothing young enough that may be older than the arming.
    surely = item.began_at + known.ahead - min(known.within, STEADY) - TICK
    if item.offset is None or offset is None:
        return Window(surely=surely, perhaps=earliest - UNKNOWN_CLOCK, is_known=False)
    apart = max(abs(item.offset.ahead - offset.ahead), item.strayed)
    moved = apart - item.offset.within - offset.within
    unseen = max(moved, STEADY, item.network.dated_apart)
    only_by_date = max(timedelta(0), item.offset.ahead)
    return Window(surely=surely, perhaps=earliest - only_by_date - unseen, is_known=True)


LOOK_LASTS = timedelta(minutes=3)
"""How long after a look began it may still have read a post that was made meanwhile."""


def dates_contradict_ids(network: Network, sighting: Sighting) -> bool:
    """Whether a look shows a post of the future: a proxy's ``Date`` is not the network's, and ids are its own."""
    if sighting.dated_behind:
        return True
    if sighting.offset is None:
        return False
    until = sighting.at + sighting.offset.ahead + sighting.offset.within + TICK + LOOK_LASTS
    return any((network.made_at(post.id) or sighting.at) > until for post in sighting.posts)


def was_dated_by_another_clock(item: Wanted, known: RemoteId) -> bool:
    """Whether a post of ours has an id from before it was asked for, by the ``Date`` of when it was."""
    made = item.network.made_at(known)
    return made is not None and item.offset is not None and made < earliest(item.began_at, item.offset)


def is_dated_ahead(item: Wanted, known: RemoteId) -> bool:
    """Whether a post of ours has an id from after it was answered with that, by the ``Date`` of then: that one is behind.

    What a look found may have been made after its attempt had ended.
    """
    made, offset = item.network.made_at(known), item.offset
    if made is None or offset is None or known not in item.answered:
        return False
    return made > item.ended_at + offset.ahead + offset.within + CLOCK_SKEW


def is_dated_alike(one: Wanted, other: Wanted) -> bool:
    """Whether two were asked for by clocks that had not been moved against each other in between."""
    if one.offset is None or other.offset is None:
        return False
    apart = abs(one.offset.ahead - other.offset.ahead)
    return apart <= STEADY + one.offset.within + other.offset.within


def time_grade(item: Wanted, post: SeenPost, sightings: Sequence[Sighting]) -> Grade:
    """Compare when it was made with when it was asked for."""
    return _time_grade(item, post, widest_window(item, sightings))


def _time_grade(item: Wanted, post: SeenPost, bounds: Window) -> Grade:
    made = made_when(item.network, post)
    if made is None and item.name is None:
        made = post.dated
    if made is None:
        return Grade.UNCLEAR
    if made < bounds.perhaps:
        return Grade.UNCLEAR if post.ids & item.answered else Grade.OTHER
    return Grade.SAME if made >= bounds.surely else Grade.UNCLEAR


def made_when(network: Network, post: SeenPost) -> datetime | None:
    """Say when it was made, by the network's clock: by the oldest of its ids that tells, else by what is told beside."""
    told = [made for one in (*post.versions, post.id) if (made := network.made_at(one)) is not None]
    return min(told, default=post.made)


def widest_window(item: Wanted, sightings: Sequence[Sighting]) -> Window:
    """Give the widest window of several looks."""
    every = [window(item, one.offset) for one in sightings] or [window(item, None)]
    return Window(
        surely=max(one.surely for one in every),
        perhaps=min(one.perhaps for one in every),
        is_known=all(one.is_known for one in every),
    )
