"""Lost answers: every answer goes missing, or comes in an unknown shape, and no post may be lost or doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rehearsal.audit import MOST, Broken
from rehearsal.crash.stage import PEOPLE, UNGUARDED, Play, Result, _result, wait_until
from rehearsal.invariants import judge
from rehearsal.texts import Shape, Writer, corpus
from rehearsal.waiting import NotInTime
from steadypost.domain.delivery import State
from steadypost.store import reading

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One way to lose answers."""

    name: str
    weather: tuple[Rule, ...]
    posts: int = 24
    lag_s: float = 0
    """How long X's lists do not show a new post."""
    settle_minutes: float = 15
    """The settle window: as it comes. Only where nothing is made is it shorter, to see that out."""
    hasty: bool = False
    within: float = 600
    database: str = "sqlite"
    off: tuple[str, ...] = ()
    """The switches that are turned off."""


PROTECTIONS = ("bulkheads", "deadlines", "backoff", "degradation", "circuits")
"""The switches whose absence gives the naive behaviour of older systems, and may still not cost a copy."""


def _shape(kind: str) -> Rule:
    return {"fault": "shape", "params": {"kind": kind}}


ALIKE = {Shape.OTHER_LINK: 0.4, Shape.CORPUS: 0.3, Shape.MENTION: 0.2, Shape.PLAIN: 0.1}
"""What is lost: never twice the same, since two such could not be told apart; alike in all other ways."""

PAGE_AWAY = {"fault": "page_error_status", "count": 6, "params": {"status": 503}}
"""Enough of them in a row that a circuit opens, and has to be closed by a probe."""

LOSSES = (
    Loss(name="lost-24", weather=({"fault": "drop_response"},)),
    Loss(name="lost-24-postgresql", weather=({"fault": "drop_response"},), database="postgresql"),
    Loss(
        name="lost-12-all-off",
        weather=({"fault": "drop_response"}, PAGE_AWAY),
        posts=12,
        off=PROTECTIONS,
    ),
    Loss(name="lost-12-page-away", weather=({"fault": "drop_response"}, PAGE_AWAY), posts=12),
    *(
        Loss(name=f"lost-24-lag-{lag}", weather=({"fault": "drop_response"},), lag_s=lag)
        for lag in (8, 20, 90)
    ),
    *(
        Loss(name=f"lost-6-{fault.replace('_', '-')}", weather=({"fault": fault},), posts=6)
        for fault in ("reset_connection", "create_then_5xx", "empty_result")
    ),
    Loss(name="lost-6-create-then-hang", weather=({"fault": "create_then_hang"},), posts=6, hasty=True),
    *(
        Loss(name=f"lost-6-shape-{kind.replace('_', '-')}", weather=(_shape(kind),), posts=6)
        for kind in ("result", "result_wrapper", "legacy_only", "errors_and_data", "not_json", "moved_id")
    ),
    *(
        Loss(
            name=f"lost-6-{fault.replace('_', '-')}",
            weather=({"fault": fault, "count": 6},),
            posts=6,
            settle_minutes=0.1,
            hasty=True,
        )
        for fault in ("no_create_200_empty", "reject_before_create", "hang_before_create")
    ),
    *(
        Loss(
            name=f"lost-12-unreadable-{fault.removeprefix('timeline_').replace('_', '-')}",
            weather=({"fault": "drop_response"}, {"fault": fault, "until": 45}),
            posts=12,
        )
        for fault in ("timeline_login_wall", "timeline_empty", "timeline_error")
    ),
)


def play_loss(loss: Loss, play: Play) -> Result:
    """Publish under the loss and judge: as many live as were wanted, each with its true id, none twice."""
    began = time.monotonic()
    weather = [*loss.weather, UNGUARDED]
    if loss.lag_s:
        weather.append({"fault": "timeline_delay", "params": {"seconds": loss.lag_s}})
    play.reset(*weather)
    broken: list[Broken] = []
    try:
        _publish(loss, play)
    except NotInTime as error:
        broken.append(Broken(number=4, what=str(error)))
    broken += judge(play.store, play.sandbox)
    live = [post for post in play.sandbox.live() if post["ask"]]
    published = [
        entry
        for entry in play.store.read(reading.queue, limit=MOST)
        if entry.delivery.state is State.PUBLISHED
    ]
    if not len(live) == len(published) == loss.posts:
        told = f"{loss.posts} were wanted, {len(live)} are live and {len(published)} published"
        broken.append(Broken(number=2, what=told))
    result = _result(loss.name, play, began, broken)
    result.broken += [Broken(number=5, what=left) for left in play.close()]
    return result


def _publish(loss: Loss, play: Play) -> None:
    """One worker with two browsers publishes, another with one looks: as in production, at its pace."""
    publisher = replace(
        play.plan("publisher", browsers=2, looks=False, settle_minutes=loss.settle_minutes, hasty=loss.hasty),
        off=loss.off,
    )
    looker = replace(
        publisher, name="looker", folder=play.home / "looker", browsers=1, publishes=False, looks=True
    )
    play.know_people(publisher)
    writer = Writer(chance=random.Random(f"{play.seed}:{loss.name}"), corpus=corpus())  # noqa: S311 - repeatable
    for n in range(loss.posts):
        (part,) = writer.next(f"no. {n + 1}", odds=ALIKE).parts
        play.schedule(PEOPLE[n % len(PEOPLE)], part.text)
    hands = [play.hire(publisher), play.hire(looker)]
    for hand in hands:
        wait_until(hand.ready, description=f"the {hand.plan.name} is at work")
    wait_until(
        lambda: play.at_rest() and play.published_as_wanted(loss.posts),
        description="everything is published and seen",
        within=loss.within,
    )
    for hand in hands:
        hand.end()
