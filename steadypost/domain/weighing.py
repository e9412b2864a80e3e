"""What looks show of each wanted part: pure, one ``Evidence`` per part.

``Present`` needs a post that agrees in all that is known of both, and that fits no other delivery. ``Absent`` needs
every list that must show it, told by the network without a gap back past the attempt, and no post that may be ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from steadypost.domain.evidence import Absent, CannotTell, Evidence, Present, SeenPost, Sighting, Wanted
from steadypost.domain.likeness import Grade
from steadypost.domain.matching import (
    dates_contradict_ids,
    fitting,
    is_marked,
    text_grade,
    widest_window,
    window,
)
from steadypost.domain.network import Need, Network, Place
from steadypost.domain.remote_id import RemoteId


def judge(
    wanted: Sequence[Wanted], sightings: Sighting | Sequence[Sighting], taken: Collection[RemoteId] = ()
) -> Mapping[tuple[int, int], Evidence]:
    """Say of each wanted part what these sightings of its account show.

    ``wanted`` must hold every unsettled part of the account, also those being sent. ``taken`` are the ids that belong
    to deliveries.
    """
    seen = (sightings,) if isinstance(sightings, Sighting) else tuple(sightings)
    if wanted and any(dates_contradict_ids(wanted[0].network, one) for one in seen):
        wanted, seen = undated(wanted, seen)
    good = [one for one in seen if one.trouble is None]
    posts = united(good, taken)
    grades: dict[tuple[int, int], dict[RemoteId, Grade]] = {}
    claims: dict[RemoteId, set[tuple[int, int]]] = defaultdict(set)
    resolved: dict[tuple[int, int], Wanted] = {}
    # Those whose parent is known first: what they fit is no parent of another's part.
    for item in sorted(wanted, key=lambda one: (not one.parent_known, one.key)):
        with_parent = _with_parent(item, resolved, grades, claims)
        resolved[item.key] = with_parent
        own = grades[item.key] = {}
        for post, how in fitting(with_parent, posts, good):
            own[post.id] = how
            if how is Grade.SAME or text_grade(item, post) is Grade.SAME:
                claims[post.id].add(item.key)
    verdicts: dict[tuple[int, int], Evidence] = {}
    for key, item in sorted(resolved.items()):
        verdicts[key] = _verdict(item, seen, grades, claims, verdicts)
    return verdicts


def undated(
    wanted: Sequence[Wanted], seen: Sequence[Sighting]
) -> tuple[tuple[Wanted, ...], tuple[Sighting, ...]]:
    """Forget how the clocks were compared, where a comparison is known to be wrong: then none proves anything."""
    return tuple(replace(one, offset=None) for one in wanted), tuple(
        replace(one, offset=None) for one in seen
    )


Grades = Mapping[tuple[int, int], Mapping[RemoteId, Grade]]
"""Of each part the posts that may be it, and how far each agrees."""

Claims = Mapping[RemoteId, Collection[tuple[int, int]]]
"""The parts that claim each post. Same words and not known to differ (a lost picture, an unknown time) claim as much as
a full fit.
"""


def united(sightings: Iterable[Sighting], taken: Collection[RemoteId]) -> list[SeenPost]:
    """Give each post once that may be an unconfirmed one, from the list that knows more of it; an edited one by its
    first id.
    """
    found: dict[RemoteId, SeenPost] = {}
    for post in (post for sighting in sightings for post in sighting.posts):
        if post.reposted or any(one in taken for one in post.ids):
            continue
        known = found.get(post.id)
        if known is None or _knowledge(post) > _knowledge(known):
            found[post.id] = post
    return list(found.values())


def _knowledge(post: SeenPost) -> tuple[bool, ...]:
    return (
        not is_marked(post),
        post.readable,
        not post.said.painted,
        not post.said.cut,
        post.parent_known,
        post.media is not None,
    )


def _with_parent(
    item: Wanted,
    resolved: Mapping[tuple[int, int], Wanted],
    grades: Grades,
    claims: Claims,
) -> Wanted:
    """Give a thread's part the parent that the same look found for the part before it."""
    if item.parent_known:
        return item
    before = (item.delivery_id, item.n - 1)
    found = _certain(before, grades, claims) if before in resolved else None
    return item if found is None else replace(item, reply_to=found, parent_known=True)


