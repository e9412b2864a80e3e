"""What is checked, and the possible results. Checks rely on what is seen, never on what the publisher says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from steadypost.domain.watched import FAILING_AFTER


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    FAILING = "failing"
    UNKNOWN = "unknown"
    """It could not be found out, which is never ok."""


class Quiet(StrEnum):
    """Why nothing happens although nothing is wrong."""

    NOTHING_DUE = "nothing_due"
    SWITCHED_OFF = "switched_off"
    """It was turned off."""
    SHED = "shed"
    """It can wait, and waits for memory; the check of the memory says so."""
    QUOTA_USED = "quota_used"
    """The account's own limits, or its spacing, say: not yet."""
    ACCOUNT_RESTS = "account_rests"
    """The network named a time until which it wants to be left alone."""
    STRUCK = "struck"
    """An operator's stop is in force."""
    CIRCUIT_OPEN = "circuit_open"
    """A dependency is away and is being left alone; the check of the circuit says how long that may last."""
    STARTING = "starting"
    """A run that does this was started a moment ago, and has not taken its lease yet. Not ok, and no failure."""
    NOT_ASKED = "not_asked"
    """There is nothing on this machine to ask."""


class Kind(StrEnum):
    """Everything that is checked. Each has its runbook: ``docs/runbooks/<kind>.md``."""

    STORE = "store"
    """The store takes writes and answers reads, in time."""
    SERVER = "server"
    """Prefect's API answers."""
    WORKER = "worker"
    """A worker starts the runs that are due."""
    ON_WATCH = "on_watch"
    """The run on watch of each flow sends heartbeats."""
    RUNS = "runs"
    """No run holds a place that it does not use."""
    DUE = "due"
    """Posts that are due and may go out, go out."""
    LIVE = "live"
    """Posts that count as published are live, as the network shows."""
    READER = "reader"
    """The account's page can be read."""
    UNCONFIRMED = "unconfirmed"
    """What is unconfirmed is being looked for."""
    SESSION = "session"
    """The sign-in is good for the posts that are due in the next hour."""
    LEASES = "leases"
    """No delivery is held by a worker that fell silent."""
    BROWSERS = "browsers"
    """Browsers start, and none is left behind by a process that is gone."""
    SLOTS = "slots"
    """Prefect's limits have room: what holds a place is alive."""
    CIRCUIT = "circuit"
    """No circuit has been open for too long."""
    OUTBOX = "outbox"
    """No answer waits on this machine's disk for a store that is there."""
    NOTICES = "notices"
    """What a person is to be told gets through."""
    DISK = "disk"
    """There is room on the disk."""
    MEMORY = "memory"
    """There is room in memory."""
    CLOCK = "clock"
    """This machine's clock agrees with the network's."""
    BACKLOG = "backlog"
    """What waits can go out within a day by the accounts' own limits."""
    SWITCH = "switch"
    """Nothing that is due has been waiting for hours for a switch that was forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The result of one check, with its subject and reason."""

    kind: Kind
    verdict: Verdict
    what: str
    about: str = ""
    """Of which account, flow or circuit; empty where there is only one."""
    quiet: Quiet | None = None
    """Why nothing happening is right."""
    explained_by: Kind | None = None
    """The failure elsewhere that explains this one. It is not ok either, but only one of them is reported."""

    @property
    def key(self) -> tuple[Kind, str]:
        """What this check is about; one incident at a time belongs to it."""
        return (self.kind, self.about)

    @property
    def name(self) -> str:
        """Name it for people."""
        return f"{self.kind} of {self.about}" if self.about else str(self.kind)


def ok(kind: Kind, what: str, about: str = "", quiet: Quiet | None = None) -> Check:
    """It is as it should be."""
    return Check(kind=kind, verdict=Verdict.OK, what=what, about=about, quiet=quiet)


def failing(kind: Kind, what: str, about: str = "") -> Check:
    """It is not as it should be."""
    return Check(kind=kind, verdict=Verdict.FAILING, what=what, about=about)


