"""Stands in for a run on watch while Prefect's server cannot start one: ``python -m flows.stand_in publish``.

The same work under the same lease, and nothing in Prefect. Its parent hands it the blocks; when the server answers,
it orders a run.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import LogCreate
from prefect.exceptions import PrefectException
from prefect.states import Completed

from flows.ended import Plain, Step
from flows.house import Opening, looking_house, publishing_house, watching_house
from flows.publish import PACE as PUBLISH_PACE
from flows.publish import Crew, keep_publishing
from flows.reconcile import LOOKS_WITHIN, keep_looking
from flows.reconcile import PACE as LOOK_PACE
from flows.watch import PACE as WATCH_PACE
from flows.watch import Rounds, keep_watching
from steadypost import private
from steadypost.store import Claim, StoreError
from steadypost.store.publishers import Role
from tasks import journal, places, runs
from tasks.block_reader import BlockReader
from tasks.circuits import Turned
from tasks.deadline import ended_within
from tasks.deliveries import deliver
from tasks.discreet import filter_for_good
from tasks.house import House
from tasks.looks import look
from tasks.probes import probe
from tasks.retried import UNANSWERED
from tasks.sharing import Sharing
from tasks.stand_ins import Handed
from tasks.watches import COMES_HOME_WITHIN, Watch

STAYS = timedelta(hours=3)
"""How long it goes on, as a run on watch does; then its peers send the next."""

ASKS_EVERY = 2.0
"""Seconds between two questions whether Prefect's server is there again."""

ORDERS_EVERY = 30.0
"""Seconds between two orders for a run, when the one that was ordered does not come."""

LINES = 500
"""How many lines of its log are shown in Prefect afterwards, the last ones."""

log = logging.getLogger("steadypost.stand_in")


class Threads:
    """Carries out steps in threads of this process, without Prefect."""

    def __init__(self, at_once: int) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="step")

    def deliver(self, claims: list[Claim]) -> list[Step]:
        """Deliver each claim."""
        return [self._do(deliver.fn, one.attempt_id, one.delivery_id, one.account) for one in claims]

    def probe(self, account: str) -> Step:
        """Probe an account."""
        return self._do(probe.fn, account)

    def look(self, _: House, accounts: list[str], at_once: bool) -> list[Step]:
        """Look at each account. One that fails is not repeated here: what is unconfirmed comes again at its own time."""
        return [self._do(look.fn, account, at_once) for account in accounts]

    def _do(self, step: Callable[..., object], *given: object) -> Step:
        future: Future[object] = self._pool.submit(step, *given)
        return Plain(future)

    def end(self) -> None:
        """Take nothing more."""
        self._pool.shutdown(wait=False)


# --- the three of them


def _publish(opening: Opening, told: Counter[str]) -> None:
    with publishing_house(STAYS, opening) as house, _threads(2 * house.at_once + 2) as threads:
        watch = Watch(
            house, "publish", str(opening.run_id), at_most=STAYS, pace=PUBLISH_PACE, leased_since=True
        )
        crew = Crew(house, watch, threads)
        with coming_back(house, "publish"):
            keep_publishing(house, watch, crew, Sharing(house, str(opening.run_id), Role.STAND_IN))
        told += crew.done


def _reconcile(opening: Opening, told: Counter[str]) -> None:
    with looking_house(STAYS, opening) as house, _threads(4) as threads:
        run_id = str(opening.run_id)
        watch = Watch(
            house,
            "reconcile",
            run_id,
            at_most=STAYS,
            pace=LOOK_PACE,
            hung_after=LOOKS_WITHIN,
            leased_since=True,
        )
        with coming_back(house, "reconcile"):
            keep_looking(house, watch, told, threads.look)


def _watch(opening: Opening, told: Counter[str]) -> None:
    with watching_house(opening) as house:
        run_id = str(opening.run_id)
        lease = Watch(
            house,
            "watch",
            run_id,
            at_most=STAYS,
            pace=WATCH_PACE,
            hung_after=COMES_HOME_WITHIN,
            leased_since=True,
        )
        with coming_back(house, "watch"):
            keep_watching(house, lease, told, Rounds(house, heartbeat=lease.still_here, prefect_away=True))


FLOWS: Mapping[str, Callable[[Opening, Counter[str]], None]] = {
    "publish": _publish,
    "reconcile": _reconcile,
    "watch": _watch,
}


