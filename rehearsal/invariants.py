"""The eight invariants, judged from the network's own ledger and the store's own records.

    I1  at most one live copy of each part
    I2  nothing ends as not published while it is live, nothing as published while it is not
    I3  an unconfirmed attempt is followed by another ask only after its absence was proven
    I4  every delivery comes to rest, or before a person
    I5  what is in trouble delays nothing else
    I6  quotas, spacing, due times and late rules hold by the ledger's own times, what is unconfirmed counted as used
    I7  whoever needs a person has told somebody
    I8  an id belongs to this part, by this account, under the right parent

The rules are written here a second time, from the tables and not by the product's functions: a checker that asks the
product whether the product is right finds nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from rehearsal import truth
from rehearsal.audit import MOST, Broken, audit, compare
from rehearsal.truth import Ledger, Made, Rules, Timing
from sandbox.client import SandboxControl
from steadypost.domain.delivery import State
from steadypost.domain.evidence import Absent
from steadypost.domain.outcome import Published, Unconfirmed
from steadypost.store import AccountRecord, Store, Story, notices, reading
from steadypost.store import accounts as account_rows
from steadypost.store.attempts import Attempt

AT_REST = frozenset(
    {
        State.HELD,
        State.PUBLISHED,
        State.REFUSED,
        State.MISSED,
        State.CANCELLED,
        State.QUARANTINED,
        State.NEEDS_REVIEW,
        State.REMOVED,
    }
)
"""Where a delivery may be when nothing moves any more."""

TELLS_SOMEBODY = frozenset({State.QUARANTINED, State.NEEDS_REVIEW, State.REMOVED})

MAY_BE_LIVE_UNKNOWN = frozenset({State.SENDING, State.UNCONFIRMED, State.NEEDS_REVIEW})
"""States that say themselves that something may be live of which they have no id."""

TICK = timedelta(milliseconds=5)
"""Ids tell their moment in whole milliseconds."""


def judge(
    store: Store,
    sandbox: SandboxControl,
    *,
    prompt: Mapping[int, timedelta] | None = None,
    slack: timedelta = timedelta(0),
    channel: str | None = None,
) -> list[Broken]:
    """Hold everything in the store against everything in the ledger; answer what is broken, by number.

    ``prompt``: deliveries with nothing wrong, and how late they may be. ``slack``: clock differences. ``channel``: only
    that one.
    """
    accounts = {one.name: one for one in store.read(account_rows.every) if channel in {None, one.channel}}
    stories = _stories(store, accounts)
    posts = truth.made(sandbox.ledger(), sandbox.asks())
    asks = sandbox.asks()
    told = {notice.delivery_id for notice in store.read(notices.every)}
    found = audit(store, sandbox, channel=channel)
    live = {post["id"]: (post["author"], _plain(post["text"])) for post in sandbox.live()}
    broken = [*_true(found.broken, live, stories, accounts)]
    for story in stories:
        handle = accounts[story.delivery.account].handle
        broken += _proven_before_asked_again(story, accounts[story.delivery.account].settle)
        broken += _asked_only_when_armed(story, _asks_for(story, handle, asks, stories), slack)
        broken += _at_rest(story)
        broken += _told(story, told)
    broken += _within_rules(accounts, stories, posts, slack)
    broken += _prompt(stories, posts, prompt or {})
    return sorted(broken, key=lambda one: one.number)


def judge_network(store: Store, ledger: Ledger, slack: timedelta = timedelta(0)) -> list[Broken]:
    """Hold one network against its ledger, without request times, which only X's page has, and promptness."""
    accounts = {
        one.name: one for one in store.read(account_rows.every) if ledger.channel in {None, one.channel}
    }
    stories = _stories(store, accounts)
    posts = ledger.made()
    told = {notice.delivery_id for notice in store.read(notices.every)}
    live = {one.id: (one.author, _plain(one.text)) for one in posts if one.live}
    broken = [*_true(compare(store, ledger).broken, live, stories, accounts)]
    for story in stories:
        broken += _proven_before_asked_again(story, accounts[story.delivery.account].settle)
        broken += _at_rest(story)
        broken += _told(story, told)
    broken += _within_rules(accounts, stories, posts, slack)
    return sorted(broken, key=lambda one: one.number)


