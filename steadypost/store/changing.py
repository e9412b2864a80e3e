"""Changes by persons of what waits, and how they are taken back.

One transaction with a claim's locks in a claim's order; every row is written only over what was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, delete, insert, select, update

from steadypost.domain.change import Barred
from steadypost.domain.delivery import Delivery, ImpossibleMove, State
from steadypost.domain.parts import PartState
from steadypost.domain.post import Part, Post
from steadypost.store import accounts as account_rows
from steadypost.store import approvals, intake, repeats, selecting, snapshots, transitions, variants
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.deliveries import Kept
from steadypost.store.errors import StoreError
from steadypost.store.schema import acts, changes, deliveries, delivery_parts, posts
from steadypost.store.selecting import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The planned change of one delivery."""

    after: Delivery
    """Its parts are those it has now; ``post`` says what they say."""
    post: Post | None = None
    """What it says from now on; ``None``: the same."""
    values: Mapping[str, object] = field(default_factory=dict)
    """Columns that are written beside what the domain knows."""


class Work(Protocol):
    """Judges one delivery under its lock."""

    def __call__(self, connection: Connection, kept: Kept, now: datetime) -> Plan | Barred:
        """Plan its change, or say why it is left as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One delivery that was changed, or would be."""

    before: Delivery
    after: Delivery
    text: str
    """What its first part says then."""
    wants_yes: bool = False
    """Whether it waits for a second person's yes then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stays:
    """One selected delivery that is left as it is."""

    delivery: Delivery
    text: str
    bar: Barred


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a change."""

    change_id: int | None
    """``None``: nothing was written."""
    changed: tuple[Changed, ...]
    stays: tuple[Stays, ...]


class NotTogether(StoreError):
    """A change of several that only makes sense for all of them was not made: one of them stays as it is."""

    def __init__(self, stays: Stays) -> None:
        super().__init__(
            f"nothing was changed: delivery {stays.delivery.id} stays as it is, because {stays.bar.why}",
            remedy=stays.bar.remedy,
        )


def change(
    connection: Connection,
    work: Work,
    those: Selection,
    *,
    did: str,
    by: By,
    now: datetime,
    dry_run: bool = False,
    together: bool = False,
) -> Done:
    """Change what can be, and say of the others why they stay; ``together``: all or none, else ``NotTogether``."""
    meant = _held(connection, those, lock=not dry_run)
    plans = gated(connection, [(kept, work(connection, kept, now)) for kept in meant], by)
    if together and (stays := _all_that_stay(connection, plans)):
        raise NotTogether(stays[0])
    made = _made(plans)
    if dry_run or not made:
        return foreseen(connection, plans)
    change_id = begin(connection, did=did, by=by, told=_told(did, made), now=now)
    return carried_out(connection, plans, change_id=change_id, did=did, by=by, now=now)


Plans = Sequence[tuple[Kept, Plan | Barred]]
"""What was judged, and the plan for each."""


def _made(plans: Plans) -> list[tuple[Kept, Plan]]:
    return [(kept, plan) for kept, plan in plans if isinstance(plan, Plan)]


def _all_that_stay(connection: Connection, plans: Plans) -> tuple[Stays, ...]:
    return tuple(
        Stays(delivery=kept.delivery, text=first_words(connection, kept), bar=plan)
        for kept, plan in plans
        if isinstance(plan, Barred)
    )


def gated(connection: Connection, plans: Plans, by: By) -> Plans:
    """Hold what would go out without the approval that it needs."""
    return [
        (kept, plan if isinstance(plan, Barred) else _gated(connection, kept, plan, by))
        for kept, plan in plans
    ]


def _gated(connection: Connection, kept: Kept, plan: Plan, by: By) -> Plan:
    goes = plan.after.state is State.SCHEDULED and kept.delivery.state is not State.SCHEDULED
    if plan.post is not None and plan.after.state in {State.SCHEDULED, State.HELD}:
        why = approvals.because_of(connection, plan.post, kept.delivery.account, by.name)
    elif goes:
        why = approvals.waits_for(connection, kept)
    else:
        return plan
    if not why:
        return plan
    before = replace(plan.after, state=kept.delivery.state)
    said = "; ".join(one for one in (plan.after.why, why) if one)
    after = replace(before, why=said) if before.state is State.HELD else before.move(State.HELD, why=said)
    return replace(plan, after=after, values={**plan.values, "held_for": repeats.APPROVAL})


