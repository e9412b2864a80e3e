"""Looks: what is in doubt, what was seen of it, and what follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from sqlalchemy import Connection, and_, func, insert, select, text

from steadypost.domain.delivery import LONGEST_DOUBT, Delivery, OnAbsence, PartState, State
from steadypost.domain.evidence import (
    Absent,
    CannotTell,
    Evidence,
    Present,
    Wanted,
    absent_since,
    proves_absence,
)
from steadypost.domain.snowflake import NotASnowflake, RemoteId, made_at, remote_id
from steadypost.store import accounts as account_rows
from steadypost.store import attempts as attempt_rows
from steadypost.store import deliveries as delivery_rows
from steadypost.store import ledger, overtaken
from steadypost.store.attempts import Attempt
from steadypost.store.deliveries import Kept
from steadypost.store.schema import (
    UNCONFIRMED,
    UNVERIFIED,
    accounts,
    attempts,
    deliveries,
    delivery_parts,
    evidence,
    posts,
)

DUE_AT_ONCE = 1000
"""How many deliveries in doubt are handed out at a time, the longest waiting first."""

_SETTLEABLE = frozenset({State.UNCONFIRMED, State.NEEDS_REVIEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A delivery to look for, and everything needed to recognise it."""

    delivery_id: int
    account: str
    channel: str
    handle: str
    published: bool
    """Whether it is published already, and only to be seen with own eyes."""
    looks: int
    """How many looks have not settled it."""
    wanted: tuple[Wanted, ...]
    ids: Mapping[int, RemoteId]
    """The ids its parts have, by part."""
    attempt: Attempt
    """Its latest attempt: the one that is in doubt."""


def due(connection: Connection, now: datetime, most_looks: int) -> dict[str, list[Doubt]]:
    """List what is to be looked for now, by account: one read of a timeline serves all of an account's."""
    in_doubt = select(deliveries.c.id, deliveries.c.next_at).where(
        text(UNCONFIRMED), deliveries.c.next_at <= now
    )
    unseen = select(deliveries.c.id, deliveries.c.next_at).where(
        text(UNVERIFIED), deliveries.c.next_at <= now, deliveries.c.looks < most_looks
    )
    found: list[int] = []
    for query in (in_doubt, unseen):
        found += connection.scalars(query.order_by(deliveries.c.next_at).limit(DUE_AT_ONCE)).all()
    by_account: defaultdict[str, list[Doubt]] = defaultdict(list)
    for doubt in _doubts(connection, found):
        by_account[doubt.account].append(doubt)
    return dict(by_account)


def _doubts(connection: Connection, ids: list[int]) -> list[Doubt]:
    if not ids:
        return []
    every = delivery_rows.several(connection, ids)
    post_ids = {kept.delivery.post_id for kept in every}
    texts = delivery_rows.said(connection, post_ids)
    targets = {
        row.id: row.reply_to
        for row in connection.execute(select(posts.c.id, posts.c.reply_to).where(posts.c.id.in_(post_ids)))
    }
    owners = {row.name: row for row in connection.execute(select(accounts))}
    latest = _latest_attempts(connection, every)
    began = _first_armed(connection, [kept.delivery.id for kept in every])
    doubts = []
    for kept in every:
        delivery, owner = kept.delivery, owners[kept.delivery.account]
        published = delivery.state is State.PUBLISHED
        ids_of = {part.n: part.remote_id for part in delivery.parts if part.remote_id is not None}
        sought = [
            part.n
            for part in delivery.parts
            if part.state is (PartState.LIVE if published else PartState.ASKED)
        ]
        doubts.append(
            Doubt(
                delivery_id=delivery.id,
                account=delivery.account,
                channel=owner.channel,
                handle=owner.handle,
                published=published,
                looks=delivery.looks,
                wanted=tuple(
                    Wanted(
                        delivery_id=delivery.id,
                        n=n,
                        handle=owner.handle,
                        text=texts[delivery.post_id][n].text,
                        began_at=_began(began.get(delivery.id, latest[delivery.id].began_at), ids_of.get(n)),
                        ended_at=latest[delivery.id].ended_at,
                        reply_to=targets[delivery.post_id] if n == 0 else ids_of.get(n - 1),
                    )
                    for n in sought
                ),
                ids=ids_of,
                attempt=latest[delivery.id],
            )
        )
    return doubts


def _began(began_at: datetime, known: RemoteId | None) -> datetime:
    """Say how far back a list must reach: to the attempt, or to where the id itself says the post is."""
    return began_at if known is None else min(began_at, made_at(known))


def _first_armed(connection: Connection, ids: list[int]) -> dict[int, datetime]:
    """Say when each delivery was first about to be asked.

    Not the latest attempt's instant: when X answers that an earlier one is live after all (187), that one is
    what we look for.
    """
    rows = connection.execute(
        select(attempts.c.delivery_id, func.min(attempts.c.armed_at).label("armed_at"))
        .where(attempts.c.delivery_id.in_(ids), attempts.c.armed_at.is_not(None))
        .group_by(attempts.c.delivery_id)
    )
    return {row.delivery_id: row.armed_at for row in rows}


