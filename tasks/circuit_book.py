"""What circuits need of their storage: revisions, and, while those are away, the right to a trial."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from steadypost.domain.circuit import Revision


class RevisionsAway(Exception):
    """The place where revisions are kept did not answer."""


class Book(Protocol):
    """The storage of revisions. All it must promise is that a name can be created only once."""

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
    """Where a trial is reserved while the revisions are away. Neither method raises."""

    def take(self, circuit: str, *, holder: str, now: datetime, until: datetime) -> bool:
        """Take it, unless another has it or that cannot be told."""
        ...

    def give_back(self, circuit: str, *, holder: str, not_before: datetime | None) -> None:
        """End it."""
        ...
