"""Posts of a file on their way into the store, in chunks of one transaction each.

Of a chunk everything enters or nothing, and importing the file again enters what is missing and leaves the rest alone.
A chunk is small, because whoever publishes waits for its transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from steadypost.domain.approval import because
from steadypost.domain.delivery import State
from steadypost.intake.after_restore import concern_of
from steadypost.intake.differences import differences, is_moment
from steadypost.intake.draft import Draft
from steadypost.intake.entry import (
    begin_series,
    came_in,
    incoming,
    key_taken,
    known_accounts,
    other_than_series,
    says,
    unsigned,
)
from steadypost.intake.files import FileRefused, Row, Told, listed
from steadypost.intake.next_slot import slotted, wants_slot
from steadypost.intake.notes import of_itself
from steadypost.intake.refusal import Refusal
from steadypost.intake.report import Difference, Entered, ImportReport, RowOutcome, refused
from steadypost.intake.shelf import Shelf, is_address
from steadypost.intake.validate import Accepted, KnownAccount, judge
from steadypost.store import (
    SOMEBODY,
    Added,
    KeyTaken,
    Known,
    NotWaiting,
    Store,
    changes,
    intake,
    restores,
    series,
    slots,
)
from steadypost.store import repeats as repeats_rows
from steadypost.store.acts import By
from steadypost.store.approvals import Rules
from steadypost.store.changes import waits
from steadypost.store.restores import Restore

CHUNK = 200
"""Rows in one transaction: a fifth of a second, where a publisher waits for up to five."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A row that may come in."""

    row: Row
    accepted: Accepted
    own_key: bool
    """Whether its author named it; else it is known by its content, and cannot differ from what has its key."""
    moves: bool
    """Whether its time is a moment of its own."""
    next_slot: bool
    """Whether it takes the next free slot as it comes in."""


def import_file(
    store: Store,
    path: Path,
    *,
    now: datetime,
    zone: str | None = None,
    dry_run: bool = False,
    update: bool = False,
    told: Told | None = None,
    shelf: Shelf | None = None,
    by: str = SOMEBODY,
    progress: Callable[[Entered], None] = lambda _: None,
    opened: Callable[[int | None], None] = lambda _: None,
) -> ImportReport:
    """Let in every post of a file that may come in, and say what became of all.

    ``now`` is the moment of import: relative times count from it, for every row alike. ``update`` changes what waits
    where a row differs from what came in under its key; without it such a row is told and left.
    """
    report = ImportReport(path=path, dry_run=dry_run)
    try:
        known = known_accounts(store)
        networks = {name: one.network.name for name, one in known.items()}
        report.listed = listed(path, replace(told or Told(), networks=networks))
        opened(report.listed.total)
        rules, restore = store.read(Rules), store.read(restores.latest)
        bench = _Bench(store, known, rules, now, zone, path.absolute().parent, shelf, by, restore)
        desk = (_Rehearsal if dry_run else _Desk)(store, now, zone, update=update, by=by)
        rows = iter(report.listed.rows())
        while chunk := list(islice(rows, CHUNK)):
            for row, entered in zip(chunk, desk.put_all(bench.judge_all(chunk)), strict=True):
                report.note(entered, row)
                progress(entered)
    except FileRefused as unreadable:
        report.note(refused(unreadable.refusals[0].where, unreadable.refusals))
    return report


@dataclass(slots=True)
class _Bench:
    """Where rows are judged, before anything is written."""

    store: Store
    known: Mapping[str, KnownAccount]
    rules: Rules
    now: datetime
    zone: str | None
    folder: Path
    shelf: Shelf | None
    by: str
    restore: Restore | None
    """The last backup that was restored: it does not know what came in after it was made."""
    seen: Counter[str] = field(default_factory=Counter)

    def judge_all(self, rows: Sequence[Row]) -> list[Judged | Entered]:
        """Judge a chunk; its images by address are fetched at the same time."""
        if self.shelf is not None:
            self.shelf.take_all(_addresses(rows))
        return [self._judge(row) for row in rows]

    def _judge(self, row: Row) -> Judged | Entered:
        if row.passed_over:
            return Entered(where=row.where, outcome=RowOutcome.PASSED_OVER, why=row.passed_over)
        if isinstance(row.draft, list):
            return refused(row.where, row.draft)
        timed = slotted(self.store, row.draft, self.now)
        if isinstance(timed, Refusal):
            return refused(row.where, [timed.at(row.where)])
        found = judge(
            timed,
            self.known,
            now=self.now,
            default_zone=self.zone,
            folder=self.folder,
            source=row.where,
            shelf=self.shelf,
        )
        if isinstance(found, list):
            return refused(row.where, found)
        if nameless := unsigned(self.rules, found, self.by):
            return refused(row.where, [nameless])
        named = found if found.key else replace(found, key=self._own_key(row.draft))
        if not named.concern and named.repetition is None:
            concern = concern_of(row.draft, self.restore, now=self.now, default_zone=self.zone)
            named = replace(named, concern=concern)
        return Judged(
            row,
            named,
            own_key=bool(found.key),
            moves=is_moment(row.draft.when),
            next_slot=wants_slot(row.draft),
        )

    def _own_key(self, draft: Draft) -> str:
        """Name a row by its content, and by how often the same content came before it."""
        content = draft.content_key
        self.seen[content] += 1
        return f"content:{content}:{self.seen[content]}"


