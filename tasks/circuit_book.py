"""What circuits need of the places they are written down in: their revisions, and, while those are away, their trials."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from steadypost.domain.circuit import Revision


class RevisionsAway(Exception):
    """The place where revisions are kept did not answer."""


class Book(Protocol):
    """Where the revisions are. A name can be created once; that is all it must be able to promise."""

    def create(self, circuit: str, revision: Revision) -> None:
        """Create a revision, or not when its number is taken; raises ``RevisionsAway``."""
        ...

    def read(self, circuit: str) -> list[Revision]:
        """Read all revisions of a circuit; raises ``RevisionsAway``."""
        ...

    def remove(self, circuit: str, numbers: Iterable[int]) -> None:
        """Remove old revisions; raises ``RevisionsAway``."""
        ...


class Trials(Protocol):
    """Where the right to a trial is had while the revisions are away. Neither raises."""

    def take(self, circuit: str, *, holder: str, now: datetime, until: datetime) -> bool:
        """Take it, unless another has it or that cannot be told."""
        ...

    def give_back(self, circuit: str, *, holder: str, not_before: datetime | None) -> None:
        """End it."""
        ...
