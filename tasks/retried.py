"""How often Prefect's client repeats what was not answered, for as long as a block lasts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import httpx
from prefect.context import SettingsContext, get_settings_context
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, Settings

UNANSWERED = (httpx.HTTPError, PrefectHTTPStatusError, json.JSONDecodeError)
"""What Prefect's client raises where its API did not answer well, or something else did: a proxy that shows a page."""

_made: dict[int, tuple[Settings, Settings]] = {}
"""By the number of times: the settings of this process, and the same with that number."""


@contextlib.contextmanager
def retried(times: int) -> Iterator[None]:
    """Have it repeat so often. Prefect's own ``temporary_settings`` makes all settings anew: 30 ms, for each reading."""
    context = get_settings_context()
    before, after = _made.get(times, (None, None))
    if after is None or before is not context.settings:
        after = context.settings.copy_with_update(updates={PREFECT_CLIENT_MAX_RETRIES: times})
        _made[times] = (context.settings, after)
    with SettingsContext(profile=context.profile, settings=after):
        yield
