"""What can be done to deliveries that wait; judged by the domain under the lock, carried out by ``changing``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from steadypost.domain import word as words
from steadypost.domain.change import Barred, Op, Rule, barred, edited, moved
from steadypost.domain.delivery import Delivery, ImpossibleMove, State, WhenLate
from steadypost.domain.post import Post
from steadypost.domain.word import StillUnconfirmed, Word, WordNotTaken
from steadypost.store import accounts as account_rows
from steadypost.store import changing, intake, persons, repeats, variants
from steadypost.store import deliveries as delivery_rows
from steadypost.store.acts import By
from steadypost.store.changing import Plan
from steadypost.store.deliveries import Kept
from steadypost.store.intake import Added
from steadypost.store.schema import deliveries

Due = Callable[[Delivery], datetime | Barred]
"""Says when a delivery is due from now on, or why it cannot be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """What a post says from now on."""

    post: Post
    concern: str = ""
    """Why it is to be held for a person's yes; empty when it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """Changes what deliveries say, their late rule, and, with that, their time."""

    new: Mapping[tuple[int, str], New]
    """By the post that was read and the account; a delivery that says another one by now stays as it is."""
    rule: Rule | None = None
    due: Due | None = None
    retry: bool = False
    allow_repeat: bool = False

    def __call__(self, connection: Connection, kept: Kept, now: datetime) -> Plan | Barred:
        """Judge one delivery."""
        bar = barred(self._op, kept.delivery)
        if bar is not None:
            return bar
        new = self.new.get((kept.delivery.post_id, kept.delivery.account))
        if self.new and new is None:
            return Barred(
                "another change was made to it at the same moment",
                "look at it, and say it again if you mean it",
            )
        before = kept.delivery if self.rule is None else _ruled(kept.delivery, self.rule)
        timed = before if self.due is None else _timed(before, self.due, now)
        if isinstance(timed, Barred):
            return timed
        if new is None:
            return Plan(after=timed)
        return self._reworded(connection, kept, timed, new, now)

    @property
    def _op(self) -> Op:
        if self.due is not None and not self.retry:
            return Op.RESCHEDULE if not self.new else Op.EDIT
        return Op.RETRY if self.retry else Op.EDIT

    def _reworded(
        self, connection: Connection, kept: Kept, timed: Delivery, new: New, now: datetime
    ) -> Plan | Barred:
        same = None
        if not self.allow_repeat:
            account, number = kept.delivery.account, kept.delivery.id
            same = repeats.repeated(connection, new.post, account, now, but=number)
        concern = repeats.held_because(same, new.concern)
        after = edited(
            timed,
            retry=self.retry,
            was_held_for_wording=kept.held_for is not None,
            concern=concern,
            now=now,
        )
        if isinstance(after, Barred):
            return after
        held = repeats.held_for(same, new.concern) if after.state is State.HELD else None
        values = {"repeats": same if held else None, "held_for": held}
        return Plan(after=after, post=new.post, values=values)


def _ruled(delivery: Delivery, rule: Rule) -> Delivery:
    return replace(delivery, late_after=rule.late_after, when_late=rule.when_late)


def _timed(delivery: Delivery, due: Due, now: datetime) -> Delivery | Barred:
    at = due(delivery)
    if isinstance(at, Barred):
        return at
    if delivery.state is State.REFUSED:
        # It waits for nothing; its time counts when it is let go.
        return replace(delivery, due_at=at, next_at=at)
    return moved(Op.RESCHEDULE, delivery, at, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """Gives deliveries another time."""

    due: Due
    op: Op = Op.MOVE

    def __call__(self, connection: Connection, kept: Kept, now: datetime) -> Plan | Barred:
        """Judge one delivery."""
        bar = barred(self.op, kept.delivery) or self._missed_nothing(kept.delivery, now)
        if bar is not None:
            return bar
        at = self.due(kept.delivery)
        if isinstance(at, Barred):
            return at
        after = moved(self.op, kept.delivery, at, now)
        if isinstance(after, Barred):
            return after
        return _unless_said_elsewhere(connection, kept, after, now)

    def _missed_nothing(self, one: Delivery, now: datetime) -> Barred | None:
        if self.op is not Op.RESCHEDULE or one.state is State.MISSED or one.is_late(now):
            return None
        return Barred("it has not missed its time", f"to move it: steadypost move {one.id} --when TIME")


def _unless_said_elsewhere(
    connection: Connection, kept: Kept, after: Delivery, now: datetime
) -> Plan | Barred:
    """Bar what was missed and written anew since: both would go out."""
    if kept.delivery.state is not State.MISSED:
        return Plan(after=after)
    post = Post(parts=variants.said_by(connection, after.post_id, after.account))
    other = repeats.repeated(connection, post, after.account, now, but=after.id)
    if other is None or kept.repeats is not None:
        return Plan(after=after)
    return Barred(f"delivery {other} says the same", f"see 'steadypost show {other}'")


@dataclass(frozen=True, slots=True)
class Swapping:
    """Gives two deliveries each other's time."""

    one: int
    other: int

    def __call__(self, connection: Connection, kept: Kept, now: datetime) -> Plan | Barred:
        """Judge one of the two; both are locked, and neither is written before both are judged."""
        partner = self.other if kept.delivery.id == self.one else self.one
        due_at = connection.scalar(select(deliveries.c.due_at).where(deliveries.c.id == partner))
        if due_at is None:
            return Barred(f"there is no delivery {partner}", "'steadypost queue' lists what waits")
        after = moved(Op.MOVE, kept.delivery, due_at, now)
        return after if isinstance(after, Barred) else Plan(after=after)