def _verdict(
    item: Wanted,
    seen: Sequence[Sighting],
    grades: Grades,
    claims: Claims,
    before: Mapping[tuple[int, int], Evidence],
) -> Evidence:
    if (trouble := _unusable(item, seen)) is not None:
        return CannotTell(why=trouble)
    if (by_name := _by_name(item, seen)) is not None:
        return by_name
    own = grades[item.key]
    same = [post for post, grade in own.items() if grade is Grade.SAME]
    if len(same) == 1 and len(claims[same[0]]) == 1:
        return Present(remote_id=same[0])
    if same:
        return CannotTell(why="more than one post or delivery fits", twins=_twins(item.network, same, claims))
    unclear = _unclear(item.key, grades, claims)
    if unclear:
        return CannotTell(
            why=f"the post {unclear[0]} cannot be told apart from it",
            unread=_more_to_read(item, unclear, seen),
        )
    return _absence(item, [one for one in seen if one.trouble is None], before)


def _by_name(item: Wanted, seen: Sequence[Sighting]) -> Evidence | None:
    """Say what the network answered about the part's own name; ``None`` where it takes no names."""
    if (Place.NAMED, None) not in needed(item):
        return None
    good = [one for one in seen if one.trouble is None and item.name is not None and item.name in one.named]
    found = {one.named[item.name] for one in good if item.name is not None}
    there = found - {None}
    if len(there) > 1:
        return CannotTell(why="one name was answered with several posts")
    if there:
        return Present(remote_id=cast("RemoteId", there.pop()))
    if found:
        return Absent(why="the network says that there is nothing of its name")
    return CannotTell(why="it was not asked for by its name", unread=((Place.NAMED, None),))


def _more_to_read(
    item: Wanted, unclear: Sequence[RemoteId], seen: Sequence[Sighting]
) -> tuple[tuple[Place, RemoteId | None], ...]:
    """Name what tells more of posts that may be this part: a folded list gives some by id only."""
    told = {post.id for one in seen for post in one.posts if post.readable}
    pages = [(Place.THREAD, post) for post in unclear if post not in told]
    lists = [need for need in needed(item) if not any(_covers(one, need, item) for one in seen)]
    return (*pages, *lists)


def _unusable(item: Wanted, seen: Sequence[Sighting]) -> str | None:
    good = [one for one in seen if one.trouble is None]
    if not good:
        return f"the look failed: {seen[0].trouble}" if seen else "no look was taken"
    other = next((one for one in good if one.account.casefold() != item.handle.casefold()), None)
    if other is not None:
        return f"signed in as {f'@{other.account}' if other.account else 'no account'}, not @{item.handle}"
    return elsewhere(item.identity, good)


def elsewhere(identity: str, sightings: Iterable[Sighting]) -> str | None:
    """Say that these are another account's posts; ``None`` where not known.

    After a block was given another handle or server, nothing missing there is absent.
    """
    for one in sightings:
        if identity and one.identity and one.identity != identity:
            return (
                f"it was asked for as {identity}, and the account is now {one.identity}: look there, and say what you "
                f"see, or put the block back"
            )
    return None


def _twins(network: Network, same: Sequence[RemoteId], claims: Claims) -> tuple[RemoteId, ...]:
    """Give the posts that fit one part alike, where there are several and none of them fits another part."""
    if len(same) < 2 or any(len(claims[post]) != 1 for post in same):
        return ()
    return oldest_first(network, same)


def oldest_first(network: Network, posts: Sequence[RemoteId]) -> tuple[RemoteId, ...]:
    """Sort posts by their ids, as their network orders them; where it orders none, by their letters."""
    keys = {post: network.order_key(post) for post in posts}
    return tuple(sorted(posts) if None in keys.values() else sorted(posts, key=keys.__getitem__))


def _unclear(key: tuple[int, int], grades: Grades, claims: Claims) -> list[RemoteId]:
    """Name the posts that may be this part, and are not accounted for otherwise."""
    return [
        post
        for post, grade in grades[key].items()
        if grade is Grade.UNCLEAR
        and (key in claims.get(post, ()) or not _is_anothers(post, key, grades, claims))
    ]


def _certain(key: tuple[int, int], grades: Grades, claims: Claims) -> RemoteId | None:
    """Give the post that is this part, where no other post may be it, and no other part may be that."""
    found = _only_same(key, grades)
    if found is None or len(claims[found]) != 1 or _unclear(key, grades, claims):
        return None
    return found


def _only_same(key: tuple[int, int], grades: Grades) -> RemoteId | None:
    same = [post for post, grade in grades[key].items() if grade is Grade.SAME]
    return same[0] if len(same) == 1 else None


def _is_anothers(post: RemoteId, key: tuple[int, int], grades: Grades, claims: Claims) -> bool:
    """Whether a post is accounted for: it is what exactly one other part asked for, and that part fits no other."""
    claiming = claims.get(post, ())
    owners = [other for other in claiming if other != key and grades[other].get(post) is Grade.SAME]
    return len(owners) == 1 and _only_same(owners[0], grades) == post


