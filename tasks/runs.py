"""Runs as Prefect knows them, and as this machine shows them: found, started, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from uuid import UUID

import httpx
import psutil
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.settings import (
    PREFECT_API_URL,
    get_current_settings,
)
from prefect.states import Cancelled
from prefect.types._datetime import create_datetime_instance

from steadypost import prefect_address, prefect_http
from steadypost.domain.clock import now
from steadypost.domain.observed import PrefectSeen, RunSeen, SlotSeen
from tasks.bulkheads import this_host
from tasks.retried import retried

POOL = "steadypost"
"""The work pool whose worker runs every flow of prefect.yaml."""

DEFAULT_QUEUE = "default"
"""The queue of what any machine may do, as Prefect calls it in every pool."""

DEPLOYMENTS = {
    "publish": "The house: publish",
    "reconcile": "The house: reconcile",
    "watch": "The house: watch",
    "plan": "The house: plan",
    "canary": "The house: canary",
    "compose": "Compose a post",
    "change": "Change what waits",
    "resolve": "Settle an unconfirmed post",
    "rollout": "Roll out a switch",
    "delete": "Take a live post down",
    "import": "Import a file",
}
"""What the deployments of prefect.yaml are called in Prefect's pages, by their flows."""

ON = " on "
"""What stands between such a name and the machine that the deployment is for."""

FORMERLY = "steadypost"
"""What each of them was called before."""

STAND_IN = "flows.stand_in"
"""The module that stands in."""

PATIENCE_S = 5.0
"""How long Prefect may take to answer one question of the watch."""

SOON = timedelta(seconds=30)
"""A run that starts within this needs no other beside it."""

OURS = DeploymentFilter(name=DeploymentFilterName(any_=[*DEPLOYMENTS.values()]))
PAGE = 200
"""The most that Prefect returns in one answer."""

OUR_LIMITS = "steadypost-"
"""With this the name of every limit begins that is ours; others are left alone."""

T = TypeVar("T")

UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]

RUN_ID = "PREFECT__FLOW_RUN_ID"
"""By this a run's process is known on its machine."""

STANDS_IN = "STEADYPOST_STANDS_IN"
"""By this the process that stands in for a run: it has a lease, and no run in Prefect."""


def deployment_of(flow: str) -> str:
    """Give the name by which Prefect finds the deployment of a flow, or of a flow at a machine (``publish@berta``)."""
    name, _, host = flow.partition("@")
    return f"{name}/{DEPLOYMENTS[name]}{f'{ON}{host}' if host else ''}"


def flow_of(deployment: str) -> str:
    """Give the flow, with its machine where it has one, of such a name."""
    name, _, title = deployment.partition("/")
    host = title.removeprefix(DEPLOYMENTS.get(name, title)).removeprefix(ON)
    return f"{name}@{host}" if host else name


@contextlib.contextmanager
def client() -> Iterator[SyncPrefectClient]:
    """Open a client of an API that answers now: asked first, as Prefect's client would repeat for a minute."""
    answers()
    with (
        retried(1),
        get_client(sync_client=True, httpx_settings={"timeout": PATIENCE_S}) as api,
    ):
        yield api


def answers() -> None:
    """Raise ``httpx.HTTPError`` unless Prefect's API answers, well or not, within a few seconds."""
    known = _settings()
    if known:
        address = known[prefect_address.NAME].rstrip("/")
        httpx.get(
            f"{address}/health",
            headers=prefect_http.headers(known),
            verify=prefect_http.tls(known),
            timeout=PATIENCE_S,
        )


def _settings() -> dict[str, str]:
    """Give what is needed to be heard there, as Prefect's own settings say; empty where there is no address."""
    said = get_current_settings().api
    if not said.url:
        return {}
    known = {
        prefect_address.NAME: said.url,
        prefect_address.KEY: said.key.get_secret_value() if said.key else "",
        prefect_address.AUTH: said.auth_string.get_secret_value() if said.auth_string else "",
        prefect_address.CERTIFICATES: said.ssl_cert_file or "",
        prefect_address.UNCHECKED: str(said.tls_insecure_skip_verify),
    }
    return {name: value for name, value in known.items() if value}