def _stories(store: Store, accounts: Collection[str]) -> list[Story]:
    entries = store.read(reading.queue, limit=MOST)
    return [
        store.read(reading.show, entry.delivery.id) for entry in entries if entry.delivery.account in accounts
    ]


def _within_rules(
    accounts: Mapping[str, AccountRecord], stories: Sequence[Story], posts: Sequence[Made], slack: timedelta
) -> Iterator[Broken]:
    for account in accounts.values():
        own = [story for story in stories if story.delivery.account == account.name]
        yield from within_rules(account, own, [one for one in posts if one.author == account.handle], slack)


# --- I1, I2, I8


def _true(
    broken: Sequence[Broken],
    live: Mapping[str, tuple[str, str]],
    stories: Sequence[Story],
    accounts: Mapping[str, AccountRecord],
) -> Iterator[Broken]:
    """Take over what the audit finds, but for live posts of deliveries that say themselves they do not know."""
    unknown = {
        (accounts[story.delivery.account].handle, _plain(part.text))
        for story in stories
        if story.delivery.state in MAY_BE_LIVE_UNKNOWN
        for part in story.post.parts
    }
    for one in broken:
        about = next((live[post_id] for post_id in live if one.what.startswith(f"{post_id} is live")), None)
        if about is None or about not in unknown:
            yield one


def _plain(text: str) -> str:
    return " ".join(text.split())


# --- I3


def _proven_before_asked_again(story: Story, settle: timedelta) -> Iterator[Broken]:
    """Between two armed attempts each part was answered for, or looks have proven it absent."""
    for before, after in pairwise(story.attempts):
        if before.armed_at is None:
            continue
        for n in range(after.first_part, len(story.delivery.parts)):
            if not _is_answered(before, n) and not _is_proven_absent(story, before, after, n, settle):
                yield Broken(
                    number=3,
                    what=(
                        f"delivery {story.delivery.id}, part {n + 1}: attempt {before.n} was unconfirmed and attempt "
                        f"{after.n} was made without a proof of its absence"
                    ),
                )


def _is_answered(attempt: Attempt, n: int) -> bool:
    """Whether the network, or the browser, said of this part that it is not there."""
    if attempt.answer is None or not 0 <= n - attempt.answer.first < len(attempt.answer.outcomes):
        return False
    return not isinstance(attempt.answer.outcomes[n - attempt.answer.first], Unconfirmed | Published)


def _is_proven_absent(story: Story, before: Attempt, after: Attempt, n: int, settle: timedelta) -> bool:
    if before.gone_at is None or before.armed_at is None:
        return False
    missed = [
        look.at
        for look in story.looks
        if look.n == n and isinstance(look.evidence, Absent) and before.gone_at <= look.at <= after.claimed_at
    ]
    return bool(missed) and max(missed) - min(missed) >= settle


def _asks_for(
    story: Story, handle: str, asks: Sequence[Mapping[str, Any]], stories: Sequence[Story]
) -> list[Mapping[str, Any]]:
    """Find the requests that reached the network for this delivery; none when another says the same."""
    texts = {_plain(part.text) for part in story.post.parts}
    others = {
        _plain(part.text)
        for other in stories
        if other.delivery.id != story.delivery.id and other.delivery.account == story.delivery.account
        for part in other.post.parts
    }
    return [ask for ask in asks if ask["account"] == handle and _plain(ask["text"]) in texts - others]


def _asked_only_when_armed(
    story: Story, asks: Sequence[Mapping[str, Any]], slack: timedelta
) -> Iterator[Broken]:
    """Each request that reached the network belongs to one armed attempt, and came while it was the latest."""
    armed = [attempt for attempt in story.attempts if attempt.armed_at is not None]
    seen: set[tuple[int, str]] = set()
    for ask in asks:
        at = truth.arrived_at(ask)
        owner = max(
            (attempt for attempt in armed if attempt.armed_at and attempt.armed_at - TICK - slack <= at),
            key=lambda attempt: attempt.n,
            default=None,
        )
        what = f"delivery {story.delivery.id}: the network was asked for {ask['text'][:40]!r} at {at:%H:%M:%S.%f}"
        if owner is None:
            yield Broken(number=3, what=f"{what}, and no attempt was armed")
        elif (owner.n, ask["text"]) in seen:
            yield Broken(number=3, what=f"{what}, a second time in attempt {owner.n}")
        elif any(later.n > owner.n and later.claimed_at + slack < at for later in story.attempts):
            yield Broken(
                number=3, what=f"{what}, when attempt {owner.n} was over and another had been claimed"
            )
        if owner is not None:
            seen.add((owner.n, ask["text"]))


