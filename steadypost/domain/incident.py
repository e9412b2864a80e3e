"""The life of one incident: something is wrong, remedies are tried, a person is told once, and once when it is over.

    opened ---- remedies, with pauses that grow, at most so many ----+---- told ---- reminded, rarely ---- over
       |                                                             |
       +---- well again by itself or by a remedy: over, told once ---+

There is one open incident for each thing that is checked. It is over when the check has been ok for two rounds, and
counts as over from the first of them: what flickers is one incident and one message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from steadypost.domain.checks import RULES
from steadypost.domain.health import Check, Kind, Tolerances, Verdict
from steadypost.domain.remedy import Remedy

PAUSES = (timedelta(0), timedelta(seconds=30), timedelta(seconds=60))
"""How long after the one before a remedy is tried; and after the last, how long it may take to help."""

HELPS_WITHIN = timedelta(seconds=60)

REMIND_EVERY = timedelta(hours=4)

WATCHED_CLOSELY = timedelta(minutes=5)
"""For how long after it was found, or a remedy was tried, an incident is looked at more often than every round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One remedy that was tried."""

    n: int
    remedy: Remedy
    at: datetime
    effect: str = ""
    """What it did, as it says itself. Whether it helped, the next rounds show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that is, or was, wrong."""

    kind: Kind
    about: str
    what: str
    opened_at: datetime
    verdict: Verdict = Verdict.FAILING
    """Failing, or unknown."""
    id: int = 0
    rounds: int = 1
    """How many rounds have found it so."""
    tries: tuple[Tried, ...] = ()
    told_at: datetime | None = None
    reminded_at: datetime | None = None
    well_since: datetime | None = None
    over_at: datetime | None = None

    @property
    def key(self) -> tuple[Kind, str]:
        """What it is about."""
        return (self.kind, self.about)

    @property
    def name(self) -> str:
        """Name it for people."""
        return f"{self.kind} of {self.about}" if self.about else str(self.kind)

    def is_fresh(self, now: datetime) -> bool:
        """Whether something is about to become of it: it has just been found, or something was just done about it."""
        last = self.tries[-1].at if self.tries else self.opened_at
        return self.well_since is None and now - last < WATCHED_CLOSELY


# --- what may come next


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing now."""


@dataclass(frozen=True, slots=True)
class Mend:
    """Try this remedy."""

    remedy: Remedy


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell a person: what can be done without one was done."""


@dataclass(frozen=True, slots=True)
class Remind:
    """Tell them again; it is still so."""


@dataclass(frozen=True, slots=True)
class Close:
    """It is over; a person hears of it unless it was a flicker."""

    told: bool


Step = Wait | Mend | Tell | Remind | Close


def opened(check: Check, now: datetime) -> Incident | None:
    """Give the incident that a check opens; ``None`` when it is ok, wanted so, or explained by something else."""
    if check.verdict is Verdict.OK or check.explained_by is not None or check.quiet is not None:
        return None
    return Incident(kind=check.kind, about=check.about, what=check.what, verdict=check.verdict, opened_at=now)


def follow(incident: Incident, check: Check | None, now: datetime) -> Incident:
    """Take in what this round found of it. What is checked no more (an account is gone) is well."""
    if now < incident.opened_at:
        # The round was held up since, and another process has found this meanwhile.
        return incident
    if check is None or check.verdict is Verdict.OK:
        return replace(incident, well_since=incident.well_since or now)
    if incident.verdict is Verdict.UNKNOWN and check.verdict is Verdict.FAILING:
        # Now it is known to fail: remedies count from here.
        incident = replace(incident, verdict=Verdict.FAILING, rounds=0)
    # "Its run is starting" does not describe what went wrong.
    what = incident.what if check.quiet is not None else check.what
    return replace(incident, what=what, rounds=incident.rounds + 1, well_since=None)


def next_step(
    incident: Incident,
    check: Check | None,
    now: datetime,
    tolerances: Tolerances = Tolerances(),  # noqa: B008 - frozen
    *,
    may_mend: bool = True,
) -> Step:
    """Decide what is to be done about an open incident in this round."""
    if incident.well_since is not None:
        calm = now - incident.well_since >= tolerances.every * 0.9
        return Close(told=_is_worth_a_word(incident, tolerances)) if calm else Wait()
    if check is not None and (check.explained_by is not None or check.quiet is not None):
        # Something else is to be mended first, or what was started is to be left to start.
        return Wait()
    if incident.told_at is not None:
        since = incident.reminded_at or incident.told_at
        return Remind() if now - since >= REMIND_EVERY else Wait()
    if incident.verdict is Verdict.UNKNOWN:
        return _tell(incident) if now - incident.opened_at >= tolerances.unknown_for else Wait()
    remedies = RULES[incident.kind].remedies if may_mend else ()
    if len(incident.tries) < len(remedies):
        pause = PAUSES[min(len(incident.tries), len(PAUSES) - 1)]
        due = not incident.tries or now - incident.tries[-1].at >= pause
        return Mend(remedies[len(incident.tries)]) if due else Wait()
    if incident.tries:
        return _tell(incident) if now - incident.tries[-1].at >= HELPS_WITHIN else Wait()
    # Nothing can be done here: a person is told as soon as a second round finds the same.
    return _tell(incident) if incident.rounds >= 2 and _lasts(incident, now, tolerances) else Wait()


def _tell(incident: Incident) -> Step:
    return Wait() if not RULES[incident.kind].told else Tell()


def _lasts(incident: Incident, until: datetime, tolerances: Tolerances) -> bool:
    """Whether it has been so from one round to the next, and not only between two looks in quick succession."""
    return until - incident.opened_at >= 0.75 * tolerances.every


def _is_worth_a_word(incident: Incident, tolerances: Tolerances) -> bool:
    """A flicker without message or remedy stays in the records."""
    if not RULES[incident.kind].told:
        return False
    well = incident.well_since or incident.opened_at
    failed = (
        incident.verdict is Verdict.FAILING and incident.rounds >= 2 and _lasts(incident, well, tolerances)
    )
    return incident.told_at is not None or bool(incident.tries) or failed


# --- what a person reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to a person."""

    key: str
    """No message is sent twice under one key."""
    title: str
    body: str


