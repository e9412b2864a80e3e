"""Arming, answers and rescue: how an attempt ends."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, text

from steadypost.domain.clock import Offset
from steadypost.domain.delivery import Delivery, State
from steadypost.domain.evidence import Appearance
from steadypost.domain.matching import is_of_this_ask
from steadypost.domain.network import Network
from steadypost.domain.outcome import (
    Answer,
    Cause,
    Deferred,
    NotSubmitted,
    Outcome,
    Phase,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.parts import DeliveryPart, PartState
from steadypost.domain.remote_id import NotAnId, RemoteId
from steadypost.domain.waits import FIRST_LOOK
from steadypost.store import accounts as account_rows
from steadypost.store import attempts as attempt_rows
from steadypost.store import clocks, codec, copies, ledger, overtaken, strikes, vitals
from steadypost.store import deliveries as delivery_rows
from steadypost.store.attempts import Attempt
from steadypost.store.copies import Copies
from steadypost.store.deliveries import Kept
from steadypost.store.schema import SENDING, deliveries, posts

RESCUED_AT_ONCE = 100
"""How many leases that ran out one rescue takes up; the next takes more."""

# What each post runs is built once: building a statement takes several times what executing it does.
TARGET = select(posts.c.reply_to).where(posts.c.id == bindparam("which"))
"""Which post this one answers."""
_HELD = (
    select(deliveries.c.id, deliveries.c.worker, deliveries.c.lease_until)
    .where(text(SENDING), deliveries.c.lease_until.is_not(None))
    .order_by(deliveries.c.lease_until)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What an answer made of its delivery."""

    delivery: Delivery
    applied: bool
    """Whether it did; ``False`` when a newer attempt has the delivery, or it has moved on without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescued:
    """A delivery that was taken from a silent worker."""

    delivery_id: int
    attempt_id: int
    account: str
    worker: str
    executor: str
    """What may still act for it, as its channel named it."""
    armed: bool
    state: State

    def __str__(self) -> str:
        """Say it in one line."""
        how = "after" if self.armed else "before"
        return f"delivery {self.delivery_id} of {self.worker}, {how} it was armed, is {self.state}"


def arm(
    connection: Connection,
    attempt_id: int,
    *,
    fence: int,
    now: datetime,
    executor: str = "",
    offset: Offset | None = None,
    appears: Appearance | None = None,
    rivals: Collection[str] = (),
    where: str = "",
) -> bool:
    """Write "about to ask", and answer ``True``, exactly once; else ``False``, and the caller must not ask.

    Kept with it, for later looks: the clocks' offset, and as whom and how it is asked. ``rivals`` are the accounts that
    could be the same one under another name: two that are never both ask. ``where`` is whose clock was compared.
    """
    delivery_id = attempt_rows.one(connection, attempt_id).delivery_id
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    # Read under the lock: it is not armed, answered or rescued while we judge.
    attempt = attempt_rows.one(connection, attempt_id)
    holds = (
        kept.delivery.state is State.SENDING
        and kept.fence == fence == attempt.fence
        and kept.lease_until is not None
        and kept.lease_until > now
    )
    if not holds or attempt.armed_at or attempt.answered_at or attempt.rescued_at:
        return False
    if strikes.against(connection, kept.delivery, now):
        # Struck while it was being prepared: the last moment at which a stop can still be heard.
        return False
    if appears is not None and _is_anothers(connection, kept.delivery.account, appears.identity, rivals):
        return False
    asked = tuple(
        part if part.state is PartState.LIVE else DeliveryPart(n=part.n, state=PartState.ASKED)
        for part in kept.delivery.parts
    )
    delivery_rows.keep(
        connection,
        kept,
        replace(kept.delivery, parts=asked),
        now,
        worker=kept.worker,
        lease_until=kept.lease_until,
    )
    # In the same write: what finds it armed must be able to see its executor dead.
    attempt_rows.note(
        connection,
        attempt_id,
        armed_at=now,
        phase=Phase.ARMED,
        executor=executor,
        clock_ahead_ms=None if offset is None else clocks.milliseconds(offset.ahead),
        clock_within_ms=None if offset is None else clocks.milliseconds(offset.within),
        asked_as=appears.identity if appears else "",
        asked_how=json.dumps(dict(appears.options), sort_keys=True) if appears and appears.options else "",
    )
    if offset is not None and where:
        # A machine that only publishes has no look to tell that its clock is off.
        clocks.note(connection, attempt.worker.partition(":")[0], where, offset, now)
    return True


def _is_anothers(connection: Connection, name: str, identity: str, rivals: Collection[str]) -> bool:
    """Keep who an account has signed in as, and say whether a rival that is not refused for that is the same one."""
    if identity and rivals and account_rows.one(connection, name).identity != identity:
        # Of two that sign in for the first time at one moment, the later one is to see the other.
        account_rows.lock(connection, [name, *rivals])
    account_rows.note_identity(connection, name, identity)
    same = account_rows.seen_as(connection, identity, rivals) if identity and rivals else frozenset()
    return bool(same and same - vitals.twins(connection).keys())


def answered(
    connection: Connection,
    attempt_id: int,
    answer: Answer,
    *,
    now: datetime,
    jitter: float,
    patient: bool = True,
) -> Settled:
    """Record what an attempt brought, ids first, all or nothing; the answer is kept as given, and counts once."""
    delivery_id = attempt_rows.one(connection, attempt_id).delivery_id
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    attempt = attempt_rows.one(connection, attempt_id)
    if attempt.answer == answer:
        return Settled(delivery=kept.delivery, applied=attempt.fence == kept.fence)
    if attempt.armed_at is not None and _never_armed(answer):
        # Not ours: of two processes at one attempt, the one that was refused to arm reports this while
        # the other may be clicking. The one that armed will answer, or fall silent and be rescued.
        return Settled(delivery=kept.delivery, applied=False)
    believed = _believed(connection, kept.delivery, attempt, answer, now)
    after = None
    if attempt.fence == kept.fence:
        after = _after(kept.delivery, attempt, believed, now, jitter, patient=patient)
    if after is not None:
        twice = copies.told_by(kept.delivery, believed)
        after = _keep(connection, kept, attempt, after, now, twice=twice)
    else:
        after = overtaken.take(connection, kept, attempt, believed, now)
    attempt_rows.note(
        connection,
        attempt_id,
        outcome=codec.dumps(answer),
        answered_at=attempt.answered_at or now,
        gone_at=attempt.gone_at or (None if answer.at_large else now),
        phase=_phase(answer),
    )
    if after is None:
        return Settled(delivery=kept.delivery, applied=False)
    return Settled(delivery=after, applied=True)


def _never_armed(answer: Answer) -> bool:
    """Whether the answer says of everything that it ended before it was armed."""
    return all(
        isinstance(outcome, NotSubmitted) and not outcome.phase.is_armed for outcome in answer.outcomes
    )


def _keep(
    connection: Connection,
    kept: Kept,
    attempt: Attempt,
    after: Delivery,
    now: datetime,
    *,
    twice: Copies | None = None,
) -> Delivery:
    if twice:
        after = replace(after, cause=Cause.DUPLICATE, why=copies.sentence(kept.delivery, twice))
        copies.tell(connection, kept.delivery, twice, now)
    if after.state is State.PUBLISHED:
        # Soon to be seen live.
        after = replace(after, next_at=now + FIRST_LOOK, looks=0)
        delivery_rows.keep(connection, kept, after, now, published_at=kept.published_at or now)
    else:
        delivery_rows.keep(connection, kept, after, now)
    ledger.follow(connection, attempt, after, now)
    return after


def _after(
    delivery: Delivery, attempt: Attempt, believed: Answer, now: datetime, jitter: float, *, patient: bool
) -> Delivery | None:
    """Judge what an answer makes of its delivery; nothing when it comes too late for anything but an id."""
    match delivery.state:
        case State.SENDING:
            return delivery.settle(believed, now, jitter, patient=patient)
        case State.UNCONFIRMED | State.SCHEDULED | State.PARTIAL | State.NEEDS_REVIEW:
            return _late(delivery, attempt, believed, now, jitter)
        case _:
            return None


def _late(
    delivery: Delivery, attempt: Attempt, answer: Answer, now: datetime, jitter: float
) -> Delivery | None:
    """Judge an answer after rescue, or a second one of the same attempt: as in time, unless it brings no id and
    nothing new.
    """
    brings_id = any(isinstance(outcome, Published) for outcome in answer.outcomes)
    unconfirmed = any(isinstance(outcome, Unconfirmed) for outcome in answer.outcomes)
    match delivery.state:
        case State.UNCONFIRMED:
            listens = brings_id or attempt.answered_at is None
        case State.NEEDS_REVIEW:
            listens = brings_id
        case _:
            listens = brings_id or unconfirmed
    if not listens:
        return None
    settled = replace(delivery, state=State.SENDING).settle(answer, now, jitter)
    if delivery.state is State.NEEDS_REVIEW and settled.state is not State.PUBLISHED:
        return replace(delivery, parts=settled.parts)
    return settled


def _believed(
    connection: Connection, delivery: Delivery, attempt: Attempt, answer: Answer, now: datetime
) -> Answer:
    """Take an id for what it says only when it can be this part's; otherwise the part is unconfirmed."""
    given = {outcome.remote_id for outcome in answer.outcomes if isinstance(outcome, Published)}
    taken = delivery_rows.taken(connection, delivery.account, given, but=delivery.id)
    target = connection.scalar(TARGET, {"which": delivery.post_id})
    used = {part.remote_id: part.n for part in delivery.parts if part.remote_id is not None}
    network = account_rows.network_of(connection, delivery.account)
    outcomes: list[Outcome] = []
    for n, outcome in enumerate(_about_every_part(delivery, answer), start=answer.first):
        objection = None
        if isinstance(outcome, Published):
            objection = _objection(
                outcome.remote_id,
                n,
                network=network,
                target=target,
                attempt=attempt,
                taken=taken,
                used=used,
                now=now,
            )
            used.setdefault(outcome.remote_id, n)
        outcomes.append(outcome if objection is None else _odd(objection))
    return replace(answer, outcomes=tuple(outcomes))


