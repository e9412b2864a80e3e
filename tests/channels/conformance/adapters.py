"""The channels that pass the suite."""

from __future__ import annotations

from tests.channels.conformance.adapter import Adapter
from tests.channels.conformance.bluesky import BlueskyAdapter
from tests.channels.conformance.file import FileAdapter
from tests.channels.conformance.mastodon import MastodonAdapter, MastodonRealAdapter
from tests.channels.conformance.x_api import XApiAdapter
from tests.channels.conformance.x_web import XWebAdapter

ADAPTERS: tuple[type[Adapter], ...] = (
    FileAdapter,
    BlueskyAdapter,
    XApiAdapter,
    XWebAdapter,
    MastodonAdapter,
    MastodonRealAdapter,
)
