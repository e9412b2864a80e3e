"""Posts of an account beside what is looked for: a person's, second copies, and older ones with the same words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from steadypost.domain.evidence import SeenPost, Sighting, Wanted
from steadypost.domain.likeness import Grade
from steadypost.domain.matching import UNKNOWN_CLOCK, fitting, grade, made_when, text_grade, time_grade
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.weighing import oldest_first, united


def foreign(
    wanted: Sequence[Wanted], sightings: Sequence[Sighting], taken: Collection[RemoteId], handle: str
) -> tuple[SeenPost, ...]:
    """Name the account's posts made by hand: they belong to no delivery and fit none."""
    good = [one for one in sightings if one.trouble is None and one.account.casefold() == handle.casefold()]
    own = [
        post
        for post in united(good, taken)
        if post.author.casefold() == handle.casefold() and post.readable and not post.promoted
    ]
    perhaps_ours = {post.id for item in wanted for post, _ in fitting(item, own, good)}
    return tuple(post for post in own if post.id not in perhaps_ours)


def strangers(
    item: Wanted,
    wanted: Sequence[Wanted],
    sightings: Sequence[Sighting],
    taken: Collection[RemoteId],
    *,
    until: datetime,
) -> tuple[RemoteId, ...]:
    """Name own posts between ``item``'s begin and ``until`` that belong to nothing known.

    Of a recorded attempt they are a person's; after a restored backup any of them may be this part, reworded.
    """
    by_hand = foreign(wanted, sightings, taken, item.handle)
    return tuple(
        post.id
        for post in by_hand
        if time_grade(item, post, sightings) is not Grade.OTHER and not _made_after(item, post, until)
    )


def _made_after(item: Wanted, post: SeenPost, moment: datetime) -> bool:
    made = made_when(item.network, post) or post.dated
    return made is not None and made - UNKNOWN_CLOCK > moment


def copies(
    item: Wanted,
    remote_id: RemoteId,
    sightings: Sequence[Sighting],
    taken: Collection[RemoteId],
    unsettled: Sequence[Wanted] = (),
) -> tuple[RemoteId, ...]:
    """Name live second copies of a published post, without those that may belong to an ``unsettled`` delivery."""
    good = [
        one for one in sightings if one.trouble is None and one.account.casefold() == item.handle.casefold()
    ]
    return tuple(
        post.id
        for post, how in fitting(item, united(good, {*taken, remote_id}), good)
        if how is Grade.SAME
        and remote_id not in post.versions
        and not post.said.painted
        and all(grade(other, post, good) is Grade.OTHER for other in unsettled)
    )


def newest_alike(item: Wanted, seen: Sequence[Sighting]) -> RemoteId | None:
    """Name the newest own post with the same words that is too old to be this one."""
    older = [
        post.id
        for one in seen
        for post in one.posts
        if post.author.casefold() == item.handle.casefold()
        and post.readable
        and not post.reposted
        and time_grade(item, post, seen) is Grade.OTHER
        and text_grade(item, post) is Grade.SAME
    ]
    return oldest_first(item.network, older)[-1] if older else None