def _latest_attempts(connection: Connection, every: list[Kept]) -> dict[int, Attempt]:
    # Not by the delivery's own fence: a person's word moves that on without making an attempt.
    newest = (
        select(attempts.c.delivery_id, func.max(attempts.c.fence).label("fence"))
        .where(attempts.c.delivery_id.in_([kept.delivery.id for kept in every]))
        .group_by(attempts.c.delivery_id)
        .subquery()
    )
    both = and_(attempts.c.delivery_id == newest.c.delivery_id, attempts.c.fence == newest.c.fence)
    rows = connection.execute(select(attempts).join(newest, both))
    return {row.delivery_id: attempt_rows.attempt_of(row) for row in rows}


def accounts_in_doubt(connection: Connection) -> frozenset[str]:
    """Name the accounts that have a delivery in doubt."""
    return frozenset(connection.scalars(select(deliveries.c.account).where(text(UNCONFIRMED)).distinct()))


def taken_ids(connection: Connection, account: str) -> frozenset[RemoteId]:
    """List the ids that belong to deliveries of an account."""
    rows = connection.scalars(
        select(delivery_parts.c.remote_id).where(
            delivery_parts.c.account == account, delivery_parts.c.remote_id.is_not(None)
        )
    )
    return frozenset(rows)


def note_gone(connection: Connection, attempt_id: int, now: datetime) -> None:
    """Write down that an attempt's browser was seen unable to act any more."""
    if attempt_rows.one(connection, attempt_id).gone_at is None:
        attempt_rows.note(connection, attempt_id, gone_at=now)


def saw(
    connection: Connection,
    delivery_id: int,
    found: Mapping[int, Evidence],
    *,
    at: datetime,
    now: datetime,
    next_at: datetime,
    most_looks: int,
) -> Delivery:
    """Write down what a look that began ``at`` found of a delivery, and what follows from it.

    What is found is taken for ours at once. What is not found is asked again only once looks have proven
    that it is not there; what they cannot tell brings it before a person in the end.
    """
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    believed = _believed(connection, kept.delivery, found)
    if not _is_news(connection, kept, at):
        return kept.delivery
    _write_down(connection, kept, believed, at)
    if kept.delivery.state is State.PUBLISHED:
        return _seen_again(connection, kept, believed, now, next_at)
    if kept.delivery.state not in _SETTLEABLE:
        # A person spoke, or it was claimed again, while we looked. What is there is there all the same.
        ids = {n: one.remote_id for n, one in believed.items() if isinstance(one, Present)}
        return overtaken.seen(connection, kept, ids, now) or kept.delivery
    return _settle(connection, kept, believed, now=now, next_at=next_at, most_looks=most_looks)


def _is_news(connection: Connection, kept: Kept, at: datetime) -> bool:
    """Say whether this look was not written down before: one that is told twice is one look."""
    known = select(evidence.c.id).where(
        evidence.c.delivery_id == kept.delivery.id, evidence.c.fence == kept.fence, evidence.c.at == at
    )
    return connection.scalar(known.limit(1)) is None


def _believed(
    connection: Connection, delivery: Delivery, found: Mapping[int, Evidence]
) -> dict[int, Evidence]:
    """Take a found id only when it is one, nobody else's, and not another than the part already has."""
    ids = {one.remote_id for one in found.values() if isinstance(one, Present)}
    taken = delivery_rows.taken(connection, delivery.account, ids, but=delivery.id)
    used = {part.remote_id: part.n for part in delivery.parts if part.remote_id is not None}
    believed: dict[int, Evidence] = {}
    for n, one in sorted(found.items()):
        doubt = _doubt(delivery, n, one.remote_id, taken, used) if isinstance(one, Present) else None
        if isinstance(one, Present) and doubt is None:
            used[one.remote_id] = n
        believed[n] = one if doubt is None else CannotTell(why=doubt)
    return believed


def _doubt(
    delivery: Delivery, n: int, given: RemoteId, taken: Mapping[RemoteId, int], used: Mapping[RemoteId, int]
) -> str | None:
    try:
        remote_id(given)
    except NotASnowflake as odd:
        return str(odd)
    if given in taken:
        return f"the id {given} belongs to delivery {taken[given]}"
    if used.get(given, n) != n:
        return f"the id {given} belongs to part {used[given]} of the same delivery"
    own = delivery.parts[n].remote_id
    if own not in {None, given}:
        return f"the id {given} says the same, but this part is {own}"
    return None


def _write_down(connection: Connection, kept: Kept, found: Mapping[int, Evidence], at: datetime) -> None:
    about = {"delivery_id": kept.delivery.id, "fence": kept.fence, "at": at}
    rows = [{**about, "n": n, **_told(one)} for n, one in found.items()]
    if rows:
        connection.execute(insert(evidence), rows)


