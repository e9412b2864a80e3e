"""Looking: one read of an account's timeline, and what it proves of every delivery in doubt."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from steadypost.browser import BrowserError
from steadypost.channels.port import Access, LookRequest, Place
from steadypost.domain.evidence import CLOCK_SKEW, CannotTell, Evidence, Present, Sighting, judge
from steadypost.domain.snowflake import RemoteId
from steadypost.store import Doubt
from tasks.house import CHANNELS, House, Unseen, here

LOOK_WITHIN = timedelta(seconds=60)
"""How long one look may take; past it the browser is killed and seen dead."""

LANE_WITHIN = timedelta(seconds=90)
"""How long a look waits for its browser: longer than one look, so that a hung one only delays it."""

FIRST_INTERVAL = timedelta(seconds=6)
LONGEST_INTERVAL = timedelta(minutes=15)


class LookFailed(Exception):
    """The look could not be taken at all. Looks cannot cause anything, so Prefect may repeat them."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What one look settled."""

    account: str
    looked_for: int
    found: int
    trouble: str = ""


@task(
    name="look",
    task_run_name="look for {account}",
    retries=2,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def look(account: str) -> Findings:
    """Settle what one sighting of the account can settle: all of its deliveries in doubt from one read."""
    house = here()
    doubts = house.store.looks_due(now=house.clock()).get(account, [])
    access = house.access(account)
    if not doubts or not isinstance(access, Access):
        return Findings(account=account, looked_for=len(doubts), found=0)
    sighting = _see(house, access, doubts)
    if sighting.trouble is not None:
        return _saw_nothing(house, account, doubts, sighting)
    house.unseen.pop(account, None)
    return _conclude(house, access, doubts, sighting)


def _saw_nothing(house: House, account: str, doubts: Sequence[Doubt], sighting: Sighting) -> Findings:
    """A look that was none is not counted, and changes no delivery; the next one comes later and later."""
    before = house.unseen.get(account)
    times = before.times if before else 0
    house.unseen[account] = Unseen(times=times + 1, until=house.clock() + interval(times))
    house.log.warning("a look at %s told nothing: %s", account, sighting.why or sighting.trouble)
    return Findings(account=account, looked_for=len(doubts), found=0, trouble=str(sighting.trouble))


def _see(house: House, access: Access, doubts: Sequence[Doubt]) -> Sighting:
    request = LookRequest(place=_where(doubts), back_to=_since(doubts) - CLOCK_SKEW)
    try:
        with house.lanes.lend(within=LANE_WITHIN.total_seconds(), key=access.account) as lane:
            channel = CHANNELS[doubts[0].channel](lane)
            return channel.look(access, request, deadline=time.monotonic() + LOOK_WITHIN.total_seconds())
    except BrowserError as error:
        raise LookFailed(type(error).__name__) from error


def _where(doubts: Sequence[Doubt]) -> Place:
    """Choose the one list that shows everything we look for; only replies are missing from the profile."""
    answers = any(wanted.reply_to or wanted.n > 0 for doubt in doubts for wanted in doubt.wanted)
    return Place.REPLIES if answers else Place.PROFILE


def _since(doubts: Sequence[Doubt]) -> datetime:
    return min(wanted.began_at for doubt in doubts for wanted in doubt.wanted)


def _conclude(house: House, access: Access, doubts: Sequence[Doubt], sighting: Sighting) -> Findings:
    """Write down what the sighting proves of each."""
    taken = house.store.taken_ids(access.account)
    unsettled = [doubt for doubt in doubts if not doubt.published]
    verdicts = {
        **judge([wanted for doubt in unsettled for wanted in doubt.wanted], sighting, taken),
        **_still_there(doubts, sighting),
    }
    found = 0
    for doubt in doubts:
        evidence = {wanted.n: verdicts[wanted.key] for wanted in doubt.wanted}
        house.store.saw(
            doubt.delivery_id, evidence, now=house.clock(), next_at=house.clock() + interval(doubt.looks)
        )
        found += all(isinstance(one, Present) for one in evidence.values())
    house.log.info("%s: %s of %s seen", access.account, found, len(doubts))
    return Findings(account=access.account, looked_for=len(doubts), found=found)


def _still_there(doubts: Sequence[Doubt], sighting: Sighting) -> Mapping[tuple[int, int], Evidence]:
    """See published parts again: for them the id itself is what we look for."""
    published = [wanted for doubt in doubts if doubt.published for wanted in doubt.wanted]
    ids = {wanted.key: doubt.ids[wanted.n] for doubt in doubts if doubt.published for wanted in doubt.wanted}
    seen = {post.id for post in sighting.posts}
    judged = judge(published, sighting)
    return {wanted.key: _of_id(ids[wanted.key], judged[wanted.key], seen) for wanted in published}


def _of_id(remote_id: RemoteId, judged: Evidence, seen: Collection[RemoteId]) -> Evidence:
    """Say whether this very id is there: another post that says the same is not it."""
    if remote_id in seen:
        return Present(remote_id=remote_id)
    if isinstance(judged, Present):
        return CannotTell(why=f"{judged.remote_id} says the same; {remote_id} was not in the list")
    return judged


def interval(looks: int) -> timedelta:
    """Say how long to wait before the next look: soon at first, then ever more rarely."""
    return min(LONGEST_INTERVAL, FIRST_INTERVAL * (1 << min(looks, 12)))