# --- seen


def seen(api: SyncPrefectClient, moment: datetime) -> PrefectSeen:
    """Ask Prefect what it believes, and this machine which of it is here."""
    here = {run_id for run_id, found in processes().items() if any(map(_moves, found))}
    flows = {flow.id: flow.name for flow in _pages(lambda offset: api.read_flows(limit=PAGE, offset=offset))}
    running = _runs(api, UNDER_WAY)
    return PrefectSeen(
        running=[
            RunSeen(
                id=str(run.id),
                flow=flows.get(run.flow_id, "?"),
                since=run.start_time or run.expected_start_time or moment,
                here=str(run.id) in here,
            )
            for run in running
        ],
        late={
            str(run.id): run.expected_start_time
            for run in _runs(api, [StateType.SCHEDULED], before=moment)
            if run.expected_start_time is not None and run.state_name in {"Late", "Scheduled"}
        },
        heartbeats={
            worker.name: worker.last_heartbeat_time
            for worker in api.read_workers_for_work_pool(POOL)
            if worker.last_heartbeat_time is not None
        },
        slots=[
            SlotSeen(name=limit.name, limit=limit.limit, taken=limit.active_slots)
            for limit in limits(api)
            if limit.active
        ],
    )


def _runs(api: SyncPrefectClient, states: list[StateType], before: datetime | None = None) -> list[FlowRun]:
    when = FlowRunFilterExpectedStartTime(before_=instant(before)) if before else None
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)), expected_start_time=when
    )
    found = _pages(
        lambda offset: api.read_flow_runs(
            deployment_filter=OURS,
            flow_run_filter=wanted,
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=PAGE,
            offset=offset,
        )
    )
    return list(found)


def limits(api: SyncPrefectClient) -> Iterator[GlobalConcurrencyLimitResponse]:
    """Read every limit of ours: there are three for each account."""
    every = _pages(lambda offset: api.read_global_concurrency_limits(limit=PAGE, offset=offset))
    return (limit for limit in every if limit.name.startswith(OUR_LIMITS))


def _pages(read: Callable[[int], Sequence[T]]) -> Iterator[T]:
    """Read one page after the other, until one is not full."""
    offset = 0
    while page := read(offset):
        yield from page
        if len(page) < PAGE:
            return
        offset += len(page)


def instant(moment: datetime) -> Any:
    """Give a time in the type that Prefect's filters take."""
    return create_datetime_instance(moment)


# --- this machine


def processes() -> dict[str, list[psutil.Process]]:
    """Find the processes of this machine that carry out runs, by the run's id."""
    found: dict[str, list[psutil.Process]] = {}
    for process, environment in _environments():
        if run_id := _carried_out(environment, process):
            found.setdefault(run_id, []).append(process)
    return found


def _carried_out(environment: Mapping[str, str], process: psutil.Process) -> str | None:
    """Say which run a process carries out; what it has started has its environment, and is not it."""
    if STANDS_IN not in environment and RUN_ID not in environment:
        return None
    command = _command(process)
    if STAND_IN in command:
        return environment.get(STANDS_IN)
    return environment.get(RUN_ID) if "prefect" in " ".join(command) else None


def is_there(process: psutil.Process) -> bool:
    """Whether a process that was found once is still there, moving or not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def stands_still(found: Iterable[psutil.Process]) -> bool:
    """Whether none of these can run."""
    return not any(map(_moves, found))


def _moves(process: psutil.Process) -> bool:
    """Whether it can run. A stopped one exists and does nothing."""
    try:
        return bool(process.status() != psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


def worker(*, name: str | None = None) -> list[str]:
    """Give the command of this machine's worker: it takes what any machine may do, and what is for this one."""
    words = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"]
    words += ["--work-queue", DEFAULT_QUEUE, "--work-queue", this_host()]
    return [*words, "--name", name] if name else words


