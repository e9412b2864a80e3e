"""Gives the product's part of requirements.lock, with hashes: ``python3 tools/locked.py [name ...]``, for an image."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def name_of(requirement: str) -> str:
    """Give a requirement's name as the lock writes it."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
    return re.sub(r"[-_.]+", "-", found.group() if found else "").lower()


def blocks(lock: str) -> dict[str, str]:
    """Split a lock into what it says of each package."""
    parts = re.split(r"^(?=[a-zA-Z0-9])", lock, flags=re.MULTILINE)
    return {name_of(part): part for part in parts if "==" in part.partition("\n")[0]}


def needed_by(block: str) -> set[str]:
    """Read who needs a package."""
    _, _, noted = block.partition("# via")
    return {name_of(one) for one in noted.replace("#", " ").split("\n") if one.strip()}


def needed(lock: str, roots: set[str]) -> dict[str, str]:
    """Follow the notes from the roots; raises ``KeyError`` for a root that the lock does not name."""
    every = blocks(lock)
    found = {name: every[name] for name in sorted(roots)}
    while more := {
        name: block for name, block in every.items() if name not in found and needed_by(block) & found.keys()
    }:
        found |= more
    return dict(sorted(found.items()))


def roots() -> set[str]:
    """Give what pyproject.toml says the product itself needs."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {name_of(one) for one in told["project"]["dependencies"]}


if __name__ == "__main__":
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    sys.stdout.write("".join(needed(lock, roots() | set(sys.argv[1:])).values()))
