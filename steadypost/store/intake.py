"""How posts come in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select

from steadypost.domain.approval import because
from steadypost.domain.delivery import State, WhenLate
from steadypost.domain.parts import PartState
from steadypost.domain.post import Post
from steadypost.networks.charges import cost
from steadypost.store import accounts as account_rows
from steadypost.store import approvals, media, slots, variants
from steadypost.store import keys as post_keys
from steadypost.store.accounts import AccountRecord
from steadypost.store.errors import KeyTaken
from steadypost.store.repeats import APPROVAL, held_because, held_for, looks_like
from steadypost.store.schema import (
    deliveries,
    delivery_parts,
    post_parts,
    post_tags,
    posts,
)
from steadypost.store.schema import transitions as transitions_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A delivery that came in, or that was there before."""

    delivery_id: int
    account: str
    state: State
    repeats: int | None = None
    """The delivery it looks like, when it is held for that."""
    known: bool = False
    """Whether a post with the same key was there already, so that nothing was added."""
    cost: Decimal = Decimal(0)
    """What it will cost, in US dollars."""
    approval: str = ""
    """Why it waits for a second person's approval; empty when it does not."""
    due_at: datetime | None = None
    """When it goes out, where that was decided as it came in: the slot it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A post that is to come in, with all that is decided of its deliveries."""

    post: Post
    accounts: tuple[str, ...]
    due_at: datetime
    late_after: timedelta | None = None
    when_late: WhenLate = WhenLate.MISS
    allow_repeat: bool = False
    key: str | None = None
    concern: str = ""
    """Why it may not be meant as it is, and is held for that; empty when nothing speaks against it."""
    by: str = ""
    """Who wrote it; empty where unknown."""
    next_slot: bool = False
    """Whether it takes the next free slot of its accounts as it comes in; ``due_at`` serves where there is none."""


def add(
    connection: Connection,
    post: Post,
    *,
    accounts: Sequence[str],
    due_at: datetime,
    late_after: timedelta | None = None,
    when_late: WhenLate = WhenLate.MISS,
    allow_repeat: bool = False,
    key: str | None = None,
    now: datetime,
    concern: str = "",
    by: str = "",
) -> list[Added]:
    """Take a post in, with one delivery for each account, all or none.

    A possible repetition is held unless allowed, and so is a ``concern``; a key that came in before answers what it
    added then.
    """
    incoming = Incoming(
        post=post,
        accounts=tuple(accounts),
        due_at=due_at,
        late_after=late_after,
        when_late=when_late,
        allow_repeat=allow_repeat,
        key=key,
        concern=concern,
        by=by,
    )
    [added] = add_all(connection, [incoming], now)
    if isinstance(added, KeyTaken):
        raise added
    return added


def add_all(connection: Connection, every: Sequence[Incoming], now: datetime) -> list[list[Added] | KeyTaken]:
    """Take several posts in, each with one delivery for each account: as if one after the other, all or none."""
    # Locked, so that two who bring the same text at the same moment see each other.
    names = {account for one in every for account in one.accounts}
    records = account_rows.lock_all(connection, names)
    batch = _Batch(connection, records, now)
    batch.look_up(every)
    for one in every:
        batch.take(one)
    batch.flush()
    return batch.answers


