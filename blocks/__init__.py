"""What an operator edits in Prefect, and what it opens; it never judges. Fields are only appended, with a default."""

from blocks.account import AccountBlock, HandleTaken, Unopened
from blocks.bluesky_account import BlueskyAccount
from blocks.circuit import Circuit, CircuitRevision
from blocks.file_account import FileAccount
from blocks.mastodon_account import MastodonAccount
from blocks.on_call import OnCall
from blocks.store_address import StoreAddress
from blocks.switches import Switch, Switches
from blocks.x_account import XAccount
from blocks.x_api_account import XApiAccount

__all__ = [
    "AccountBlock",
    "BlueskyAccount",
    "Circuit",
    "CircuitRevision",
    "FileAccount",
    "HandleTaken",
    "MastodonAccount",
    "OnCall",
    "StoreAddress",
    "Switch",
    "Switches",
    "Unopened",
    "XAccount",
    "XApiAccount",
]
