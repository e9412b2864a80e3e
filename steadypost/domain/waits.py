"""How long a delivery waits, and how often it is tried and looked for."""

from __future__ import annotations

from datetime import timedelta

MOST_BROKEN_ATTEMPTS = 5
"""After so many attempts that a delivery broke by itself it is quarantined."""


FIRST_WAIT = timedelta(seconds=10)
"""How long a delivery waits after its first attempt that ended before the click; doubled each time."""


LONGEST_WAIT = timedelta(minutes=15)
"""No wait between attempts grows beyond this."""


FIRST_LOOK = timedelta(seconds=5)
"""How soon an unconfirmed delivery is looked for; X's own profile shows a post after about eight seconds."""


MOST_LOOKS = 20
"""Planned looks that cannot tell before a person is asked; for a published post, before looking ends. A person's own
looks are not counted.
"""


LONGEST_UNCONFIRMED = timedelta(hours=24)
"""After so long a person is asked, however few looks there could be: X may not let us look at all."""


def wait_before_retry(earlier: int, jitter: float) -> timedelta:
    """Grow exponentially, capped, spread by ``jitter`` in [0, 1) over the upper half (AWS's "equal jitter", 2015)."""
    grown = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(earlier, 20)))
    return grown / 2 + grown / 2 * jitter
