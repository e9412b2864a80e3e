"""What became of a file, for people: one line for each row of the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap

from steadypost.domain.delivery import State
from steadypost.intake.refusal import in_the_form
from steadypost.intake.report import WORDS, Entered, ImportReport, RowOutcome
from steadypost.store import Added

WIDE = 70
"""So many letters of a reason stand on one line."""

MOST_ROWS = 1000
"""An artifact with more would be shown by no page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the sheet, and what became of it."""

    row: int
    outcome: RowOutcome
    word: str
    says: str
    told: tuple[str, ...]
    """What differs, what is wrong and what to do, each in a sentence; empty where all is well."""
    due_at: datetime | None = None
    """When it goes out; ``None`` where it does not come in, or was there before."""

    @property
    def what(self) -> str:
        """All of it in one line."""
        return "; ".join(self.told)


def lines(report: ImportReport) -> list[Line]:
    """List what became of every row, in the order of the sheet."""
    return [
        Line(row, one.outcome, WORDS[one.outcome], one.says, _told(one), one.due_at)
        for row, one in report.every
    ]


def _told(one: Entered) -> tuple[str, ...]:
    told = [*_held(one), *map(str, one.differences), *map(in_the_form, one.refusals)]
    if one.late:
        told.append("too late by its own rule; it will be missed")
    if one.why:
        told.append(one.why)
    return (*told, *one.notes)


def _held(one: Entered) -> Iterator[str]:
    for sent in one.deliveries if one.outcome is RowOutcome.HELD else ():
        if sent.state is not State.HELD:
            continue
        command = "approve" if sent.approval else "release"
        let_go = f"; to let it go: steadypost {command} {sent.delivery_id}" if sent.delivery_id else ""
        yield f"held for {sent.account}: {'; '.join(_because(one, sent))}{let_go}"


def _because(one: Entered, sent: Added) -> Iterator[str]:
    if sent.repeats:
        yield f"it reads like delivery {sent.repeats}"
    if one.concern:
        yield one.concern
    if sent.approval:
        yield f"it {sent.approval}"
    if not (sent.repeats or one.concern or sent.approval):
        yield "it reads like an earlier row"


def counted(report: ImportReport) -> str:
    """Say how many rows met each outcome; what nobody met is left out, but for what is new."""
    would = "would be " if report.dry_run else ""
    counts = report.counts
    some = [(f"{would}new", counts["accepted"] + counts["held"])]
    more = [
        ("held", "of them held"),
        ("already", "the same as before"),
        ("updated", f"{would}updated"),
        ("changed", "changed and left as they are"),
        ("passed_over", "passed over"),
        ("refused", f"{would}refused"),
    ]
    some += [(word, counts[name]) for name, word in more if counts[name]]
    return ", ".join(f"{count} {word}" for word, count in some)


def markdown(report: ImportReport, name: str, *, mend: str = "") -> str:
    """Write the whole as a page: the counts, then every row of the sheet; of too many, those that need a person.
    ``mend`` is the file that the refused rows were written to.
    """
    every = lines(report)
    wanting = [one for one in every if one.what]
    fine = [one for one in every if not one.what]
    shown = sorted([*wanting, *fine][:MOST_ROWS], key=lambda one: one.row)
    head = [f"# {cell(name)}", "", f"{counted(report)}.", ""]
    if report.listed:
        head += [f"Read as {cell(report.listed.told)}.", ""]
    if mend:
        head += [f"The refused rows, each with why, to be mended and imported again: {cell(mend)}", ""]
    table = ["| row | | says | what |", "|---:|---|---|---|"]
    table += [f"| {one.row or ''} | {one.word} | {cell(one.says)} | {folded(one.what)} |" for one in shown]
    left = len(every) - len(shown)
    tail = ["", f"... and {left} more rows, of which nothing is to be said."] if left else []
    return "\n".join([*head, *table, *tail, ""])


def folded(text: str) -> str:
    """Break what would run out of the page: no cell of Prefect's tables breaks by itself."""
    return "<br>".join(cell(line) for line in wrap(text, WIDE))


def cell(text: str) -> str:
    """Keep what somebody wrote from being read as a page's own marks, on one line."""
    for sign, shown in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("`", "\\`"), ("[", "\\[")):
        text = text.replace(sign, shown)
    return " ".join(text.split())
