"""Looking: one read of an account's timeline, and what it proves of every unconfirmed delivery."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from steadypost.browser import BrowserError
from steadypost.channels.port import Access, LookRequest
from steadypost.domain.by_hand import copies, foreign
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import CannotTell, Evidence, Present, Sighting, Wanted
from steadypost.domain.matching import CLOCK_SKEW, window
from steadypost.domain.network import Name, Place
from steadypost.domain.outcome import Cause, Scope
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.weighing import elsewhere, needed
from steadypost.store import StoreAway, Unsettled, ledger, notices, unconfirmed, vitals
from steadypost.store import accounts as account_rows
from steadypost.store import clocks as network_clocks
from steadypost.store import looks as look_rows
from tasks import journal
from tasks.bulkheads import NoSlot
from tasks.contexts import Unseen
from tasks.directory import CHANNELS
from tasks.discreet import discreet
from tasks.house import House, here
from tasks.journal import following
from tasks.verdicts import taken_ids, verdicts_on

AT_ONCE = timedelta(days=366)
"""Beyond the latest look that is planned for anything."""

MOST_THREADS = 5
"""How many pages of single posts are read beside a list that fails; the next look reads those of others."""

MOST_ROUNDS = 2
"""How often what was read may ask for more to be read: a post's own page, and then the lists that must show it."""

FIRST_INTERVAL = timedelta(seconds=6)
LONGEST_INTERVAL = timedelta(minutes=15)

LONGEST_AWAY = timedelta(minutes=1)
"""How long an account is not looked at again whose network could not be read: one that is back is read soon."""


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
        # Nothing could be written down; what is unconfirmed is looked for when the store is back.
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
@discreet
def look(account: str, at_once: bool = False) -> Findings:
    """Settle what one sighting of the account can settle: all of its unconfirmed deliveries.

    Other lists are read only where one cannot be. ``at_once`` includes those not yet due, uncounted.
    """
    house = here()
    until = house.clock() + (AT_ONCE if at_once else timedelta(0))
    items = house.store.read(unconfirmed.due, account, until)
    access = house.directory.access(account)
    if not items or not isinstance(access, Access):
        return Findings(account=account, looked_for=len(items), found=0)
    items = [see_it_gone(house, item) for item in items]
    seen = [_see(house, access, first_plan(items), items)]
    if seen[0].trouble is not None:
        seen += [_see(house, access, plan, items) for plan in plans_beside(items, seen[0].trouble)]
    good = [one for one in seen if one.trouble is None]
    if not good:
        return _saw_nothing(house, account, items, seen[0])
    house.looking.unseen.pop(account, None)
    note_look(house, account, well=True)
    note_clock(house, access, good)
    note_identity(house, account, items, good)
    found = _conclude(house, access, items, seen)
    house.log.info("%s: %s of %s seen", account, found, len(items))
    return Findings(account=account, looked_for=len(items), found=found)


# --- before the look


def see_it_gone(house: House, item: Unsettled) -> Unsettled:
    """Note when the executor of an unconfirmed attempt can act no more; before that no look proves absence.

    That of a silent worker is looked for here, and ended once no worker can still be waiting for it.
    """
    attempt = item.attempt
    if attempt.gone_at is not None or not attempt.executor:
        return item
    moment = house.clock()
    kind = CHANNELS[item.channel]
    acts = kind.may_still_act(attempt.executor)
    overdue = attempt.rescued_at is not None and moment - attempt.rescued_at > house.deadlines.attempt
    if acts is True and overdue and kind.end is not None:
        house.log.warning("delivery %s: what its silent worker left acting is ended", item.delivery_id)
        acts = kind.end(attempt.executor)
    if acts is not False:
        return item
    # The time is taken after the process was seen dead: earlier would be too early.
    moment = house.clock()
    house.store.write(look_rows.note_gone, attempt.id, moment)
    return replace(item, attempt=replace(attempt, gone_at=moment))