def workers() -> dict[int, bool]:
    """Find the workers of this machine for our pool and our server, and say of each whether it hangs."""
    ours = PREFECT_API_URL.value()
    found = {}
    for process, environment in _environments():
        if _is_worker(_command(process)) and environment.get("PREFECT_API_URL", ours) == ours:
            with contextlib.suppress(psutil.Error):
                found[process.pid] = process.status() == psutil.STATUS_STOPPED
    return found


def still_works(pid: int) -> bool:
    """Whether the worker that had this number a moment ago is there, and moves."""
    try:
        process = psutil.Process(pid)
        return _is_worker(_command(process)) and process.status() not in {
            psutil.STATUS_STOPPED,
            psutil.STATUS_ZOMBIE,
        }
    except psutil.Error:
        return False


def _is_worker(command: list[str]) -> bool:
    """Whether this is ``prefect worker start`` for our pool, however it was written."""
    told = " ".join(command)
    return " worker start" in told and "prefect" in told and POOL in command


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _environments() -> Iterator[tuple[psutil.Process, Mapping[str, str]]]:
    """Go through the processes whose environment may be read; a zombie has none."""
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            if process.status() != psutil.STATUS_ZOMBIE:
                yield process, environment
        except (psutil.Error, OSError):
            continue


# --- started and ended


def start(api: SyncPrefectClient, flow: str) -> bool:
    """Start a run of a flow, unless one is about to start; answer whether one was started."""
    deployment = api.read_deployment_by_name(deployment_of(flow))
    if about_to_start(api, deployment.id):
        return False
    api.create_flow_run_from_deployment(deployment.id)
    return True


def about_to_start(api: SyncPrefectClient, deployment_id: UUID) -> bool:
    """Whether a run of it is about to start. A run that says it is running without a heartbeat is not believed."""
    runs = api.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(
                type=FlowRunFilterStateType(any_=[StateType.SCHEDULED, StateType.PENDING])
            ),
            expected_start_time=FlowRunFilterExpectedStartTime(
                after_=instant(now() - timedelta(minutes=2)), before_=instant(now() + SOON)
            ),
        ),
        limit=1,
    )
    return bool(runs)


def end_of(api: SyncPrefectClient, flow: str, *, but: Iterable[str] = ()) -> list[str]:
    """End every run of a flow under way, its process (killed) first; answer which. Leases and looks see to its work."""
    spared = set(but)
    return [end(api, run.id) for run in under_way(api, flow) if str(run.id) not in spared]


def ahead(api: SyncPrefectClient, moment: datetime) -> timedelta:
    """Say how far the server's clock is ahead of this machine's; zero where it does not tell."""
    try:
        return parsedate_to_datetime(api.hello().headers.get("date", "")) - moment
    except (ValueError, TypeError):
        return timedelta(0)


def under_way(api: SyncPrefectClient, flow: str) -> list[FlowRun]:
    """Read the runs of a flow that hold a place of its deployment, as Prefect believes."""
    deployment = api.read_deployment_by_name(deployment_of(flow))
    running = api.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=UNDER_WAY))),
        limit=50,
    )
    return list(running)


def end(api: SyncPrefectClient, run_id: UUID | str) -> str:
    """End one run: its place in Prefect first, so that its end is not taken for a crash, then its process."""
    mark_ended(api, run_id)
    kill(str(run_id))
    return str(run_id)


def kill(run_id: str) -> int:
    """Kill the processes of a run on this machine, stopped or not; answer how many."""
    mine = [process for process in processes().get(run_id, []) if process.pid != os.getpid()]
    for process in mine:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(mine, timeout=3)
    return len(mine)


def mark_ended(api: SyncPrefectClient, run_id: UUID | str) -> None:
    """Tell Prefect that a run is over, so that it holds no place."""
    with contextlib.suppress(ObjectNotFound):
        why = "The watch ended it: it sent no heartbeat, or nothing carried it out."
        api.set_flow_run_state(UUID(str(run_id)), Cancelled(message=why), force=True)
