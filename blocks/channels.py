"""The channels there are: the block of its accounts, and how it is opened. Flows and tasks name a channel only here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blocks.account import AccountBlock
from blocks.bluesky_account import BlueskyAccount
from blocks.file_account import FileAccount
from blocks.mastodon_account import MastodonAccount
from blocks.x_account import XAccount
from blocks.x_api_account import XApiAccount
from steadypost.channels.bluesky.channel import KIND as BLUESKY
from steadypost.channels.file.channel import KIND as FILE
from steadypost.channels.mastodon.channel import KIND as MASTODON
from steadypost.channels.port import Kind
from steadypost.channels.x_api.channel import KIND as X_API
from steadypost.channels.x_web.channel import KIND as X_WEB


@dataclass(frozen=True, slots=True)
class Registered:
    """One channel."""

    kind: Kind
    block: type[AccountBlock]


CHANNELS: Mapping[str, Registered] = {
    one.kind.name: one
    for one in (
        Registered(BLUESKY, BlueskyAccount),
        Registered(X_API, XApiAccount),
        Registered(X_WEB, XAccount),
        Registered(FILE, FileAccount),
        Registered(MASTODON, MastodonAccount),
    )
}  # fmt: skip