def _about_every_part(delivery: Delivery, answer: Answer) -> list[Outcome]:
    """Make an answer speak of every part it should: one it passes over is unconfirmed if it was asked for."""
    told = list(answer.outcomes[: len(delivery.parts) - answer.first])
    for part in delivery.parts[answer.first + len(told) :]:
        if part.state is PartState.WAITING:
            told.append(
                NotSubmitted(cause=Cause.EARLIER_PART, why="its turn never came", phase=Phase.CLAIMED)
            )
        else:
            told.append(_odd("the answer does not say what became of it"))
    return told


def _odd(why: str) -> Unconfirmed:
    return Unconfirmed(cause=Cause.ODD_ANSWER, why=why, phase=Phase.ANSWERED)


def _objection(
    given: RemoteId,
    n: int,
    *,
    network: Network,
    target: RemoteId | None,
    attempt: Attempt,
    taken: dict[RemoteId, int],
    used: dict[RemoteId, int],
    now: datetime,
) -> str | None:
    """Say why an id cannot be that of this part, or nothing when it can."""
    try:
        made = network.made_at(network.remote_id(given))
    except NotAnId as odd:
        return str(odd)
    if given in taken:
        return f"the id {given} belongs to delivery {taken[given]}"
    if used.get(given, n) != n:
        return f"the id {given} belongs to part {used[given]} of the same delivery"
    if given == target:
        return f"the id {given} is that of the post it answers"
    if (
        made is not None
        and attempt.armed_at is not None
        and not is_of_this_ask(made, attempt.armed_at, attempt.offset, now)
    ):
        return f"the post {given} was made at {made:%Y-%m-%d %H:%M:%S} UTC, before it was asked for"
    return None


