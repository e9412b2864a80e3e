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
}
"""What the shared part needs to know."""


def script(name: str) -> str:
    """Give a script as one function of one argument. Nothing of it stays on the page."""
    here = files(__package__)
    shared, own = ((here / file).read_text(encoding="utf-8") for file in ("finding.js", f"{name}.js"))
    return f"async (asked) => {{\n{shared}\n{own}\n}}"
