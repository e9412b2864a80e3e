"""A worker starts the runs that are due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from steadypost.domain.checks.rule import Rule
from steadypost.domain.checks.starting import fresh
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Tolerances, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed, PrefectSeen
from steadypost.domain.remedy import Remedy


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    stopped = [pid for pid, stands_still in seen.machine.workers.items() if stands_still]
    if stopped and len(stopped) == len(seen.machine.workers):
        yield failing(Kind.WORKER, f"the worker of this machine (process {stopped[0]}) hangs")
        return
    if seen.machine.workers:
        yield _punctual(seen, tolerances, "the worker of this machine runs")
        return
    if isinstance(seen.prefect, Cannot):
        if seen.machine.has_had_worker:
            yield failing(Kind.WORKER, "the worker of this machine is gone")
        else:
            yield unknown(
                Kind.WORKER, f"no worker is on this machine, and Prefect cannot say: {seen.prefect.why}"
            )
        return
    heard = max(seen.prefect.heartbeats.values(), default=None)
    if seen.machine.has_had_worker and not fresh(heard, seen.at, timedelta(0)):
        yield failing(Kind.WORKER, "the worker of this machine is gone")
    elif heard is None:
        yield failing(Kind.WORKER, "no worker has ever sent a heartbeat")
    elif not fresh(heard, seen.at, tolerances.worker_silent):
        yield failing(Kind.WORKER, f"no worker has sent a heartbeat for {ago(heard, seen.at)}")
    else:
        yield _punctual(seen, tolerances, "a worker on another machine sends heartbeats")


def _punctual(seen: Observed, tolerances: Tolerances, well: str) -> Check:
    """A worker that lives and starts nothing is no worker."""
    late = seen.prefect.late if isinstance(seen.prefect, PrefectSeen) else {}
    since = min(late.values(), default=None)
    if since is not None and seen.at - since > tolerances.late_run:
        return failing(Kind.WORKER, f"a run has been due for {ago(since, seen.at)} and no worker starts it")
    return ok(Kind.WORKER, well)


RULE = Rule(
    kind=Kind.WORKER,
    judge=judge,
    explains=(Kind.ON_WATCH, Kind.RUNS),
    remedies=(Remedy.RESTART_WORKER,) * 3,
    first_aid="Run 'steadypost up', or start a worker as docs/service.md says.",
)
