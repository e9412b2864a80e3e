"""Carrying out a change that was ordered in a form: the command line's operations, judged by the same rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from steadypost.domain.change import WAITS, Op
from steadypost.domain.delivery import State
from steadypost.intake.entry import known_accounts
from steadypost.intake.moment import due
from steadypost.intake.order import Order, What
from steadypost.intake.refusal import Refusal, in_the_form, nearest, refusal
from steadypost.intake.repeat import Repetition
from steadypost.intake.rewriting import Rewrite, redrafted, rewritten
from steadypost.intake.shifting import shifted, stretch
from steadypost.intake.validate import judge
from steadypost.store import (
    Store,
    UnknownSeries,
    approving,
    changing,
    operations,
    reading,
    selecting,
    series,
    series_changes,
    undoing,
)
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.changing import Done, Work
from steadypost.store.operations import Cancelling, Copied, Editing, Moving, Swapping
from steadypost.store.selecting import Selection


class OrderRefused(ValueError):
    """An order is not carried out, and nothing was changed: everything that is wrong with it."""

    def __init__(self, wrong: list[Refusal]) -> None:
        super().__init__("\n".join(in_the_form(one) for one in wrong))
        self.wrong = wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where orders are carried out."""

    store: Store
    now: datetime
    zone: ZoneInfo
    """In which days are counted."""
    zone_for_naive: str | None
    folder: Path


def carry_out(desk: Desk, order: Order) -> Done | Copied:
    """Carry an order out in one transaction; raises ``OrderRefused`` and the store's own refusals."""
    try:
        what = What(order.what.strip())
    except ValueError:
        known = [str(one) for one in What]
        meant = nearest(order.what, known)
        remedy = f'"{meant}" was meant?' if meant else f"choose one of: {', '.join(known)}"
        raise OrderRefused(
            [refusal("what", order.what, "this is nothing that can be done", remedy)]
        ) from None
    timed = order.timed()
    if isinstance(timed, Refusal):
        raise OrderRefused([timed])
    return _ORDERS[what](desk, timed)


def _edit(desk: Desk, order: Order) -> Done:
    texts = tuple(order.parts) or ((order.text,) if order.text else None)
    rewrite = Rewrite(texts=texts, as_is=order.as_is)
    those = _those(desk, order, WAITS)
    if not (rewrite.changes_anything or order.when or order.retry):
        raise OrderRefused(
            [refusal("text", "", "nothing is to be changed", "write a new text, parts or time")]
        )
    new = rewritten(desk.store, those, rewrite, now=desk.now, folder=desk.folder)
    if isinstance(new, list):
        raise OrderRefused(new)
    at = _at(desk, order) if order.when else None
    work = Editing(
        new=new,
        due=None if at is None else lambda _: at,
        retry=order.retry,
        allow_repeat=order.allow_repeat or not rewrite.changes_anything,
    )
    return _change(desk, order, work, those)


def _move(desk: Desk, order: Order) -> Done:
    at = _at(desk, order)
    return _change(desk, order, Moving(due=lambda _: at), _those(desk, order, WAITS))


def _reschedule(desk: Desk, order: Order) -> Done:
    at = _at(desk, order)
    work = Moving(due=lambda _: at, op=Op.RESCHEDULE)
    return _change(desk, order, work, _those(desk, order, frozenset({State.MISSED})))


def _shift(desk: Desk, order: Order) -> Done:
    length = stretch(order.by_length)
    if isinstance(length, Refusal):
        raise OrderRefused([length])
    by = length if order.what.strip() == What.LATER else -length
    return _change(
        desk,
        order,
        Moving(due=lambda one: shifted(one.due_at, by, desk.zone)),
        _those(desk, order, WAITS),
    )


def _swap(desk: Desk, order: Order) -> Done:
    if len(set(order.deliveries)) != 2:
        raise OrderRefused([refusal("deliveries", order.deliveries, "two exchange their times", "name two")])
    work = Swapping(*order.deliveries)
    return _change(desk, order, work, Selection(ids=tuple(order.deliveries)), together=True)


def _cancel(desk: Desk, order: Order) -> Done:
    return _change(desk, order, Cancelling(_by(order)), _those(desk, order, WAITS))


