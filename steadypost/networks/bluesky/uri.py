"""Addresses of records: ``at://`` repository, collection, key. Servers name the repository by DID, people by handle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

POSTS: Final = "app.bsky.feed.post"
"""The collection of posts."""

APP: Final = "https://bsky.app"
"""Where people read posts."""

_DID: Final = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HANDLE: Final = re.compile(rf"(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?")
_KEY: Final = re.compile(r"[A-Za-z0-9._:~-]{1,512}")
_URI: Final = re.compile(r"at://([^/?#\s]+)/([^/?#\s]+)/([^/?#\s]+)")
_PAGE: Final = re.compile(
    r"https?://(?:www\.)?(?:bsky\.app)/profile/([^/?#\s]+)/post/([^/?#\s]+)/?(?:[?#]\S*)?"
)


class NotAPost(ValueError):
    """This is not the address of a post on Bluesky."""


@dataclass(frozen=True, slots=True)
class Uri:
    """The address of one post."""

    repo: str
    """A DID, or a handle."""
    rkey: str

    def __str__(self) -> str:
        return f"at://{self.repo}/{POSTS}/{self.rkey}"

    @property
    def is_fixed(self) -> bool:
        """Whether it names the repository by its DID, as a server does."""
        return is_did(self.repo)


def is_did(value: str) -> bool:
    """Whether this is a DID (at most 2,048 characters)."""
    return len(value) <= 2048 and _DID.fullmatch(value) is not None


def is_handle(value: str) -> bool:
    """Whether this is a handle: a domain name of at least two labels, 253 characters at most."""
    return len(value) <= 253 and _HANDLE.fullmatch(value) is not None


def parse(value: object) -> Uri:
    """Read the address of a post as servers write it; raise ``NotAPost``."""
    found = _URI.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[2] != POSTS:
        raise NotAPost(f"{value!r} is not the address of a post on Bluesky: at://did:.../{POSTS}/...")
    return _checked(found[1], found[3], str(value))


def parse_page(value: str) -> Uri:
    """Read the address of a post as people copy it from the app; raise ``NotAPost``."""
    found = _PAGE.fullmatch(value.strip())
    if found is None:
        raise NotAPost(f"{value!r} is not the address of a post: {APP}/profile/.../post/...")
    return _checked(found[1].removeprefix("@"), found[2], value)


def _checked(repo: str, rkey: str, value: str) -> Uri:
    if not is_did(repo) and not is_handle(repo):
        raise NotAPost(f"{value!r} names no account: {repo!r} is neither a DID nor a handle")
    if _KEY.fullmatch(rkey) is None or rkey in {".", ".."}:
        raise NotAPost(f"{value!r} names no record: {rkey!r} is not a record key")
    return Uri(repo if is_did(repo) else repo.lower(), rkey)


def page(uri: Uri) -> str:
    """Give the address at which people read a post. The DID is used, because handles change."""
    return f"{APP}/profile/{uri.repo}/post/{uri.rkey}"