# --- where to look


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One list to read."""

    place: Place
    post: RemoteId | None = None


def by_name(items: Sequence[Unsettled]) -> bool:
    """Whether everything that is looked for can be asked for by its name."""
    every = [one for item in items for one in item.wanted]
    return all(one.name is not None and (Place.NAMED, None) in needed(one) for one in every)


def first_plan(items: Sequence[Unsettled]) -> Plan:
    """Choose the one place that shows everything we look for: names where there are, else with replies or without."""
    if by_name(items):
        return Plan(place=Place.NAMED)
    return Plan(place=Place.REPLIES if any(map(_is_among_replies, items)) else Place.PROFILE)


def plans_beside(items: Sequence[Unsettled], trouble: Cause) -> list[Plan]:
    """Choose what else to read when the list with replies fails: the profile, and the pages of posts replied to."""
    if trouble.scope is Scope.ACCOUNT or not any(map(_is_among_replies, items)):
        return []
    plain = [item for item in items if not _is_among_replies(item)]
    beside = [Plan(place=Place.PROFILE)] if plain else []
    for item in [item for item in items if _answers(item)][:MOST_THREADS]:
        above = next((wanted.reply_to for wanted in item.wanted if wanted.reply_to), None)
        page = above or next(iter(item.ids.values()), None)
        if page is not None:
            beside.append(Plan(place=Place.THREAD, post=page))
    return beside


def plans_to_prove(verdicts: Iterable[Evidence], *, but: Sequence[Sighting]) -> list[Plan]:
    """Choose what else must be read before anything is absent: all lists, and a few single pages per look."""
    unread = dict.fromkeys(
        one for verdict in verdicts if isinstance(verdict, CannotTell) for one in verdict.unread
    )
    read = {(one.place, one.post) for one in but}
    lists = [Plan(place=place) for place, post in unread if post is None and (place, post) not in read]
    pages = [
        Plan(place=place, post=post)
        for place, post in unread
        if post is not None and (place, post) not in read
    ]
    return [*lists, *pages[:MOST_THREADS]]


def _is_among_replies(item: Unsettled) -> bool:
    """Whether the plain list does not show a part: it answers, or begins with a name as answers do."""
    return _answers(item) or any((Place.PROFILE, None) not in needed(one) for one in item.wanted)


def _answers(item: Unsettled) -> bool:
    return any(wanted.reply_to or wanted.n > 0 for wanted in item.wanted)


COMPARED_WITHIN = timedelta(hours=1)
"""An older comparison of the clocks says nothing of now."""


def _see(house: House, access: Access, plan: Plan, items: Sequence[Unsettled]) -> Sighting:
    limits = house.limits()
    begins = back_to(items, _last_comparison(house, access))
    request = LookRequest(place=plan.place, back_to=begins, post=plan.post, names=names(items))
    try:
        with (
            house.slot(limits.look_waits),
            house.bulkheads.counting(access.account),
            house.channel(access.account, within=limits.look_waits) as channel,
        ):
            seen = channel.look(access, request, deadline=time.monotonic() + limits.look.total_seconds())
            with contextlib.suppress(StoreAway):
                house.store.charge_reads(access.account, [post.id for post in seen.posts], house.clock())
            return replace(seen, place=plan.place, post=plan.post)
    except (BrowserError, NoSlot) as error:
        note_look(house, access.account, well=False, told=f"no browser looks ({type(error).__name__})")
        raise LookFailed(type(error).__name__) from error


def names(items: Sequence[Unsettled]) -> tuple[Name, ...]:
    """Name everything that is looked for, where it has a name."""
    every = [one.name for item in items for one in item.wanted]
    return tuple(dict.fromkeys(one for one in every if one is not None))


def back_to(items: Sequence[Unsettled], offset: Offset | None = None) -> datetime:
    """Say how far back a list is to be read, by the network's clock: past everything that is looked for.

    ``offset`` is the last comparison of the clocks: one that was moved since makes the stretch longer.
    """
    return min(_begins(item, wanted, offset) for item in items for wanted in item.wanted) - CLOCK_SKEW


def _begins(item: Unsettled, wanted: Wanted, offset: Offset | None) -> datetime:
    made = wanted.network.made_at(item.ids[wanted.n]) if item.published else None
    if made is not None:
        return made
    return min(window(wanted, wanted.offset).perhaps, window(wanted, offset or wanted.offset).perhaps)


def _last_comparison(house: House, access: Access) -> Offset | None:
    """Give the last known offset of the network's clock."""
    since = house.clock() - COMPARED_WITHIN
    try:
        return house.store.read(network_clocks.every, since).get((socket.gethostname(), access.network))
    except StoreAway:
        return None


# --- after the look


def _saw_nothing(house: House, account: str, items: Sequence[Unsettled], sighting: Sighting) -> Findings:
    """Put a look that saw nothing off, uncounted; after a day without a single look a person is asked."""
    before = house.looking.unseen.get(account)
    times = before.times if before else 0
    its_own = sighting.trouble is not None and sighting.trouble.scope is Scope.ACCOUNT
    wait = min(interval(times), LONGEST_INTERVAL if its_own else LONGEST_AWAY)
    house.looking.unseen[account] = Unseen(times=times + 1, until=house.clock() + wait)
    house.log.warning("a look at %s saw nothing: %s", account, sighting.why or sighting.trouble)
    note_look(house, account, well=False, told=f"{sighting.trouble}: {sighting.why}".removesuffix(": "))
    return Findings(account=account, looked_for=len(items), found=0, trouble=str(sighting.trouble))


def note_look(house: House, account: str, *, well: bool, told: str = "") -> None:
    """Note whether the account could be read: what cannot be seen is unknown to the watch, and never ok."""
    with contextlib.suppress(StoreAway):
        house.store.write(vitals.note, f"{vitals.LOOK}{account}", well=well, told=told, now=house.clock())


def _offset(seen: Sequence[Sighting]) -> Offset | None:
    """Give the comparison of clocks that one of these looks made."""
    return next((one.offset for one in seen if one.offset is not None), None)


