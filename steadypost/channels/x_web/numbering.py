"""What X numbers the entries of a list with: ids of the moment in which it told them, by the clock that dates posts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from steadypost.channels.x_web.told import Heard, dated
from steadypost.domain.matching import STEADY, TICK
from steadypost.networks.x.snowflake import NotASnowflake, made_at, remote_id

ALLOWED = TICK + STEADY + timedelta(seconds=1)
"""How far the two may differ: a date tells whole seconds, and an answer may have waited on its way to be dated."""

NO_LATER = timedelta(days=365)
"""What is later is no moment: X gives such numbers to what stands outside of a list's order."""

_NUMBER = re.compile(r'"sortIndex"\s*:\s*"(\d{15,20})"')


def is_dated_behind(heard: Sequence[Heard]) -> bool:
    """Whether an answer's ``Date`` is from before X told it: a proxy's, which makes what is older seem young."""
    return any(
        date + ALLOWED < moment < date + NO_LATER
        for one in heard
        if (date := dated(one.date)) is not None
        for moment in _moments(one.body)
    )


def _moments(body: str) -> Iterator[datetime]:
    for match in _NUMBER.finditer(body):
        try:
            yield made_at(remote_id(match[1]))
        except NotASnowflake:
            continue