def _absence(item: Wanted, seen: Sequence[Sighting], before: Mapping[tuple[int, int], Evidence]) -> Evidence:
    """Judge whether these looks would have shown it."""
    if not item.parent_known:
        return _follows_parent(before.get((item.delivery_id, item.n - 1)))
    # The lists that were not read come first: without a comparison of clocks they prove nothing absent, and may show it.
    unread = tuple(need for need in needed(item) if not any(_covers(one, need, item) for one in seen))
    if unread:
        return CannotTell(why=_not_covered(unread[0], seen), unread=unread)
    if not widest_window(item, seen).is_known:
        return CannotTell(why="the network's clock was not compared with this machine's")
    reached = max(one.reached_back_to for one in seen if one.reached_back_to is not None)
    return Absent(why=f"not in any list that would show it; they reach back to {reached:%H:%M:%S}")


def _follows_parent(parent: Evidence | None) -> Evidence:
    """A part is asked for only after the one before it was made: without that one it is not there either."""
    if isinstance(parent, Absent):
        return Absent(why=f"the part before it is not there ({parent.why})")
    return CannotTell(why="the part before it is unconfirmed as well")


def needed(item: Wanted) -> tuple[Need, ...]:
    """Name every place that has to be read before a part can be said to be absent."""
    unnamed = item.network.needed_unnamed if item.name is None else None
    return (unnamed or item.network.needed)(item.text, item.reply_to)


def _covers(sighting: Sighting, need: tuple[Place, RemoteId | None], item: Wanted) -> bool:
    place, post = need
    if sighting.place is not place or not sighting.told:
        return False
    if place is Place.THREAD:
        return sighting.post == post
    reached = sighting.reached_back_to
    return reached is not None and reached <= window(item, sighting.offset).perhaps


def _not_covered(need: tuple[Place, RemoteId | None], seen: Sequence[Sighting]) -> str:
    place, _ = need
    read = [one for one in seen if one.place is place]
    if not read:
        return f"not read yet: {place}"
    if not any(one.told for one in read):
        return (
            f"the network's own data of {place} was not available, and what a page paints proves no absence"
        )
    return f"{place} did not reach back past the attempt"


def left_out(known: Mapping[RemoteId, Wanted], sightings: Sequence[Sighting]) -> tuple[RemoteId, ...]:
    """Name posts that seem live and are missing from a list that must show them: such a list may lack another one too."""
    good = [one for one in sightings if one.trouble is None]
    missing = frozenset[RemoteId]().union(*(one.missing for one in good))
    return tuple(
        remote_id
        for remote_id, part in known.items()
        if remote_id not in missing
        and any(
            place is not Place.THREAD and _covers(one, (place, post), part) and not _shows(one, remote_id)
            for place, post in needed(part)
            for one in good
        )
    )


def _shows(sighting: Sighting, remote_id: RemoteId) -> bool:
    return any(remote_id in post.ids for post in sighting.posts)


def still_there(
    remote_id: RemoteId, sightings: Sequence[Sighting], handle: str, part: Wanted | None = None
) -> Evidence:
    """Say whether a post with a known id is there. Only its own address says that it is gone; where that shows nothing
    and does not say so, the lists that must show it do, for ``part`` of which it is.
    """
    good = [one for one in sightings if one.trouble is None and one.account.casefold() == handle.casefold()]
    for post in (post for one in good for post in one.posts):
        # An entry without content may be what is left of a post that is gone.
        if post.readable and (post.id == remote_id or remote_id in post.versions):
            return Present(remote_id=remote_id)
    if any(remote_id in one.named.values() for one in good):
        return Present(remote_id=remote_id)
    if any(remote_id in one.missing for one in good):
        return Absent(why="the network says that there is nothing at its address")
    if part is not None and any(remote_id in one.hidden for one in good):
        return _hidden(remote_id, good, part)
    return CannotTell(why="no list showed it", unread=((Place.THREAD, remote_id),))


def _hidden(remote_id: RemoteId, good: Sequence[Sighting], part: Wanted) -> Evidence:
    """Judge a post of which its own address shows nothing. What is only withheld keeps its place in its author's
    lists.
    """
    lists = [need for need in needed(part) if need[0] is not Place.THREAD]
    unread = tuple(need for need in lists if not any(_covers(one, need, part) for one in good))
    if unread or not lists or any(_shows(one, remote_id) for one in good):
        return CannotTell(why="the network shows nothing at its address", unread=unread)
    return Absent(why="the network shows nothing at its address, and no list that must show it does")
