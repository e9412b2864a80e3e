"""One worker of the rehearsal: a real house in its own process, with the product's functions and blocks from the plan."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from pydantic import SecretStr

import flows.publish
import steadypost.domain.delivery
import steadypost.domain.waits
import steadypost.store.settling
import tasks.deliveries
import tasks.documents
import tasks.house
import tasks.looks
from blocks import Switch, Switches, XAccount
from flows.publish import PACE, claim_due
from flows.reconcile import accounts_to_look_at
from rehearsal.crash.marks import Marks
from rehearsal.crash.plan import END, ON, REACHED, READY, Plan
from steadypost.browser import LaunchSettings, Pool
from steadypost.store import Claim, Outbox, Store
from tasks.bounds import Deadlines
from tasks.deliveries import deliver
from tasks.documents import Documents
from tasks.house import House, opened
from tasks.looks import look
from tasks.probes import probe, to_probe
from tasks.watches import Watch

log = logging.getLogger("steadypost")

LEASE = timedelta(seconds=4)
"""How long a silent worker of the rehearsal keeps what it claimed; renewed eight times in that time."""

ATTEMPT_WITHIN = timedelta(seconds=30)
"""How long an attempt may take in the rehearsal. Its sandbox answers in a second."""


def hasten() -> None:
    """Shorten the waits, so that a cell takes seconds; leases, fences and the order of looks and asks stay."""
    set_in("LEASE", LEASE, tasks.house, flows.publish)
    set_in("RENEW_EVERY", LEASE.total_seconds() / 8, tasks.house)
    set_in("FIRST_LOOK", timedelta(seconds=0.5), steadypost.domain.delivery, steadypost.store.settling)
    set_in("FIRST_WAIT", timedelta(seconds=1), steadypost.domain.waits)
    set_in("FIRST_INTERVAL", timedelta(seconds=1), tasks.looks)


def set_in(name: str, value: object, *owners: object) -> None:
    """Set a constant wherever it is known, and only if it is."""
    for owner in owners:
        if not hasattr(owner, name):
            raise LookupError(f"there is no {name} in {owner!r} any more")
        setattr(owner, name, value)


class Worker:
    """The house's work, cycle by cycle."""

    def __init__(self, house: House, plan: Plan, marks: Marks) -> None:
        self._house = house
        self._plan = plan
        self._marks = marks
        self._hands = ThreadPoolExecutor(plan.browsers * 2, thread_name_prefix="hands")
        self._away: set[Future[Any]] = set()
        self._trial: Future[Any] | None = None

    def work(self) -> None:
        """Do what falls due until there is no more to come, and let come home what is under way."""
        for _ in self._cycles():
            self._house.refresh()
            if self._plan.publishes:
                self._publish()
                self._probe()
            if self._plan.looks:
                self._look()
        self._hands.shutdown(wait=True)

    def _cycles(self) -> Iterator[None]:
        flow = "publish" if self._plan.publishes else "reconcile"
        run_id = self._plan.run_id or self._plan.name
        for _ in Watch(self._house, flow, run_id, at_most=timedelta(hours=1), pace=PACE):
            if (self._plan.folder / END).exists():
                return
            yield

    def _publish(self) -> None:
        self._away = {future for future in self._away if not future.done()}
        claims = claim_due(self._house, at_most=self._house.browsers.size - len(self._away))
        if claims:
            self._marks.reach("claimed")
        for claim in claims:
            for _ in range(2 if self._plan.twice else 1):
                self._away.add(self._hands.submit(self._deliver, claim))

    def _deliver(self, claim: Claim) -> None:
        try:
            deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
        except Exception:
            # As Prefect does: the task failed, the run goes on, and the lease runs out.
            log.exception("delivery %s: its task broke", claim.delivery_id)
        else:
            self._marks.reach("cleaned")

    def _probe(self) -> None:
        if self._trial is not None and not self._trial.done():
            return
        due = to_probe(self._house)
        self._trial = self._hands.submit(probe.fn, due[0]) if due else None

    def _look(self) -> None:
        for account in accounts_to_look_at(self._house):
            try:
                look.fn(account)
            except Exception:
                # A look may be repeated for ever, and is: in the next cycle.
                log.exception("the look for %s broke", account)


def blocks_of(plan: Plan) -> Documents:
    """Give what an operator would have filled in."""
    return Documents(
        accounts={
            name: XAccount(
                handle=person.handle,
                session=SecretStr(json.dumps(person.session)),
                base_url=plan.x,
                rules_accepted=True,
                rules_accepted_by="the rehearsal: this X is a sandbox on this machine",
                per_hour=person.per_hour,
                per_day=1000,
                spacing_seconds=0,
                settle_minutes=person.settle_minutes,
            )
            for name, person in plan.people.items()
        },
        switches=Switches(**{name: Switch(on=False, reason="rehearsal") for name in plan.off}),
    )


def begin(path: str) -> None:
    """Be the worker of a plan, until it is told that no more is to come."""
    plan = Plan.read(Path(path))
    _stand_alone(plan.folder / "log")
    if plan.hasty:
        hasten()
    documents = blocks_of(plan)
    tasks.documents.read = lambda: documents
    # A cell has no Prefect server: asked for anything, Prefect would start one of its own, for half a minute.
    tasks.documents.make_circuits = lambda names: None  # noqa: ARG005 - its name is part of the shape
    marks = Marks(mark=plan.mark, how=plan.signal, told=plan.folder / REACHED, on=plan.folder / ON)
    if plan.mark:
        marks.place()
    while plan.go is not None and not plan.go.exists():
        time.sleep(0.02)
    run_dir = plan.home / "run"
    browsers = Pool(plan.browsers, LaunchSettings(), run_dir=run_dir, name=plan.name)
    with (
        Store.open(plan.url) as store,
        opened(
            store=store,
            browsers=browsers,
            outbox=Outbox(run_dir / "outbox", store.address),
            deadlines=Deadlines(attempt=ATTEMPT_WITHIN),
        ) as house,
    ):
        house.dice = random.Random(plan.seed)  # noqa: S311 - a cell can be played again
        browsers.warm()
        (plan.folder / READY).touch()
        Worker(house, plan, marks).work()


def _stand_alone(path: Path) -> None:
    """Take a session of one's own, log to a file, and die with the rehearsal: its pipe ends the parent, and so us."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
    os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]  # noqa: SLF001 - it has no other name
    os.setsid()
    log_file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for said in (1, 2):
        os.dup2(log_file, said)
    logging.basicConfig(
        level=logging.DEBUG,
        stream=sys.stderr,
        format="%(asctime)s %(threadName)s %(levelname)s %(message)s",
        force=True,
    )
    for chatty in ("httpx", "httpcore", "asyncio", "prefect"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
