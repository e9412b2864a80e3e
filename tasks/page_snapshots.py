"""Snapshots of a page that was not as it should be: picture and elements, owner-only, few, short-lived, no secrets."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from steadypost import private
from steadypost.domain.retention import kept

MOST = 200
"""How many are kept at the most, whatever their age: a page that changes with every probe is not to fill the disk."""

LONGEST = kept("snapshots")
"""How long one is kept."""

REMOVED = "[removed]"

SECRETS = (
    re.compile(r"\b[0-9a-fA-F]{32,}\b"),
    re.compile(r"\bBearer\s+\S+", re.IGNORECASE),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
    re.compile(r"(?<![\w/])\+?\d[\d ()-]{7,}\d(?![\w-])"),
)
"""What looks like a token, a signed ticket, an address of mail or a telephone number."""

SHORTEST_SECRET = 6
"""A shorter cookie's value is no secret, and would be found everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSnapshot:
    """Where the two files of one page are."""

    picture: Path
    page: Path


def without_secrets(page: str, cookies: Iterable[str]) -> str:
    """Take out of a page what the session holds, also as in an address, and what looks like any secret."""
    for value in sorted({one for one in cookies if len(one) >= SHORTEST_SECRET}, key=len, reverse=True):
        for written in (value, quote(value, safe=""), value.strip('"')):
            page = page.replace(written, REMOVED)
    for pattern in SECRETS:
        page = pattern.sub(REMOVED, page)
    return page


def keep(folder: Path, name: str, *, picture: bytes, page: str, now: datetime) -> PageSnapshot:
    """Keep one, and let go of what is too old or too many."""
    private.folder(folder)
    stem = f"{now:%Y%m%dT%H%M%S}-{re.sub(r'[^a-z0-9-]+', '-', name.casefold())}"
    snapshot = PageSnapshot(picture=folder / f"{stem}.jpg", page=folder / f"{stem}.html")
    _write(snapshot.picture, picture)
    _write(snapshot.page, page.encode())
    _let_go(folder, now)
    return snapshot


def _write(path: Path, content: bytes) -> None:
    """Write it readable by its owner only, from the first moment."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)


def _let_go(folder: Path, now: datetime) -> None:
    """The names begin with the moment, so the order of the names is that of time."""
    found = sorted(folder.glob("*.html"), reverse=True)
    oldest = f"{now - LONGEST:%Y%m%dT%H%M%S}"
    for page in found[MOST:] + [page for page in found[:MOST] if page.name < oldest]:
        for file in (page, page.with_suffix(".jpg")):
            with contextlib.suppress(OSError):
                file.unlink()