class _Batch:
    """Posts on their way in. What can be asked or written at once for many is: ten thousand come in a minute."""

    def __init__(self, connection: Connection, records: Mapping[str, AccountRecord], now: datetime) -> None:
        self._connection, self._records, self._now = connection, records, now
        self._network_of = {name: record.network for name, record in records.items()}
        self._known: dict[str, list[Added]] = {}
        self._series: frozenset[str] = frozenset()
        self._alike: dict[tuple[str, str], int] = {}
        self._waiting: list[tuple[int, Incoming]] = []
        self._rules = approvals.Rules(connection)
        self._marks: set[tuple[str, str]] = set()
        self._keys: set[str] = set()
        self.answers: list[list[Added] | KeyTaken] = []

    def look_up(self, every: Sequence[Incoming]) -> None:
        """Ask once for all what is there already."""
        keys = [one.key for one in every if one.key is not None]
        self._known, self._series = known(self._connection, keys)
        wanted = {mark for one in every for mark in self._marks_of(one)}
        self._alike = looks_like(self._connection, wanted, self._network_of, self._now)

    def take(self, one: Incoming) -> None:
        """Take the next; what it may repeat of this batch is written first, so that it has a number."""
        marks = set(self._marks_of(one))
        if (one.key is not None and one.key in self._keys) or (marks & self._marks and not one.allow_repeat):
            self.flush()
        if one.key is not None and one.key in self._series:
            # A series whose first time is too far off to be a delivery yet.
            self.answers.append(KeyTaken(one.key))
        elif one.key is not None and one.key in self._known:
            self.answers.append(self._known[one.key])
        else:
            if one.next_slot:
                # Those before it have to be there: what they took is taken.
                self.flush()
                free = slots.next_common(self._connection, one.accounts, self._now)
                one = replace(one, due_at=free or one.due_at)
            self._waiting.append((len(self.answers), one))
            self.answers.append([])
            self._marks |= marks
            self._keys |= {one.key} if one.key is not None else set()

    def flush(self) -> None:
        """Write what was taken."""
        ids = add_posts(
            self._connection, [(one.post, one.key, one.by) for _, one in self._waiting], self._now
        )
        rows = [
            (at, one, account, self._row(one, post_id, account))
            for (at, one), post_id in zip(self._waiting, ids, strict=True)
            for account in dict.fromkeys(one.accounts)
        ]
        numbers = _add_deliveries(self._connection, [row for *_, row in rows], self._now)
        for (at, one, account, row), number in zip(rows, numbers, strict=True):
            answer = self.answers[at]
            if isinstance(answer, list):
                answer.append(
                    Added(
                        delivery_id=number,
                        account=account,
                        state=State(row["state"]),
                        repeats=row["repeats"],
                        cost=self._cost(one, account),
                        approval=self._approval(one, account),
                        due_at=one.due_at if one.next_slot else None,
                    )
                )
            self._remember(one, account, number)
        wait = [
            number for (*_, row), number in zip(rows, numbers, strict=True) if row["held_for"] == APPROVAL
        ]
        approvals.tell(self._connection, wait, self._now)
        for at, one in self._waiting:
            answer = self.answers[at]
            if one.key is not None and isinstance(answer, list):
                self._known[one.key] = [replace(added, known=True) for added in answer]
        self._waiting, self._marks, self._keys = [], set(), set()

    def _cost(self, one: Incoming, account: str) -> Decimal:
        return cost(self._records[account].channel, one.post.parts_for(self._network_of[account]))

    def _remember(self, one: Incoming, account: str, number: int) -> None:
        mark = (one.post.fingerprint_for(self._network_of[account]), account)
        # What is held is not on its way: it keeps nothing else back.
        if self._row_state(one, account) is State.SCHEDULED:
            self._alike.setdefault(mark, number)

    def _row_state(self, one: Incoming, account: str) -> State:
        held = one.concern or self._approval(one, account) or self._repeats(one, account) is not None
        return State.HELD if held else State.SCHEDULED

    def _approval(self, one: Incoming, account: str) -> str:
        return because(self._rules.of(account, one.post.tags), one.by)

    def _repeats(self, one: Incoming, account: str) -> int | None:
        if one.allow_repeat:
            return None
        return self._alike.get((one.post.fingerprint_for(self._network_of[account]), account))

    def _row(self, one: Incoming, post_id: int, account: str) -> dict[str, Any]:
        repeats = self._repeats(one, account)
        return delivery_row(
            post_id=post_id,
            account=account,
            state=self._row_state(one, account),
            due_at=one.due_at,
            late_after=one.late_after,
            when_late=one.when_late,
            units=len(one.post.parts_for(self._network_of[account])),
            repeats=repeats,
            concern=one.concern,
            approval=self._approval(one, account),
            now=self._now,
        )

    def _marks_of(self, one: Incoming) -> Iterator[tuple[str, str]]:
        for account in one.accounts:
            yield one.post.fingerprint_for(self._network_of[account]), account


def known(connection: Connection, keys: Collection[str]) -> tuple[dict[str, list[Added]], frozenset[str]]:
    """Say what came in under these keys; and which of them are a series' that has no delivery yet."""
    meant = post_keys.meant(connection, keys)
    if not meant:
        return {}, frozenset()
    rows = connection.execute(
        select(
            post_keys.FIRST.label("first"),
            deliveries.c.id,
            deliveries.c.account,
            deliveries.c.state,
            deliveries.c.repeats,
        )
        .join(posts, posts.c.id == deliveries.c.post_id)
        .where(post_keys.come_of({one.post_id for one in meant.values()}))
        .order_by(deliveries.c.id)
    )
    of_post: dict[int, list[Added]] = {}
    for row in rows:
        one = Added(
            delivery_id=row.id, account=row.account, state=State(row.state), repeats=row.repeats, known=True
        )
        of_post.setdefault(row.first, []).append(one)
    found = {
        key: [added for added in of_post.get(one.post_id, ()) if one.has(added.account)]
        for key, one in meant.items()
    }
    bare = frozenset(key for key, one in meant.items() if one.post_id not in of_post)
    return {key: added for key, added in found.items() if added}, bare