def foreseen(connection: Connection, plans: Plans) -> Done:
    """Say what would become of plans, and write nothing."""
    changed = tuple(_foreseen(connection, *one) for one in _made(plans))
    return Done(change_id=None, changed=changed, stays=_all_that_stay(connection, plans))


def carried_out(
    connection: Connection,
    plans: Plans,
    *,
    change_id: int | None,
    did: str,
    by: By,
    now: datetime,
    new: Reworded | None = None,
) -> Done:
    """Write what becomes of plans, as one change."""
    stays = _all_that_stay(connection, plans)
    words = new or Reworded(connection, now, by)
    changed = tuple(
        _carry_out(connection, kept, plan, words, change_id=change_id, did=did, by=by, now=now)
        for kept, plan in _made(plans)
    )
    wait = [one.delivery.id for one, plan in _made(plans) if _waits(plan)]
    approvals.tell(connection, wait, now)
    return Done(change_id=change_id, changed=changed, stays=stays)


def _waits(plan: Plan) -> bool:
    return plan.values.get("held_for") == repeats.APPROVAL


def _held(connection: Connection, those: Selection, *, lock: bool) -> list[Kept]:
    """Read the selected deliveries by due time, and lock them."""
    found = selecting.ids(connection, those)
    if not lock:
        return delivery_rows.several(connection, found)
    names = {kept.delivery.account for kept in delivery_rows.several(connection, found)}
    account_rows.lock_all(connection, names)
    held = {one: delivery_rows.one(connection, one, lock=True) for one in sorted(found)}
    return [held[one] for one in found]


def begin(connection: Connection, *, did: str, by: By, told: str, now: datetime) -> int:
    """Record a change, its author and reason; answer its number."""
    change_id: int = connection.execute(
        insert(changes)
        .values(at=now, by=by.name, did=did, why=by.why, told=told, undone_by="")
        .returning(changes.c.id)
    ).scalar_one()
    return change_id


def _told(did: str, made: list[tuple[Kept, Plan]]) -> str:
    numbers = ", ".join(str(kept.delivery.id) for kept, _ in made[:8])
    more = f" and {len(made) - 8} more" if len(made) > 8 else ""
    return f"{did} of {numbers}{more}"


def _carry_out(
    connection: Connection,
    kept: Kept,
    plan: Plan,
    new: Reworded,
    *,
    change_id: int | None,
    did: str,
    by: By,
    now: datetime,
) -> Changed:
    """Write what becomes of one delivery, and the act with it."""
    was = snapshots.of(kept)
    values: dict[str, Any] = dict(plan.values)
    after, before = plan.after, kept.delivery
    if after.due_at != before.due_at or after.late_after != before.late_after:
        late = after.late_after
        values |= {"due_at": after.due_at, "late_at": None if late is None else after.due_at + late}
    if after.when_late != before.when_late:
        values["when_late"] = after.when_late
    units = len(before.parts)
    if plan.post is not None:
        units = len(_parts_there(connection, kept, plan.post))
        values |= {"post_id": new.number(before.post_id, plan.post), "units": units}
        if before.attempts:
            # What an attempt at the old wording says later counts only if it brings an id.
            values["fence"] = kept.fence + 1
    delivery_rows.keep(connection, kept, after, now, quietly=_waits(plan), **values)
    if units != len(before.parts):
        parts_anew(connection, before, units)
    now_kept = delivery_rows.one(connection, before.id)
    note(connection, was, now_kept, change_id=change_id, did=did, by=by, now=now)
    return Changed(
        before=before,
        after=now_kept.delivery,
        text=first_words(connection, now_kept),
        wants_yes=now_kept.held_for == repeats.APPROVAL,
    )


