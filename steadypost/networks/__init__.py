"""The networks there are, one room each: pure facts, without input or output.

To add one, write its room with one value ``NETWORK`` (``steadypost.domain.network``) and add its line here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from steadypost.domain.network import NEITHER, Network, Pointer
from steadypost.domain.remote_id import NotAnId
from steadypost.networks.bluesky import NETWORK as BLUESKY
from steadypost.networks.file import NETWORK as FILE
from steadypost.networks.mastodon import NETWORK as MASTODON
from steadypost.networks.x import NETWORK as X

NETWORKS: Mapping[str, Network] = {one.name: one for one in (BLUESKY, MASTODON, X, FILE)}


class UnknownNetwork(LookupError):
    """The store speaks of a network that this version does not know."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"network {name!r} is not known to this version of Steadypost (known: {', '.join(NETWORKS)}): "
            f"install the version that added it"
        )


def read(written: str) -> Pointer:
    """Read a post's address or bare id of whichever network it is of, or raise ``NotAnId``. Whether it can be a post of
    the network that is meant, that network says.
    """
    for network in NETWORKS.values():
        with contextlib.suppress(NotAnId):
            return network.read(written)
    raise NotAnId(NEITHER)


REMEDY = "; or ".join(dict.fromkeys(network.neither for network in NETWORKS.values()))
"""What to write instead."""


def named(name: str) -> Network:
    """Give a network by its name, or raise ``UnknownNetwork``."""
    found = NETWORKS.get(name)
    if found is None:
        raise UnknownNetwork(name)
    return found
