"""Which builds of a page the tests draw: others whenever the page or what reads it changes, the same until then."""

from __future__ import annotations

import os
import random
import zlib
from pathlib import Path

ROOT = Path(__file__).parents[1]
DRAWN_FROM = ("sandbox", "steadypost/channels")
"""What the drawn builds are about. A change to it is met by builds that the tests have not seen."""


def seed_from(variable: str) -> int:
    """Give the seed that an environment variable names, one by chance for ``random``, else one of the sources' own.

    A run is red or green for its sources, not by its luck: whoever runs the same sources meets the same builds.
    """
    given = os.environ.get(variable)
    if given == "random":
        return random.SystemRandom().randrange(1_000_000)
    return int(given) if given else _of_sources() % 1_000_000


def _of_sources() -> int:
    told = 0
    for path in sorted(path for part in DRAWN_FROM for path in (ROOT / part).rglob("*")):
        if path.suffix in {".py", ".js", ".json", ".css", ".html"}:
            told = zlib.crc32(path.read_bytes(), told)
    return told
