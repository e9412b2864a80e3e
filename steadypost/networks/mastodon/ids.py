"""Ids and addresses of posts on servers that speak Mastodon's API.

An id is opaque (a number, an ULID, a flake id), so no time is read from it: ``created_at`` tells it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from steadypost.domain.network import Pointer
from steadypost.domain.remote_id import NotAnId, RemoteId

_SHAPE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._~-]{0,127}")


_PAGE = re.compile(
    r"https?://(?P<server>[^/\s@]+)/"
    r"(?:@(?P<handle>[\w.-]+)(?:@(?P<home>[\w.-]+))?(?:/statuses)?|users/(?P<user>[\w.-]+)/statuses|notice)"
    r"/(?P<id>[0-9A-Za-z][0-9A-Za-z._~-]{0,127})/?(?:[?#]\S*)?"
)
"""A post's page on Mastodon (``/@alice/1``) and on GoToSocial (``/@alice/statuses/1``), its own name there, and its page
on Pleroma."""

_BARE = re.compile(r"[0-9]{6,24}|[0-9A-HJKMNP-TV-Z]{26}")
"""An id that a person pastes without its address: Mastodon's number, or a ULID. Anything else may be any word."""

NEITHER = (
    "paste the address of the post on the account's own server, such as https://mastodon.example/@alice/1234"
)


class NotAStatusId(NotAnId):
    """This is not an id that a server with Mastodon's API gives to a post."""

    def __init__(self, value: object) -> None:
        super().__init__(f"not a post id: {value!r} (expected letters and digits, as a string)")
        self.value = value


def remote_id(value: object) -> RemoteId:
    """Take a value as a post id, or raise ``NotAStatusId``. A number is refused: JSON readers round long ones."""
    if not isinstance(value, str) or _SHAPE.fullmatch(value) is None:
        raise NotAStatusId(value)
    return RemoteId(value)


def order(value: str) -> tuple[int, str]:
    """Give the key by which ids of one server sort from old to new: by length, then by letters."""
    return (len(value), value)


def made_at(_value: str) -> datetime | None:
    """Say that an id tells no time: which server made it, and by what rule, cannot be known."""
    return None


def address(base_url: str, handle: str, post: str) -> str:
    """Give the page of a post, for people."""
    return f"{base_url.rstrip('/')}/@{handle}/{post}"


def read(pasted: str) -> Pointer:
    """Read the address of a post, or its bare id; raises ``NotAStatusId``.

    An id belongs to the server that shows it: the address must be that of the account's own server, also for a post
    written elsewhere.
    """
    text = pasted.strip()
    page = _PAGE.fullmatch(text)
    if page is None and _BARE.fullmatch(text) is None:
        raise NotAStatusId(pasted)
    if page is None:
        return Pointer(id=remote_id(text))
    return Pointer(id=remote_id(page["id"]), handle=_whose(page), server=page["server"].casefold())


def _whose(page: re.Match[str]) -> str | None:
    """Say whose post a page shows: of an account on another server, with that server's name."""
    handle, home = page["handle"] or page["user"], page["home"]
    is_here = home is None or home.casefold() == page["server"].partition(":")[0].casefold()
    return handle if is_here else f"{handle}@{home}"


def own_id(pointer: Pointer, identity: str) -> RemoteId:
    """Take an id that the account's own server gives: another server's ids are of other posts, or of none.

    An identity is the server, a slash, and the account's number there.
    """
    server = identity.rpartition("/")[0]
    if pointer.server and server and _host(pointer.server) != _host(server):
        raise NotAStatusId(f"{pointer.id} on {pointer.server}, and the account is on {server}")
    return pointer.id


def _host(server: str) -> str:
    """Write a server in the one spelling that names resolve by."""
    try:
        return server.casefold().encode("idna").decode()
    except UnicodeError:
        return server.casefold()


def key_of(key: str, part: int) -> str:
    """Give the ``Idempotency-Key`` of one part of a delivery: the same in every attempt, another for every part."""
    return f"{key}-{part}"


def moment(value: Any) -> datetime | None:
    """Read a time of the API (ISO 8601 with a zone); ``None`` when it is not one."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return read if read.tzinfo is not None else None
