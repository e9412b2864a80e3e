"""Finding a post again by the key it came in with or an export gave it, also after changes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, func, or_, select

from steadypost.store.schema import posts

_EXPORTED = re.compile(r"steadypost:([0-9]{1,18}):([0-9]{8}T[0-9]{12})(?::(.+))?")
"""The key that an export gives a post without one: its number, the moment it came in, and whose deliveries are meant."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a key means."""

    post_id: int
    """The post that came in."""
    accounts: frozenset[str] = frozenset()
    """Whose deliveries of it; empty: all."""

    def has(self, account: str) -> bool:
        """Whether the delivery of an account is meant."""
        return not self.accounts or account in self.accounts


FIRST = func.coalesce(posts.c.origin, posts.c.id)
"""The post that came in, of any that is kept."""


def come_of(first: Collection[int]) -> ColumnElement[bool]:
    """Ask for the posts that came in, and for what persons have changed them to."""
    return or_(posts.c.id.in_(list(first)), posts.c.origin.in_(list(first)))


def meant(connection: Connection, keys: Collection[str]) -> dict[str, Meant]:
    """Resolve these keys; unknown ones are left out."""
    rows = connection.execute(select(posts.c.key, posts.c.id).where(posts.c.key.in_(list(keys))))
    found = {row.key: Meant(row.id) for row in rows}
    return found | _exported(connection, keys)


def _exported(connection: Connection, keys: Collection[str]) -> dict[str, Meant]:
    """Find what this very store exported; another store's posts came in at other moments."""
    read = {key: one for key in keys if (one := _read(key)) is not None}
    if not read:
        return {}
    made = _made(connection, {one.post_id for one, _ in read.values()})
    return {key: one for key, (one, at) in read.items() if made.get(one.post_id) == at}


def _made(connection: Connection, post_ids: Collection[int]) -> Mapping[int, datetime]:
    rows = connection.execute(select(posts.c.id, posts.c.created_at).where(posts.c.id.in_(list(post_ids))))
    return dict(rows.all())


def _read(key: str) -> tuple[Meant, datetime] | None:
    found = _EXPORTED.fullmatch(key)
    if found is None:
        return None
    try:
        at = datetime.strptime(found[2], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Meant(int(found[1]), frozenset((found[3] or "").split("|")) - {""}), at
