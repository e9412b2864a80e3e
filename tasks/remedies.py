"""Remedies for failing checks: bounded, safe to repeat, never an ask. Whether one helped, the next round sees."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping

import psutil
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import ObjectNotFound

from steadypost import settings
from steadypost.browser import StillAlive, reap_orphans
from steadypost.domain.health import Kind, Tolerances
from steadypost.domain.incident import Incident
from steadypost.domain.living import alive_elsewhere, dead
from steadypost.domain.remedy import Remedy
from steadypost.store import StoreError
from steadypost.store import accounts as account_rows
from tasks import observations, runs, stand_ins
from tasks.discreet import discreet
from tasks.house import House, here
from tasks.living import rescue, signs_of
from tasks.retried import UNANSWERED

SILENT = Tolerances().relieved_within
"""How long nothing may be a sign of a run's life before it counts as dead, as for the check that found it."""

OF_THE_LOOKS = frozenset({Kind.UNCONFIRMED, Kind.READER, Kind.LIVE})
"""What the run on watch of ``reconcile`` does; everything else that a run on watch does, ``publish`` does."""


@task(
    name="remedy",
    task_run_name="{remedy}: {kind} {about}",
    retries=0,  # The incident counts its tries, with pauses between them.
    cache_policy=NO_CACHE,
    persist_result=False,
)
@discreet
def remedy(remedy: str, kind: str, about: str) -> str:
    """Try one remedy; answers what it did, and never raises for what is known to be broken."""
    house = here()
    try:
        return APPLY[Remedy(remedy)](house, Kind(kind), about)
    except (*UNANSWERED, ObjectNotFound) as error:
        return f"Prefect's API did not do it ({type(error).__name__})"
    except StoreError as error:
        return f"the store did not do it ({type(error).__name__})"
    except (OSError, psutil.Error, StillAlive) as error:
        return f"this machine did not do it ({type(error).__name__})"


def flow_of(kind: Kind, about: str) -> str:
    """Name the flow whose run on watch an incident is about."""
    if kind is Kind.ON_WATCH:
        return about
    return "reconcile" if kind in OF_THE_LOOKS else "publish"


def _give_back_leases(house: House, _: Kind, __: str) -> str:
    rescued = rescue(house.store, house.clock())
    return f"{len(rescued)} deliveries were taken back from workers that fell silent"


def _reap_browsers(_: House, __: Kind, ___: str) -> str:
    return f"{len(reap_orphans(settings.read().run_dir))} browsers without a parent were ended"


def _revive_flow(house: House, kind: Kind, about: str) -> str:
    """End what is there and sends no heartbeat, the dead included: they hold the flow's places in Prefect."""
    flow = flow_of(kind, about)
    signs = signs_of(house.store, house.clock())
    with runs.client() as api:
        found = runs.seen(api, house.clock()).running
        spared = alive_elsewhere(found, signs, house.clock(), SILENT)
        ended = runs.end_of(api, flow, but=[run.id for run in spared])
        reaped = reap_orphans(settings.read().run_dir)
        started = runs.start(api, flow)
    house.log.warning("%s: runs ended: %s", flow, ", ".join(ended) or "none")
    came = "another was started" if started else "another is about to start"
    return f"{len(ended)} runs of {flow} were ended, {len(reaped)} browsers reaped, and {came}"


def _renew_browsers(_: House, kind: Kind, about: str) -> str:
    """Have the run relieved: the new one has its own browsers, the old one finishes what is under way."""
    flow = flow_of(kind, about)
    with runs.client() as api:
        started = runs.start(api, flow)
    return f"a run of {flow} with browsers of its own {'was started' if started else 'is about to start'}"


def _end_runs(house: House, _: Kind, __: str) -> str:
    signs = signs_of(house.store, house.clock())
    with runs.client() as api:
        found = runs.seen(api, house.clock()).running
        gone = dead(found, signs, house.clock(), SILENT)
        for run in gone:
            runs.end(api, run.id)
    return f"{len(gone)} runs that do nothing were ended"


def _give_back_slots(_: House, __: Kind, ___: str) -> str:
    given = []
    with runs.client() as api:
        for limit in [*runs.limits(api)]:
            if limit.active and limit.limit > 0 and limit.active_slots >= limit.limit:
                # Without the time they were held for, which is unknown: the client's own call demands one.
                told = {"names": [limit.name], "slots": limit.active_slots}
                api.request("POST", "/v2/concurrency_limits/decrement", json=told)
                given.append(limit.name)
    return f"the places of {', '.join(given) or 'no limit'} were given back"


def _reload_session(house: House, _: Kind, about: str) -> str:
    house.refresh(at_once=True)
    still = house.store.read(account_rows.one, about)
    paused = still.is_paused(house.clock())
    return "the block was read anew; " + ("its session is the same" if paused else "the account goes on")


def _restart_worker(house: House, _: Kind, __: str) -> str:
    """End a worker that hangs, for its supervisor to start again; without a supervisor start one.

    Not in a run's own container: a worker there would end with that run.
    """
    stopped = [pid for pid, stands_still in runs.workers().items() if stands_still]
    for pid in stopped:
        os.kill(pid, signal.SIGKILL)
    if stopped:
        psutil.wait_procs([process for pid in stopped for process in _process(pid)], timeout=3)
    if runs.workers():
        return "a worker runs"
    if settings.read().worker == "kept":
        ended = f"{len(stopped)} that hung ended; " if stopped else ""
        return f"{ended}the supervisor of this machine's worker is to start it again"
    if not stopped and not observations.has_noted_worker(house):
        return "no worker was ever on this machine: one is to be started where they run"
    log = settings.read().home / "worker.log"
    with log.open("ab") as out:
        started = subprocess.Popen(
            runs.worker(),
            env=_environment(),
            cwd=settings.read().home,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            # It outlives this run, which is relieved in a few minutes.
            start_new_session=True,
        )
    house.log.warning("a worker was started: process %s, its log is %s", started.pid, log)
    ended = f"{len(stopped)} that hung ended, and " if stopped else ""
    return f"{ended}a worker was started (process {started.pid})"


def _process(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid)]
    except psutil.Error:
        return []


def _environment() -> dict[str, str]:
    """Give a worker this run's environment, but for what makes it this run."""
    return stand_ins.environment()


def _hand_over(house: House, _: Kind, __: str) -> str:
    house.hand_over()
    return f"{len(house.outbox.waiting())} answers still wait"


APPLY: Mapping[Remedy, Callable[[House, Kind, str], str]] = {
    Remedy.GIVE_BACK_LEASES: _give_back_leases,
    Remedy.REAP_BROWSERS: _reap_browsers,
    Remedy.REVIVE_FLOW: _revive_flow,
    Remedy.RENEW_BROWSERS: _renew_browsers,
    Remedy.END_RUNS: _end_runs,
    Remedy.GIVE_BACK_SLOTS: _give_back_slots,
    Remedy.RELOAD_SESSION: _reload_session,
    Remedy.RESTART_WORKER: _restart_worker,
    Remedy.HAND_OVER: _hand_over,
}
"""How each is done."""


def of(incident: Incident, one: Remedy) -> tuple[str, str, str]:
    """Give the parameters of a remedy's task: plain words, no objects."""
    return str(one), str(incident.kind), incident.about
