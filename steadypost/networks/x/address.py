"""The address of a post, as a person copies it out of a browser."""

from __future__ import annotations

import re

from steadypost.domain.network import Pointer
from steadypost.networks.x.snowflake import remote_id

_STATUS = re.compile(
    r"(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/"
    r"(?:i/web|i|(?P<handle>\w{1,15}))/status/(?P<id>\d{15,20})(?:[/?#].*)?",
    re.IGNORECASE | re.ASCII,
)

REMEDY = "write its address (https://x.com/name/status/1234567890123456789) or that number"


def read(written: str) -> Pointer:
    """Read a post's address, or its bare id; raises ``NotASnowflake`` when it is neither."""
    given = written.strip()
    address = _STATUS.fullmatch(given)
    if address is None:
        return Pointer(id=remote_id(given))
    return Pointer(id=remote_id(address["id"]), handle=address["handle"])