# --- I4, I5, I7


def _at_rest(story: Story) -> Iterator[Broken]:
    if story.delivery.state not in AT_REST:
        yield Broken(
            number=4,
            what=f"delivery {story.delivery.id} is still {story.delivery.state} ({story.delivery.why or 'no reason'})",
        )


def _told(story: Story, told: Collection[int | None]) -> Iterator[Broken]:
    if story.delivery.state in TELLS_SOMEBODY and story.delivery.id not in told:
        yield Broken(
            number=7, what=f"delivery {story.delivery.id} is {story.delivery.state} and nobody was told"
        )


def _prompt(
    stories: Sequence[Story], posts: Sequence[Made], prompt: Mapping[int, timedelta]
) -> Iterator[Broken]:
    at = {one.id: one.at for one in posts}
    for story in stories:
        within = prompt.get(story.delivery.id)
        if within is None:
            continue
        first = at.get(story.delivery.parts[0].remote_id or "")
        if first is None or first > story.delivery.due_at + within:
            late = (
                "never live"
                if first is None
                else f"{(first - story.delivery.due_at).total_seconds():.1f} s late"
            )
            yield Broken(
                number=5, what=f"delivery {story.delivery.id} had no trouble of its own and was {late}"
            )


# --- I6


def within_rules(
    account: AccountRecord, stories: Sequence[Story], posts: Sequence[Made], slack: timedelta = timedelta(0)
) -> Iterator[Broken]:
    """Hold what the ledger shows of an account against its limits, its spacing, and its deliveries' own times."""
    rules = Rules(
        per_hour=account.limits.per_hour, per_day=account.limits.per_day, spacing=account.limits.spacing
    )
    unconfirmed = list(_unconfirmed(stories, {_plain(one.text) for one in posts}))
    later = frozenset(
        part.remote_id for story in stories for part in story.delivery.parts[1:] if part.remote_id
    )
    breaches = [
        *truth.over_quota(rules, [*posts, *unconfirmed], slack),
        *truth.too_near(rules, posts, later | _chained(posts, stories), slack),
        *truth.out_of_time(_timings(stories), {one.id: one for one in posts}, slack),
    ]
    for breach in breaches:
        yield Broken(number=6, what=f"{account.name}: {breach}")


def _chained(posts: Sequence[Made], stories: Sequence[Story]) -> frozenset[str]:
    """Find what goes on where a thread's part ended, also of a thread whose ids are not known."""
    texts = {_plain(part.text) for story in stories for part in story.post.parts[1:]}
    ours = {one.id for one in posts if not one.by_hand}
    return frozenset(one.id for one in posts if one.reply_to in ours and _plain(one.text) in texts)


def _timings(stories: Sequence[Story]) -> Iterator[Timing]:
    for story in stories:
        delivery = story.delivery
        first = delivery.parts[0].remote_id
        if first is not None:
            late_at = None if delivery.late_after is None else delivery.due_at + delivery.late_after
            yield Timing(first=first, due_at=delivery.due_at, late_at=late_at)


def _unconfirmed(stories: Sequence[Story], made: Collection[str]) -> Iterator[Made]:
    """Give, as if it were live, each part that was asked for and that neither side knows the end of."""
    for story in stories:
        armed = [attempt.armed_at for attempt in story.attempts if attempt.armed_at is not None]
        if story.delivery.state not in MAY_BE_LIVE_UNKNOWN or not armed:
            continue
        for part in story.delivery.parts:
            text = story.post.parts[part.n].text
            if part.remote_id is None and _plain(text) not in made:
                at = max(armed)
                yield Made(id="-", author="-", text=text, reply_to=None, at=at, asked_at=at)
