"""The scripts that look at the page, each with what they share put before it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from steadypost.channels.x_web import selectors
from steadypost.channels.x_web.walls import ALERTS, PATHS

ASKED_OF_EVERY_PAGE: Mapping[str, Any] = {
    "ways": selectors.for_page(),
    "walls": [pattern for pattern, _ in PATHS],
    "alerts": [pattern for pattern, _ in ALERTS],
    "reserved": list(selectors.RESERVED),
}
"""What the shared part needs to know."""


def script(name: str, *shared: str) -> str:
    """Give a script as one function of one argument. Nothing of it stays on the page."""
    here = files(__package__)
    pieces = [(here / f"{file}.js").read_text(encoding="utf-8") for file in ("finding", *shared, name)]
    return f"async (asked) => {{\n{chr(10).join(pieces)}\n}}"


def alone(name: str) -> str:
    """Give a script that shares nothing with those that look."""
    own = (files(__package__) / f"{name}.js").read_text(encoding="utf-8")
    return f"async (asked) => {{\n{own}\n}}"
