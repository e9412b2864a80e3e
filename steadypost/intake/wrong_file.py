"""Stops at a file that holds a session before anything of it can be shown."""

from __future__ import annotations

from pathlib import Path

from steadypost.domain.mistaken import looks_like_session

READ = 2 * 1024 * 1024
"""How much of a file is looked at: no session is larger, and of a list of posts the first ones tell."""


def holds_a_session(path: Path) -> bool:
    """Whether a file looks like somebody's sign-in. One that cannot be read does not: its reader says why."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as opened:
            return looks_like_session(_text(opened.read(READ)))
    except OSError:
        return False


def _text(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    return raw.decode("utf-8-sig", errors="replace")
