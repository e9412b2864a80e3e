"""No switch, off, ever allows a second ask: without its protection things are slower and cruder, not doubled."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest

from blocks import Switches
from blocks.switches import Switch
from flows.publish import claim_due
from steadypost.domain.delivery import FINAL, FOR_A_PERSON, State
from steadypost.domain.outcome import Answer, Cause, Deferred, NotSubmitted, Phase, Published, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.domain.quota import Limits
from steadypost.networks.x.snowflake import id_at
from steadypost.store import AccountRecord, StoreAway, intake, reading, settling
from steadypost.store import accounts as account_rows
from tasks.bulkheads import Bulkheads, Purpose
from tasks.deliveries import deliver
from tests.rooms import instead

SWITCHES = [name for name in Switches.model_fields if not name.startswith("_") and name != "publish"]


class Network:
    """A network that answers as chance has it, and its own list of what it was asked for."""

    def __init__(self, dice, time):
        self.dice = dice
        self.time = time
        self.asked = Counter()

    def __call__(self, order, arm):
        text = order.parts[0].text
        if self.dice.random() < 0.3:
            cause = self.dice.choice([Cause.UI_DRIFT, Cause.PAGE_UNREACHABLE, Cause.DEADLINE, Cause.NO_PLACE])
            return self._all(NotSubmitted(cause=cause, why="-", phase=Phase.OPENED))
        if not arm():
            return self._all(NotSubmitted(cause=Cause.LEASE_LOST, why="-", phase=Phase.COMPOSED))
        how = self.dice.random()
        if how < 0.15:
            return self._all(Deferred(cause=Cause.SERVER_ERROR, code="-", why="not made"))
        self.asked[text] += 1
        if how < 0.25:
            raise RuntimeError("the browser died after the click")
        if how < 0.45:
            return self._all(Unconfirmed(cause=Cause.NO_ANSWER, why="-", phase=Phase.CLICKED))
        return self._all(
            Published(remote_id=id_at(self.time() + timedelta(seconds=1), sequence=sum(self.asked.values())))
        )

    def _all(self, outcome):
        return Answer(outcomes=(outcome,))


class Moody:
    """A store that is away now and then, before or after it did what it was asked."""

    def __init__(self, does, dice):
        self.does = does
        self.dice = dice

    def __call__(self, *args, **more):
        mood = self.dice.random()
        if mood < 0.1:
            raise StoreAway("before", remedy="-")
        done = self.does(*args, **more)
        if mood < 0.2:
            raise StoreAway("after", remedy="-")
        return done


@pytest.mark.parametrize(
    ("off", "seed"),
    [*(((name,), 0) for name in SWITCHES), *((tuple(SWITCHES), seed) for seed in range(3))],
    ids=lambda told: "+".join(told) if isinstance(told, tuple) else str(told),
)
def test_nothing_is_asked_twice_whatever_is_switched_off(house, channel, time, monkeypatch, off, seed):
    """Thirty deliveries, a network and a store that do what they like: each is asked for at most once, as nobody
    looks here and so nothing is ever proven absent; and none is lost.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable
    house.switches = Switches(**{name: Switch(on=False) for name in off})
    house.bulkheads = Bulkheads(purpose=Purpose.PUBLISH, at_most=2)
    house.bulkheads.want(dict.fromkeys(["alice", "bob"], "x"))
    network = channel.on_ask = Network(dice, time)
    for name in ("alice", "bob"):
        house.store.write(
            account_rows.put,
            AccountRecord(name=name, channel="x_web", handle=name, limits=Limits()),
            now=time(),
        )
    ids = [
        house.store.write(
            intake.add,
            Post(parts=(Part(text=f"no. {n}"),)),
            accounts=[("alice", "bob")[n % 2]],
            due_at=time(),
            now=time(),
        )[0].delivery_id
        for n in range(30)
    ]
    for what in (settling.arm, settling.answered):
        instead(monkeypatch, house.store, what, Moody(partial(house.store.write, what), dice))
    for _ in range(400):
        time.pass_by(seconds=dice.choice([1, 5, 40]))
        house.hand_over()
        for claim in claim_due(house, at_most=2):
            deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
        house.trouble = None
    monkeypatch.undo()
    time.pass_by(minutes=20)
    house.hand_over()
    house.store.rescue(time())

    assert 1 == max(network.asked.values())
    states = {one: house.store.read(reading.show, one).delivery.state for one in ids}
    published = {one for one, state in states.items() if state is State.PUBLISHED}
    assert published or "isolate_unconfirmed" in off, "without it one unconfirmed post stops its account"
    assert all(network.asked[f"no. {ids.index(one)}"] for one in published)
    unconfirmed = FINAL | FOR_A_PERSON | {State.UNCONFIRMED, State.SCHEDULED}
    assert set(states.values()) <= unconfirmed
    assert all(
        not network.asked[f"no. {ids.index(one)}"]
        for one, state in states.items()
        if state is State.SCHEDULED
    )