@contextmanager
def _threads(at_once: int) -> Iterator[Threads]:
    threads = Threads(at_once)
    try:
        yield threads
    finally:
        threads.end()


# --- when Prefect's server is there again


@contextmanager
def coming_back(house: House, flow: str) -> Iterator[None]:
    """Order a run of Prefect's as soon as its server answers, and again until one has the lease."""
    end = threading.Event()
    thread = threading.Thread(target=_come_back, args=(house, flow, end), name="coming-back", daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(timeout=2)


def _come_back(house: House, flow: str, end: threading.Event) -> None:
    wait = ASKS_EVERY
    while not end.wait(wait):
        try:
            with runs.client() as api:
                for ended in places.free(api, flow, house.store, house.clock()):
                    log.info("run %s of %s held a place and did nothing, and was ended", ended, flow)
                runs.start(api, flow)
            log.info("Prefect's server answers; a run of %s is to take over", flow)
            wait = ORDERS_EVERY
        except (*UNANSWERED, PrefectException, StoreError) as away:
            log.debug("Prefect's server does not answer yet (%s)", type(away).__name__)
            wait = ASKS_EVERY


class Kept(logging.Handler):
    """Keeps the last lines of the log."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: deque[logging.LogRecord] = deque(maxlen=LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(record)


def show(handed: Handed, told: Counter[str], kept: Kept) -> bool:
    """Show in Prefect what was done, as a run of the flow with its log; answer whether it could be."""
    done = ", ".join(f"{count} {name}" for name, count in sorted(told.items())) or "nothing was due"
    until = datetime.now(UTC)
    message = (
        f"{done}. This stood in for run {handed.gone} without Prefect's server, "
        f"from {handed.since:%Y-%m-%d %H:%M:%S} to {until:%H:%M:%S} UTC."
    )
    try:
        with runs.client() as api:
            run_id = _entered(api, handed, message)
            api.create_logs(
                [
                    LogCreate(
                        name=record.name,
                        level=record.levelno,
                        message=journal.redact(record.getMessage())[:10_000],
                        timestamp=runs.instant(datetime.fromtimestamp(record.created, UTC)),
                        flow_run_id=run_id,
                    )
                    for record in kept.lines
                ]
            )
    except (*UNANSWERED, PrefectException) as away:
        log.warning("this run could not be shown in Prefect (%s): %s", type(away).__name__, message)
        return False
    return True


def _entered(api: SyncPrefectClient, handed: Handed, message: str) -> UUID:
    deployment = api.read_deployment_by_name(runs.deployment_of(handed.flow))
    # A state with a custom name would be missing from the deployment's list.
    run = api.create_flow_run_from_deployment(
        deployment.id, name=f"{handed.flow} (stood in)", state=Completed(message=message), tags=["stood-in"]
    )
    return run.id


# --- the process


def stand_in(handed: Handed) -> Counter[str]:
    """Do the work of a flow until a run of Prefect's has its lease, and show there what was done."""
    told: Counter[str] = Counter()
    kept = Kept()
    logging.getLogger("steadypost").addHandler(kept)
    reader = BlockReader(handed.documents)
    opening = Opening(
        run_id=handed.run_id,
        log=log,
        announce=announce,
        reader=reader,
        known=reader.known(),
        store_url=handed.store_url,
    )
    log.info("%s: this stands in for run %s, as %s", handed.flow, handed.gone, handed.run_id)
    with ended_within(STAYS + COMES_HOME_WITHIN):
        FLOWS[handed.flow](opening, told)
    show(handed, told, kept)
    return told


def announce(turned: Turned) -> None:
    """Say in the log how a circuit has turned: events are for Prefect, which is away."""
    log.info("%s is %s, was %s", turned.dependency.name, turned.after.state, turned.before)


def main() -> int:
    """Stand in for the flow that is named, with what comes through the pipe."""
    if sys.argv[1:] not in ([flow] for flow in FLOWS):
        print(f"usage: python -m {runs.STAND_IN} {{{'|'.join(FLOWS)}}} < BLOCKS", file=sys.stderr)  # noqa: T201
        return 2
    private.by_default()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    filter_for_good()
    # Like a run: asked to end, it finishes what is under way and leaves no browser behind.
    signal.signal(signal.SIGTERM, _end)
    handed = Handed.from_written(sys.stdin.read())
    stand_in(handed)
    return 0


def _end(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    code = main()
    # Prefect's libraries may have threads that wait for a server that is away.
    sys.stdout.flush()
    os._exit(code)
