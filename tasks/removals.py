"""Taking a live post down for a person. Nothing runs this by itself.

Read at its address first, recorded before it is asked, and done only when looks have shown it: repeating it is safe.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from steadypost.channels.port import Access, Channel, LookRequest, RemoveReport
from steadypost.domain import clock
from steadypost.domain.clock import Clock
from steadypost.domain.delivery import Delivery
from steadypost.domain.evidence import Absent, Present, SeenPost
from steadypost.domain.network import Place
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.weighing import still_there
from steadypost.store import Store, removals
from steadypost.store.acts import By
from steadypost.store.removals import LivePart

WITHIN = 70.0
"""Seconds for each of its steps: a look, or the removal."""

LOOKS = 3
"""How often the address of what was just taken down is looked at: a network may show it for a moment longer."""

BETWEEN = 3.0
"""Seconds between two of these looks."""


class NotTakenDown(Exception):
    """Something was not taken down, or it is not known. Says why, and what to do."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One part, and what its own address shows."""

    part: LivePart
    post: SeenPost | None
    """``None`` when it is gone already."""


Agrees = Callable[[Sequence[Shown]], bool]
"""Is shown what would be taken down; ``False`` leaves it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removing:
    """One removal of one delivery's posts."""

    store: Store
    channel: Channel
    access: Access
    by: By
    agrees: Agrees = lambda _: True
    now: Clock = clock.now
    wait: Callable[[float], object] = time.sleep

    def run(self, delivery_id: int) -> Delivery | None:
        """Take them down, the last part first; ``None`` when it was not agreed to. Raises ``NotTakenDown``."""
        plan = self.store.read(removals.planned, delivery_id)
        shown = [Shown(part=part, post=seen_at(self.channel, self.access, part.id)) for part in plan.parts]
        if any(one.post is not None for one in shown) and not self.agrees(shown):
            return None
        self.store.write(removals.begin, delivery_id, by=self.by, now=self.now())
        for one in shown:
            if one.post is not None:
                self._take_down(delivery_id, one.part)
        return self.store.write(removals.gone, delivery_id, by=self.by, now=self.now())

    def _take_down(self, delivery_id: int, part: LivePart) -> None:
        """Take one part down, and see that it is gone."""
        report = self.channel.remove(self.access, part.id, deadline=time.monotonic() + WITHIN)
        if report.asked and self._is_gone(delivery_id, part):
            return
        self.store.write(removals.not_done, delivery_id, by=self.by, now=self.now())
        raise NotTakenDown(
            f"part {part.n + 1}, the post {part.id}, is still there{_said(report)}",
            f"give the same command again; see 'steadypost show {delivery_id}'",
        )

    def _is_gone(self, delivery_id: int, part: LivePart) -> bool:
        for look in range(LOOKS):
            if look:
                self.wait(BETWEEN)
            try:
                if seen_at(self.channel, self.access, part.id, asked=True) is None:
                    return True
            except NotTakenDown as unknown:
                # It may be gone: that it was begun stays on record.
                raise NotTakenDown(
                    f"whether part {part.n + 1}, the post {part.id}, is gone is not known: {unknown.why}",
                    f"give the same command again: steadypost delete {delivery_id} --from-network",
                ) from None
        return False


def _said(report: RemoveReport) -> str:
    said = report.why or (str(report.cause) if report.cause else "")
    return f" ({said})" if said else ""


def seen_at(channel: Channel, access: Access, post: RemoteId, *, asked: bool = False) -> SeenPost | None:
    """Give an own post as its address tells it, nothing when it is gone; raises ``NotTakenDown`` otherwise.

    Once its removal was ``asked`` for, a notice in its place is what is left of it.
    """
    # Nothing but this one post is asked for: no list has to be read back to where it was made.
    request = LookRequest(place=Place.THREAD, back_to=clock.now(), post=post)
    seen = channel.look(access, request, deadline=time.monotonic() + WITHIN)
    if seen.trouble is not None:
        raise NotTakenDown(f"{access.account} cannot be read: {seen.why or seen.trouble}", "try again later")
    match still_there(post, [seen], access.handle):
        case Present():
            found = next((one for one in seen.posts if one.id == post or post in one.versions), None)
        case Absent():
            return None
        case _ if asked and post in seen.hidden:
            return None
        case _:
            found = None
    if found is None or found.author.casefold() != access.handle.casefold() or found.said.painted:
        raise NotTakenDown(f"the network's own word about {post} was not available", "try again later")
    return found
