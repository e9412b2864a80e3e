"""Watch over it all: compare what should be true with what is, mend what can be mended, tell a person of the rest."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.exceptions import PrefectException
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field

from flows.ended import is_done
from flows.house import watching_house
from steadypost import settings
from steadypost.domain.checks import judge
from steadypost.domain.health import Check, Kind, Tolerances, Verdict, is_wrong, overall
from steadypost.domain.incident import Incident
from steadypost.domain.remedy import Remedy
from steadypost.store import StoreError, incidents
from tasks.board import EVERY as BOARD_EVERY
from tasks.board import board
from tasks.deadline import ended_within
from tasks.discreet import discreet
from tasks.endings import tell_of_endings
from tasks.event_relay import relaying_events
from tasks.house import House
from tasks.housekeeping import Housekeeper
from tasks.incidents import Book, Happened
from tasks.journal import redact
from tasks.notices import Teller, send
from tasks.observations import Glance, Memory, observe
from tasks.overdue import Sweeper
from tasks.peer_supervisor import minding
from tasks.remedies import of, remedy
from tasks.retried import UNANSWERED
from tasks.watches import COMES_HOME_WITHIN, Watch

PACE = 1.0
"""Seconds between two questions whether the next round is due."""

AWAY_FOR = timedelta(seconds=10)
"""A store that did not answer within the last so many seconds is not asked again in mid-round."""

SOONER = 10.0
"""Seconds to the next round while something is about to become of an incident: whether a remedy helped is seen soon."""

GLANCE_EVERY = 4.0
"""Seconds between two glances at what is cheap to see between two rounds."""

ROUND = "steadypost.watch.round"
"""The event of every round. That it stays away is noticed by an automation."""


@flow(name="watch", flow_run_name="watch", retries=0)
@discreet
def watch(
    stay_minutes: float = Field(
        default=180,
        gt=0,
        title="Stay on watch (minutes)",
        description="Goes on until the next run relieves it, and no longer than this.",
    ),
) -> State[dict[str, int]]:
    """Stay on watch over everything else: a round of checks every minute, and sooner while something is being mended."""
    done: Counter[str] = Counter()
    stay = timedelta(minutes=stay_minutes)
    with ended_within(stay + COMES_HOME_WITHIN), watching_house() as house, relaying_events(house):
        # A round waits for its remedies, and some of them wait for processes to end and to start.
        lease = Watch(house, "watch", str(flow_run.id), at_most=stay, pace=PACE, hung_after=COMES_HOME_WITHIN)
        keep_watching(house, lease, done, Rounds(house, heartbeat=lease.still_here))
    told = ", ".join(f"{count} {name}" for name, count in sorted(done.items()))
    return Completed(message=told or "no round was due", data=dict(done))


def keep_watching(house: House, lease: Watch, done: Counter[str], rounds: Rounds) -> None:
    """Make one round after the other until another run is on watch."""
    sweeper, housekeeper = Sweeper(house), Housekeeper(house)
    with minding(house, "watch"):
        for _ in lease:
            # Here as well as in reconcile: unconfirmed deliveries do not depend on a run that looks.
            if sweeper.is_time():
                sweeper.sweep()
            if housekeeper.is_time():
                housekeeper.sweep()
            if rounds.is_due():
                done += rounds.go()


class Rounds:
    """One round after the other, and what is remembered between them.

    ``heartbeat`` is called between the steps of a round. With ``prefect_away`` no task runs, events or board.
    """

    def __init__(self, house: House, heartbeat: Callable[[], None], *, prefect_away: bool = False) -> None:
        known = settings.read()
        self._house = house
        self._heartbeat = heartbeat
        self._prefect_away = prefect_away
        self._every = known.watch_every
        self._memory = Memory(tolerances=Tolerances.of(timedelta(seconds=known.watch_every), known.on_time))
        self._teller = Teller(house.clock)
        self._book = Book(house, self._memory, self._teller, known.run_dir / "watch", self._apply)
        self._glance = Glance()
        self._next = time.monotonic()
        self._glances_next = 0.0
        self._draws_next = 0.0
        self._drawing: PrefectFuture[bool] | None = None
        self._drawn_for: frozenset[str] = frozenset()

    def is_due(self) -> bool:
        """Whether the next round is to begin: it is time to, or something shows between two rounds."""
        moment = time.monotonic()
        if moment >= self._next:
            return True
        if moment < self._glances_next:
            return False
        self._glances_next = moment + GLANCE_EVERY
        return self._glance.alarms() or self._book.has_news()

    def go(self) -> Counter[str]:
        """Look at everything, judge it, follow it up, tell what is to be told."""
        # From when this round was due, not from its end: rounds do not drift apart because one was slow.
        begun = time.monotonic()
        self._next = max(min(self._next, begun) + self._every, begun + 1)
        seen = observe(self._house, self._memory)
        self._still_here()
        checks = judge(seen, self._memory.tolerances)
        if seen.blocks is self._memory.blocks:
            self._teller.read()
        # Each call to a store that is away takes seconds: a round asks it once, so that the next one is not late.
        is_away = is_wrong(checks, Kind.STORE)
        if not is_away:
            self._keep(checks)
        happened = self._book.round(checks, seen.at)
        if not is_away:
            tell_of_endings(self._house, self._teller.on_call.tell_ended)
        told = 0 if is_away else send(self._house, self._teller, self._still_here)
        if not self._prefect_away:
            self._draw()
            say(checks, happened)
        self._glance.after(well=bool(seen.machine.workers) and not is_wrong(checks, Kind.WORKER))
        if self._book.is_at_it(seen.at):
            self._next = min(self._next, time.monotonic() + SOONER)
        return Counter({"rounds": 1, "messages": told}) + Counter(one.what for one in happened)

    def _apply(self, incident: Incident, one: Remedy) -> str:
        done = remedy.fn(*of(incident, one)) if self._prefect_away else apply(incident, one)
        self._still_here()
        return done

    def _still_here(self) -> None:
        """Send a heartbeat, unless the store is away: a round must not wait for it as well."""
        away_at = self._house.watching.store_away_at
        if away_at is None or self._house.clock() - away_at > AWAY_FOR:
            self._heartbeat()

    def _draw(self) -> None:
        """Have the board and forms written now and then, and when accounts change: beside the rounds, one at a time."""
        under_way = self._drawing is not None and not is_done(self._drawing)
        known = self._memory.blocks
        names = frozenset(known.sign_ins) if known else self._drawn_for
        if under_way or (time.monotonic() < self._draws_next and names == self._drawn_for):
            return
        self._drawn_for = names
        self._draws_next = time.monotonic() + BOARD_EVERY.total_seconds()
        try:
            self._drawing = board.submit(known)
        except Exception as error:  # noqa: BLE001 - a board that cannot even be asked for stops no round
            self._house.log.warning("the board could not be asked for (%s)", type(error).__name__)

    def _keep(self, checks: Sequence[Check]) -> None:
        try:
            self._house.store.write(incidents.keep_checks, checks, self._house.clock())
        except StoreError as error:
            self._house.log.warning("what was found could not be kept: %s", error)


def apply(incident: Incident, one: Remedy) -> str:
    """Carry a remedy out as a task run of its own, so that Prefect's pages show it; and without one where that fails."""
    about = of(incident, one)
    try:
        return remedy(*about)
    except (*UNANSWERED, PrefectException):
        # A remedy tried twice does no harm, and none at all would.
        return remedy.fn(*about)


def say(checks: Sequence[Check], happened: Sequence[Happened]) -> None:
    """Let Prefect's automations know how the round went, and what happened to incidents."""
    wrong = [check for check in checks if check.verdict is not Verdict.OK]
    emit_event(
        event=ROUND,
        resource={"prefect.resource.id": "steadypost.watch", "prefect.resource.name": "watch"},
        payload={
            "verdict": str(overall(checks)),
            "checks": len(checks),
            "wrong": redact.of({check.name: f"{check.verdict}: {check.what}" for check in wrong}),
        },
    )
    for one in happened:
        emit_event(
            event=f"steadypost.incident.{one.what}",
            resource={
                "prefect.resource.id": f"steadypost.incident.{one.incident.id}",
                "prefect.resource.name": one.incident.name,
                "steadypost.kind": str(one.incident.kind),
                "steadypost.about": one.incident.about,
            },
            payload=redact.of({"what": one.incident.what, "verdict": str(one.incident.verdict)}),
        )
