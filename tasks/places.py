"""The concurrency of a deployment: dead runs hold their place for minutes, so they are ended before one is started."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import psutil
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, StateType

from steadypost.domain.living import Heard
from steadypost.domain.observed import Noted
from steadypost.store import Store, vitals
from tasks import runs
from tasks.bulkheads import this_host
from tasks.living import SAYS_SO_EVERY

STANDBY = "standby:"
"""What a machine's standby notes every second, under its machine's name: that it could be written is what it says."""

SILENT = timedelta(minutes=2)
"""How long a run of another machine may be silent, by the clock of the one who asks. It reports every few seconds."""

ALMOST = SILENT - 3 * SAYS_SO_EVERY
"""How old a report counts that is seen for the first time: its date is that of another clock."""

BEGINS_WITHIN = timedelta(minutes=2)
"""How long a run may take from its worker to its first word; a machine with a load of its own takes half of that."""


def free(
    api: SyncPrefectClient, flow: str, store: Store, now: datetime, *, gone: str | None = None
) -> list[str]:
    """End runs of a flow that hold a place and do nothing, and ``gone``; answers which. May raise ``StoreError``."""
    noted = store.read(vitals.every)
    here = runs.processes()
    held = runs.under_way(api, flow)
    ahead = runs.ahead(api, now) if held else timedelta(0)
    moving = {run_id for run_id, found in here.items() if not runs.stands_still(found)}
    began = worker_began_at() if held and is_alone(noted, store.heard, now) else None
    return [
        runs.end(api, run.id)
        for run in held
        if str(run.id) == gone
        or is_dead(run, noted, moving, now, store.heard, ahead)
        or (began is not None and was_handed_out_before(began, run, noted, ahead))
    ]


def was_handed_out_before(
    began: datetime, run: FlowRun, noted: Mapping[str, Noted], ahead: timedelta
) -> bool:
    """Whether a run was given to a worker before the only one that there is began. A power loss takes the process that
    was to begin it, and what waits for it would wait for minutes.
    """
    state = run.state
    is_handed_out = state is not None and state.type is StateType.PENDING and not run.infrastructure_pid
    if state is None or not is_handed_out or f"{vitals.RUN}{run.id}" in noted:
        return False
    return state.timestamp - ahead < began


def is_alone(noted: Mapping[str, Noted], heard: Heard, now: datetime) -> bool:
    """Whether no other machine may be at work: none has said anything, or those that had are silent. When they spoke is
    told by whether they speak again, and not by their clocks.
    """
    hosts = {name: _spoke_from(name, one) for name, one in noted.items()}
    others = {name for name, host in hosts.items() if host not in {None, this_host()}}
    return all(
        now - heard.at(f"machine by {name}", noted[name].at, now, oldest=ALMOST) > SILENT for name in others
    )


def _spoke_from(name: str, one: Noted) -> str | None:
    """Say which machine noted it, where it is a machine's or a run's sign of life."""
    if name.startswith(vitals.RUN):
        return one.told
    return name.removeprefix(STANDBY) if name.startswith(STANDBY) else None


def worker_began_at() -> datetime | None:
    """Say since when this machine has had a worker; ``None`` where it has none."""
    began = []
    for pid in runs.workers():
        with contextlib.suppress(psutil.Error):
            began.append(datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC))
    return min(began, default=None)


def is_dead(  # noqa: PLR0917 - one judgement, by all that is known
    run: FlowRun,
    noted: Mapping[str, Noted],
    moving: Collection[str],
    now: datetime,
    heard: Heard,
    ahead: timedelta = timedelta(0),
) -> bool:
    """Whether nothing carries a run out any more: no process of this machine, and no sign from another.

    ``ahead`` is how far the clock of Prefect's server is, by which a run began.
    """
    run_id = str(run.id)
    if run_id in moving:
        return False
    sign = noted.get(f"{vitals.RUN}{run_id}")
    if _host(run, sign) == this_host():
        return True
    began = (run.start_time or run.expected_start_time or now + ahead) - ahead
    if sign is None:
        return now - began > BEGINS_WITHIN
    came = heard.at(f"place of {run_id}", sign.at, now, oldest=ALMOST)
    return now - max(came, began) > SILENT


def _host(run: FlowRun, sign: Noted | None) -> str | None:
    """Say on which machine a run is, or was: by its own word, or by that of the worker that started its process."""
    if sign is not None:
        return sign.told
    host, _, pid = (run.infrastructure_pid or "").rpartition(":")
    return host.casefold() if pid else None
