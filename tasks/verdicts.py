"""What sightings of an account say of each delivery that was looked for, by all that is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from steadypost.channels.port import Access
from steadypost.domain.by_hand import newest_alike, strangers
from steadypost.domain.evidence import Absent, CannotTell, Evidence, Present, Sighting, Wanted
from steadypost.domain.matching import CLOCK_SKEW, is_dated_ahead, is_dated_alike, was_dated_by_another_clock
from steadypost.domain.network import Place
from steadypost.domain.outcome import Cause, Unconfirmed
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.weighing import elsewhere, judge, left_out, needed, still_there
from steadypost.store import Unsettled, ledger, unconfirmed
from steadypost.store import looks as look_rows
from tasks.house import House


def taken_ids(house: House, access: Access, seen: Sequence[Sighting]) -> frozenset[RemoteId]:
    """Say which of the posts that were seen belong to deliveries."""
    ids = frozenset[RemoteId]().union(*(post.ids for one in seen for post in one.posts))
    return house.store.read(look_rows.taken_ids, access.account, ids)


def verdicts_on(
    house: House,
    access: Access,
    items: Sequence[Unsettled],
    wanted: Mapping[tuple[int, int], Wanted],
    seen: Sequence[Sighting],
) -> dict[tuple[int, int], Evidence]:
    """Judge what is unconfirmed by all that is known of it, and what is published by its id."""
    taken = taken_ids(house, access, seen)
    judged = judge(list(wanted.values()), seen, taken)
    verdicts: dict[tuple[int, int], Evidence] = {}
    for item in items:
        for one in item.wanted:
            if item.published:
                # What is missing in another account's list was not taken down.
                other = elsewhere(one.identity, (each for each in seen if each.trouble is None))
                verdict = still_there(item.ids[one.n], seen, access.handle, one)
                if isinstance(verdict, Absent) and not any(item.ids[one.n] in each.missing for each in seen):
                    verdict = _unless_left_out(house, item, one, seen, verdict)
                verdicts[one.key] = CannotTell(why=other) if other else verdict
            else:
                verdict = judged[one.key]
                if item.reworded_until is not None and isinstance(verdict, Absent):
                    unknown = _strangers(house, item, one, list(wanted.values()), seen, taken)
                    verdict = _unless_reworded(verdict, unknown)
                if isinstance(verdict, Present) and (Place.NAMED, None) not in needed(one):
                    verdict = _unless_older(house, item, one, verdict)
                if isinstance(verdict, Absent):
                    verdict = _unless_dated_elsewhere(house, item, one, verdict)
                if isinstance(verdict, Absent):
                    verdict = _unless_left_out(house, item, one, seen, verdict)
                if isinstance(verdict, Absent) and _was_called_a_copy(item):
                    verdict = replace(verdict, alike=newest_alike(one, seen))
                verdicts[one.key] = _while_it_may_act(item, verdict)
    return verdicts


def _was_called_a_copy(item: Unsettled) -> bool:
    """Whether the network answered that it has these words already."""
    outcomes = item.attempt.answer.outcomes if item.attempt.answer else ()
    return any(isinstance(one, Unconfirmed) and one.cause is Cause.DUPLICATE for one in outcomes)


def _unless_dated_elsewhere(house: House, item: Unsettled, part: Wanted, verdict: Absent) -> Evidence:
    """Let nothing be absent by the dates of a network whose own ids contradict them."""
    about = {"since": part.began_at - DATED_ALIKE, "until": part.ended_at + DATED_ALIKE}
    known = house.store.read(unconfirmed.published_since, item.account, **about)
    odd = (
        each.ids[one.n]
        for each in known
        for one in each.wanted
        if was_dated_by_another_clock(one, each.ids[one.n])
    )
    if (post := next(odd, None)) is None:
        return verdict
    return CannotTell(
        why=f"the dates of the network's answers are another clock's than its ids: {post} would be from before it was "
        "asked for"
    )


def _unless_older(house: House, item: Unsettled, part: Wanted, verdict: Present) -> Evidence:
    """Take up nothing that was there before it was asked for: a ``Date`` that is behind makes what is older seem young.

    A younger post of ours that was there by then says so; and so does this machine's clock, where an id of ours shows
    that the ``Date`` was another clock's.
    """
    network, found = part.network, verdict.remote_id
    known = _published_beside(house, item, since=part.began_at - DATED_ALIKE, until=part.began_at)
    made, key = network.made_at(found), network.order_key(found)
    if key is not None:
        keys = [mark for _, post in known if (mark := network.order_key(post)) is not None and mark > key]
        if keys and not _was_set_back(house, item, part, max(keys)):
            return CannotTell(
                why=f"the post {found} is older than one that was there before this was asked for"
            )
    by_date_alone = made is not None and made < part.began_at - CLOCK_SKEW
    # What was asked for by another comparison of clocks says nothing of this one: the network's clock was moved since.
    if by_date_alone and any(is_dated_alike(part, one) and is_dated_ahead(one, post) for one, post in known):
        return CannotTell(
            why=f"the post {found} is from before this was asked for, by this machine's clock, and the dates of the "
            "network's answers are another clock's than its ids"
        )
    return verdict


def _published_beside(
    house: House, item: Unsettled, *, since: datetime, until: datetime
) -> list[tuple[Wanted, RemoteId]]:
    """Give the parts, with their ids, that the same machine published then: times of two machines are not compared."""
    known = house.store.read(unconfirmed.published_since, item.account, since=since, until=until)
    return [(one, each.ids[one.n]) for each in known if host_of(each) == host_of(item) for one in each.wanted]


def _was_set_back(house: House, item: Unsettled, part: Wanted, mark: Any) -> bool:
    """Whether ids began anew below ``mark``, so that it orders nothing: the network's clock was put back.

    A post says so that was asked for later, by the same comparison of clocks, with a smaller id that agrees with it.
    """
    later = _published_beside(house, item, since=part.began_at, until=part.began_at + DATED_ALIKE)
    return any(
        is_dated_alike(part, one)
        and not was_dated_by_another_clock(one, post)
        and not is_dated_ahead(one, post)
        and part.network.order_key(post) < mark
        for one, post in later
    )


def host_of(item: Unsettled) -> str:
    """Name the machine that asked for it."""
    return item.attempt.worker.partition(":")[0]


DATED_ALIKE = timedelta(hours=1)
"""What dates the answers of a network goes on doing so for so long, as a rule."""


def _unless_left_out(
    house: House, item: Unsettled, part: Wanted, seen: Sequence[Sighting], verdict: Absent
) -> Evidence:
    """Call nothing absent from lists that lack later posts known to be live."""
    first = min(one.at for one in seen if one.trouble is None)
    known = house.store.read(
        unconfirmed.published_since,
        item.account,
        since=part.began_at,
        until=first - part.network.shows_within,
    )
    others = (each for each in known if each.delivery_id != item.delivery_id)
    unseen = left_out({each.ids[one.n]: one for each in others for one in each.wanted}, seen)
    if not unseen:
        return verdict
    return CannotTell(
        why=f"a list leaves out {unseen[0]}, which was made after it", unread=((Place.THREAD, unseen[0]),)
    )


def _strangers(  # noqa: PLR0917 - private, and every one of them is needed
    house: House,
    item: Unsettled,
    part: Wanted,
    wanted: Sequence[Wanted],
    seen: Sequence[Sighting],
    taken: frozenset[RemoteId],
) -> list[RemoteId]:
    """Name the posts since a restored backup that this store does not know."""
    until = item.reworded_until or item.attempt.ended_at
    found = strangers(part, wanted, seen, taken, until=until)
    by_hand = house.store.read(ledger.known_by_hand, item.account, found, item.attempt.began_at)
    return [one for one in found if one not in by_hand]


def _unless_reworded(verdict: Absent, unknown: Sequence[RemoteId]) -> Evidence:
    """Call nothing absent that may be live in other words than this store knows."""
    if not unknown:
        return verdict
    more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
    return CannotTell(
        why=f"since the backup the account has posted what this store does not know ({unknown[0]}{more}): "
        "one of them may be this, in other words"
    )


def _while_it_may_act(item: Unsettled, verdict: Evidence) -> Evidence:
    """Call nothing absent whose attempt could still act when the look began: it may appear after it."""
    if isinstance(verdict, Absent) and item.attempt.gone_at is None:
        return CannotTell(why="its executor was not seen dead when the look began")
    return verdict
