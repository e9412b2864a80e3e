"""Reading a post by the name that we gave it, and the account's own posts, at the server that holds its records.

That server is asked first whether the account lives there: one that it has left answers for an old copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from steadypost.channels.bluesky import xrpc
from steadypost.channels.bluesky.options import shown
from steadypost.channels.bluesky.session import Session, check_active
from steadypost.channels.bluesky.trouble import NotReady, unanswered
from steadypost.channels.bluesky.xrpc import Result, Wrong
from steadypost.channels.wire import Wire
from steadypost.domain.evidence import SeenPost
from steadypost.domain.likeness import plain
from steadypost.domain.network import Name
from steadypost.domain.outcome import Cause
from steadypost.domain.reaching import reached
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.bluesky import tid
from steadypost.networks.bluesky.record import VIDEO
from steadypost.networks.bluesky.uri import POSTS, NotAPost, Uri, parse

PAGE: Final = 100
MOST_PAGES: Final = 20
"""A look reads two thousand posts at the most."""

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""How far back a list reaches that was read to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What is under the names that were asked for."""

    ids: Mapping[Name, RemoteId | None]
    posts: tuple[SeenPost, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The account's own posts, the latest first."""

    posts: tuple[SeenPost, ...]
    reached_back_to: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Reads one account's records. Raises ``NotReady``."""

    session: Session
    server: Wire
    handle: str
    """What the account is called in Steadypost's own tables."""
    deadline: float

    def by_name(self, names: tuple[Name, ...]) -> Named:
        """Ask for each post by the name that we gave it."""
        found = {name: self.at(self._uri(name)) for name in names}
        ids = {name: None if post is None else post.id for name, post in found.items()}
        return Named(ids=ids, posts=tuple(post for post in found.values() if post is not None))

    def _uri(self, name: Name) -> Uri:
        return Uri(self.session.did, tid.name(name.key, name.keyed_at, name.n))

    def at(self, uri: Uri) -> SeenPost | None:
        """Read one own post; ``None`` when there certainly is none at its address now."""
        reply = xrpc.query(
            self.server,
            "com.atproto.repo.getRecord",
            deadline=self.deadline,
            params={"repo": uri.repo, "collection": POSTS, "rkey": uri.rkey},
        )
        if isinstance(reply, Wrong) and reply.name == "RecordNotFound":
            return None
        seen = self._seen(reply.data) if isinstance(reply, Result) else None
        if seen is None or seen.id != str(uri):
            raise unanswered(f"record {uri}", reply)
        return seen

    def listed(self, back_to: datetime) -> Listed:
        """Read the own posts back past an instant."""
        posts: list[SeenPost] = []
        for page in self._pages():
            if not page:
                return Listed(posts=tuple(posts), reached_back_to=BEGINNING)
            seen = [one for record in page if (one := self._seen(record)) is not None]
            posts += seen
            if len(seen) < len(page):
                # Something that is no post is among them, of a kind that is not known.
                break
            come = reached(one.dated for one in posts if one.dated is not None)
            if come is not None and come < back_to:
                return Listed(posts=tuple(posts), reached_back_to=come)
        return Listed(posts=tuple(posts), reached_back_to=None)

    def _pages(self) -> Iterator[list[Mapping[str, Any]]]:
        """Read the list page by page; an empty one says that it has ended. A server may give fewer than it is asked
        for, so a short page is the last one only where it names no next.
        """
        cursor = ""
        for _ in range(MOST_PAGES):
            params = {"repo": self.session.did, "collection": POSTS, "limit": PAGE}
            reply = xrpc.query(
                self.server,
                "com.atproto.repo.listRecords",
                deadline=self.deadline,
                params=params | ({"cursor": cursor} if cursor else {}),
            )
            records = reply.data.get("records") if isinstance(reply, Result) else None
            if not isinstance(reply, Result) or not isinstance(records, list):
                raise unanswered("own posts", reply)
            yield [one if isinstance(one, dict) else {} for one in records]
            before, cursor = cursor, reply.text("cursor")
            if not cursor and 0 < len(records) < PAGE:
                yield []
            if not records or cursor in {"", before}:
                return

    def _seen(self, record: Mapping[str, Any]) -> SeenPost | None:
        """Read one record as a post; ``None`` when it is none of this account's."""
        value = record.get("value")
        try:
            uri = parse(record.get("uri"))
        except NotAPost:
            return None
        if (
            uri.repo != self.session.did
            or not isinstance(value, dict)
            or not isinstance(value.get("text"), str)
        ):
            return None
        return SeenPost(
            id=RemoteId(str(uri)),
            author=self.handle,
            said=plain(value["text"]),
            reply_to=_parent(value),
            media=_media(value),
            quotes=_kind_of(value.get("embed")) in _QUOTING,
            options=shown(_texts(value.get("langs")), _labels(value)),
            dated=_dated(record),
        )


def check_home(session: Session, server: Wire, *, deadline: float) -> str:
    """Have the server say that this account lives there and is signed in; give its handle. Raise ``NotReady``."""
    reply = xrpc.query(server, "com.atproto.server.getSession", deadline=deadline, token=session.access)
    if not isinstance(reply, Result):
        raise unanswered("checking the sign-in", reply)
    if reply.text("did") != session.did:
        why = f"checking the sign-in: it is {reply.text('did') or 'no account'}, not {session.did}"
        raise NotReady(Cause.OTHER_ACCOUNT, why)
    check_active(reply)
    return reply.text("handle")


def _dated(record: Mapping[str, Any]) -> datetime | None:
    """Say when a record's key was chosen at the latest, by the time that it holds: lists are sorted by that, so all that
    is younger has been read. It is its author's and proves nothing else.
    """
    rkey = parse(record.get("uri")).rkey
    return tid.chosen_by(rkey) if tid.is_tid(rkey) else None


def _parent(value: Mapping[str, Any]) -> RemoteId | None:
    reply = value.get("reply")
    parent = reply.get("parent") if isinstance(reply, dict) else None
    uri = parent.get("uri") if isinstance(parent, dict) else None
    return RemoteId(uri) if isinstance(uri, str) else None


def _labels(value: Mapping[str, Any]) -> list[str]:
    told = value.get("labels")
    values = told.get("values") if isinstance(told, dict) else None
    return _texts(
        [one.get("val") for one in values if isinstance(one, dict)] if isinstance(values, list) else []
    )


def _texts(told: Any) -> list[str]:
    return [one for one in told if isinstance(one, str)] if isinstance(told, list) else []


def _kind_of(embed: Any) -> Any:
    return embed.get("$type") if isinstance(embed, dict) else None


_QUOTING: Final = ("app.bsky.embed.record", "app.bsky.embed.recordWithMedia")


def _media(value: Mapping[str, Any]) -> tuple[str | None, ...] | None:
    """Give the descriptions of a post's pictures, or of its video; ``None`` where it holds what is not known here."""
    embed = value.get("embed")
    if embed is None:
        return ()
    kind = _kind_of(embed)
    if kind == "app.bsky.embed.recordWithMedia":
        return _media({"embed": embed.get("media")})
    if kind in {"app.bsky.embed.external", "app.bsky.embed.record"}:
        return ()
    if kind == VIDEO:
        alt = embed.get("alt", "")
        return (alt if isinstance(alt, str) else None,)
    items = embed.get("images" if kind == "app.bsky.embed.images" else "items") if kind else None
    if kind not in {"app.bsky.embed.images", "app.bsky.embed.gallery"} or not isinstance(items, list):
        return None
    return tuple(one.get("alt") if isinstance(one, dict) else None for one in items)