def _addresses(rows: Sequence[Row]) -> set[str]:
    drafts = [row.draft for row in rows if isinstance(row.draft, Draft)]
    shown = [
        image
        for draft in drafts
        for image in (*draft.images, *(one for own in draft.variants.values() for one in own.images or ()))
    ]
    return {image.path for image in shown if is_address(image.path)}


class _Desk:
    """Where posts come in."""

    def __init__(self, store: Store, now: datetime, zone: str | None, *, update: bool, by: str) -> None:
        self._store, self._now, self._zone = store, now, zone
        self._update, self._by = update, by
        self._networks = {name: one.network for name, one in known_accounts(store).items()}
        self._keys: dict[str, tuple[str, Accepted]] = {}
        """What this file said under each key of its author's, and where."""

    def put_all(self, chunk: Sequence[Judged | Entered]) -> list[Entered]:
        """Let a chunk in, and say what became of each row, in their order."""
        mine = [one.accepted.key for one in chunk if isinstance(one, Judged)]
        known = self._store.read(changes.known, [key for key in mine if key is not None])
        done: dict[int, Entered] = {}
        new: list[tuple[int, Judged]] = []
        for at, one in enumerate(chunk):
            if isinstance(one, Entered):
                done[at] = one
            elif found := self._twice(one):
                done[at] = found
            elif one.accepted.repetition is not None:
                done |= self._add(new)
                new = []
                done[at] = self._begin(one)
            elif before := known.get(one.accepted.key or ""):
                done[at] = self._again(one, before)
            else:
                new.append((at, one))
        done |= self._add(new)
        return [self._noted(one, done[at]) for at, one in enumerate(chunk)]

    def _noted(self, one: Judged | Entered, entered: Entered) -> Entered:
        """Add what is worth knowing of a row that came in."""
        if isinstance(one, Entered) or entered.outcome not in {RowOutcome.ACCEPTED, RowOutcome.HELD}:
            return entered
        zone = one.row.draft.zone.strip() if isinstance(one.row.draft, Draft) else ""
        return replace(entered, notes=of_itself(one.accepted, zone or self._zone or "", self._networks))

    def _twice(self, one: Judged) -> Entered | None:
        """Judge a row whose key stood in this file already."""
        if not one.own_key:
            return None
        key = one.accepted.key or ""
        where, before = self._keys.setdefault(key, (one.row.where, one.accepted))
        if before is one.accepted:
            return None
        if replace(before.post, source="") == replace(one.accepted.post, source="") and (
            before.accounts,
            before.due_at,
        ) == (one.accepted.accounts, one.accepted.due_at):
            return Entered(where=one.row.where, outcome=RowOutcome.ALREADY, says=says(one.accepted))
        return key_taken(one.accepted, f"another row of this file has this key ({where})")

    def _again(self, one: Judged, before: Known) -> Entered:
        """Judge a row whose key came in before."""
        differ = differences(before, one.accepted, moves=one.moves, zone=self._zone) if one.own_key else ()
        there = tuple(
            Added(
                delivery_id=sent.id,
                account=sent.account,
                state=sent.state,
                repeats=before.repeats.get(sent.id),
                known=True,
            )
            for sent in before.deliveries
        )
        if not differ:
            return Entered(
                where=one.row.where, outcome=RowOutcome.ALREADY, deliveries=there, says=says(one.accepted)
            )
        return self._changed(one, before, differ, there)

    def _changed(
        self, one: Judged, before: Known, differ: tuple[Difference, ...], there: tuple[Added, ...]
    ) -> Entered:
        entered = Entered(
            where=one.row.where,
            outcome=RowOutcome.CHANGED,
            deliveries=there,
            differences=differ,
            due_at=one.accepted.due_at,
            says=says(one.accepted),
        )
        if why := _keeps(before):
            return replace(entered, why=why)
        if not self._update:
            return replace(entered, why="not taken; --update changes what waits")
        wanted = one.accepted if one.moves else _at_its_time(one.accepted, before)
        return self._write(entered, wanted)

    def _write(self, entered: Entered, wanted: Accepted) -> Entered:
        try:
            added = self._store.write(
                changes.update_waiting,
                incoming(wanted, self._by),
                did="import --update",
                by=By(name=self._by, why=entered.where),
                now=self._now,
            )
        except NotWaiting as late:
            return replace(entered, why=f"{late.why}; {late.remedy}")
        return replace(entered, outcome=RowOutcome.UPDATED, deliveries=tuple(added))

    def _add(self, new: Sequence[tuple[int, Judged]]) -> dict[int, Entered]:
        if not new:
            return {}
        added = self._store.write(
            intake.add_all,
            [incoming(one.accepted, self._by, next_slot=one.next_slot) for _, one in new],
            self._now,
        )
        return {at: self._added(one.accepted, answer) for (at, one), answer in zip(new, added, strict=True)}

    def _added(self, accepted: Accepted, answer: list[Added] | KeyTaken) -> Entered:
        if isinstance(answer, KeyTaken):
            return key_taken(accepted)
        if any(one.known for one in answer):
            # Somebody else brought it in this very moment.
            return Entered(where=accepted.post.source, outcome=RowOutcome.ALREADY, deliveries=tuple(answer))
        return came_in(accepted, tuple(answer), self._now)

    def _begin(self, one: Judged) -> Entered:
        return begin_series(
            self._store, one.accepted, self._now, by=self._by, moves=one.moves and one.own_key
        )


