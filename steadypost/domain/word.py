"""A person's word about a delivery: these parts are *live*, the rest is *absent*, or *dropped* instead of sent.

What may be live is not dropped unless the person also says ``absent``: it could end as cancelled while it is live.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from steadypost.domain.clock import Offset
from steadypost.domain.delivery import Delivery, ImpossibleMove, State, WhenLate
from steadypost.domain.matching import UNKNOWN_CLOCK, is_of_this_ask
from steadypost.domain.network import Network, Pointer
from steadypost.domain.parts import DeliveryPart, PartState
from steadypost.domain.remote_id import RemoteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a person says of one delivery."""

    live: Mapping[int, RemoteId] = field(default_factory=dict)
    """The ids of parts that are live, by part."""
    absent: bool = False
    """They looked, and what else was asked for is not there."""
    drop: bool = False
    """What is not live is not to be sent."""


class WordNotTaken(ValueError):
    """A person's word that cannot be true, or says too little to act on."""

    def __init__(self, why: str, *, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


class StillUnconfirmed(WordNotTaken):
    """Parts may be live, and the word does not say that a person looked."""


def placed(delivery: Delivery, pointers: Sequence[Pointer], network: Network) -> dict[int, RemoteId]:
    """Find which part each post is.

    Unnamed, it is the part with this id, else the first missing one. Ids must rise from part to part, as a thread is
    published.
    """
    live = {part.n: part.remote_id for part in delivery.parts if part.remote_id is not None}
    known = {one_id: n for n, one_id in live.items()}
    if delivery.state is State.REMOVED:
        # Its ids are of posts that were seen gone: another post may be any of its parts.
        live = {}
    found: dict[int, RemoteId] = {}
    for one in sorted(pointers, key=lambda one: one.part is None):
        if one.id in found.values():
            raise WordNotTaken(
                f"the post {one.id} is named twice", remedy="a post is one part; name each once"
            )
        missing = (part.n for part in delivery.parts if part.n not in {*live, *found})
        n = known.get(one.id, next(missing, None)) if one.part is None else one.part
        if n is None or not 0 <= n < len(delivery.parts):
            raise WordNotTaken(
                f"delivery {delivery.id} has {len(delivery.parts)} part(s), and no room for the post {one.id}",
                remedy="name one post for each part that is missing, in the order of the parts",
            )
        if n in found:
            raise WordNotTaken(
                f"two posts are said to be part {n + 1}: {found[n]} and {one.id}",
                remedy="a part is one post; name each part once",
            )
        found[n] = one.id
    _rise(live | found, network)
    return found


AT_REST = frozenset({State.REFUSED, State.MISSED, State.CANCELLED})
"""What ended stays ended when a person only says what is live."""


def _rise(ids: Mapping[int, RemoteId], network: Network) -> None:
    in_order = [ids[n] for n in sorted(ids)]
    for earlier, later in pairwise(in_order):
        before, after = network.order_key(earlier), network.order_key(later)
        if before is not None and after is not None and after <= before:
            raise WordNotTaken(
                f"the post {later} is not younger than {earlier}, but is said to be a later part",
                remedy="name the posts in the order of the parts, each once",
            )


def check_age(
    pointer: Pointer, armed_at: datetime | None, offset: Offset | None, now: datetime, network: Network
) -> None:
    """Refuse a post whose id is older than the first ask or in the future; ``offset`` is the network clock's lead at
    the ask.
    """
    made = network.made_at(pointer.id)
    if armed_at is None:
        raise WordNotTaken(
            f"nothing was ever asked for, so the post {pointer.id} is not this delivery's",
            remedy="if you posted it by hand, drop the delivery and say so",
        )
    if made is None:
        return
    if not is_of_this_ask(made, armed_at, offset, now):
        raise WordNotTaken(
            f"the post {pointer.id} was made at {made:%Y-%m-%d %H:%M:%S} UTC, "
            f"before it was first asked for at {armed_at:%Y-%m-%d %H:%M:%S} UTC",
            remedy="look for a younger one; this is another post",
        )
    if made > now + UNKNOWN_CLOCK:
        raise WordNotTaken(
            f"no post can have the id {pointer.id} yet", remedy="copy its address again, whole"
        )


def heard(delivery: Delivery, word: Word, now: datetime, not_before: datetime | None = None) -> Delivery:
    """Take a person's word and become the delivery that follows; nothing is asked again before ``not_before``."""
    told = replace(delivery, parts=_told(delivery, word))
    if delivery.state is State.REMOVED and word.live:
        return _there_again(told, word)
    if told.first_missing == len(told.parts):
        return _all_live(delivery, told, word)
    if word.drop:
        return _dropped(told)
    if word.live and not word.absent:
        return _some_live(told, now)
    return _goes_on(told, word, now, not_before)


def came_to_light(delivery: Delivery, why: str) -> Delivery:
    """Move a delivery some of whose parts were found to be live, whatever was believed of it until now."""
    if delivery.first_missing == len(delivery.parts):
        return delivery.move(State.PUBLISHED, broken=0, deferred=0, looks=0, cause=None, why="")
    if delivery.state in {State.UNCONFIRMED, State.NEEDS_REVIEW} and unconfirmed_parts(delivery):
        return delivery
    if delivery.state is State.NEEDS_REVIEW:
        return replace(delivery, why=why)
    return delivery.move(State.NEEDS_REVIEW, looks=0, why=why)


def unconfirmed_parts(delivery: Delivery) -> list[int]:
    """List the parts that may be live, counted from 1."""
    return [part.n + 1 for part in delivery.parts if part.state is PartState.ASKED]


def _told(delivery: Delivery, word: Word) -> tuple[DeliveryPart, ...]:
    parts = []
    for part in delivery.parts:
        given = word.live.get(part.n)
        # What was seen gone may be there under another id: what was known of it is known to be over.
        if given is not None and part.remote_id not in {None, given} and delivery.state is not State.REMOVED:
            raise WordNotTaken(
                f"part {part.n + 1} of delivery {delivery.id} is known as {part.remote_id}, not {given}",
                remedy="a part has one id; look at both, and take a second copy down by hand",
            )
        if given is not None:
            parts.append(DeliveryPart(n=part.n, state=PartState.LIVE, remote_id=given))
        elif word.absent and part.state is PartState.ASKED:
            parts.append(DeliveryPart(n=part.n))
        else:
            parts.append(part)
    return tuple(parts)


def _all_live(before: Delivery, told: Delivery, word: Word) -> Delivery:
    if before.state in {State.PUBLISHED, State.REMOVED}:
        raise WordNotTaken(
            f"delivery {told.id} is {before.state}, and nothing that was said is new",
            remedy="a post that was live is never posted again by itself; schedule it anew if you want it back",
        )
    if word.absent or word.drop:
        raise WordNotTaken(
            f"every part of delivery {told.id} is live: nothing is left that could be absent or dropped",
            remedy="say only which parts are live",
        )
    return came_to_light(told, "")


def _there_again(told: Delivery, word: Word) -> Delivery:
    """Take back that it was seen gone: a person sees every part of it live."""
    unsaid = [part.n + 1 for part in told.parts if part.n not in word.live]
    if unsaid:
        raise WordNotTaken(
            f"delivery {told.id} was seen gone, and {_parts(unsaid)} of it is not among what you named",
            remedy="name every part that you see; while one is gone it stays removed",
        )
    if word.absent or word.drop:
        raise WordNotTaken(
            f"every part of delivery {told.id} is said to be live: nothing is left that could be absent or dropped",
            remedy="say only which parts are live",
        )
    return came_to_light(told, "")


def _dropped(told: Delivery) -> Delivery:
    unconfirmed = unconfirmed_parts(told)
    if unconfirmed:
        raise StillUnconfirmed(
            f"{_parts(unconfirmed)} of delivery {told.id} may be live, and what is live never ends as cancelled",
            remedy=(
                f"look at the account: if it is there, 'steadypost resolve {told.id} --live URL --why TEXT'; "
                f"if not, 'steadypost resolve {told.id} --drop --absent --why TEXT'"
            ),
        )
    live = [part.n + 1 for part in told.parts if part.state is PartState.LIVE]
    why = f"taken back; {_parts(live)} of {len(told.parts)} stay live" if live else "taken back"
    return told.move(State.CANCELLED, looks=0, why=why)


def _some_live(told: Delivery, now: datetime) -> Delivery:
    """Go on from parts that are live while others are missing, of which nothing was said."""
    if (
        told.state in {State.UNCONFIRMED, State.NEEDS_REVIEW}
        and not unconfirmed_parts(told)
        and told.in_order
    ):
        return told.move(State.PARTIAL, next_at=max(told.due_at, now), looks=0, cause=None, why="")
    if told.state is State.PARTIAL and told.in_order:
        return told
    why = f"{_parts([part.n + 1 for part in told.parts if part.state is PartState.LIVE])} came to light"
    return came_to_light(told, why)


def _goes_on(told: Delivery, word: Word, now: datetime, not_before: datetime | None) -> Delivery:
    if told.state in AT_REST:
        # What ended goes out again only as a change that says so: at another time, in other words, or undone.
        raise ImpossibleMove(told.state, State.SCHEDULED)
    unconfirmed = unconfirmed_parts(told)
    if unconfirmed and not word.absent:
        raise StillUnconfirmed(
            f"{_parts(unconfirmed)} of delivery {told.id} may be live: asked for, and never learnt",
            remedy=(
                f"look at the account: if it is there, 'steadypost resolve {told.id} --live URL --why TEXT'; "
                f"if not, 'steadypost resolve {told.id} --absent --why TEXT' lets it go out again"
            ),
        )
    if not told.in_order:
        raise WordNotTaken(
            f"part {told.first_missing + 1} of delivery {told.id} is not live, but a later one is: "
            "sending cannot put them in order",
            remedy="take the later part down by hand, or drop what is missing",
        )
    # A person was asked because it is late, and lets it go: its late rule is over.
    asked = told.when_late is WhenLate.ASK and told.is_late(now)
    return told.move(
        State.PARTIAL if told.first_missing else State.SCHEDULED,
        late_after=None if asked else told.late_after,
        next_at=max(told.due_at, now, not_before or now),
        broken=0,
        deferred=0,
        looks=0,
        cause=None,
        why="",
    )


def _parts(numbers: list[int]) -> str:
    return f"part{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


RETRIED = frozenset({State.QUARANTINED, State.NEEDS_REVIEW})
"""What a retry by cause lets go on: it waits for a person, and nothing of it is unconfirmed."""


def retried(delivery: Delivery, now: datetime) -> Delivery | str:
    """Let a delivery go on in a retry of many, or say why not: refused, possibly live, or too late."""
    unconfirmed = unconfirmed_parts(delivery)
    if unconfirmed:
        return f"{_parts(unconfirmed)} may be live: look, then 'steadypost resolve {delivery.id}'"
    if delivery.state is State.REFUSED:
        return "the network said no, and would say no again: write another post"
    if delivery.state not in RETRIED:
        return f"it is {delivery.state}: it does not wait for a person"
    try:
        after = heard(delivery, Word(), now)
    except WordNotTaken as not_taken:
        return f"{not_taken.why}; {not_taken.remedy}"
    if after.is_late(now) and after.when_late is WhenLate.MISS:
        return f"too late by its own rule, which lets it go out {delivery.late_after} after it was due"
    return after
