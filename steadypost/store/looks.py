"""Looks: what was seen of unconfirmed deliveries, and what follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import Connection, bindparam, insert, select

from steadypost.domain.absence import Missed, absent_since, proves_absence, was_watched
from steadypost.domain.delivery import Delivery, OnAbsence, State
from steadypost.domain.evidence import Absent, CannotTell, Evidence, Present
from steadypost.domain.network import Network
from steadypost.domain.outcome import Cause
from steadypost.domain.parts import PartState
from steadypost.domain.remote_id import NotAnId, RemoteId
from steadypost.domain.waits import MOST_LOOKS
from steadypost.networks import named
from steadypost.store import accounts as account_rows
from steadypost.store import attempts as attempt_rows
from steadypost.store import copies, ledger, made, overtaken, removals
from steadypost.store import deliveries as delivery_rows
from steadypost.store.attempts import Attempt
from steadypost.store.copies import Copies
from steadypost.store.deliveries import Kept
from steadypost.store.schema import (
    evidence,
)

IDS_AT_ONCE = 500
"""How many ids one question to the database names."""

# What each look runs is built once: building a statement takes several times what executing it does.
_KNOWN = (
    select(evidence.c.id)
    .where(
        evidence.c.delivery_id == bindparam("delivery"),
        evidence.c.fence == bindparam("fence_read"),
        evidence.c.at == bindparam("moment"),
    )
    .limit(1)
)
_WRITE_DOWN = insert(evidence)
_MISSED = select(evidence.c.n, evidence.c.at, evidence.c.network_at).where(
    evidence.c.delivery_id == bindparam("delivery"),
    evidence.c.fence == bindparam("fence_read"),
    evidence.c.kind == "absent",
)

_SETTLEABLE = frozenset({State.UNCONFIRMED, State.NEEDS_REVIEW})


def taken_ids(connection: Connection, account: str, among: Collection[RemoteId]) -> frozenset[RemoteId]:
    """Say which of these ids belong to deliveries of an account."""
    found: set[RemoteId] = set()
    ids = sorted(among)
    for start in range(0, len(ids), IDS_AT_ONCE):
        found |= set(delivery_rows.taken(connection, account, ids[start : start + IDS_AT_ONCE]))
    return frozenset(found)


def note_gone(connection: Connection, attempt_id: int, now: datetime) -> None:
    """Write down that an attempt's executor was seen unable to act any more."""
    if attempt_rows.one(connection, attempt_id).gone_at is None:
        attempt_rows.note(connection, attempt_id, gone_at=now)


def saw(
    connection: Connection,
    delivery_id: int,
    found: Mapping[int, Evidence],
    *,
    now: datetime,
    next_at: datetime,
    most_looks: int = MOST_LOOKS,
    at: datetime | None = None,
    network_at: datetime | None = None,
    found_copies: Copies | None = None,
    attempt_id: int | None = None,
    planned: bool = True,
) -> Delivery:
    """Write down what a look that began ``at`` (else ``now``) found, by part, and answer the delivery; repeating it
    is safe.

    ``network_at`` is ``at`` by the network's clock. ``found_copies`` are second copies. ``attempt_id`` was unconfirmed
    then; of a later one only a found post counts. Not ``planned``: not counted. Only proven absence is asked again.
    """
    at = at or now
    network_at = network_at or at
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    believed = _believed(connection, kept.delivery, found)
    if attempt_id is not None and attempt_rows.latest(connection, kept).id != attempt_id:
        believed = {n: _of_another_attempt(one) for n, one in believed.items()}
    if not _is_news(connection, kept, at):
        return kept.delivery
    _write_down(connection, kept, believed, at, network_at)
    if kept.delivery.state is State.PUBLISHED:
        return _seen_again(connection, kept, believed, now, next_at, found_copies or {}, planned)
    if kept.delivery.state not in _SETTLEABLE:
        # A person spoke, or it was claimed again, while we looked. What is there is there all the same.
        ids = {n: one.remote_id for n, one in believed.items() if isinstance(one, Present)}
        return overtaken.seen(connection, kept, ids, now) or kept.delivery
    after = _settle(
        connection, kept, believed, now=now, next_at=next_at, most_looks=most_looks, planned=planned
    )
    copies.tell_ambiguity(connection, after, believed, now)
    return after


def _of_another_attempt(one: Evidence) -> Evidence:
    return CannotTell(why="the look began before the latest attempt") if isinstance(one, Absent) else one


