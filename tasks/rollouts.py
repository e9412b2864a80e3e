"""Carrying rollouts on: what the figures say of the treated and the rest, and what follows for the switch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from blocks import Switch
from blocks.switches import Per, names, per, strangers
from steadypost.domain.clock import Clock
from steadypost.domain.figures import NOT_COUNTED, ON_TIME, DuePost, PostOutcome
from steadypost.domain.rollout import (
    Course,
    Group,
    Judgement,
    Move,
    Rollout,
    check_steps,
    is_in,
    judge,
    next_move,
)
from steadypost.domain.span import Span
from steadypost.store import Store, StoreAway, figures, notices, rollouts
from tasks import documents

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]

SHORTEST_WATCH = timedelta(minutes=1)
"""Nothing can be told of a share in less."""

BY = "rollout"
"""The name kept with a change of the switch that no person made."""


class CannotRollOut(ValueError):
    """This cannot be rolled out; the message says why, and what to do instead."""


def begin(
    store: Store, switch: str, *, steps: Sequence[float], watch: timedelta, by: str, why: str, now: datetime
) -> Rollout:
    """Give a switch to its first share, and write down that it is being rolled out."""
    if told := strangers([switch]):
        raise CannotRollOut(told[switch])
    if per(switch) is Per.EVERYTHING:
        able = ", ".join(name for name in names() if per(name) is not Per.EVERYTHING)
        raise CannotRollOut(f"{switch} concerns everything at once and has no share; these have: {able}")
    if watch < SHORTEST_WATCH:
        raise CannotRollOut("a share is watched for a minute at the least")
    try:
        shares = check_steps(steps)
    except ValueError as wrong:
        raise CannotRollOut(f"steps: {wrong}") from None
    read, _ = documents.switches()
    if read is None:
        raise CannotRollOut("the block Steadypost switches is not valid; correct it first")
    before = has_it(read.each()[switch], now)
    if before >= shares[0]:
        raise CannotRollOut(f"{before:g} % have {switch} already; begin with more, or turn it off first")
    rollout = Rollout(switch=switch, steps=shares, step=0, before=before, since=now, watch=watch, why=why)
    store.write(rollouts.begin, rollout, by=by)
    _give(rollout, shares[0], f"rolled out by {by}: {why}", now)
    return rollout


def has_it(switch: Switch, now: datetime) -> float:
    """Say how many per cent have it now."""
    if switch.is_over(now):
        return 100.0
    return switch.share if switch.on else 0.0


def carry_on(store: Store, clock: Clock, log: Log) -> list[Rollout]:
    """Take every rollout one move on, if it is time; answers those that moved. What cannot be done now is done later."""
    try:
        return [
            after
            for one in store.read(rollouts.every)
            if (after := _carry_on(store, one, clock(), log)) is not None
        ]
    except StoreAway as away:
        log.warning("rollouts wait for the store: %s", away)
    except documents.ApiAway as away:
        log.warning("rollouts wait for Prefect's API: %s", away)
    return []


def _carry_on(store: Store, rollout: Rollout, now: datetime, log: Log) -> Rollout | None:
    read, _ = documents.switches()
    if read is None:
        return None
    share = has_it(read.each()[rollout.switch], now)
    if share != rollout.share:
        return _found_elsewhere(store, rollout, share, now, log)
    judgement = judge(*groups(store, rollout, now))
    after = moved(rollout, judgement, now)
    if after is None:
        return None
    # The switch first: if we die between the two, what is in force is what was judged, and is found so.
    _give(rollout, after.share, after.why, now)
    return _kept(store, rollout, after, log)


def moved(rollout: Rollout, judgement: Judgement, now: datetime) -> Rollout | None:
    """Give the rollout that follows from a judgement; ``None`` while it goes on as it is."""
    match next_move(rollout, judgement, now):
        case Move.WAIT:
            return None
        case Move.RAISE:
            return replace(rollout, step=rollout.step + 1, since=now, why=judgement.why)
        case Move.FINISH:
            return replace(rollout, course=Course.DONE, why=judgement.why)
        case Move.BACK:
            return replace(rollout, course=Course.WENT_BACK, why=judgement.why)


def _found_elsewhere(store: Store, rollout: Rollout, share: float, now: datetime, log: Log) -> Rollout | None:
    """Take the switch's own word: it was moved by a rollout that died before it wrote that down, or by a person."""
    following = rollout.steps[rollout.step + 1 : rollout.step + 2]
    if share in following:
        return _kept(store, rollout, replace(rollout, step=rollout.step + 1, since=now), log)
    why = f"{share:g} % have it, and the rollout had given it to {rollout.share:g} %: a person set the switch"
    return _kept(store, rollout, replace(rollout, course=Course.LEFT, why=why), log)


def groups(store: Store, rollout: Rollout, now: datetime) -> tuple[Group, Group]:
    """Count the results of those who have it and of the rest, since this share got it."""
    due_posts = store.read(figures.due_posts, Span(rollout.since, now), within=ON_TIME)
    sides: tuple[list[DuePost], list[DuePost]] = ([], [])
    for one in due_posts:
        sides[not is_in(rollout.switch, _subject(rollout.switch, one), rollout.share)].append(one)
    return _group(sides[0], now), _group(sides[1], now)


def _subject(switch: str, one: DuePost) -> str:
    return one.account if per(switch) is Per.ACCOUNT else str(one.delivery_id)


def _group(those: Sequence[DuePost], now: datetime) -> Group:
    outcomes = [one.judged(within=ON_TIME, now=now) for one in those]
    counted = [outcome for outcome in outcomes if outcome not in NOT_COUNTED]
    bad = [outcome for outcome in counted if outcome is not PostOutcome.GOOD]
    return Group(due=len(counted), bad=len(bad), never=bad.count(PostOutcome.TWICE))


def _give(rollout: Rollout, share: float, why: str, now: datetime) -> None:
    """Have the switch on for so many per cent, and say who did it and why."""
    said = {"reason": why, "by": BY, "since": now, "until": None, "on": share > 0, "share": share or 100.0}
    documents.change_switch(rollout.switch, lambda before: before.model_copy(update=said))


def _kept(store: Store, before: Rollout, after: Rollout, log: Log) -> Rollout | None:
    """Write down how it goes on, and tell a person what they would want to know."""
    if not store.write(rollouts.keep, before, after):
        return None
    says = in_words(after)
    log.warning(says) if after.course is Course.WENT_BACK else log.info(says)
    if after.course in {Course.WENT_BACK, Course.DONE}:
        key = f"rollout:{after.switch}:{after.since.isoformat()}:{after.course}"
        store.write(
            notices.put, key=key, title=says, body=f"{says}\n\nSwitch: {after.switch}", now=after.since
        )
    return after


def in_words(rollout: Rollout) -> str:
    """Say in one line how a rollout stands."""
    told = {
        Course.WATCHING: f"{rollout.share:g} % have {rollout.switch}, and are watched for {rollout.watch}",
        Course.DONE: f"{rollout.switch} is on for all",
        Course.WENT_BACK: f"{rollout.switch} went back to {rollout.before:g} %: it did harm",
        Course.LEFT: f"the rollout of {rollout.switch} has ended",
    }[rollout.course]
    return f"{told} ({rollout.why})" if rollout.why else told
