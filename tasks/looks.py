"""Looking: one read of an account's timeline, and what it proves of every delivery in doubt."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from steadypost.browser import BrowserError, end_browser, is_dead
from steadypost.channels.port import Access, LookRequest, Place
from steadypost.domain.evidence import (
    CLOCK_SKEW,
    CannotTell,
    Evidence,
    Present,
    SeenPost,
    Sighting,
    judge,
)
from steadypost.domain.outcome import Cause, Scope
from steadypost.domain.snowflake import RemoteId
from steadypost.store import Doubt, StoreAway, vitals
from tasks import journal
from tasks.bulkheads import NoPlace
from tasks.house import CHANNELS, House, Unseen, here
from tasks.journal import following

AT_ONCE = timedelta(days=366)
"""Beyond the latest look that is planned for anything."""

MOST_THREADS = 5
"""How many pages of single posts are read beside a list that fails; the next look reads those of others."""

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


def has_budget(_: Task[..., Any], run: TaskRun, __: State[Any]) -> bool:
    """Say to Prefect whether a look that failed may be repeated now: one budget holds for all retries there are."""
    try:
        return here().may_look_again(again=run.run_count > 1)
    except StoreAway:
        # Nothing could be written down; what is in doubt is looked for when the store is back.
        return False


@task(
    name="look",
    task_run_name="look for {account}",
    retries=2,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=has_budget,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def look(account: str, at_once: bool = False) -> Findings:
    """Settle what one sighting of the account can settle: all of its deliveries in doubt from one read.

    Only where a list cannot be read (X's list with replies often fails to load) are others read beside it.
    ``at_once`` looks for those too whose next look is still to come.
    """
    house = here()
    doubts = house.store.looks_due(now=house.clock() + (AT_ONCE if at_once else timedelta(0))).get(
        account, []
    )
    access = house.access(account)
    if not doubts or not isinstance(access, Access):
        return Findings(account=account, looked_for=len(doubts), found=0)
    doubts = [see_it_gone(house, doubt) for doubt in doubts]
    told = [Seen(sighting=_see(house, access, plan), doubts=plan.doubts) for plan in [first_plan(doubts)]]
    if told[0].sighting.trouble is not None:
        others = plans_beside(doubts, told[0].sighting.trouble)
        told += [Seen(sighting=_see(house, access, plan), doubts=plan.doubts) for plan in others]
    good = [one for one in told if one.sighting.trouble is None]
    if not good:
        return _saw_nothing(house, account, doubts, told[0].sighting)
    house.unseen.pop(account, None)
    note_look(house, account, well=True)
    found = sum(_conclude(house, access, one.doubts, one.sighting) for one in good)
    house.log.info("%s: %s of %s seen", account, found, len(doubts))
    return Findings(account=account, looked_for=len(doubts), found=found)


# --- before the look


def see_it_gone(house: House, doubt: Doubt) -> Doubt:
    """Note when the browser of an attempt in doubt can act no more: before that, no look proves absence.

    An attempt that answered has ended by itself. One whose worker fell silent has not, as far as anybody
    knows: its browser is looked for on this machine, and killed once no worker can still be waiting for it.
    """
    attempt = doubt.attempt
    if attempt.gone_at is not None or not attempt.browser:
        return doubt
    moment = house.clock()
    gone = is_dead(attempt.browser)
    if gone is False and attempt.rescued_at and moment - attempt.rescued_at > house.deadlines.attempt:
        house.log.warning("delivery %s: its silent worker's browser is ended", doubt.delivery_id)
        gone = end_browser(attempt.browser)
    if gone is not True:
        return doubt
    # Not before it was seen: the instant read before the look at the process would be too early.
    moment = house.clock()
    house.store.note_gone(attempt.id, moment)
    return replace(doubt, attempt=replace(attempt, gone_at=moment))


# --- where to look


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One list to read, and the deliveries it can tell of."""

    place: Place
    doubts: Sequence[Doubt]
    post: RemoteId | None = None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one list showed, and of whom it can tell."""

    sighting: Sighting
    doubts: Sequence[Doubt]


def first_plan(doubts: Sequence[Doubt]) -> Plan:
    """Choose the one list that shows everything we look for; only replies are missing from the profile."""
    place = Place.REPLIES if any(map(_answers, doubts)) else Place.PROFILE
    return Plan(place=place, doubts=doubts)


def plans_beside(doubts: Sequence[Doubt], trouble: Cause) -> list[Plan]:
    """Choose what else to read when the list with replies cannot be: the profile for what is no reply, and
    the page of the post above for what is, as far as one is known. A wall before the account is a wall
    before every page of it.
    """
    if trouble.scope is Scope.ACCOUNT or not any(map(_answers, doubts)):
        return []
    plain = [doubt for doubt in doubts if not _answers(doubt)]
    beside = [Plan(place=Place.PROFILE, doubts=plain)] if plain else []
    for doubt in [doubt for doubt in doubts if _answers(doubt)][:MOST_THREADS]:
        above = next((wanted.reply_to for wanted in doubt.wanted if wanted.reply_to), None)
        page = above or next(iter(doubt.ids.values()), None)
        if page is not None:
            beside.append(Plan(place=Place.THREAD, doubts=[doubt], post=page))
    return beside


def _answers(doubt: Doubt) -> bool:
    return any(wanted.reply_to or wanted.n > 0 for wanted in doubt.wanted)


def _see(house: House, access: Access, plan: Plan) -> Sighting:
    limits = house.limits()
    since = min(wanted.began_at for doubt in plan.doubts for wanted in doubt.wanted)
    request = LookRequest(place=plan.place, back_to=since - CLOCK_SKEW, post=plan.post)
    try:
        with (
            house.place(limits.look_waits),
            house.bulkheads.counting(access.account),
            house.lanes.lend(within=limits.look_waits.total_seconds(), key=access.account) as lane,
        ):
            channel = CHANNELS[plan.doubts[0].channel](lane)
            return channel.look(access, request, deadline=time.monotonic() + limits.look.total_seconds())
    except (BrowserError, NoPlace) as error:
        note_look(house, access.account, well=False, told=f"no browser looks ({type(error).__name__})")
        raise LookFailed(type(error).__name__) from error


# --- after the look


def _saw_nothing(house: House, account: str, doubts: Sequence[Doubt], sighting: Sighting) -> Findings:
    """A look that was none is not counted, and changes no delivery; the next one comes later and later.

    Only when a day has gone by without a single look is a person asked.
    """
    before = house.unseen.get(account)
    times = before.times if before else 0
    house.unseen[account] = Unseen(times=times + 1, until=house.clock() + interval(times))
    house.log.warning("a look at %s told nothing: %s", account, sighting.why or sighting.trouble)
    note_look(house, account, well=False, told=f"{sighting.trouble}: {sighting.why}".removesuffix(": "))
    house.store.could_not_look(account, house.clock())
    return Findings(account=account, looked_for=len(doubts), found=0, trouble=str(sighting.trouble))


def note_look(house: House, account: str, *, well: bool, told: str = "") -> None:
    """Note whether the account could be read: what nobody can see is unknown to the watch, and never ok."""
    with contextlib.suppress(StoreAway):
        house.store.note(f"{vitals.LOOK}{account}", well=well, told=told, now=house.clock())


def _conclude(house: House, access: Access, doubts: Sequence[Doubt], sighting: Sighting) -> int:
    """Write down what the sighting proves of each; answer how many were seen whole."""
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
            doubt.delivery_id,
            evidence,
            at=sighting.at,
            now=house.clock(),
            next_at=house.clock() + interval(doubt.looks),
        )
        with following(delivery=doubt.delivery_id, attempt=doubt.attempt.id, account=doubt.account):
            told = ", ".join(f"part {n + 1} {type(one).__name__}" for n, one in sorted(evidence.items()))
            journal.line("store", "a look found: %s", told)
        found += all(isinstance(one, Present) for one in evidence.values())
    # After the adoptions, so that none of ours is taken for a stranger's.
    house.store.note_foreign(access.account, made_by_hand(access.handle, sighting), house.clock())
    return found


def made_by_hand(handle: str, sighting: Sighting) -> list[SeenPost]:
    """List the account's own posts: those that no delivery has, the store keeps as somebody's own."""
    if sighting.trouble is not None or sighting.account.casefold() != handle.casefold():
        return []
    return [
        post
        for post in sighting.posts
        if post.author.casefold() == handle.casefold() and not (post.reposted or post.promoted)
    ]


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
