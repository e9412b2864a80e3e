"""Mastodon, and every server that speaks its API: GoToSocial, Pleroma, Akkoma, Takahe, snac and others."""

from __future__ import annotations

from datetime import timedelta

from steadypost.domain.network import Need, Network, Place
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.mastodon import ids
from steadypost.networks.mastodon.likeness import compare
from steadypost.networks.mastodon.limits import USUAL
from steadypost.networks.mastodon.rules import objections

SLOWEST_CREATION = timedelta(minutes=2)
"""How long after an attempt's end a server may still bring its post to life: a web server's own longest request, and
the queue of a proxy before it."""

SETTLE = timedelta(minutes=5)
"""Longer than the slowest creation, and than a copy of the database that lists are read from lags on a bad day."""

DATED_APART = timedelta(minutes=20)
"""A proxy may date the answers, and a server with a wrong clock the posts: no answer compares the two."""


def needed(_text: str, reply_to: RemoteId | None) -> tuple[Need, ...]:
    """Name every place that has to be read before a part can be said to be absent.

    One list has everything an account posted, its answers included. An answer is in a second place too: below what it
    answers.
    """
    if reply_to is None:
        return ((Place.REPLIES, None),)
    return ((Place.REPLIES, None), (Place.THREAD, reply_to))


NETWORK = Network(
    name="mastodon",
    title="Mastodon",
    remote_id=ids.remote_id,
    order_key=ids.order,
    made_at=ids.made_at,
    address=ids.address,
    read=ids.read,
    own_id=ids.own_id,
    neither=ids.NEITHER,
    compare=compare,
    needed=needed,
    allows=USUAL,
    objections=objections,
    slowest_creation=SLOWEST_CREATION,
    settle=SETTLE,
    # Of a deleted post neither a list nor a count keeps a trace. Longer than most outages of a machine last: what was
    # under way in one goes out by itself afterwards.
    unseen_for=timedelta(minutes=30),
    shows_within=SLOWEST_CREATION,
    dated_apart=DATED_APART,
)