def _copy(desk: Desk, order: Order) -> Copied:
    number = _one(order, "the delivery to copy")
    story = desk.store.read(reading.show, number)
    labels = desk.store.read(selecting.labels, [story.delivery.post_id])[story.delivery.post_id]
    texts = tuple(order.parts) or ((order.text,) if order.text else None)
    accounts = [order.account or story.delivery.account]
    draft = redrafted(story.post, labels, accounts, Rewrite(texts=texts, as_is=order.as_is))
    if isinstance(draft, Refusal):
        raise OrderRefused([draft])
    judged = judge(
        draft.model_copy(update={"when": order.when, "zone": order.zone}),
        known_accounts(desk.store),
        now=desk.now,
        default_zone=desk.zone_for_naive,
        folder=desk.folder,
        source=f"copy of {number}",
    )
    if isinstance(judged, list):
        raise OrderRefused(judged)
    return desk.store.write(
        operations.copy,
        judged.post,
        of=number,
        accounts=judged.accounts,
        due_at=judged.due_at,
        late_after=story.delivery.late_after,
        when_late=story.delivery.when_late,
        allow_repeat=order.allow_repeat,
        concern=judged.concern,
        by=_by(order),
        now=desk.now,
        dry_run=order.dry_run,
    )


def _skip(desk: Desk, order: Order) -> Done:
    number = _one(order, "the series")
    found = [one for one in desk.store.read(series.every, also_ended=True) if one.id == number]
    if not found:
        raise UnknownSeries(number)
    [one] = found
    rule = Repetition(one.rule, ZoneInfo(one.zone), datetime.fromisoformat(one.starts))
    begins = datetime.combine(_day(order.day), time(), ZoneInfo(one.zone))
    times = [found.local for found in rule.between(begins, begins + timedelta(days=1))]
    if not times:
        raise OrderRefused([refusal("day", order.day, f"series {number} has no time on it", "see its rule")])
    return desk.store.write(
        series_changes.skip, number, times, by=_by(order), now=desk.now, dry_run=order.dry_run
    )


def _approve(desk: Desk, order: Order) -> Done:
    those = _those(desk, order, frozenset({State.HELD}))
    return desk.store.write(approving.approve, those, by=_by(order), now=desk.now, dry_run=order.dry_run)


def _undo(desk: Desk, order: Order) -> Done:
    number = order.deliveries[0] if order.deliveries else None
    _, done = desk.store.write(undoing.undo, number, by=_by(order), now=desk.now, dry_run=order.dry_run)
    return done


_ORDERS: Mapping[What, Callable[[Desk, Order], Done | Copied]] = {
    What.EDIT: _edit,
    What.MOVE: _move,
    What.LATER: _shift,
    What.EARLIER: _shift,
    What.SWAP: _swap,
    What.COPY: _copy,
    What.CANCEL: _cancel,
    What.RESCHEDULE: _reschedule,
    What.SKIP: _skip,
    What.APPROVE: _approve,
    What.UNDO: _undo,
}


def _change(desk: Desk, order: Order, work: Work, those: Selection, *, together: bool = False) -> Done:
    return desk.store.write(
        changing.change,
        work,
        those,
        did=str(order.what).partition(" ")[0],
        by=_by(order),
        now=desk.now,
        dry_run=order.dry_run,
        together=together,
    )


def _by(order: Order) -> By:
    return By(name=order.by, why=order.why)


def _those(desk: Desk, order: Order, states: frozenset[State]) -> Selection:
    """Read which deliveries are meant; what is named by its number is meant whatever its state."""
    if order.account:
        desk.store.read(account_rows.one, order.account)
    since = datetime.combine(_day(order.day), time(), desk.zone) if order.day else None
    found = Selection(
        ids=tuple(order.deliveries),
        states=frozenset() if order.deliveries else states,
        account=order.account or None,
        text=order.saying,
        label=order.label,
        since=since,
        until=None if since is None else since + timedelta(days=1),
    )
    if not found.names_any:
        remedy = "name deliveries, an account, words, a label or a day"
        raise OrderRefused([refusal("deliveries", "", "nothing says which are meant", remedy)])
    return found


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written.strip())
    except ValueError:
        raise OrderRefused([refusal("day", written, "this is no day", "write 2026-12-01")]) from None


def _at(desk: Desk, order: Order) -> datetime:
    found = due(order.when, zone=order.zone, default_zone=desk.zone_for_naive, now=desk.now)
    if isinstance(found, list):
        raise OrderRefused(found)
    return found


def _one(order: Order, what: str) -> int:
    if len(order.deliveries) != 1:
        raise OrderRefused(
            [refusal("deliveries", order.deliveries, f"it takes one number: {what}", "write one")]
        )
    return order.deliveries[0]
