"""One version of Steadypost on a store, as a program: ``python any_version.py fill|publish URL LEDGER``.

It is run with the code of another version on its path, so it uses only what every version since the first has had: the
functions of the store's rooms. What it "asks" is written into the ledger, which is the truth.
"""

import itertools
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from steadypost.domain.delivery import WhenLate
from steadypost.domain.outcome import Answer, Cause, Phase, Published, Refused, Unconfirmed
from steadypost.domain.post import Part, Post
from steadypost.domain.quota import Limits
from steadypost.store import (
    AccountRecord,
    SchemaMismatch,
    Store,
    StoreAway,
    StoreError,
    accounts,
    intake,
    series,
    settling,
    watches,
)

HOUR = timedelta(hours=1)
DUE = 30
LEASE = timedelta(seconds=60)
NO_ANSWER = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer within 30 s", phase=Phase.CLICKED)
NO = Refused(cause=Cause.TOO_LONG, code="186", why="the text is too long")
EPOCH_MS = 1288834974657
numbers = itertools.count(1)


AHEAD = timedelta(seconds=float(os.environ.get("AHEAD_S", "0")))


def clock():
    """Say what time it is for this program."""
    return datetime.now(UTC) + AHEAD


class Program:
    """A store, an account on it, and what was asked for."""

    def __init__(self, store, ledger):
        self.store = store
        self.ledger = Path(ledger)

    def write(self, work, *args, **more):
        """Have a room of the store work, as each version says it."""
        if hasattr(self.store, "write"):
            return self.store.write(work, *args, **more)
        return self.store._write(lambda connection: work(connection, *args, **more))

    def take_in(self, text, *, due_at, now=None, late_after=None, when_late=WhenLate.MISS):
        """Take one post in for Alice; answer its delivery."""
        [added] = self.write(
            intake.add,
            Post(parts=(Part(text=text),)),
            accounts=["alice"],
            due_at=due_at,
            now=now or clock(),
            late_after=late_after,
            when_late=when_late,
            allow_repeat=False,
            key=None,
        )
        return added.delivery_id

    def claim(self, at_most=1):
        """Claim what is due."""
        return self.store.claim(
            worker="program", now=clock(), lease=LEASE, at_most=at_most, accounts=["alice"]
        )

    def arm(self, claim):
        """Say that it is about to be asked."""
        return self.write(settling.arm, claim.attempt_id, fence=claim.fence, now=clock())

    def ask(self, claim):
        """Ask: the ledger has it, and its id, from now on."""
        milliseconds = int(clock().timestamp() * 1000) - EPOCH_MS
        found = str((milliseconds << 22) + next(numbers))
        text = claim.parts[0].text
        with self.ledger.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"delivery": claim.delivery_id, "text": text, "id": found}) + "\n")
        return found

    def answered(self, claim, outcome):
        """Hand in what an attempt brought, as soon as the store takes it."""
        while True:
            try:
                self.write(
                    settling.answered,
                    claim.attempt_id,
                    Answer(outcomes=(outcome,)),
                    now=clock(),
                    jitter=0.5,
                )
            except StoreAway:
                continue
            return


def fill(program):
    """Bring a delivery into each state; answer which."""
    now = clock()
    alice = AccountRecord(name="alice", channel="x_web", handle="Alice", limits=Limits())
    program.write(accounts.put, alice, now)
    program.write(watches.take, "publish", run_id="old", now=now)
    found = {}
    for name in ("published", "refused", "unconfirmed", "never sent", "armed", "claimed"):
        found[name] = program.take_in(f"This one is {name}.", due_at=now - timedelta(minutes=1))
        [claim] = program.claim()
        assert claim.delivery_id == found[name]
        if name == "claimed":
            continue
        assert program.arm(claim)
        remote_id = None if name in {"refused", "never sent"} else program.ask(claim)
        if name == "published":
            program.answered(claim, Published(remote_id=remote_id))
        elif name == "refused":
            program.answered(claim, NO)
        elif name != "armed":
            program.answered(claim, NO_ANSWER)
    found["missed"] = program.take_in(
        "Too late.", due_at=now - 3 * HOUR, now=now - 4 * HOUR, late_after=timedelta(minutes=5)
    )
    assert not program.claim()
    found["held"] = program.take_in("This one is published.", due_at=now + HOUR)
    found["ahead"] = program.take_in("For tomorrow.", due_at=now + 24 * HOUR)
    begun = program.write(
        series.begin,
        Post(parts=(Part(text="Every day."),)),
        accounts=["alice"],
        rule="FREQ=DAILY",
        zone="UTC",
        starts="2026-01-01T09:00:00",
        late_after=None,
        when_late=WhenLate.MISS,
        key="series-1",
        now=now,
    )
    at = now + 30 * HOUR
    [placed] = program.write(
        series.place, begun.series_id, [(f"{at:%Y-%m-%dT%H:%M:%S}", at)], until=at, now=now
    )
    found["of a series"] = placed.delivery_id
    due = [program.take_in(f"Due number {n}.", due_at=now) for n in range(DUE)]
    return {"named": found, "due": due}


def publish(program):
    """Publish until nothing is due; answer how many that were."""
    sent = 0
    while True:
        try:
            claims = program.claim(at_most=2)
            if not claims:
                return {"sent": sent}
            armed = [claim for claim in claims if program.arm(claim)]
        except StoreAway:
            continue  # an update of the tables holds them: a publisher waits, and goes on
        for claim in armed:
            remote_id = program.ask(claim)
            sent += 1
            program.answered(claim, Published(remote_id=remote_id))


def main(what, url, ledger):
    """Do one of the two, and say what came of it as JSON."""
    try:
        store = Store.create(url) if what == "fill" else Store.open(url)
        with store:
            told = {"fill": fill, "publish": publish}[what](Program(store, ledger))
    except StoreError as error:
        is_other = isinstance(error, SchemaMismatch)
        told = {"refused": str(error), "remedy": error.remedy, "tables": is_other}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