def note_clock(house: House, access: Access, seen: Sequence[Sighting]) -> None:
    """Keep the offset of the network's clock that this look gave."""
    offset = _offset(seen)
    if offset is not None:
        with contextlib.suppress(StoreAway):
            house.store.write(
                network_clocks.note, socket.gethostname(), access.network, offset, house.clock()
            )


def note_identity(house: House, account: str, items: Sequence[Unsettled], seen: Sequence[Sighting]) -> None:
    """Keep who the account was seen to be, and tell a person where something unconfirmed was asked for as another."""
    who = next((one.identity for one in seen if one.identity), "")
    before = {
        one.identity: item.delivery_id
        for item in items
        if not item.published
        for one in item.wanted
        if elsewhere(one.identity, seen)
    }
    if not who:
        return
    with contextlib.suppress(StoreAway):
        house.store.write(account_rows.note_identity, account, who)
        for identity, delivery_id in before.items():
            house.store.write(
                notices.put,
                key=f"elsewhere:{account}:{identity}:{who}",
                title=f"{account} is another account than before",
                body=(
                    f"Posts that are unconfirmed were asked for as {identity}, and its block leads to {who} now. They "
                    f"are not looked for there, and not asked for again: what is missing in another's list may be live.\n"
                    f"Put the block back until nothing is unconfirmed any more, or look yourself and say what you see: "
                    f"'steadypost resolve {delivery_id}'."
                ),
                now=house.clock(),
            )


def _conclude(house: House, access: Access, items: Sequence[Unsettled], seen: list[Sighting]) -> int:
    """Record what the sightings prove; answers how many were seen whole. All unsettled are weighed, read afterwards."""
    wanted = _weighed(house, access, items)
    verdicts = verdicts_on(house, access, items, wanted, seen)
    for _ in range(MOST_ROUNDS):
        plans = plans_to_prove(verdicts.values(), but=seen)
        if not plans:
            break
        for plan in plans:
            with contextlib.suppress(LookFailed):
                seen = [*seen, _see(house, access, plan, items)]
        # Anew: what these lists show may have been armed since the first was read.
        wanted = _weighed(house, access, items)
        verdicts = verdicts_on(house, access, items, wanted, seen)
    taken = taken_ids(house, access, seen)
    unsettled = list(wanted.values())
    found = sum(_conclude_one(house, item, verdicts, seen, taken, unsettled) for item in items)
    # After adoption, so that none of ours counts as made by hand.
    by_hand = foreign(unsettled, seen, taken_ids(house, access, seen), access.handle)
    ahead = _offset(seen)
    house.store.write(ledger.note_foreign, access.account, by_hand, house.clock(), ahead)
    return found


def _weighed(house: House, access: Access, items: Sequence[Unsettled]) -> dict[tuple[int, int], Wanted]:
    """Give every part of the account that is not settled now."""
    rivals = house.store.read(unconfirmed.unsettled, access.account)
    return {wanted.key: wanted for item in (*rivals, *items) if not item.published for wanted in item.wanted}


def _conclude_one(  # noqa: PLR0917 - private, and every one of them is needed
    house: House,
    item: Unsettled,
    verdicts: Mapping[tuple[int, int], Evidence],
    seen: Sequence[Sighting],
    taken: frozenset[RemoteId],
    unsettled: Sequence[Wanted],
) -> bool:
    evidence = {wanted.n: verdicts[wanted.key] for wanted in item.wanted}
    first = next(one for one in seen if one.trouble is None)
    offset = _offset(seen)
    planned = item.next_at <= first.at
    house.store.write(
        look_rows.saw,
        item.delivery_id,
        evidence,
        at=first.at,
        network_at=first.at + offset.ahead if offset else None,
        now=house.clock(),
        next_at=house.clock() + interval(item.looks) if planned else item.next_at,
        found_copies=_copies(item, seen, taken, unsettled),
        attempt_id=item.attempt.id,
        planned=planned,
    )
    with following(delivery=item.delivery_id, attempt=item.attempt.id, account=item.account):
        told = ", ".join(f"part {n + 1} {type(one).__name__}" for n, one in sorted(evidence.items()))
        journal.line("store", "a look found: %s", told)
    return all(isinstance(one, Present) for one in evidence.values())


def _copies(
    item: Unsettled, seen: Sequence[Sighting], taken: frozenset[RemoteId], unsettled: Sequence[Wanted]
) -> dict[int, tuple[RemoteId, ...]]:
    """Find second copies of what is published: a browser has been seen to send a request again by itself."""
    if not item.published:
        return {}
    found = {wanted.n: copies(wanted, item.ids[wanted.n], seen, taken, unsettled) for wanted in item.wanted}
    return {n: ids for n, ids in found.items() if ids}


def interval(looks: int) -> timedelta:
    """Say how long to wait before the next look: soon at first, then ever more rarely."""
    return min(LONGEST_INTERVAL, FIRST_INTERVAL * (1 << min(looks, 12)))
