"""The ids that X gives to posts. Their upper bits are milliseconds since X's epoch: most wrong ids are recognised."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from steadypost.domain.remote_id import NotAnId, RemoteId

EPOCH_MS = 1288834974657
"""X's epoch, 2010-11-04T01:42:54.657Z, as published in twitter/snowflake."""

_SHAPE = re.compile(r"[0-9]{15,20}")
_LARGEST = 2**63 - 1


class NotASnowflake(NotAnId):
    """This is not an id that X could have given to a post."""

    def __init__(self, value: object) -> None:
        super().__init__(f"not a post id: {value!r} (expected 15 to 20 decimal digits, as a string)")
        self.value = value


def remote_id(value: object) -> RemoteId:
    """Take a value as a post id, or raise ``NotASnowflake``. Only strings pass, never numbers."""
    if not isinstance(value, str) or _SHAPE.fullmatch(value) is None or int(value) > _LARGEST:
        raise NotASnowflake(value)
    return RemoteId(value)


def made_at(value: RemoteId) -> datetime:
    """Read the instant at which the post with this id was made (millisecond precision)."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=(int(value) >> 22) + EPOCH_MS)


def id_at(moment: datetime, *, sequence: int = 0) -> RemoteId:
    """Give the smallest id a post made at this instant could have (plus a sequence below 2**22)."""
    milliseconds = int((moment - datetime.fromtimestamp(0, UTC)) / timedelta(milliseconds=1)) - EPOCH_MS
    return RemoteId(str((milliseconds << 22) + sequence))