def _told(one: Evidence) -> dict[str, str | None]:
    match one:
        case Present(remote_id=given):
            return {"kind": "present", "remote_id": given, "why": ""}
        case Absent(why=why):
            return {"kind": "absent", "remote_id": None, "why": why}
        case CannotTell(why=why):
            return {"kind": "cannot_tell", "remote_id": None, "why": why}
        case _:
            assert_never(one)


def _seen_again(
    connection: Connection, kept: Kept, found: Mapping[int, Evidence], now: datetime, next_at: datetime
) -> Delivery:
    delivery = kept.delivery
    if all(isinstance(found.get(part.n), Present) for part in delivery.parts):
        delivery_rows.keep(connection, kept, delivery, now, verified_at=kept.verified_at or now)
        return delivery
    absence = _absence(connection, kept, {part.n for part in delivery.parts})
    if absence.proven:
        gone = ", ".join(str(delivery.parts[n].remote_id) for n in absence.proven)
        after = delivery.move(State.REMOVED, why=f"looks have proven that {gone} is not live any more")
    else:
        looks = delivery.looks + 1
        after = replace(delivery, looks=looks, next_at=absence.not_later_than(next_at, now))
    delivery_rows.keep(connection, kept, after, now)
    return after


def _settle(
    connection: Connection,
    kept: Kept,
    found: Mapping[int, Evidence],
    *,
    now: datetime,
    next_at: datetime,
    most_looks: int,
) -> Delivery:
    """Let a look change a delivery in doubt."""
    attempt = attempt_rows.latest(connection, kept)
    doubted = {part.n for part in kept.delivery.parts if part.state is PartState.ASKED}
    absence = _absence(connection, kept, doubted)
    after = kept.delivery.weigh(
        {n: one.remote_id for n, one in found.items() if isinstance(one, Present)},
        absence.proven,
        now=now,
        next_at=absence.not_later_than(next_at, now),
        on_absence=absence.then,
        doubted_since=attempt.ended_at,
        most_looks=most_looks,
    )
    more = {}
    if after.state is State.PUBLISHED:
        ids = [part.remote_id for part in after.parts if part.remote_id is not None]
        more = {"published_at": min(now, max(map(made_at, ids))), "verified_at": now}
    delivery_rows.keep(connection, kept, after, now, **more)
    ledger.follow(connection, attempt_id=attempt.id, first=attempt.first_part, delivery=after, now=now)
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class _Absence:
    """What the looks so far prove of the parts of one attempt."""

    proven: tuple[int, ...]
    """The parts proven not to be live."""
    provable_at: datetime | None
    """When a further look that misses them could prove it of the next."""
    then: OnAbsence

    def not_later_than(self, next_at: datetime, now: datetime) -> datetime:
        """Choose when to look again: the look that can complete a proof is not to be late."""
        return next_at if self.provable_at is None else max(now, min(next_at, self.provable_at))


def _absence(connection: Connection, kept: Kept, about: Collection[int]) -> _Absence:
    attempt = attempt_rows.latest(connection, kept)
    account = account_rows.one(connection, kept.delivery.account)
    missed = _missed_at(connection, kept)
    proven, provable = [], []
    for n in sorted(about):
        if proves_absence(missed[n], gone_at=attempt.gone_at, settle=account.settle):
            proven.append(n)
        elif (since := absent_since(missed[n], gone_at=attempt.gone_at)) is not None:
            provable.append(since + account.settle)
    return _Absence(proven=tuple(proven), provable_at=min(provable, default=None), then=account.on_absence)


def _missed_at(connection: Connection, kept: Kept) -> defaultdict[int, list[datetime]]:
    """Give, by part, the instants of the looks that would have shown it and did not.

    Only those since the latest claim, or since a person's word for it: an older look cannot contradict that.
    """
    found: defaultdict[int, list[datetime]] = defaultdict(list)
    rows = connection.execute(
        select(evidence.c.n, evidence.c.at).where(
            evidence.c.delivery_id == kept.delivery.id,
            evidence.c.fence == kept.fence,
            evidence.c.kind == "absent",
        )
    )
    for row in rows:
        found[row.n].append(row.at)
    return found


def could_not_look(connection: Connection, account: str, now: datetime) -> list[int]:
    """Bring before a person what has been in doubt for too long because nobody could look; answer which."""
    old = connection.scalars(
        select(deliveries.c.id)
        .join(
            attempts,
            (attempts.c.delivery_id == deliveries.c.id) & (attempts.c.fence == deliveries.c.fence),
        )
        .where(
            text(f"deliveries.{UNCONFIRMED}"),
            deliveries.c.account == account,
            func.coalesce(attempts.c.answered_at, attempts.c.rescued_at, attempts.c.lease_until)
            <= now - LONGEST_DOUBT,
        )
    ).all()
    for delivery_id in old:
        kept = delivery_rows.one(connection, delivery_id, lock=True)
        if kept.delivery.state is State.UNCONFIRMED:
            why = f"{kept.delivery.why}; the account could not be looked at".removeprefix("; ")
            delivery_rows.keep(connection, kept, kept.delivery.move(State.NEEDS_REVIEW, why=why), now)
    return list(old)
