"""What stands between us and the page: signed out, a challenge, a lock, a consent.

Read from the page's address and its elements.
Words are read in one place only: the page's own alerts, never a post's text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from steadypost.domain.outcome import Cause

PATHS: Sequence[tuple[str, Cause]] = (
    (r"^/i/flow/(?:login|signup|single_sign_on)\b", Cause.SIGNED_OUT),
    (r"^/(?:login|logout|signup)\b", Cause.SIGNED_OUT),
    (r"^/i/flow/consent\b", Cause.CONSENT),
    (r"^/account/access\b", Cause.LOCKED),
    (r"^/account/suspended\b", Cause.SUSPENDED),
    (r"^/account/(?:verify|login_challenge|login_verification)\b", Cause.CHALLENGE),
    (r"^/i/flow/", Cause.CHALLENGE),
)
"""Addresses at which the page wants something of a person. Any flow we do not know is a challenge."""

ALERTS: Sequence[tuple[str, Cause]] = (
    (r"\baccount is suspended\b", Cause.SUSPENDED),
    (r"\baccount (?:has been|is temporarily) locked\b", Cause.LOCKED),
)
"""Words in an alert of the page itself."""


def wall(path: str, alerts: Sequence[str], *, who: str | None, sign_in: bool) -> tuple[Cause, str] | None:
    """Say what stands in the way, and how it was recognised; ``None`` for nothing."""
    for pattern, cause in PATHS:
        if re.search(pattern, path):
            return cause, f"the page led to {path}"
    for pattern, cause in ALERTS:
        if pattern in alerts:
            return cause, "the page says so in an alert"
    if who is None and sign_in:
        return Cause.SIGNED_OUT, "the page offers to sign in"
    return None
