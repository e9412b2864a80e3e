"""What became of the rows of a file, or of one draft."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from steadypost.intake.files import Listed, Row
from steadypost.intake.refusal import Refusal, excerpt
from steadypost.store import Added


class RowOutcome(StrEnum):
    """What became of a draft."""

    ACCEPTED = "accepted"
    """It is queued for every account."""
    HELD = "held"
    """It reads like another post of an account, or may not be meant as it is; it waits for a person's decision."""
    ALREADY = "already"
    """It had come in before; nothing was added."""
    CHANGED = "changed"
    """It had come in before, says something else now, and what is there stays as it is."""
    UPDATED = "updated"
    """It had come in before, and what waits of it was changed."""
    PASSED_OVER = "passed_over"
    """The tool it comes from had sent it already."""
    REFUSED = "refused"
    """It did not come in; the refusals say why."""


WORDS = {
    RowOutcome.ACCEPTED: "new",
    RowOutcome.HELD: "new, held",
    RowOutcome.ALREADY: "same",
    RowOutcome.CHANGED: "changed",
    RowOutcome.UPDATED: "updated",
    RowOutcome.PASSED_OVER: "passed over",
    RowOutcome.REFUSED: "refused",
}
"""The same for people."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a row says otherwise than what is there."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what}: {self.before or '-'} -> {self.after or '-'}"

    def as_dict(self) -> dict[str, str]:
        """Give the three words by which programs know it."""
        return {"what": self.what, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What became of one draft, and why."""

    where: str
    outcome: RowOutcome
    deliveries: tuple[Added, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    due_at: datetime | None = None
    series: int | None = None
    """The series it began, when it comes again; its deliveries are those of the coming week."""
    concern: str = ""
    """Why it may not be meant as it is."""
    notes: tuple[str, ...] = ()
    """What its author wants to know, although it came in."""
    late: bool = False
    """Whether its moment has passed by more than its late rule: it came in, and the store marks it missed."""
    differences: tuple[Difference, ...] = ()
    why: str = ""
    """Why what differs was not taken, or why it was passed over; with the remedy."""
    says: str = ""
    """The first words of it."""

    def as_dict(self) -> dict[str, Any]:
        """Give it the shape by which programs know it."""
        return {
            "where": self.where,
            "outcome": str(self.outcome),
            "due_at": self.due_at.isoformat() if self.due_at else None,
            "late": self.late,
            "concern": self.concern,
            "notes": list(self.notes),
            "series": self.series,
            "differences": [one.as_dict() for one in self.differences],
            "why": self.why,
            "deliveries": [
                {
                    "id": one.delivery_id,
                    "account": one.account,
                    "state": str(one.state),
                    "repeats": one.repeats,
                    "approval": one.approval,
                    "cost_usd": str(one.cost),
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
    listed: Listed | None = None
    """How the file was read; ``None`` when it could not be."""
    accepted: list[Entered] = field(default_factory=list)
    held: list[Entered] = field(default_factory=list)
    already: list[Entered] = field(default_factory=list)
    changed: list[Entered] = field(default_factory=list)
    updated: list[Entered] = field(default_factory=list)
    passed_over: list[Entered] = field(default_factory=list)
    refused: list[Entered] = field(default_factory=list)
    every: list[tuple[int, Entered]] = field(default_factory=list)
    """Each with the row of the sheet, in their order."""
    to_mend: list[tuple[Row, Entered]] = field(default_factory=list)
    """What was refused, as it stands in the file."""

    def note(self, entered: Entered, row: Row | None = None) -> None:
        """Write down what became of one row."""
        getattr(self, entered.outcome.value).append(entered)
        self.every.append((row.number if row else _row_of(entered.where), entered))
        if row is not None and entered.outcome is RowOutcome.REFUSED:
            self.to_mend.append((row, entered))

    @property
    def late(self) -> list[Entered]:
        """Those that came in beyond their own late rule."""
        return [one for one in (*self.accepted, *self.held) if one.late]

    @property
    def is_whole(self) -> bool:
        """Whether every row is as its author wants it: nothing refused, nothing changed and left as it was."""
        return not (self.refused or self.changed)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows met each outcome."""
        return {str(outcome): len(getattr(self, outcome.value)) for outcome in RowOutcome} | {
            "late": len(self.late)
        }

    def as_dict(self) -> dict[str, Any]:
        """Give it the shape by which programs know it."""
        told = {
            str(outcome): [one.as_dict() for one in getattr(self, outcome.value)] for outcome in RowOutcome
        }
        read = self.listed.told if self.listed else None
        return {
            "file": excerpt(self.path),
            "read_as": read,
            "dry_run": self.dry_run,
            "counts": self.counts,
            **told,
        }


def _row_of(where: str) -> int:
    """Find the row from which on a file could not be read; 0 where it is all of it."""
    number = where.rpartition(":")[2]
    return int(number) if number.isascii() and number.isdecimal() else 0


def refused(where: str, problems: tuple[Refusal, ...] | list[Refusal]) -> Entered:
    """Say that a draft did not come in, and why."""
    return Entered(where=where, outcome=RowOutcome.REFUSED, refusals=tuple(problems))