def unknown(kind: Kind, what: str, about: str = "", quiet: Quiet | None = None) -> Check:
    """It is not known."""
    return Check(kind=kind, verdict=Verdict.UNKNOWN, what=what, about=about, quiet=quiet)


def overall(checks: Iterable[Check]) -> Verdict:
    """Give the verdict on everything: the worst of all. Of nothing checked, nothing is known."""
    verdicts = {check.verdict for check in checks}
    if Verdict.FAILING in verdicts:
        return Verdict.FAILING
    return Verdict.OK if verdicts == {Verdict.OK} else Verdict.UNKNOWN


def is_wrong(checks: Iterable[Check], kind: Kind) -> bool:
    """Whether any check of this kind came to anything but ok."""
    return any(check.kind is kind and check.verdict is not Verdict.OK for check in checks)


CLAIMS_OF = timedelta(hours=1)
"""How far back what counts as published is held against what looks show."""

MEMORY_MB = 200
"""So much of the machine's memory should be free. With less, what can wait is left for later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """From when on it is wrong. All lengths that depend on how often is looked are given by ``of``."""

    every: timedelta = timedelta(seconds=60)
    """How often everything is checked."""
    heartbeat_within: timedelta = FAILING_AFTER
    """No longer than a run's peers wait: a run that was replaced must not count as healthy."""
    starts_within: timedelta = timedelta(seconds=45)
    """How long a run may take from its start to its first heartbeat: importing and opening take their time."""
    taken_up_within: timedelta = timedelta(seconds=45)
    """A post that is due, and may go, is taken up in a quarter of a second. After this no publisher is at work."""
    live_within: timedelta = timedelta(minutes=5)
    """How late a post may be, whatever kept it."""
    shown_within: timedelta = timedelta(seconds=20)
    """X's own profile page shows a post after 8 to 20 seconds; a look that misses it later means something."""
    looked_within: timedelta = timedelta(seconds=90)
    """How long what is published, or unconfirmed, may go without a look that says something of it."""
    lease_grace: timedelta = timedelta(seconds=15)
    """How long after a lease has run out it may take until it is taken back."""
    claims_of: timedelta = CLAIMS_OF
    """How far back published posts are held against what the network shows."""
    session_ahead: timedelta = timedelta(hours=1)
    """How far ahead a sign-in must hold."""
    relieved_within: timedelta = timedelta(minutes=6)
    """How long a relieved run may take to finish what is under way."""
    late_run: timedelta = timedelta(seconds=60)
    """How late a worker may start a run."""
    worker_silent: timedelta = timedelta(seconds=90)
    """A worker tells Prefect every 30 seconds that it lives."""
    outbox_within: timedelta = timedelta(minutes=2)
    notices_within: timedelta = timedelta(seconds=60)
    """A message is sent in the round that wrote it. One that waits longer was tried and failed."""
    circuit_open: timedelta = timedelta(minutes=10)
    switched_off: timedelta = timedelta(hours=6)
    unknown_for: timedelta = timedelta(minutes=5)
    """How long it may be unknown before a person is told."""
    disk_mb: int = 500
    memory_mb: int = MEMORY_MB
    clock_skew: timedelta = timedelta(seconds=15)
    backlog_days: float = 1.0

    @classmethod
    def of(cls, every: timedelta, on_time: timedelta = timedelta(minutes=5)) -> Tolerances:
        """Derive the tolerances from the interval between rounds: shorter rounds are for drills."""
        return cls(
            every=every,
            live_within=on_time,
            heartbeat_within=max(timedelta(seconds=10), min(timedelta(seconds=15), every)),
            looked_within=max(timedelta(seconds=30), min(timedelta(seconds=90), every)),
            taken_up_within=max(timedelta(seconds=15), min(timedelta(seconds=45), every)),
            unknown_for=5 * every,
            notices_within=every,
        )