def _is_news(connection: Connection, kept: Kept, at: datetime) -> bool:
    """Whether this look is new: one reported twice counts once."""
    about = {"delivery": kept.delivery.id, "fence_read": kept.fence, "moment": at}
    return connection.scalar(_KNOWN, about) is None


def _believed(
    connection: Connection, delivery: Delivery, found: Mapping[int, Evidence]
) -> dict[int, Evidence]:
    """Take a found id only when it is one, free, and not another than the part already has."""
    ids = {one.remote_id for one in found.values() if isinstance(one, Present)}
    taken = delivery_rows.taken(connection, delivery.account, ids, but=delivery.id)
    used = {part.remote_id: part.n for part in delivery.parts if part.remote_id is not None}
    network = account_rows.network_of(connection, delivery.account)
    believed: dict[int, Evidence] = {}
    for n, one in sorted(found.items()):
        objection = (
            _objection(network, delivery, n, one.remote_id, taken, used) if isinstance(one, Present) else None
        )
        if isinstance(one, Present) and objection is None:
            used[one.remote_id] = n
        believed[n] = one if objection is None else CannotTell(why=objection)
    return believed


def _objection(  # noqa: PLR0917 - private, and every one of them is needed
    network: Network,
    delivery: Delivery,
    n: int,
    given: RemoteId,
    taken: Mapping[RemoteId, int],
    used: Mapping[RemoteId, int],
) -> str | None:
    try:
        network.remote_id(given)
    except NotAnId as odd:
        return str(odd)
    if given in taken:
        return f"the id {given} belongs to delivery {taken[given]}"
    if used.get(given, n) != n:
        return f"the id {given} belongs to part {used[given]} of the same delivery"
    own = delivery.parts[n].remote_id
    if own not in {None, given}:
        return f"the id {given} says the same, but this part is {own}"
    return None


def _write_down(
    connection: Connection, kept: Kept, found: Mapping[int, Evidence], at: datetime, network_at: datetime
) -> None:
    about = {"delivery_id": kept.delivery.id, "fence": kept.fence, "at": at, "network_at": network_at}
    rows = [{**about, "n": n, **_told(one)} for n, one in found.items()]
    if rows:
        connection.execute(_WRITE_DOWN, rows)


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


def _seen_again(  # noqa: PLR0917 - private, and every one of them is needed
    connection: Connection,
    kept: Kept,
    found: Mapping[int, Evidence],
    now: datetime,
    next_at: datetime,
    found_copies: Copies,
    planned: bool,
) -> Delivery:
    delivery = _with_copies(kept.delivery, found_copies)
    copies.tell(connection, delivery, found_copies, now)
    if all(isinstance(found.get(part.n), Present) for part in delivery.parts):
        delivery_rows.keep(connection, kept, delivery, now, verified_at=kept.verified_at or now)
        return delivery
    absence = _absence(connection, kept, {part.n for part in delivery.parts})
    if absence.proven:
        gone = ", ".join(str(delivery.parts[n].remote_id) for n in absence.proven)
        person = removals.taken_down(connection, [delivery.id]).get(delivery.id)
        why = f"looks have proven that {gone} is not live any more"
        after = delivery.move(State.REMOVED, why=why if person is None else removals.words(person))
        delivery_rows.keep(connection, kept, after, now, quietly=person is not None)
        return after
    looks = delivery.looks + planned
    after = replace(delivery, looks=looks, next_at=absence.not_later_than(next_at, now))
    delivery_rows.keep(connection, kept, after, now)
    return after


def _with_copies(delivery: Delivery, found: Copies) -> Delivery:
    """Say of a published delivery that it is live a second time. That changes nothing of what is live."""
    told = copies.sentence(delivery, found)
    return replace(delivery, cause=Cause.DUPLICATE, why=told) if told else delivery


