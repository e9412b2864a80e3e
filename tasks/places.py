"""The concurrency of a deployment: dead runs hold their place for minutes, so they are ended before one is started."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun

from steadypost.domain.living import Heard
from steadypost.domain.observed import Noted
from steadypost.store import Store, vitals
from tasks import runs
from tasks.bulkheads import this_host
from tasks.living import SAYS_SO_EVERY

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
    return [
        runs.end(api, run.id)
        for run in held
        if str(run.id) == gone or is_dead(run, noted, moving, now, store.heard, ahead)
    ]


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
