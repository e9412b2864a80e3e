"""What a person can do to a delivery: release it, cancel it, say what is true of it.

One transaction under its lock, recorded. The fence moves on: a late answer counts only with an id (``overtaken``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from steadypost.domain import word as words
from steadypost.domain.delivery import Delivery, State
from steadypost.domain.network import Pointer
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import PartState
from steadypost.domain.remote_id import NotAnId
from steadypost.domain.waits import FIRST_LOOK
from steadypost.domain.word import StillUnconfirmed, Word, WordNotTaken
from steadypost.networks import named
from steadypost.store import accounts as account_rows
from steadypost.store import acts, approvals, ledger, made, repeats
from steadypost.store import attempts as attempt_rows
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.deliveries import Kept
from steadypost.store.errors import InHand, MayBeLive
from steadypost.store.schema import deliveries, evidence, posts

OUT_OF_REACH = frozenset({State.PUBLISHED, State.MISSED, State.CANCELLED, State.REMOVED})
"""What a retry by cause does not mention: it needs no person."""


def release(
    connection: Connection, delivery_id: int, *, not_live: bool = False, by: By, now: datetime
) -> Delivery:
    """Release a delivery that is held for a person.

    Raises ``MayBeLive`` where parts were asked for and ``not_live`` does not say that a person looked.
    """
    did = "release --not-live" if not_live else "release"
    return _act(connection, _held(connection, delivery_id), Word(absent=not_live), did=did, by=by, now=now)


def cancel(connection: Connection, delivery_id: int, *, by: By, now: datetime) -> Delivery:
    """Take a delivery back before it is sent; raises ``ImpossibleMove`` when too late, ``MayBeLive`` when asked for."""
    return _act(connection, _held(connection, delivery_id), Word(drop=True), did="cancel", by=by, now=now)


def resolve(
    connection: Connection,
    delivery_id: int,
    *,
    live: Sequence[Pointer] = (),
    absent: bool = False,
    drop: bool = False,
    by: By,
    now: datetime,
) -> Delivery:
    """Take a person's word: these posts are its parts, the rest is absent, drop it.

    Raises ``WordNotTaken`` when it cannot be true, ``MayBeLive`` without a look, ``InHand`` while a worker has it.
    """
    kept = _held(connection, delivery_id)
    if live:
        live = [_as_own(connection, kept, one) for one in live]
        _check(connection, kept, live, now)
    network = account_rows.network_of(connection, kept.delivery.account)
    word = Word(live=words.placed(kept.delivery, live, network), absent=absent, drop=drop)
    said = [("--live", bool(live)), ("--absent", absent), ("--drop", drop)]
    did = " ".join(["resolve", *(flag for flag, given in said if given)])
    return _act(connection, kept, word, did=did, by=by, now=now)


def _held(connection: Connection, delivery_id: int) -> Kept:
    """Read a delivery and lock it; refuse while a worker has it."""
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    if kept.delivery.state is State.SENDING and kept.lease_until is not None:
        raise InHand(delivery_id, kept.worker or "-", kept.lease_until)
    return kept


def _as_own(connection: Connection, kept: Kept, pointer: Pointer) -> Pointer:
    """Spell the id as the account's network does, so that whose it is can be seen."""
    account = account_rows.one(connection, kept.delivery.account)
    network = named(account.network)
    try:
        network.remote_id(pointer.id)
        return replace(pointer, id=network.own_id(pointer, account.identity))
    except NotAnId as odd:
        raise WordNotTaken(str(odd), remedy=network.neither) from None


def _check(connection: Connection, kept: Kept, live: Sequence[Pointer], now: datetime) -> None:
    """Refuse posts that cannot be this delivery's."""
    delivery = kept.delivery
    account = account_rows.one(connection, delivery.account)
    handle, network = account.handle, named(account.network)
    target = connection.scalar(select(posts.c.reply_to).where(posts.c.id == delivery.post_id))
    taken = delivery_rows.taken(connection, delivery.account, {one.id for one in live}, but=delivery.id)
    first = attempt_rows.first_armed(connection, [delivery.id]).get(delivery.id)
    armed_at, offset = (first.armed_at, first.offset) if first else (None, None)
    for one in live:
        if one.handle is not None and one.handle.casefold() != handle.casefold():
            raise WordNotTaken(
                f"the post {one.id} is @{one.handle}'s, and delivery {delivery.id} goes out as @{handle}",
                remedy=f"look for it among the posts of @{handle} on {network.title}",
            )
        if one.id == target:
            raise WordNotTaken(
                f"the post {one.id} is the one that delivery {delivery.id} answers",
                remedy="look for the answer below it",
            )
        if one.id in taken:
            raise WordNotTaken(
                f"the post {one.id} belongs to delivery {taken[one.id]}",
                remedy=f"see 'steadypost show {taken[one.id]}'; look for another post",
            )
        words.check_age(one, armed_at, offset, now, network)


