"""Changing what waits of an import to what its file says now, under the locks of a claim, so it can be undone.

What has been attempted is not changed: an ask of the old text may still come to light.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from steadypost.domain.change import Barred, Rule
from steadypost.domain.delivery import Delivery, State
from steadypost.domain.post import Post
from steadypost.store import accounts as account_rows
from steadypost.store import approvals, changing, intake, repeats, selecting, variants
from steadypost.store import deliveries as delivery_rows
from steadypost.store import keys as post_keys
from steadypost.store.acts import By
from steadypost.store.changing import Plan, Reworded
from steadypost.store.deliveries import Kept
from steadypost.store.errors import NotWaiting
from steadypost.store.intake import Added, Incoming
from steadypost.store.operations import Cancelling, Editing, New
from steadypost.store.schema import attempts, deliveries, posts, series

OVER = frozenset({State.CANCELLED, State.MISSED})
"""States in which nothing was sent or will be: the post may still be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A post that came in under a key, what persons have made of it since, and how its deliveries stand."""

    key: str
    post_id: int
    post: Post
    """As it came in, with its labels."""
    says: Mapping[int, Post]
    """What each of its deliveries says now, by the delivery; a post that differs says it on its networks alone."""
    networks: Mapping[str, str]
    """By account."""
    deliveries: tuple[Delivery, ...]
    repeats: dict[int, int | None]
    is_series: bool = False

    @property
    def standing(self) -> tuple[Delivery, ...]:
        """The deliveries that count: all, where every one of them is over."""
        return tuple(one for one in self.deliveries if one.state not in OVER) or self.deliveries

    @property
    def said(self) -> dict[Post, frozenset[str]]:
        """Every post that is said now, with the networks where it is."""
        found: dict[Post, frozenset[str]] = {}
        for one in self.standing:
            post = self.says[one.id]
            found[post] = found.get(post, frozenset()) | {self.networks[one.account]}
        return found or {self.post: frozenset()}


def waits(delivery: Delivery) -> bool:
    """Whether it was never attempted, and may still be changed."""
    return delivery.state in {State.SCHEDULED, State.HELD} and delivery.attempts == 0


def known(connection: Connection, keys: Collection[str]) -> dict[str, Known]:
    """Read what came in under these keys."""
    meant = post_keys.meant(connection, keys)
    if not meant:
        return {}
    first = {one.post_id for one in meant.values()}
    sent = _deliveries(connection, first)
    every = [kept for several in sent.values() for kept in several]
    read = _posts(connection, first | {kept.delivery.post_id for kept in every})
    networks = variants.networks(connection, {kept.delivery.account for kept in every})
    of_series = set(connection.scalars(select(series.c.post_id).where(series.c.post_id.in_(list(first)))))
    found = {}
    for key, one in meant.items():
        mine = [kept for kept in sent.get(one.post_id, ()) if one.has(kept.delivery.account)]
        if one.accounts and not mine:
            continue
        found[key] = Known(
            key=key,
            post_id=one.post_id,
            post=read[one.post_id],
            says={kept.delivery.id: read[kept.delivery.post_id] for kept in mine},
            networks=networks,
            deliveries=tuple(kept.delivery for kept in mine),
            repeats={kept.delivery.id: kept.repeats for kept in mine},
            is_series=one.post_id in of_series,
        )
    return found


def _deliveries(connection: Connection, first: Collection[int]) -> dict[int, list[Kept]]:
    """Read the deliveries of posts by the post that came in."""
    rows = connection.execute(
        select(deliveries.c.id, post_keys.FIRST.label("first"))
        .join(posts, posts.c.id == deliveries.c.post_id)
        .where(post_keys.come_of(first))
        .order_by(deliveries.c.id)
    ).all()
    first_of = {row.id: row.first for row in rows}
    found: dict[int, list[Kept]] = {}
    for kept in delivery_rows.several(connection, list(first_of)):
        found.setdefault(first_of[kept.delivery.id], []).append(kept)
    return found


def _posts(connection: Connection, post_ids: Collection[int]) -> dict[int, Post]:
    whole = variants.whole(connection, post_ids)
    labels = selecting.labels(connection, post_ids)
    rows = connection.execute(
        select(posts.c.id, posts.c.reply_to, posts.c.source).where(posts.c.id.in_(list(post_ids)))
    )
    return {
        row.id: replace(whole[row.id], reply_to=row.reply_to, source=row.source, labels=labels[row.id])
        for row in rows
    }


def update_waiting(
    connection: Connection, incoming: Incoming, *, did: str, by: By, now: datetime
) -> list[Added]:
    """Change what waits under a key, all of it or none; raises ``NotWaiting`` where that would touch something else."""
    key = incoming.key or ""
    before = _meant(connection, key)
    records = account_rows.lock_all(
        connection, {one.account for one in before.deliveries} | set(incoming.accounts)
    )
    # Read anew: it may have changed before the accounts were locked.
    before = _meant(connection, key)
    kept = [delivery_rows.one(connection, one.id, lock=True) for one in before.deliveries]
    live = [one for one in kept if one.delivery.state not in OVER or _was_asked(connection, one)]
    _refuse_what_does_not_wait(key, live)
    change = _Change(connection, before, incoming, did=did, by=by, now=now)
    return change.of(live, {name: record.network for name, record in records.items()})


def _meant(connection: Connection, key: str) -> Known:
    found = known(connection, [key]).get(key)
    if found is None or found.is_series:
        raise NotWaiting(key, "a series has this key" if found else "nothing has this key", _OWN_KEY)
    return found


def _was_asked(connection: Connection, kept: Kept) -> bool:
    """Whether something of it is live or may have come to light: its words are what was said."""
    asked = select(attempts.c.id).where(
        attempts.c.delivery_id == kept.delivery.id, attempts.c.armed_at.is_not(None)
    )
    return connection.scalar(asked.limit(1)) is not None


_OWN_KEY = "give the row a key of its own"


def _refuse_what_does_not_wait(key: str, kept: Sequence[Kept]) -> None:
    if not kept:
        raise NotWaiting(key, "none of its deliveries waits", _OWN_KEY)
    for one in kept:
        if not waits(one.delivery):
            delivery = one.delivery
            tried = ", and was attempted" if delivery.state in {State.SCHEDULED, State.HELD} else ""
            why = f"delivery {delivery.id} of {delivery.account} is {delivery.state}{tried}"
            raise NotWaiting(key, why, f"see 'steadypost show {delivery.id}'; for another post, {_OWN_KEY}")


class _Change:
    """One change of a post's deliveries to what a file says now."""

    def __init__(
        self, connection: Connection, before: Known, incoming: Incoming, *, did: str, by: By, now: datetime
    ) -> None:
        self._connection, self._before, self._incoming = connection, before, incoming
        self._did, self._by, self._now = did, by, now
        self._new = Reworded(connection, now, by)

    def of(self, kept: Sequence[Kept], network_of: Mapping[str, str]) -> list[Added]:
        """Change those that stay, take back those not wanted any more, add the new."""
        stays = [one for one in kept if one.delivery.account in self._incoming.accounts]
        plans = changing.gated(self._connection, [(one, self._planned(one)) for one in kept], self._by)
        there = {one.delivery.account for one in stays}
        names = [name for name in self._incoming.accounts if name not in there]
        numbers = ", ".join(str(one.delivery.id) for one in kept)
        change_id = changing.begin(
            self._connection, did=self._did, by=self._by, told=f"{self._did} of {numbers}", now=self._now
        )
        changing.carried_out(
            self._connection,
            plans,
            change_id=change_id,
            did=self._did,
            by=self._by,
            now=self._now,
            new=self._new,
        )
        added = [self._add(name, network_of[name], change_id) for name in names]
        after = delivery_rows.several(self._connection, [one.delivery.id for one in stays])
        return [*map(_told, after), *added]

    def _planned(self, kept: Kept) -> Plan:
        wanted = kept.delivery.account in self._incoming.accounts
        work = self._edit(kept.delivery) if wanted else Cancelling(self._by)
        plan = work(self._connection, kept, self._now)
        if isinstance(plan, Barred):
            key = self._incoming.key or ""
            raise NotWaiting(key, f"delivery {kept.delivery.id} stays: {plan.why}", plan.remedy)
        return plan

    def _edit(self, delivery: Delivery) -> Editing:
        """What is unchanged is not judged again: a person may have answered for it."""
        incoming = self._incoming
        before = (delivery.late_after, delivery.when_late)
        rule = Rule(late_after=incoming.late_after, when_late=incoming.when_late)
        says = self._before.says[delivery.id]
        new = New(post=incoming.post, concern=incoming.concern)
        return Editing(
            new={} if same(says, incoming.post) else {(delivery.post_id, delivery.account): new},
            rule=None if before == (rule.late_after, rule.when_late) else rule,
            due=None if delivery.due_at == incoming.due_at else lambda _: incoming.due_at,
            allow_repeat=incoming.allow_repeat,
        )

    def _add(self, account: str, network: str, change_id: int) -> Added:
        connection, incoming, now = self._connection, self._incoming, self._now
        alike = None if incoming.allow_repeat else repeats.repeated(connection, incoming.post, account, now)
        post_id = self._said_by()
        approval = approvals.waiting_after(connection, post_id, account)
        held = approval or repeats.held_for(alike, incoming.concern) is not None
        number = intake.add_delivery(
            connection,
            post=incoming.post,
            post_id=post_id,
            account=account,
            network=network,
            state=State.HELD if held else State.SCHEDULED,
            due_at=incoming.due_at,
            late_after=incoming.late_after,
            when_late=incoming.when_late,
            repeats=alike,
            concern=incoming.concern,
            approval=approval,
            now=now,
        )
        approvals.tell(connection, [number] if approval else [], now)
        kept = delivery_rows.one(connection, number)
        changing.note(connection, None, kept, change_id=change_id, did=self._did, by=self._by, now=now)
        return _told(kept)

    def _said_by(self) -> int:
        """Give the post that says what is wanted now: one that is there, or a new one."""
        for one in self._before.deliveries:
            if same(self._before.says[one.id], self._incoming.post):
                return one.post_id
        return self._new.number(self._before.post_id, self._incoming.post)


def _told(kept: Kept) -> Added:
    one = kept.delivery
    return Added(delivery_id=one.id, account=one.account, state=one.state, repeats=kept.repeats)


def same(one: Post, other: Post) -> bool:
    """Whether two posts say and show the same, in answer to the same, and are filed the same."""
    return (one.parts, one.variants, one.reply_to, one.tags) == (
        other.parts,
        other.variants,
        other.reply_to,
        other.tags,
    )
