"""The book of open incidents: in the store, and on this machine while the store is away.

Meanwhile messages go out at once and are marked by files, so that no later run repeats them.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from steadypost import private
from steadypost.domain.health import Check, Kind, is_wrong
from steadypost.domain.incident import (
    Close,
    Incident,
    Mend,
    Message,
    Remind,
    Tell,
    Tried,
    follow,
    next_step,
    opened,
    over,
    reminder,
    told,
)
from steadypost.domain.remedy import Remedy
from steadypost.store import StoreError, incidents
from tasks.house import House
from tasks.notices import Teller, Untold
from tasks.observations import Memory

Key = tuple[Kind, str]
Apply = Callable[[Incident, Remedy], str]
"""Carries out a remedy, and answers what it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something that happened to an incident in this round, for events and logs."""

    what: str
    incident: Incident


class Book:
    """The open incidents, by what they are about."""

    def __init__(self, house: House, memory: Memory, teller: Teller, folder: Path, apply: Apply) -> None:
        self._house = house
        self._memory = memory
        self._teller = teller
        self._marks = Marks(folder)
        self._apply = apply
        self._open: dict[Key, Incident] = {}
        self._away = False

    def round(self, checks: Sequence[Check], now: datetime) -> list[Happened]:
        """Follow open incidents, open new ones, do what each needs; answers what happened. A store that is away is
        not written to.
        """
        self._read(now, is_away=is_wrong(checks, Kind.STORE))
        found = {check.key: check for check in checks}
        happened = [
            Happened(what="opened", incident=incident)
            for check in checks
            if check.key not in self._open and (incident := self._enter(check, now)) is not None
        ]
        fresh = {one.incident.key for one in happened}
        for key, incident in list(self._open.items()):
            check = found.get(key)
            followed = incident if key in fresh else follow(incident, check, now)
            happened += self._step(followed, check, now)
        return happened

    def is_at_it(self, now: datetime) -> bool:
        """Whether an incident is about to change, so that the next round should come soon."""
        return any(one.is_fresh(now) for one in self._open.values())

    def has_news(self) -> bool:
        """Whether others have opened an incident since the last round, such as on replacing a run."""
        if self._away:
            return False
        try:
            return any(one.key not in self._open for one in self._house.store.read(incidents.still_open))
        except StoreError:
            return False

    # --- the store

    def _read(self, now: datetime, *, is_away: bool) -> None:
        """Read the open incidents from the store, and enter what arose while it was away."""
        try:
            stored = {incident.key: incident for incident in self._house.store.read(incidents.still_open)}
            if not is_away:
                for key, known in [*self._open.items()]:
                    if known.id == 0:
                        stored[key] = self._enter_late(stored.get(key), known, now)
                for marked in self._marks.read():
                    if marked.key not in stored:
                        stored[marked.key] = self._enter_late(None, marked, now)
        except StoreError as error:
            self._house.log.warning("the incidents cannot be read: %s", error)
            is_away, stored = True, {}
        self._away = is_away
        # While it takes no writes, what this run knows is newer than what can still be read.
        self._open = {**stored, **self._open} if is_away else stored
        if is_away:
            for marked in self._marks.read():
                self._open.setdefault(marked.key, marked)

    def _enter_late(self, stored: Incident | None, known: Incident, now: datetime) -> Incident:
        """Enter what was found, done and told on this machine while the store was away."""
        entered = stored or self._house.store.write(incidents.enter, known)
        told_at = entered.told_at or known.told_at or self._marks.told_at(known)
        late = replace(known, id=entered.id, told_at=told_at)
        for one in late.tries[len(entered.tries) :]:
            self._house.store.write(incidents.begin_remedy, late.id, one)
        self._house.store.write(incidents.keep, late, None, now)
        self._marks.forget(late)
        return late

    def _enter(self, check: Check, now: datetime) -> Incident | None:
        incident = opened(check, now)
        if incident is None:
            return None
        if not self._away:
            try:
                incident = self._house.store.write(incidents.enter, incident)
            except StoreError:
                self._away = True
        self._house.log.warning("%s is %s: %s", incident.name, incident.verdict, incident.what)
        self._open[incident.key] = incident
        return incident

    def _keep(self, incident: Incident, message: Message | None, now: datetime) -> bool:
        """Keep it, with what is to be told of it; answer whether the store has it."""
        self._open[incident.key] = incident
        if incident.id == 0 or self._away:
            return False
        try:
            self._house.store.write(incidents.keep, incident, message, now)
        except StoreError:
            self._away = True
            return False
        return True

    # --- what is done

    def _step(self, incident: Incident, check: Check | None, now: datetime) -> list[Happened]:
        may_mend = self._house.switches.repair.is_on(now)
        match next_step(incident, check, now, self._memory.tolerances, may_mend=may_mend):
            case Mend(remedy):
                return self._mend(incident, remedy, now)
            case Tell():
                return self._tell(incident, now)
            case Remind():
                self._keep(replace(incident, reminded_at=now), reminder(incident, now), now)
                return []
            case Close(told=is_told):
                return self._close(incident, now, told=is_told)
            case _:
                self._keep(incident, None, now)
                return []

    def _mend(self, incident: Incident, remedy: Remedy, now: datetime) -> list[Happened]:
        one = Tried(n=len(incident.tries) + 1, remedy=remedy, at=now)
        try:
            if (
                incident.id
                and not self._away
                and not self._house.store.write(incidents.begin_remedy, incident.id, one)
            ):
                return []
        except StoreError:
            self._away = True
        one = replace(one, effect=self._apply(incident, remedy))
        self._house.log.warning("%s: %s: %s", incident.name, remedy, one.effect)
        incident = replace(incident, tries=(*incident.tries, one))
        if incident.id and not self._away:
            with contextlib.suppress(StoreError):
                self._house.store.write(incidents.end_remedy, incident.id, one)
        self._keep(incident, None, now)
        return [Happened(what="mended", incident=incident)]

    def _tell(self, incident: Incident, now: datetime) -> list[Happened]:
        """Tell a person: by a message in the store, or directly while the store is away."""
        if (before := self._marks.told_at(incident)) is not None:
            # Another run told it, while the store was away for it: they were on watch together when the store went.
            known = replace(incident, told_at=before)
            if self._keep(known, None, now):
                self._marks.forget(known)
            return []
        after = replace(incident, told_at=now)
        if self._keep(after, told(incident), now):
            return [Happened(what="told", incident=after)]
        self._open[incident.key] = incident
        if not self._marks.put(incident):
            return []
        try:
            way = self._teller.tell(told(incident))
        except Untold as why:
            self._house.log.warning("no message about %s could be sent: %s", incident.name, why)
            self._marks.forget(after)
            return []
        with contextlib.suppress(OSError):  # then it counts as untold, and may be told once more
            self._marks.say_told(after)
        self._house.log.warning("%s: told by %s, without the store", incident.name, way)
        self._open[incident.key] = after
        return [Happened(what="told", incident=after)]

    def _close(self, incident: Incident, now: datetime, *, told: bool) -> list[Happened]:
        closed = replace(incident, over_at=incident.well_since)
        wanted = told and (closed.told_at is not None or self._teller.on_call.tell_repaired)
        if not self._keep(closed, over(closed) if wanted else None, now):
            # It ends when the store can say so.
            self._open[incident.key] = incident
            return []
        del self._open[incident.key]
        self._marks.forget(closed)
        self._house.log.info("%s is over", incident.name)
        return [Happened(what="over", incident=closed)]


class Marks:
    """One file per incident told of without the store: by whom, and when. Until then it counts as untold."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, incident: Incident) -> bool:
        """Reserve its message for this process; ``False`` when another has it."""
        private.folder(self._folder)
        try:
            file = os.open(self._path(incident), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(file, "w") as out:
            json.dump(_written(incident), out)
        return True

    def say_told(self, incident: Incident) -> None:
        """Write down when it was told."""
        path = self._path(incident)
        fresh = path.with_suffix(".told")
        fresh.write_text(json.dumps(_written(incident)), encoding="utf-8")
        fresh.replace(path)

    def told_at(self, incident: Incident) -> datetime | None:
        """When a person was told of it without the store, if one was."""
        marked = _read(self._path(incident))
        return marked.told_at if marked else None

    def read(self) -> list[Incident]:
        """Read every mark that can be read."""
        return [one for path in sorted(self._folder.glob("*.json")) if (one := _read(path)) is not None]

    def forget(self, incident: Incident) -> None:
        """Take the mark away."""
        self._path(incident).unlink(missing_ok=True)

    def _path(self, incident: Incident) -> Path:
        about = "".join(one if one.isalnum() or one in "-_" else "_" for one in incident.about)
        return self._folder / f"{incident.kind}-{about}.json"


def _written(incident: Incident) -> Mapping[str, str | None]:
    return {
        "kind": str(incident.kind),
        "about": incident.about,
        "what": incident.what,
        "opened_at": incident.opened_at.isoformat(),
        "told_at": incident.told_at.isoformat() if incident.told_at else None,
    }


def _read(path: Path) -> Incident | None:
    try:
        told_of = json.loads(path.read_text(encoding="utf-8"))
        told_at = told_of["told_at"]
        return Incident(
            kind=Kind(told_of["kind"]),
            about=told_of["about"],
            what=told_of["what"],
            opened_at=datetime.fromisoformat(told_of["opened_at"]),
            told_at=datetime.fromisoformat(told_at) if told_at else None,
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None