def runbook(kind: Kind) -> str:
    """Name the runbook of a kind."""
    return f"docs/runbooks/{kind}.md"


def told(incident: Incident) -> Message:
    """Say that a person is needed: what is wrong, since when, what was tried, what to do."""
    is_so = "is failing" if incident.verdict is Verdict.FAILING else "cannot be told"
    return Message(
        key=f"incident:{incident.id}:told",
        title=f"Steadypost needs you: {incident.name} {is_so}",
        body=(
            f"{incident.what}.\nSince {incident.opened_at:%Y-%m-%d %H:%M:%S} UTC.\n"
            f"{_tried(incident)}\nTo do: {RULES[incident.kind].first_aid}\nMore: {runbook(incident.kind)}"
        ),
    )


def reminder(incident: Incident, now: datetime) -> Message:
    """Say that it is still so."""
    return Message(
        key=f"incident:{incident.id}:reminder:{now:%Y%m%dT%H%M}",
        title=f"Still so: {incident.name}",
        body=(
            f"{incident.what}.\nSince {incident.opened_at:%Y-%m-%d %H:%M:%S} UTC.\n"
            f"To do: {RULES[incident.kind].first_aid}\nMore: {runbook(incident.kind)}"
        ),
    )


def over(incident: Incident) -> Message:
    """Say that it is over, and that no person is needed."""
    lasted = ((incident.over_at or incident.opened_at) - incident.opened_at).total_seconds()
    needed = incident.told_at is not None
    return Message(
        key=f"incident:{incident.id}:over",
        title=f"{'Over' if needed else 'Was wrong, and is over'}: {incident.name}",
        body=(
            f"{incident.what}.\nFrom {incident.opened_at:%Y-%m-%d %H:%M:%S} UTC, for {lasted:.0f} s.\n"
            f"{_tried(incident)}\n{'' if needed else 'It was repaired without a person. '}"
            f"{RULES[incident.kind].left_behind}"
        ),
    )


def _tried(incident: Incident) -> str:
    if not incident.tries:
        return "Nothing was tried: only a person, or time, can mend this."
    tries = "; ".join(
        f"{one.remedy} at {one.at:%Y-%m-%d %H:%M:%S} UTC ({one.effect or 'no effect known'})"
        for one in incident.tries
    )
    return f"Tried: {tries}."
