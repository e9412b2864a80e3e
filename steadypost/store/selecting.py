"""Finding deliveries by a word, an account, a label or a stretch of time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Select, func, select

from steadypost.domain.delivery import State
from steadypost.domain.post import Post, tag, tags_in
from steadypost.store import reading, variants
from steadypost.store.errors import UnknownDelivery
from steadypost.store.reading import Entry
from steadypost.store.schema import (
    accounts,
    deliveries,
    occurrences,
    post_parts,
    post_tags,
    posts,
    variant_parts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which deliveries are meant: those that fulfil all that is given here."""

    ids: tuple[int, ...] = ()
    states: frozenset[State] = frozenset()
    """Empty: whatever its state."""
    account: str | None = None
    text: str = ""
    """A word or words in any of its parts, whatever their case."""
    since: datetime | None = None
    """Due then or later."""
    until: datetime | None = None
    """Due before."""
    label: str = ""
    """A label, or a hashtag in its text."""
    series: int | None = None

    @property
    def names_any(self) -> bool:
        """Whether it says anything beyond the states: without that it would be everything."""
        given = (self.ids, self.account, self.text, self.since, self.until, self.label, self.series)
        return any(one not in {None, "", ()} for one in given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, and how much of it is not shown."""

    entries: tuple[Entry, ...]
    total: int
    at_rest: Mapping[State, int]
    """What fulfils the same but for the states, by state: what a filter by states hides."""

    @property
    def hidden(self) -> int:
        """How many were left out by the limit."""
        return self.total - len(self.entries)


def ids(connection: Connection, those: Selection) -> list[int]:
    """List the deliveries that are meant by the moment they are due; raises ``UnknownDelivery``."""
    found = [
        row.id for row in _rows(connection, those) if not those.states or State(row.state) in those.states
    ]
    missing = set(those.ids) - set(_known(connection, those.ids))
    if missing:
        raise UnknownDelivery(min(missing))
    return found


def find(connection: Connection, those: Selection, *, limit: int | None = None) -> Found:
    """Find deliveries by the moment they are due, and count what is not shown."""
    rows = _rows(connection, those)
    meant = [row.id for row in rows if not those.states or State(row.state) in those.states]
    others: dict[State, int] = {}
    for row in rows:
        state = State(row.state)
        if those.states and state not in those.states:
            others[state] = others.get(state, 0) + 1
    shown = meant if limit is None else meant[:limit]
    return Found(entries=tuple(reading.entries(connection, shown)), total=len(meant), at_rest=others)


def labels(connection: Connection, post_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Read what posts were filed under, beside the hashtags in every one of their texts."""
    said = variants.whole(connection, post_ids)
    kept: dict[int, list[str]] = {one: [] for one in post_ids}
    query = select(post_tags).where(post_tags.c.post_id.in_(list(post_ids))).order_by(post_tags.c.tag)
    for row in connection.execute(query):
        kept[row.post_id].append(row.tag)
    in_text = {one: _in_every_text(said[one]) for one in post_ids}
    return {one: tuple(label for label in found if label not in in_text[one]) for one, found in kept.items()}


def _in_every_text(post: Post) -> frozenset[str]:
    texts = [post.parts, *(one.parts for one in post.variants)]
    return frozenset.intersection(*(tags_in([part.text for part in parts]) for parts in texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export needs of a post."""

    post_id: int
    """The post that came in, whatever persons have made of it since."""
    post: Post
    key: str | None
    created_at: datetime
    accounts: tuple[str, ...]
    labels: tuple[str, ...]
    networks: Mapping[str, str]
    """By account."""


def exported(connection: Connection, post_ids: Collection[int]) -> dict[int, Exported]:
    """Read posts as an export writes them."""
    wanted = list(post_ids)
    said, filed = variants.whole(connection, wanted), labels(connection, wanted)
    origin = posts.alias("origin")
    query = (
        select(posts.c.id, posts.c.reply_to, origin.c.id.label("first"), origin.c.key, origin.c.created_at)
        .join(origin, origin.c.id == func.coalesce(posts.c.origin, posts.c.id))
        .where(posts.c.id.in_(wanted))
    )
    whose = _accounts_of(connection, wanted)
    networks = variants.networks(connection, {name for names in whose.values() for name in names})
    return {
        row.id: Exported(
            post_id=row.first,
            post=replace(said[row.id], reply_to=row.reply_to),
            key=row.key,
            created_at=row.created_at,
            accounts=whose[row.first],
            networks=networks,
            labels=filed[row.id],
        )
        for row in connection.execute(query)
    }


def _accounts_of(connection: Connection, post_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Name the accounts of posts by the post that came in, with all that persons have made of it."""
    first = func.coalesce(posts.c.origin, posts.c.id)
    wanted = select(first).where(posts.c.id.in_(list(post_ids)))
    rows = connection.execute(
        select(first, deliveries.c.account)
        .join(posts, posts.c.id == deliveries.c.post_id)
        .where(first.in_(wanted))
        .order_by(deliveries.c.id)
    )
    found: dict[int, list[str]] = {}
    for post_id, account in rows:
        found.setdefault(post_id, []).append(account)
    return {post_id: tuple(names) for post_id, names in found.items()}


def _known(connection: Connection, given: Sequence[int]) -> Sequence[int]:
    return connection.scalars(select(deliveries.c.id).where(deliveries.c.id.in_(list(given)))).all()


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    state: str
    post_id: int
    network: str


def _rows(connection: Connection, those: Selection) -> list[_Row]:
    found = connection.execute(_query(those))
    rows = [_Row(row[0], row[1], row[2], row[3]) for row in found]
    if not those.text:
        return rows
    saying = _saying(connection, those.text, {(row.post_id, row.network) for row in rows})
    return [row for row in rows if (row.post_id, row.network) in saying]


def _query(those: Selection) -> Select[int, str, int, str]:
    query = select(deliveries.c.id, deliveries.c.state, deliveries.c.post_id, accounts.c.network).join(
        accounts, accounts.c.name == deliveries.c.account
    )
    if those.ids:
        query = query.where(deliveries.c.id.in_(list(those.ids)))
    if those.account is not None:
        query = query.where(deliveries.c.account == those.account)
    if those.since is not None:
        query = query.where(deliveries.c.due_at >= those.since)
    if those.until is not None:
        query = query.where(deliveries.c.due_at < those.until)
    if those.label:
        labelled = select(post_tags.c.post_id).where(post_tags.c.tag == tag(those.label))
        query = query.where(deliveries.c.post_id.in_(labelled))
    if those.series is not None:
        times = select(occurrences.c.delivery_id).where(occurrences.c.series_id == those.series)
        query = query.where(deliveries.c.id.in_(times))
    return query.order_by(deliveries.c.due_at, deliveries.c.id)


def _saying(connection: Connection, words: str, among: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Find the posts that say something. Here, because neither database folds the case of every script."""
    sought = words.casefold()
    everywhere = connection.execute(select(post_parts.c.post_id, post_parts.c.text))
    on_one = connection.execute(
        select(variant_parts.c.post_id, variant_parts.c.network, variant_parts.c.text)
    )
    own: dict[tuple[int, str], bool] = {}
    for post_id, network, text in on_one:
        own[post_id, network] = own.get((post_id, network), False) or sought in text.casefold()
    saying = {post_id for post_id, text in everywhere if sought in text.casefold()}
    return {one for one in among if own.get(one, one[0] in saying)}


def times_of(connection: Connection, delivery_ids: Collection[int]) -> dict[int, int]:
    """Say of which series deliveries are, where they are times of one."""
    query = select(occurrences.c.delivery_id, occurrences.c.series_id).where(
        occurrences.c.delivery_id.in_(list(delivery_ids))
    )
    return dict(connection.execute(query).all())


def busy(
    connection: Connection, account: str, since: datetime, until: datetime
) -> list[tuple[int, datetime]]:
    """List what of an account waits for a moment in a stretch of time."""
    query = (
        select(deliveries.c.id, deliveries.c.due_at)
        .where(
            deliveries.c.account == account,
            deliveries.c.state.in_([State.SCHEDULED, State.HELD, State.SENDING, State.PARTIAL]),
            deliveries.c.due_at >= since,
            deliveries.c.due_at < until,
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
    )
    return [(row[0], row[1]) for row in connection.execute(query)]
