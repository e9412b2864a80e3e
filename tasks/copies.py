"""Taking down a second copy for a person who has seen both posts. Nothing runs this by itself.

Both are read at their addresses before and after; what is not the account's or says something else is left.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from steadypost.channels.port import Access, Channel
from steadypost.domain.evidence import SeenPost
from steadypost.domain.likeness import Grade
from steadypost.domain.network import Network
from steadypost.store import Copy
from tasks.removals import WITHIN, NotTakenDown, seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """What the network shows of the two posts."""

    ours: SeenPost
    copy: SeenPost | None
    """``None`` when it is gone already."""


def see_both(channel: Channel, access: Access, network: Network, copy: Copy, text: str) -> Both:
    """Read both posts at their own addresses. Raises ``NotTakenDown`` unless the copy may be taken down."""
    ours = seen_at(channel, access, copy.of)
    if ours is None:
        raise NotTakenDown(
            f"the post {copy.of}, which the delivery is, is not there",
            f"then {copy.id} is no second copy: see 'steadypost show {copy.delivery_id}'",
        )
    twin = seen_at(channel, access, copy.id)
    for post in (ours, twin):
        if post is not None and network.compare(text, post.said) is not Grade.SAME:
            raise NotTakenDown(
                f"the post {post.id} does not say what part {copy.n + 1} of delivery {copy.delivery_id} says",
                "look at it; take it down by hand if it is to go",
            )
    return Both(ours=ours, copy=twin)


def take_down(channel: Channel, access: Access, copy: Copy) -> None:
    """Have the copy taken down, and see that it is gone and the other is there. Raises ``NotTakenDown``."""
    report = channel.remove(access, copy.id, deadline=time.monotonic() + WITHIN)
    if not report.asked:
        raise NotTakenDown(
            f"the page did not take {copy.id} down: {report.why or report.cause}",
            "nothing was changed; try again",
        )
    if seen_at(channel, access, copy.id, asked=True) is not None:
        raise NotTakenDown(f"the post {copy.id} is still there", "give the same command again in a minute")
    if seen_at(channel, access, copy.of) is None:
        raise NotTakenDown(
            f"{copy.id} is gone, and so is {copy.of}", f"see 'steadypost show {copy.delivery_id}'"
        )