def _phase(answer: Answer) -> Phase:
    match answer.headline:
        case NotSubmitted(phase=phase) | Unconfirmed(phase=phase):
            return phase
        case Published() | Refused() | Deferred():
            return Phase.ANSWERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lease: on which delivery, whose, and until when by the clock of its holder."""

    delivery_id: int
    worker: str
    until: datetime


def held(connection: Connection) -> list[Held]:
    """List what workers hold."""
    rows = connection.execute(_HELD)
    return [Held(delivery_id=row.id, worker=row.worker or "", until=row.lease_until) for row in rows]


def rescue(connection: Connection, lease: Held, now: datetime) -> Rescued | None:
    """Take a delivery from a silent worker, unless it renewed its lease: back to the queue if never armed, else
    unconfirmed.
    """
    delivery_id = lease.delivery_id
    kept = delivery_rows.one(connection, delivery_id, lock=True)
    if kept.delivery.state is not State.SENDING or kept.lease_until != lease.until:
        return None
    attempt = attempt_rows.latest(connection, kept)
    why = f"worker {attempt.worker} fell silent"
    lost: Outcome
    if attempt.armed_at is None:
        lost = NotSubmitted(cause=Cause.WORKER_LOST, why=why, phase=attempt.phase)
    else:
        lost = Unconfirmed(cause=Cause.WORKER_LOST, why=why, phase=attempt.phase)
    answer = Answer.same_for_all(lost, len(kept.delivery.parts), attempt.first_part)
    after = _keep(connection, kept, attempt, kept.delivery.settle(answer, now, jitter=0.0), now)
    attempt_rows.note(connection, attempt.id, rescued_at=now)
    return Rescued(
        delivery_id=delivery_id,
        attempt_id=attempt.id,
        account=after.account,
        worker=attempt.worker,
        executor=attempt.executor,
        armed=attempt.armed_at is not None,
        state=after.state,
    )
