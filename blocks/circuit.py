"""Circuits in Prefect: one document for a person's word, and numbered ones for how it stands.

Machines never write over the first and only create the second: a plain save would lose concurrent updates.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, ClassVar

from prefect.blocks.core import Block
from pydantic import Field, TypeAdapter

from steadypost.domain.circuit import Memory, Position, Revision, Said


class Circuit(Block):
    """What a person says of one circuit. Steadypost creates it and never writes to it again.

    How the circuit stands is in the block *Steadypost circuit revision* of the same name with the highest number.
    """

    _block_type_name: ClassVar[str] = "Steadypost circuit"
    _block_type_slug: ClassVar[str] = "steadypost-circuit"
    _description: ClassVar[str] = (
        "Opens, closes or disables the breaker of one dependency; in force within ten seconds. How it stands: "
        "the Steadypost circuit revision of the same name with the highest number."
    )

    position: Position = Field(
        default=Position.AUTOMATIC,
        title="Position",
        description=(
            "automatic: it judges by itself. open: nothing goes through; what is due waits. closed: it is closed "
            "once, now, and then judges by itself. disabled: everything goes through. metrics_only: everything "
            "goes through, and it is noted when it would have opened."
        ),
    )
    reason: str = Field(default="", title="Reason", description="Why, for the next person.")
    by: str = Field(default="", title="By", description="Who says so.")
    until: datetime | None = Field(
        default=None,
        title="Until",
        description="When it goes back to judging by itself. Empty: until a person changes it.",
    )

    def said(self, saved_at: object = "") -> Said:
        """Give it as a word to be obeyed once. Saved anew it is a new word, also when it says the same."""
        told = f"{self.position}\x1f{self.reason}\x1f{self.by}\x1f{self.until}\x1f{saved_at}"
        return Said(
            position=self.position,
            mark=hashlib.sha256(told.encode()).hexdigest()[:12],
            reason=self.reason,
            by=self.by,
            until=self.until.astimezone() if self.until else None,
        )


_MEMORY: TypeAdapter[Memory] = TypeAdapter(Memory)


class CircuitRevision(Block):
    """How one circuit stands. Written by Steadypost: each change is a new revision; the highest number counts."""

    _block_type_name: ClassVar[str] = "Steadypost circuit revision"
    _block_type_slug: ClassVar[str] = "steadypost-circuit-page"
    _description: ClassVar[str] = "The state of a circuit, since when and why. Not to be edited."

    circuit: str = Field(title="Circuit", description="Which circuit.")
    state: str = Field(title="State", description="The circuit's state.")
    since: datetime = Field(title="Since", description="Since when.")
    until: datetime | None = Field(default=None, title="Until", description="The next instant that matters.")
    cause: str = Field(default="", title="Cause", description="What opened it.")
    why: str = Field(default="", title="Why", description="The same as a sentence.")
    by: str = Field(default="", title="By", description="Whose word it obeys, or which process saw it.")
    number: int = Field(title="Revision", description="The highest number counts.")
    mark: str = Field(title="Mark", description="Tells this revision from any other.")
    trail: list[str] = Field(
        default_factory=list, title="Trail", description="The marks of the revisions before."
    )
    down_since: datetime | None = Field(
        default=None, title="Down since", description="Since when nothing goes through, trials apart."
    )
    memory: dict[str, Any] = Field(default_factory=dict, title="Memory", description="For the machines.")

    @classmethod
    def of(cls, circuit: str, revision: Revision) -> CircuitRevision:
        """Write a revision down."""
        memory = revision.memory
        return cls(
            circuit=circuit,
            state=memory.state,
            since=memory.since,
            until=memory.until,
            cause=memory.cause,
            why=memory.why,
            by=memory.by,
            number=revision.number,
            mark=revision.mark,
            trail=list(revision.trail),
            down_since=memory.down_since,
            memory=_MEMORY.dump_python(memory.shared(), mode="json"),
        )

    def revision(self) -> Revision:
        """Read it again; raises ``ValidationError`` when a person edited what is not for editing."""
        memory = _MEMORY.validate_python(self.memory)
        return Revision(number=self.number, mark=self.mark, trail=tuple(self.trail), memory=memory)


def document_name(circuit: str, number: int) -> str:
    """Name the document of a revision."""
    return f"{circuit}-{number}"
