"""Pictures of posts, as their rows keep them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert

from steadypost.domain.post import Media, Post
from steadypost.store.schema import post_media


def add(connection: Connection, every: Sequence[tuple[int, Post]]) -> None:
    """Write down the pictures of posts, with the posts' ids."""
    rows = [
        {"post_id": post_id, "n": n, "position": at, **columns_of(one)}
        for post_id, post in every
        for n, part in enumerate(post.parts)
        for at, one in enumerate(part.media)
    ]
    if rows:
        connection.execute(insert(post_media), rows)


def columns_of(one: Media) -> dict[str, str]:
    """Give what is kept of a picture, by the columns of its table."""
    return {"path": str(one.path), "kind": one.kind, "alt": one.alt, "digest": one.digest}


def media_of(row: Row[Any]) -> Media:
    """Read a picture's row."""
    return Media(path=Path(row.path), kind=row.kind, alt=row.alt, digest=row.digest)