def add_post(
    connection: Connection,
    post: Post,
    key: str | None,
    now: datetime,
    *,
    by: str,
    origin: int | None = None,
) -> int:
    """Write down what is to be said; ``origin`` is the post that came in, where this changes it."""
    [post_id] = add_posts(connection, [(post, key, by)], now, origin=origin)
    return post_id


def add_posts(
    connection: Connection,
    every: Sequence[tuple[Post, str | None, str]],
    now: datetime,
    *,
    origin: int | None = None,
) -> list[int]:
    """Write down what several posts say, each with its key and who wrote it; answer their numbers, in their order."""
    if not every:
        return []
    rows = [
        {
            "reply_to": post.reply_to,
            "source": post.source,
            "key": key,
            "fingerprint": post.fingerprint,
            "created_at": now,
            "origin": origin,
            "worded_by": by,
        }
        for post, key, by in every
    ]
    numbered = insert(posts).returning(posts.c.id, sort_by_parameter_order=True)
    ids = list(connection.scalars(numbered, rows))
    _add_contents(connection, [(post_id, post) for post_id, (post, *_) in zip(ids, every, strict=True)])
    return ids


def _add_contents(connection: Connection, every: Sequence[tuple[int, Post]]) -> None:
    """Write down the parts, the media and the tags of posts."""
    connection.execute(
        insert(post_parts),
        [
            {"post_id": post_id, "n": n, "text": part.text}
            for post_id, post in every
            for n, part in enumerate(post.parts)
        ],
    )
    media.add(connection, every)
    tags = [{"post_id": post_id, "tag": tag} for post_id, post in every for tag in sorted(post.tags)]
    if tags:
        connection.execute(insert(post_tags), tags)
    variants.add(connection, every)


def delivery_row(
    *,
    post_id: int,
    account: str,
    state: State,
    due_at: datetime,
    late_after: timedelta | None,
    when_late: WhenLate,
    units: int,
    repeats: int | None,
    concern: str,
    approval: str,
    now: datetime,
) -> dict[str, Any]:
    """Give the row of a delivery that comes in."""
    counters = dict.fromkeys(("attempts", "broken", "deferred", "looks", "fence"), 0)
    return {
        "post_id": post_id,
        "account": account,
        "state": state,
        "due_at": due_at,
        "next_at": due_at,
        "late_after_s": None if late_after is None else round(late_after.total_seconds()),
        "late_at": None if late_after is None else due_at + late_after,
        "when_late": when_late,
        "why": "; ".join(one for one in (held_because(repeats, concern), approval) if one),
        "repeats": repeats,
        "held_for": APPROVAL if approval else held_for(repeats, concern),
        "created_at": now,
        "updated_at": now,
        "units": units,
        **counters,
    }


def _add_deliveries(connection: Connection, rows: Sequence[dict[str, Any]], now: datetime) -> list[int]:
    """Send posts on their way; answer the deliveries' numbers, in the order of the rows."""
    if not rows:
        return []
    numbered = insert(deliveries).returning(deliveries.c.id, sort_by_parameter_order=True)
    ids = list(connection.scalars(numbered, rows))
    connection.execute(
        insert(transitions_table),
        [
            {
                "at": now,
                "account": row["account"],
                "delivery_id": one,
                "before": "",
                "after": row["state"],
                "cause": None,
            }
            for one, row in zip(ids, rows, strict=True)
        ],
    )
    parts = [
        {"delivery_id": one, "n": n, "state": PartState.WAITING, "account": row["account"]}
        for one, row in zip(ids, rows, strict=True)
        for n in range(row["units"])
    ]
    connection.execute(insert(delivery_parts), parts)
    return ids


def add_delivery(
    connection: Connection,
    *,
    post: Post,
    post_id: int,
    account: str,
    network: str,
    state: State,
    due_at: datetime,
    late_after: timedelta | None,
    when_late: WhenLate,
    now: datetime,
    repeats: int | None = None,
    concern: str = "",
    approval: str = "",
) -> int:
    """Send a post on its way to one account, at its time."""
    row = delivery_row(
        post_id=post_id,
        account=account,
        state=state,
        due_at=due_at,
        late_after=late_after,
        when_late=when_late,
        units=len(post.parts_for(network)),
        repeats=repeats,
        concern=concern,
        approval=approval,
        now=now,
    )
    [delivery_id] = _add_deliveries(connection, [row], now)
    return delivery_id