def _keeps(before: Known) -> str:
    """Say what keeps a post from being changed, if anything does."""
    if before.is_series:
        return "a series is not changed by a file; end it with 'steadypost series --end ID --why TEXT'"
    for sent in before.deliveries:
        if not waits(sent) and sent.state not in {State.CANCELLED, State.MISSED}:
            return f"delivery {sent.id} of {sent.account} is {sent.state}; for another post, give the row a new key"
    if not any(map(waits, before.deliveries)):
        return "none of its deliveries waits any more; to send it again, give the row a new key"
    return ""


def _at_its_time(accepted: Accepted, before: Known) -> Accepted:
    """A row that says "in 20 minutes" does not move what came in at its own twenty minutes."""
    waiting = [one.due_at for one in before.deliveries if waits(one)]
    return replace(accepted, due_at=waiting[0]) if waiting else accepted


class _Rehearsal(_Desk):
    """A desk that writes nothing: it asks the store what it would say, and remembers the file's own rows."""

    def __init__(self, store: Store, now: datetime, zone: str | None, *, update: bool, by: str) -> None:
        super().__init__(store, now, zone, update=update, by=by)
        self._by_text: set[tuple[str, str]] = set()
        self._taken: set[tuple[str, datetime]] = set()
        """When something of an account would be due."""
        self._rules = store.read(Rules)

    def _write(self, entered: Entered, wanted: Accepted) -> Entered:
        del wanted
        return replace(entered, outcome=RowOutcome.UPDATED)

    def _add(self, new: Sequence[tuple[int, Judged]]) -> dict[int, Entered]:
        marks = {mark for _, one in new for mark in self._marks(one.accepted)}
        alike = self._store.read(repeats_rows.which_repeat, marks, self._now) if marks else {}
        return {at: came_in(one.accepted, self._foreseen(one, alike), self._now) for at, one in new}

    def _begin(self, one: Judged) -> Entered:
        accepted = one.accepted
        known = self._store.read(changes.known, [accepted.key or ""])
        unwritten = tuple(_unwritten(name) for name in accepted.accounts)
        would = came_in(accepted, unwritten, self._now)
        if not known:
            return would
        [before] = known.values()
        began = [
            each for each in self._store.read(series.every, also_ended=True) if each.post_id == before.post_id
        ]
        if not began:
            return key_taken(accepted)
        if other := other_than_series(self._store, began[0], accepted, moves=one.moves and one.own_key):
            return other
        return replace(would, outcome=RowOutcome.ALREADY, late=False)

    def _marks(self, accepted: Accepted) -> list[tuple[str, str]]:
        return [
            (accepted.post.fingerprint_for(self._networks[name].name), name) for name in accepted.accounts
        ]

    def _foreseen(self, one: Judged, alike: Mapping[tuple[str, str], int]) -> tuple[Added, ...]:
        accepted, due_at, found = one.accepted, self._due_at(one), []
        for mark in self._marks(accepted):
            alike_here = not accepted.allow_repeat and (mark in alike or mark in self._by_text)
            approval = because(self._rules.of(mark[1], accepted.post.tags), self._by)
            held = alike_here or bool(accepted.concern or approval)
            foreseen = _unwritten(mark[1], State.HELD if held else State.SCHEDULED)
            repeats = alike.get(mark) if alike_here else None
            found.append(
                replace(
                    foreseen, repeats=repeats, approval=approval, due_at=due_at if one.next_slot else None
                )
            )
            self._by_text |= set() if held else {mark}
            self._taken.add((mark[1], due_at))
        return tuple(found)

    def _due_at(self, one: Judged) -> datetime:
        """Find the slot that a row would take, which none before it in this file took."""
        if not one.next_slot:
            return one.accepted.due_at
        free = self._store.read(slots.next_common, one.accepted.accounts, self._now, besides=self._taken)
        return free or one.accepted.due_at


def _unwritten(account: str, state: State = State.SCHEDULED) -> Added:
    return Added(delivery_id=0, account=account, state=state)