@dataclass(frozen=True, slots=True)
class Cancelling:
    """Takes deliveries back before they, or what is left of them, are sent."""

    by: By

    def __call__(self, connection: Connection, kept: Kept, now: datetime) -> Plan | Barred:  # noqa: ARG002 - the form of all work
        """Judge one delivery."""
        delivery = kept.delivery
        if delivery.state is State.SENDING:
            return _in_hand(kept)
        try:
            after = words.heard(delivery, Word(drop=True), now)
        except StillUnconfirmed as concern:
            return Barred(concern.why, concern.remedy)
        except WordNotTaken as not_taken:
            return barred(Op.EDIT, delivery) or Barred(not_taken.why, not_taken.remedy)
        except ImpossibleMove:
            return barred(Op.MOVE, delivery) or Barred(
                f"it is {delivery.state}", f"see 'steadypost show {delivery.id}'"
            )
        if after.state is not State.CANCELLED:
            return Barred(f"it is {delivery.state}", f"see 'steadypost show {delivery.id}'")
        return Plan(after=replace(after, why=persons.taken_back(after.why, self.by)))


def _in_hand(kept: Kept) -> Barred:
    """Say who sends it, and until when it is theirs."""
    held = (
        "" if kept.lease_until is None else f", whose lease ends at {kept.lease_until:%Y-%m-%d %H:%M:%S} UTC"
    )
    return Barred(
        f"it is being sent now, by worker {kept.worker or '-'}{held}",
        f"wait for its answer ('steadypost show {kept.delivery.id}'); if nothing was sent, take it back then",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy made."""

    change_id: int | None
    """``None`` after a dry run."""
    added: tuple[Added, ...]


def copy(
    connection: Connection,
    post: Post,
    *,
    of: int,
    accounts: Sequence[str],
    due_at: datetime,
    late_after: timedelta | None,
    when_late: WhenLate,
    allow_repeat: bool,
    concern: str,
    by: By,
    now: datetime,
    dry_run: bool = False,
) -> Copied:
    """Write a post once more, as deliveries of its own; what reads like one that waits is held.

    ``dry_run``: done and rolled back; what was added then has no number.
    """
    account_rows.lock_all(connection, accounts)
    trial = connection.begin_nested() if dry_run else None
    added = intake.add(
        connection,
        post,
        accounts=accounts,
        due_at=due_at,
        late_after=late_after,
        when_late=when_late,
        allow_repeat=allow_repeat,
        concern=concern,
        now=now,
        by=by.name,
    )
    if trial is not None:
        trial.rollback()
        return Copied(change_id=None, added=tuple(replace(one, delivery_id=0) for one in added))
    change_id = changing.begin(connection, did="copy", by=by, told=f"copy of {of}", now=now)
    for one in added:
        kept = delivery_rows.one(connection, one.delivery_id)
        changing.note(connection, None, kept, change_id=change_id, did=f"copy of {of}", by=by, now=now)
    return Copied(change_id=change_id, added=tuple(added))