def _settle(
    connection: Connection,
    kept: Kept,
    found: Mapping[int, Evidence],
    *,
    now: datetime,
    next_at: datetime,
    most_looks: int,
    planned: bool,
) -> Delivery:
    """Let a look change an unconfirmed delivery."""
    attempt = attempt_rows.latest(connection, kept)
    asked = {part.n for part in kept.delivery.parts if part.state is PartState.ASKED}
    absence = _absence(connection, kept, asked)
    if any(isinstance(found.get(n), Absent) for n in asked) or absence.is_ahead(now):
        next_at = absence.not_later_than(next_at, now)
    after = kept.delivery.weigh(
        {n: one.remote_id for n, one in found.items() if isinstance(one, Present)},
        absence.proven,
        now=now,
        next_at=next_at,
        on_absence=absence.then,
        unconfirmed_since=attempt.ended_at,
        most_looks=most_looks,
        perhaps_deleted=absence.perhaps_deleted,
        alike=next((one.alike for one in found.values() if isinstance(one, Absent) and one.alike), None),
        planned=planned,
    )
    if after.state is State.NEEDS_REVIEW is not kept.delivery.state and _is_unsettled(after):
        after = replace(after, why=f"{after.why}; the last look: {_seen_of(found)}")
    more: dict[str, Any] = {}
    if after.state is State.PUBLISHED:
        ids = [part.remote_id for part in after.parts if part.remote_id is not None]
        more = {
            "published_at": made.newest(connection, after.account, ids, attempt, now),
            "verified_at": now,
        }
    delivery_rows.keep(connection, kept, after, now, **more)
    ledger.follow(connection, attempt, after, now)
    return after


def _is_unsettled(delivery: Delivery) -> bool:
    return any(part.state is PartState.ASKED for part in delivery.parts)


def _seen_of(found: Mapping[int, Evidence]) -> str:
    """Say what a look saw of the first part that it did not settle."""
    return next((one.why for _, one in sorted(found.items()) if not isinstance(one, Present)), "nothing")


def last_seen(connection: Connection, delivery_id: int) -> str:
    """Say what the last look saw of what it did not settle; empty where none was taken since the latest attempt."""
    kept = delivery_rows.one(connection, delivery_id)
    told = select(evidence.c.why).where(
        evidence.c.delivery_id == delivery_id, evidence.c.fence == kept.fence, evidence.c.kind != "present"
    )
    return connection.scalar(told.order_by(evidence.c.at.desc(), evidence.c.n).limit(1)) or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Absence:
    """What the looks so far prove of the parts of one attempt."""

    proven: tuple[int, ...]
    """The parts proven not to be live."""
    provable_at: datetime | None
    """When a further look that misses them could prove it of the next."""
    then: OnAbsence
    perhaps_deleted: bool = False
    """Whether a part of them may have been live, and been deleted before the first look."""

    def is_ahead(self, now: datetime) -> bool:
        """Whether the look that could complete a proof is still to come: one that cannot tell is not repeated at once."""
        return self.provable_at is not None and self.provable_at > now

    def not_later_than(self, next_at: datetime, now: datetime) -> datetime:
        """Choose when to look again: the look that can complete a proof is not to be late."""
        return next_at if self.provable_at is None else max(now, min(next_at, self.provable_at))


def _absence(connection: Connection, kept: Kept, about: Collection[int]) -> _Absence:
    attempt = attempt_rows.latest(connection, kept)
    account = account_rows.one(connection, kept.delivery.account)
    missed = _missed(connection, kept)
    proven, provable = [], []
    for n in sorted(about):
        if proves_absence(missed[n], gone_at=attempt.gone_at, settle=account.settle):
            proven.append(n)
        elif (since := absent_since(missed[n], gone_at=attempt.gone_at)) is not None:
            provable.append(since + account.settle)
    return _Absence(
        proven=tuple(proven),
        provable_at=min(provable, default=None),
        then=account.on_absence,
        perhaps_deleted=any(_may_have_been(missed[n], attempt, named(account.network)) for n in proven),
    )


def _may_have_been(missed: Collection[Missed], attempt: Attempt, network: Network) -> bool:
    """Whether looks were so far apart that a post may have been seen and deleted. Not considered after a restore."""
    if network.unseen_for is None or attempt.restore_id is not None:
        return False
    return not was_watched(
        missed,
        began_at=attempt.began_at,
        gone_at=attempt.gone_at,
        alive_by=network.slowest_creation,
        unseen_for=network.unseen_for,
    )


def _missed(connection: Connection, kept: Kept) -> defaultdict[int, list[Missed]]:
    """Give, by part, the looks that should have shown it and did not, since the latest claim or a person's word."""
    found: defaultdict[int, list[Missed]] = defaultdict(list)
    about = {"delivery": kept.delivery.id, "fence_read": kept.fence}
    for row in connection.execute(_MISSED, about):
        found[row.n].append(Missed(at=row.at, network_at=row.network_at))
    return found