def _act(connection: Connection, kept: Kept, word: Word, *, did: str, by: By, now: datetime) -> Delivery:
    delivery = kept.delivery
    network = account_rows.network_of(connection, delivery.account)
    tried = delivery.attempts > 0
    attempt = attempt_rows.latest(connection, kept) if tried else None
    overruled = word.absent and any(part.state is PartState.ASKED for part in delivery.parts)
    # What was asked for a moment ago may still come to life: it is not asked for again before that is over.
    not_before = attempt.ended_at + network.slowest_creation if attempt is not None and overruled else None
    more: dict[str, Any] = {}
    try:
        after = words.heard(delivery, word, now, not_before)
    except StillUnconfirmed as unsaid:
        raise MayBeLive(delivery.id, unsaid.why, unsaid.remedy) from None
    waits = _waits_for_a_yes(connection, kept, after)
    if waits:
        after, more = replace(delivery, state=State.HELD, why=waits), {"held_for": repeats.APPROVAL}
    if after.state is State.CANCELLED:
        after = replace(after, why=taken_back(after.why, by))
    if after.state is State.PUBLISHED:
        # Soon to be seen live, as everything that is published.
        after = replace(after, next_at=now + FIRST_LOOK, looks=0)
        more["verified_at"] = None
        ids = [part.remote_id for part in after.parts if part.remote_id is not None]
        more["published_at"] = kept.published_at or made.newest(connection, after.account, ids, attempt, now)
    if overruled or after.state is State.PUBLISHED:
        more["fence"] = kept.fence + 1
    delivery_rows.keep(connection, kept, after, now, quietly=bool(waits), **more)
    approvals.tell(connection, [delivery.id] if waits else [], now)
    if attempt is not None and after.parts != delivery.parts:
        ledger.follow(connection, attempt, after, now)
    _point(connection, kept, word, by, now)
    acts.record(connection, did=did, by=by, before=delivery.state, after=after, now=now)
    return after


def _waits_for_a_yes(connection: Connection, kept: Kept, after: Delivery) -> str:
    """Say why a release waits for a second person's approval; raises ``NeedsApproval`` where it does already."""
    if kept.delivery.state not in {State.HELD, State.QUARANTINED} or after.state is not State.SCHEDULED:
        return ""
    why = approvals.waits_for(connection, kept)
    if why and kept.held_for == repeats.APPROVAL and kept.delivery.state is State.HELD:
        raise approvals.NeedsApproval(kept.delivery.id, why)
    return why


def _point(connection: Connection, kept: Kept, word: Word, by: By, now: datetime) -> None:
    """Keep which posts a person pointed at beside what looks found: whatever the parts say later."""
    rows = [
        {
            "delivery_id": kept.delivery.id,
            "n": n,
            "at": now,
            "kind": "present",
            "remote_id": given,
            "why": by.name,
            # Of no attempt: it is a person's look, and outdates no look of ours.
            "fence": None,
        }
        for n, given in sorted(word.live.items())
    ]
    if rows:
        connection.execute(insert(evidence), rows)


def taken_back(how: str, by: By) -> str:
    """Say who took a delivery back and why, and what of it stays live."""
    whose = "a person" if by.name == acts.SOMEBODY else by.name
    _, _, live = how.partition("; ")
    return "".join([f"taken back by {whose}", f": {by.why}" if by.why else "", f"; {live}" if live else ""])


# Many at once --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A delivery with the cause in question that a retry leaves where it is, and why."""

    delivery: Delivery
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """What became of a retry by cause."""

    let_go: tuple[Delivery, ...]
    """What goes on, as it stands then."""
    left: tuple[Left, ...]


def retry(
    connection: Connection,
    cause: Cause,
    *,
    account: str | None = None,
    by: By,
    dry_run: bool = False,
    now: datetime,
) -> Retried:
    """Let everything go on that waits for a person for this cause and has nothing unconfirmed: all or none, locked by
    id.
    """
    if account is not None:
        account_rows.one(connection, account)
    let_go, left = [], []
    for delivery_id in connection.scalars(_with(cause, account)).all():
        kept = delivery_rows.one(connection, delivery_id, lock=not dry_run)
        if kept.delivery.cause is not cause or kept.delivery.state in OUT_OF_REACH:
            continue
        after = words.retried(kept.delivery, now)
        if isinstance(after, str):
            left.append(Left(delivery=kept.delivery, why=after))
            continue
        if why := _waits_for_a_yes(connection, kept, after):
            remedy = f"let it wait for that: steadypost release {kept.delivery.id}"
            left.append(Left(delivery=kept.delivery, why=f"it {why}; {remedy}"))
            continue
        let_go.append(after)
        if not dry_run:
            delivery_rows.keep(connection, kept, after, now)
            did = f"retry --cause {cause}"
            acts.record(connection, did=did, by=by, before=kept.delivery.state, after=after, now=now)
    return Retried(let_go=tuple(let_go), left=tuple(left))


def _with(cause: Cause, account: str | None) -> Select[int]:
    query = (
        select(deliveries.c.id)
        .where(deliveries.c.cause == cause, deliveries.c.state.not_in(list(OUT_OF_REACH)))
        .order_by(deliveries.c.id)
    )
    return query if account is None else query.where(deliveries.c.account == account)
