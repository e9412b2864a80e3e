"""Posts on their way into the store: one draft, or a file of them.

Every row is a transaction of its own, so a wrong row keeps no right one out, and a crash in the middle of a file
loses nothing: importing it again enters what is missing and leaves the rest alone. That is what the key is for.
A row without one is known by its content, and by how often that very content came before it in its file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from steadypost.domain.delivery import State
from steadypost.domain.post import Post
from steadypost.intake.draft import Draft
from steadypost.intake.files import FileRefused, Row, rows
from steadypost.intake.planning import plan_one
from steadypost.intake.refusal import Refusal, excerpt, refusal
from steadypost.intake.validate import Accepted, KnownAccount, judge
from steadypost.store import Added, KeyTaken, Series, Store
from steadypost.store import intake as store_intake


class Fate(StrEnum):
    """What became of a draft."""

    ACCEPTED = "accepted"
    """It is queued for every account."""
    HELD = "held"
    """It reads like another post of an account, and waits there for a person's word."""
    ALREADY = "already"
    """It had come in before; nothing was added."""
    REFUSED = "refused"
    """It did not come in; the refusals say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What became of one draft, and why."""

    where: str
    fate: Fate
    deliveries: tuple[Added, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    due_at: datetime | None = None
    series: int | None = None
    """The series it began, when it comes again; its deliveries are those of the coming week."""
    late: bool = False
    """Whether its moment has passed by more than its late rule: it came in, and the store marks it missed."""

    def as_dict(self) -> dict[str, Any]:
        """Give it the shape by which programs know it."""
        return {
            "where": self.where,
            "fate": str(self.fate),
            "due_at": self.due_at.isoformat() if self.due_at else None,
            "late": self.late,
            "series": self.series,
            "deliveries": [
                {
                    "id": one.delivery_id,
                    "account": one.account,
                    "state": str(one.state),
                    "repeats": one.repeats,
                }
                for one in self.deliveries
            ],
            "refusals": [one.as_dict() for one in self.refusals],
        }


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What became of the rows of a file."""

    path: Path
    dry_run: bool = False
    accepted: list[Entered] = field(default_factory=list)
    held: list[Entered] = field(default_factory=list)
    already: list[Entered] = field(default_factory=list)
    refused: list[Entered] = field(default_factory=list)

    def note(self, entered: Entered) -> None:
        """Write down what became of one row."""
        pages = {
            Fate.ACCEPTED: self.accepted,
            Fate.HELD: self.held,
            Fate.ALREADY: self.already,
            Fate.REFUSED: self.refused,
        }
        pages[entered.fate].append(entered)

    @property
    def late(self) -> list[Entered]:
        """Those that came in beyond their own late rule."""
        return [one for one in (*self.accepted, *self.held) if one.late]

    def as_dict(self) -> dict[str, Any]:
        """Give it the shape by which programs know it."""
        pages = {fate: getattr(self, fate) for fate in map(str, Fate)}
        counts = {name: len(page) for name, page in pages.items()} | {"late": len(self.late)}
        told = {name: [one.as_dict() for one in page] for name, page in pages.items()}
        return {"file": excerpt(self.path), "dry_run": self.dry_run, "counts": counts, **told}


def enter(
    store: Store,
    draft: Draft,
    *,
    now: datetime,
    source: str,
    zone: str | None = None,
    folder: Path | None = None,
) -> Entered:
    """Judge one draft and, if it may, let it in. A refused one leaves no trace."""
    accepted = judge(draft, known_accounts(store), now=now, default_zone=zone, folder=folder, source=source)
    if isinstance(accepted, list):
        return refused(source, accepted)
    return _Desk(store).put(accepted, now)


def import_file(
    store: Store,
    path: Path,
    *,
    now: datetime,
    zone: str | None = None,
    dry_run: bool = False,
    progress: Callable[[Entered], None] = lambda _: None,
) -> ImportReport:
    """Let in every post of a file that may come in, one transaction each, and say what became of all.

    ``now`` is the moment of import: relative times count from it, for every row alike.
    """
    report = ImportReport(path=path, dry_run=dry_run)
    known = known_accounts(store)
    folder = path.absolute().parent
    desk = _Rehearsal(store) if dry_run else _Desk(store)
    seen: Counter[str] = Counter()
    try:
        for row in rows(path):
            judged = _judged(row, known, now=now, zone=zone, folder=folder, seen=seen)
            entered = judged if isinstance(judged, Entered) else desk.put(judged, now)
            report.note(entered)
            progress(entered)
    except FileRefused as unreadable:
        report.note(refused(unreadable.refusals[0].where, unreadable.refusals))
    return report


def known_accounts(store: Store) -> dict[str, KnownAccount]:
    """Take from the store what intake has to know of each account."""
    return {
        record.name: KnownAccount(name=record.name, longest=record.longest, limits=record.limits)
        for record in store.accounts()
    }


def refused(where: str, problems: Sequence[Refusal]) -> Entered:
    """Say that a draft did not come in, and why."""
    return Entered(where=where, fate=Fate.REFUSED, refusals=tuple(problems))


def _judged(
    row: Row,
    known: Mapping[str, KnownAccount],
    *,
    now: datetime,
    zone: str | None,
    folder: Path,
    seen: Counter[str],
) -> Accepted | Entered:
    """Judge one row; what may come in has a key afterwards."""
    if isinstance(row.draft, list):
        return refused(row.where, row.draft)
    judged = judge(row.draft, known, now=now, default_zone=zone, folder=folder, source=row.where)
    if isinstance(judged, list):
        return refused(row.where, judged)
    return judged if judged.key else replace(judged, key=_own_key(row.draft, seen))


def _own_key(draft: Draft, seen: Counter[str]) -> str:
    """Name a row by its content, and by how often the same content came before it."""
    content = draft.content_key
    seen[content] += 1
    return f"content:{content}:{seen[content]}"


class _Desk:
    """Where a post comes in."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, accepted: Accepted, now: datetime) -> Entered:
        """Let it in, and say what became of it."""
        try:
            added = self._add(accepted, now) if accepted.repetition is None else None
        except KeyTaken:
            return self._key_taken(accepted)
        if added is None:
            return self._begin(accepted, now)
        if any(one.known for one in added):
            return self._already(accepted, added)
        held = any(one.state is State.HELD for one in added)
        return Entered(
            where=accepted.post.source,
            fate=Fate.HELD if held else Fate.ACCEPTED,
            deliveries=added,
            due_at=accepted.due_at,
            late=accepted.is_late(now),
        )

    def _add(self, accepted: Accepted, now: datetime) -> tuple[Added, ...]:
        added = self._store.add(
            accepted.post,
            accounts=accepted.accounts,
            due_at=accepted.due_at,
            late_after=accepted.late_after,
            when_late=accepted.when_late,
            allow_repeat=accepted.allow_repeat,
            key=accepted.key,
            now=now,
        )
        return tuple(added)

    def _begin(self, accepted: Accepted, now: datetime) -> Entered:
        """Let in a post that comes again, and make deliveries of its coming week."""
        where, again = accepted.post.source, accepted.repetition
        if again is None:
            raise AssertionError("only what comes again begins a series")
        begun = self._store.begin_series(
            accepted.post,
            accounts=accepted.accounts,
            rule=again.rule,
            zone=again.zone.key,
            starts=again.starts.isoformat(),
            late_after=accepted.late_after,
            when_late=accepted.when_late,
            key=accepted.key,
            now=now,
        )
        if begun is None:
            return self._key_taken(accepted)
        [one] = [one for one in self._store.series(also_ended=True) if one.id == begun.series_id]
        fate = Fate.ALREADY if begun.known else Fate.ACCEPTED
        if begun.known and not self._is_that(accepted, one):
            return self._key_taken(accepted)
        return Entered(
            where=where,
            fate=fate,
            # Also when it was known: whoever let it in may have died before its week was planned.
            deliveries=tuple(plan_one(self._store, one, now=now)),
            series=begun.series_id,
            due_at=accepted.due_at,
            late=not begun.known and accepted.is_late(now),
        )

    def _is_that(self, accepted: Accepted, one: Series) -> bool:
        again = accepted.repetition
        return again is not None and (one.rule, one.zone, one.text) == (
            again.rule,
            again.zone.key,
            accepted.post.parts[0].text,
        )

    def _key_taken(self, accepted: Accepted) -> Entered:
        why = "another post came in with this key, so this one did not"
        where = accepted.post.source
        return refused(where, [refusal("key", accepted.key, why, "give it a key of its own", where=where)])

    def _already(self, accepted: Accepted, added: tuple[Added, ...]) -> Entered:
        """Tell a post that came in before from another one that merely has its key."""
        where = accepted.post.source
        if self._is_same(accepted, added):
            return Entered(where=where, fate=Fate.ALREADY, deliveries=added)
        first = added[0].delivery_id
        why = f"another post came in with this key (delivery {first}), so this one did not"
        problem = refusal("key", accepted.key, why, "give it a key of its own", where=where)
        return refused(where, [problem])

    def _is_same(self, accepted: Accepted, added: tuple[Added, ...]) -> bool:
        before = self._store.show(added[0].delivery_id).post
        return _says(before) == _says(accepted.post) and {one.account for one in added} == set(
            accepted.accounts
        )


class _Rehearsal(_Desk):
    """A desk that writes nothing: it asks the store what it would say, and remembers the file's own rows."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._by_key: dict[str, Accepted] = {}
        self._by_text: set[tuple[str, str]] = set()

    def _add(self, accepted: Accepted, now: datetime) -> tuple[Added, ...]:
        known = self._known(accepted)
        if known:
            return known
        if accepted.key:
            self._by_key[accepted.key] = accepted
        return tuple(self._foreseen(accepted, account, now) for account in accepted.accounts)

    def _begin(self, accepted: Accepted, now: datetime) -> Entered:
        known = self._known(accepted)
        if accepted.key:
            self._by_key[accepted.key] = accepted
        return Entered(
            where=accepted.post.source,
            fate=Fate.ALREADY if known else Fate.ACCEPTED,
            deliveries=known or tuple(_unwritten(account, State.SCHEDULED) for account in accepted.accounts),
            due_at=accepted.due_at,
            late=not known and accepted.is_late(now),
        )

    def _known(self, accepted: Accepted) -> tuple[Added, ...]:
        if accepted.key in self._by_key:
            before = self._by_key[accepted.key]
            return tuple(_unwritten(account, State.SCHEDULED, known=True) for account in before.accounts)
        # The store has no public question for this yet; its own ones only read.
        return tuple(self._store._read(lambda connection: store_intake._known(connection, accepted.key)))  # noqa: SLF001

    def _foreseen(self, accepted: Accepted, account: str, now: datetime) -> Added:
        mark = (accepted.post.fingerprint, account)
        here, repeats = mark in self._by_text, None
        self._by_text.add(mark)
        if not accepted.allow_repeat:
            repeats = self._store._read(  # noqa: SLF001
                lambda connection: store_intake._looks_like(connection, accepted.post, account, now)  # noqa: SLF001
            )
        held = not accepted.allow_repeat and (here or repeats is not None)
        return _unwritten(account, State.HELD if held else State.SCHEDULED, repeats=repeats)

    def _is_same(self, accepted: Accepted, added: tuple[Added, ...]) -> bool:
        before = self._by_key.get(accepted.key or "")
        if before is None:
            return super()._is_same(accepted, added)
        return _says(before.post) == _says(accepted.post) and before.accounts == accepted.accounts


def _unwritten(account: str, state: State, *, known: bool = False, repeats: int | None = None) -> Added:
    return Added(delivery_id=0, account=account, state=state, known=known, repeats=repeats)


def _says(post: Post) -> tuple[object, ...]:
    """What a reader would see of it, and under what."""
    return tuple(part.text for part in post.parts), post.reply_to
