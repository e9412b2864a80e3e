"""Copies: the same post live a second time. A person is told of each once; that message is its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from steadypost.domain.delivery import Delivery, State
from steadypost.domain.evidence import CannotTell, Evidence
from steadypost.domain.outcome import Answer, Published
from steadypost.domain.remote_id import RemoteId
from steadypost.store import acts, notices
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.schema import attempts
from steadypost.store.schema import notices as notice_rows

Copies = Mapping[int, Sequence[RemoteId]]
"""The ids of the copies of each part, by its number."""

_KEY = "copy:{delivery}:{n}:{copy}"
_REPEATED = (
    "It was asked for once. A browser that loses a connection before the answer may send the request again by itself, "
    "and the network took both."
)
_ASKED_AGAIN = "It was asked for {0} times: an earlier attempt made a post that was believed not to be there."


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A second copy of a published part."""

    id: RemoteId
    delivery_id: int
    account: str
    n: int
    of: RemoteId
    """The post that the delivery is."""
    removed: bool
    """Whether a person has taken it down already."""


def told_by(delivery: Delivery, answer: Answer) -> dict[int, tuple[RemoteId, ...]]:
    """Give the copies that an answer shows: its id where the part has another already."""
    given = zip(delivery.parts[answer.first :], answer.outcomes, strict=False)
    return {
        part.n: (outcome.remote_id,)
        for part, outcome in given
        if isinstance(outcome, Published) and part.remote_id not in {None, outcome.remote_id}
    }


def sentence(delivery: Delivery, found: Copies) -> str:
    """Say which parts are live more than once; nothing when none is."""
    told = [
        f"part {n + 1} is live twice, as {delivery.parts[n].remote_id} and as {' and '.join(ids)}"
        for n, ids in sorted(found.items())
        if ids
    ]
    return "; ".join([*told, "take one down with 'steadypost delete --copy ID'"]) if told else ""


def tell(connection: Connection, delivery: Delivery, found: Copies, now: datetime) -> None:
    """Tell a person of copies, each once."""
    for n, ids in sorted(found.items()):
        for copy in ids:
            notices.put(
                connection,
                key=_KEY.format(delivery=delivery.id, n=n, copy=copy),
                title=f"Delivery {delivery.id} of {delivery.account} is live twice",
                body=(
                    f"Part {n + 1} is {delivery.parts[n].remote_id}, and live a second time as {copy}.\n"
                    f"{_cause(connection, delivery.id)}\n"
                    f"Look at both; take the copy down with 'steadypost delete --copy {copy}'."
                ),
                delivery_id=delivery.id,
                now=now,
            )


def tell_ambiguity(
    connection: Connection, delivery: Delivery, found: Mapping[int, Evidence], now: datetime
) -> None:
    """Have a person told, once, that several posts fit an unconfirmed part: no look will ever say which of them is it."""
    if delivery.state not in {State.UNCONFIRMED, State.NEEDS_REVIEW}:
        return
    for n, one in sorted(found.items()):
        if not isinstance(one, CannotTell) or not one.twins:
            continue
        notices.put(
            connection,
            key=f"twins:{delivery.id}:{n}:{one.twins[0]}:{len(one.twins)}",
            title=f"Delivery {delivery.id} of {delivery.account} may be live more than once",
            body=(
                f"Part {n + 1} fits the posts {' and '.join(one.twins)}, and they fit no other delivery.\n"
                f"{_cause(connection, delivery.id)}\n"
                f"Look at them, and say which is it: 'steadypost resolve {delivery.id} --live ADDRESS'. "
                "The next look then names the other as a copy."
            ),
            delivery_id=delivery.id,
            now=now,
        )


def _cause(connection: Connection, delivery_id: int) -> str:
    armed = connection.scalar(
        select(func.count())
        .select_from(attempts)
        .where(attempts.c.delivery_id == delivery_id, attempts.c.armed_at.is_not(None))
    )
    return _REPEATED if armed == 1 else _ASKED_AGAIN.format(armed)


def known(connection: Connection, copy: RemoteId) -> Copy | None:
    """Give what is known of a copy; nothing for an id that no look or answer ever showed to be one."""
    rows = connection.execute(
        select(notice_rows.c.key, notice_rows.c.delivery_id).where(
            notice_rows.c.key.startswith("copy:"), notice_rows.c.key.endswith(f":{copy}", autoescape=True)
        )
    )
    for row in rows:
        delivery = delivery_rows.one(connection, row.delivery_id).delivery
        n = int(row.key.split(":")[2])
        ours = delivery.parts[n].remote_id
        if delivery.state is State.PUBLISHED and ours not in {None, copy}:
            return Copy(
                id=copy,
                delivery_id=delivery.id,
                account=delivery.account,
                n=n,
                of=RemoteId(str(ours)),
                removed=any(act.did == _did(copy) for act in acts.of(connection, [delivery.id])),
            )
    return None


def removed(connection: Connection, copy: Copy, *, by: By, now: datetime) -> Delivery:
    """Write down that a person took a copy down, and that a look has shown it gone."""
    kept = delivery_rows.one(connection, copy.delivery_id, lock=True)
    # That it was live twice stays its cause: figures count what happened, whatever was repaired later.
    why = f"part {copy.n + 1} was live twice, as {copy.of} and as {copy.id}; {by.name} took the copy down"
    after = replace(kept.delivery, why=why)
    delivery_rows.keep(connection, kept, after, now)
    acts.record(connection, did=_did(copy.id), by=by, before=kept.delivery.state, after=after, now=now)
    return after


def _did(copy: RemoteId) -> str:
    return f"delete --copy {copy}"
