"""Mastodon through its API: one attempt's channel, without a browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from steadypost.channels import executor
from steadypost.channels.confirmed import Confirmed
from steadypost.channels.mastodon.api import Api
from steadypost.channels.mastodon.ask import Asking
from steadypost.channels.mastodon.knowledge import Knowledge, knowledge_in
from steadypost.channels.mastodon.look import Looking
from steadypost.channels.mastodon.preparing import Identity
from steadypost.channels.mastodon.probe import probe
from steadypost.channels.mastodon.remove import remove
from steadypost.channels.port import (
    Access,
    Arm,
    Kind,
    LookRequest,
    Means,
    Needs,
    Order,
    Probe,
    Progress,
    RemoveReport,
)
from steadypost.domain import clock
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Appearance, Sighting
from steadypost.domain.outcome import Answer
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.mastodon import NETWORK


class Mastodon:
    """Mastodon through its API. Between its calls only the limits of servers are held, and who was signed in
    lately; a process shares both.
    """

    def __init__(
        self,
        name: str = "",
        *,
        now: clock.Clock = clock.now,
        knowledge: Knowledge | None = None,
        confirmed: Confirmed[Identity] | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._knowledge = knowledge or Knowledge()
        self._confirmed = confirmed or Confirmed()
        self._wait = wait
        self.executor = name
        self.offset: Offset | None = None
        self.appears = Appearance()

    def ask(self, access: Access, order: Order, *, arm: Arm, deadline: float, progress: Progress) -> Answer:
        """Make the order live: one request for each part, and none twice."""
        api = Api(access, deadline=deadline, now=self._now)

        def arm_knowing() -> bool:
            self.offset = api.offset
            self.appears = asking.appears
            return arm()

        asking = Asking(
            api=api,
            access=access,
            order=order,
            knowledge=self._knowledge,
            confirmed=self._confirmed,
            now=self._now,
            wait=self._wait,
            progress=progress,
        )
        return Answer(outcomes=asking.run(arm_knowing), first=order.first)

    def look(self, access: Access, request: LookRequest, *, deadline: float) -> Sighting:
        """Read a list of the account's posts, or a post with what is below it."""
        sighting = Looking(Api(access, deadline=deadline, now=self._now), access, request, self._now).run()
        self.offset = sighting.offset
        return sighting

    def probe(self, access: Access, *, deadline: float) -> Probe:
        """Check the token, the account, its scopes and the server, and submit nothing."""
        return probe(Api(access, deadline=deadline, now=self._now), access, self._knowledge, self._now)

    def remove(self, access: Access, post: RemoteId, *, deadline: float) -> RemoveReport:
        """Take one of the account's posts down."""
        return remove(Api(access, deadline=deadline, now=self._now), access, post, self._now)


_CONFIRMED: Final = Confirmed[Identity]()


@contextmanager
def _opened(means: Means) -> Iterator[Mastodon]:
    with executor.acting() as name:
        yield Mastodon(name, now=means.now, knowledge=knowledge_in(means.home), confirmed=_CONFIRMED)


KIND = Kind(
    name="mastodon",
    network=NETWORK,
    open=_opened,
    needs=Needs(ask=timedelta(seconds=120), look=timedelta(seconds=60), probe=timedelta(seconds=50)),
    may_still_act=executor.may_still_act,
)