class Reworded:
    """Posts written anew beside those that came in, which stay as they were said; the same words are one post."""

    def __init__(self, connection: Connection, now: datetime, by: By) -> None:
        self._connection, self._now, self._by = connection, now, by
        self._numbers: dict[tuple[int, Post], int] = {}

    def number(self, before: int, post: Post) -> int:
        """Write what a post says from now on, once; answer its number."""
        origin = self._connection.scalar(select(posts.c.origin).where(posts.c.id == before)) or before
        if (origin, post) not in self._numbers:
            number = intake.add_post(self._connection, post, None, self._now, by=self._by.name, origin=origin)
            self._numbers[origin, post] = number
        return self._numbers[origin, post]


def _parts_there(connection: Connection, kept: Kept, post: Post) -> tuple[Part, ...]:
    """Give what a post says on the network of a delivery's account."""
    account = kept.delivery.account
    return post.parts_for(variants.networks(connection, [account])[account])


def parts_anew(connection: Connection, before: Delivery, count: int) -> None:
    """Change the number of parts of a delivery of which nothing may be live."""
    gone = connection.execute(
        delete(delivery_parts).where(
            delivery_parts.c.delivery_id == before.id, delivery_parts.c.state == PartState.WAITING
        )
    )
    delivery_rows.expect(f"parts of delivery {before.id}", len(before.parts), gone.rowcount)
    connection.execute(
        insert(delivery_parts),
        [
            {"delivery_id": before.id, "n": n, "state": PartState.WAITING, "account": before.account}
            for n in range(count)
        ],
    )


def note(
    connection: Connection,
    was: snapshots.Snapshot | None,
    kept: Kept,
    *,
    change_id: int | None,
    did: str,
    by: By,
    now: datetime,
) -> None:
    """Write down what a change did to one delivery; ``was`` is ``None`` where the change made it."""
    connection.execute(
        insert(acts).values(
            at=now,
            by=by.name,
            did=did,
            why=by.why,
            delivery_id=kept.delivery.id,
            account=kept.delivery.account,
            before="" if was is None else was.state,
            after=kept.delivery.state,
            change_id=change_id,
            was=None if was is None else was.dumps(),
            became=snapshots.of(kept).dumps(),
        )
    )


def _foreseen(connection: Connection, kept: Kept, plan: Plan) -> Changed:
    said = None if plan.post is None else _parts_there(connection, kept, plan.post)[0].text
    text = first_words(connection, kept) if said is None else said
    wants_yes = plan.values.get("held_for", kept.held_for) == repeats.APPROVAL
    return Changed(before=kept.delivery, after=plan.after, text=text, wants_yes=wants_yes)


def first_words(connection: Connection, kept: Kept) -> str:
    """Read the text of a delivery's first part."""
    return variants.said_by(connection, kept.delivery.post_id, kept.delivery.account)[0].text


def restore(connection: Connection, kept: Kept, was: snapshots.Snapshot, now: datetime) -> Kept | Barred:
    """Restore a delivery to what it was, only over its present state."""
    before = kept.delivery
    state = was.delivery_state
    try:
        after = before if state is before.state else before.move(state, cause=was.the_cause, why=was.why)
    except ImpossibleMove:
        return Barred(f"it is {before.state} now", f"see 'steadypost show {before.id}'")
    due_at, late_after = was.the_due_at, was.the_late_after
    values: dict[str, object] = {
        "due_at": due_at,
        "next_at": due_at if before.attempts == 0 else max(due_at, before.next_at),
        "late_after_s": was.late_after_s,
        "late_at": None if late_after is None else due_at + late_after,
        "when_late": was.when_late,
        "post_id": was.post_id,
        "units": was.units,
        "why": was.why,
        "cause": was.the_cause,
        "repeats": was.repeats,
        "held_for": was.held_for,
        "updated_at": now,
    }
    if was.post_id != before.post_id and before.attempts:
        values["fence"] = kept.fence + 1
    written = connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == before.id,
            deliveries.c.fence == kept.fence,
            deliveries.c.state == before.state,
        )
        .values(state=state, **values)
    )
    delivery_rows.expect(f"undoing delivery {before.id}", 1, written.rowcount)
    if was.units != len(before.parts):
        parts_anew(connection, before, was.units)
    if after.state is not before.state:
        transitions.record(
            connection,
            account=before.account,
            delivery_id=before.id,
            before=before.state,
            after=after.state,
            cause=after.cause,
            now=now,
        )
    return delivery_rows.one(connection, before.id)
