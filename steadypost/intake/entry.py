"""One post on its way into the store.

Known by its key; a row of a file without one is known by its content, and by how often that very content came before
it in its file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from steadypost.domain.delivery import State
from steadypost.intake.differences import differences, is_moment, of_posts
from steadypost.intake.draft import Draft
from steadypost.intake.next_slot import slotted, wants_slot
from steadypost.intake.notes import notes
from steadypost.intake.planning import plan_one
from steadypost.intake.refusal import Refusal, excerpt, refusal
from steadypost.intake.report import Difference, Entered, ImportReport, RowOutcome, refused
from steadypost.intake.shelf import Shelf
from steadypost.intake.validate import Accepted, KnownAccount, judge
from steadypost.networks import named
from steadypost.store import (
    SOMEBODY,
    Added,
    Incoming,
    KeyTaken,
    Series,
    Store,
    changes,
    intake,
    series,
    series_said,
    vitals,
)
from steadypost.store import accounts as account_rows
from steadypost.store.approvals import Rules

__all__ = ["Entered", "ImportReport", "RowOutcome", "enter", "known_accounts", "refused"]


def enter(
    store: Store,
    draft: Draft,
    *,
    now: datetime,
    source: str,
    zone: str | None = None,
    folder: Path | None = None,
    shelf: Shelf | None = None,
    by: str = "",
) -> Entered:
    """Judge one draft and, if it may, let it in. A refused one leaves no trace."""
    timed = slotted(store, draft, now)
    if isinstance(timed, Refusal):
        return refused(source, [timed.at(source)])
    accepted = judge(
        timed, known_accounts(store), now=now, default_zone=zone, folder=folder, source=source, shelf=shelf
    )
    if isinstance(accepted, list):
        return refused(source, accepted)
    if nameless := unsigned(store.read(Rules), accepted, by):
        return refused(source, [nameless])
    if accepted.repetition is not None:
        entered = begin_series(store, accepted, now, by=by, moves=is_moment(draft.when))
    else:
        wanted = incoming(accepted, by, next_slot=wants_slot(draft))
        entered = _put(store, accepted, wanted, now, moves=is_moment(draft.when), zone=zone)
    own = frozenset(one.delivery_id for one in entered.deliveries)
    return replace(entered, notes=notes(store, accepted, draft.zone.strip() or zone or "", but=own))


def known_accounts(store: Store) -> dict[str, KnownAccount]:
    """Take from the store what intake has to know of each account."""
    twins = store.read(vitals.twins)
    return {
        record.name: KnownAccount(
            name=record.name,
            network=named(record.network),
            longest=record.longest,
            limits=record.limits,
            channel=record.channel,
            twin_of=twins.get(record.name),
        )
        for record in store.read(account_rows.every)
    }


def unsigned(rules: Rules, accepted: Accepted, by: str) -> Refusal | None:
    """Refuse a post of nobody where a second person is to say yes: the first has to be known."""
    if by.strip() and by != SOMEBODY:
        return None
    waits = [rule for account in accepted.accounts for rule in rules.of(account, accepted.post.tags)]
    if not waits:
        return None
    why = f"posts of {waits[0].what} need the approval of a second person, so the author has to be named"
    remedy = "say who you are: --by NAME, or 'Your name' in the form"
    return refusal("by", by, why, remedy, where=accepted.post.source)


def incoming(accepted: Accepted, by: str, *, next_slot: bool = False) -> Incoming:
    """Give what the store wants to know."""
    return Incoming(
        post=accepted.post,
        accounts=accepted.accounts,
        due_at=accepted.due_at,
        late_after=accepted.late_after,
        when_late=accepted.when_late,
        allow_repeat=accepted.allow_repeat,
        key=accepted.key,
        concern=accepted.concern,
        by=by,
        next_slot=next_slot,
    )


def came_in(accepted: Accepted, added: tuple[Added, ...], now: datetime) -> Entered:
    """Say what became of a post that was not there before."""
    held = any(one.state is State.HELD for one in added)
    return Entered(
        where=accepted.post.source,
        outcome=RowOutcome.HELD if held else RowOutcome.ACCEPTED,
        deliveries=added,
        due_at=next((one.due_at for one in added if one.due_at is not None), accepted.due_at),
        late=accepted.is_late(now),
        says=says(accepted),
        concern=accepted.concern,
    )


def says(accepted: Accepted) -> str:
    """Give the first words of a post."""
    return excerpt(accepted.post.parts[0].text)


def key_taken(
    accepted: Accepted,
    by: str = "another post came in with this key, so this one did not",
    remedy: str = "give it a key of its own",
) -> Entered:
    """Say that another post has the key."""
    where = accepted.post.source
    return refused(where, [refusal("key", accepted.key, by, remedy, where=where)])


def _put(
    store: Store, accepted: Accepted, wanted: Incoming, now: datetime, *, moves: bool, zone: str | None
) -> Entered:
    try:
        [added] = store.write(intake.add_all, [wanted], now)
    except KeyTaken:
        return key_taken(accepted)
    if isinstance(added, KeyTaken):
        return key_taken(accepted)
    if not any(one.known for one in added):
        return came_in(accepted, tuple(added), now)
    before = store.read(changes.known, [accepted.key or ""])[accepted.key or ""]
    differ = differences(before, accepted, moves=moves, zone=zone)
    if not differ:
        return Entered(where=accepted.post.source, outcome=RowOutcome.ALREADY, deliveries=tuple(added))
    told = "; ".join(map(str, differ))
    first = added[0].delivery_id
    why = f"another post came in with this key (delivery {first}), so this one did not ({told})"
    change = f"to change that one: steadypost edit {first}, or steadypost move {first} --when TIME"
    return key_taken(accepted, why, f"{change}; if this is another post, give it a key of its own")


def begin_series(store: Store, accepted: Accepted, now: datetime, *, by: str, moves: bool) -> Entered:
    """Let in a post that comes again, and make deliveries of its coming week."""
    again = accepted.repetition
    if again is None:
        raise AssertionError("only what comes again begins a series")
    begun = store.write(
        series.begin,
        accepted.post,
        accounts=accepted.accounts,
        rule=again.rule,
        zone=again.zone.key,
        starts=again.starts.isoformat(),
        late_after=accepted.late_after,
        when_late=accepted.when_late,
        key=accepted.key,
        now=now,
        by=by,
    )
    if begun is None:
        return key_taken(accepted)
    [one] = [one for one in store.read(series.every, also_ended=True) if one.id == begun.series_id]
    if begun.known and (other := other_than_series(store, one, accepted, moves=moves)):
        return other
    return Entered(
        where=accepted.post.source,
        outcome=RowOutcome.ALREADY if begun.known else RowOutcome.ACCEPTED,
        # Also when it was known: whoever let it in may have died before its week was planned.
        deliveries=tuple(plan_one(store, one, now=now)),
        series=begun.series_id,
        due_at=accepted.due_at,
        late=not begun.known and accepted.is_late(now),
        says=says(accepted),
    )


def other_than_series(store: Store, one: Series, accepted: Accepted, *, moves: bool) -> Entered | None:
    """Say what is otherwise than in the series that has the key, and how that is changed; nothing if nothing is."""
    differ = tuple(_from_series(store, one, accepted, moves=moves))
    if not differ:
        return None
    why = f"series {one.id} came in with this key, so this one did not ({'; '.join(map(str, differ))})"
    return key_taken(accepted, why, _how_to_change(one, {found.what for found in differ}))


def _from_series(store: Store, one: Series, accepted: Accepted, *, moves: bool) -> Iterator[Difference]:
    """Say what is otherwise than in the series that began with this key."""
    again = accepted.repetition
    if again is None:
        return
    before = store.read(series_said.said_at, one.id, one.post_id, "")
    yield from of_posts(before, accepted.post)
    told = [("repeat", one.rule, again.rule), ("zone", one.zone, again.zone.key)]
    told += [("when", one.starts, again.starts.isoformat())] if moves and not one.hours else []
    wanted = tuple(sorted(accepted.accounts))
    if wanted not in {one.accounts, one.accounts_at("9999")}:
        told.append(("accounts", ", ".join(one.accounts_at("9999")), ", ".join(wanted)))
    yield from (Difference(what, was, now) for what, was, now in told if was != now)


def _how_to_change(one: Series, what: Collection[str]) -> str:
    anew = {"repeat", "zone", "when"} & {*what}
    if anew:
        ended = f"to have it come otherwise, end it (steadypost series --end {one.id} --why TEXT)"
        return f"{ended} and give this one a key of its own"
    option = (
        "--add-account NAME or --remove-account NAME" if "accounts" in what else "--text TEXT or --image PATH"
    )
    return f"to change it from a time on: steadypost edit --series {one.id} {option}"
