"""A delivery before and after a change, as it is kept with the act, so that the change can be taken back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from steadypost.domain.clock import utc
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Cause
from steadypost.store.deliveries import Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a change may change of a delivery."""

    state: str
    post_id: int
    due_at: str
    late_after_s: float | None
    when_late: str
    units: int
    cause: str | None
    why: str
    repeats: int | None
    held_for: str | None

    def dumps(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def delivery_state(self) -> State:
        """The state in the domain's words."""
        return State(self.state)

    @property
    def the_cause(self) -> Cause | None:
        """The cause in the domain's words."""
        return Cause(self.cause) if self.cause else None

    @property
    def the_due_at(self) -> datetime:
        """The moment it was due."""
        return datetime.fromisoformat(self.due_at)

    @property
    def the_late_after(self) -> timedelta | None:
        """Its late rule."""
        return None if self.late_after_s is None else timedelta(seconds=self.late_after_s)

    def differs_from(self, other: Snapshot) -> frozenset[str]:
        """Name the fields in which the two differ."""
        mine, theirs = asdict(self), asdict(other)
        return frozenset(name for name in mine if mine[name] != theirs[name])

    def with_those_of(self, other: Snapshot, names: frozenset[str]) -> Snapshot:
        """Take these fields from another one."""
        taken = asdict(other)
        return replace(self, **{name: taken[name] for name in names})


STANDING = frozenset({"state", "cause", "why", "repeats", "held_for"})
"""What says whether it goes out, and why not: one without the others would be untrue."""


def loads(text: str) -> Snapshot:
    """Read what ``dumps`` wrote."""
    return Snapshot(**json.loads(text))


def of(kept: Kept) -> Snapshot:
    """Take a snapshot of a delivery."""
    one = kept.delivery
    return Snapshot(
        state=str(one.state),
        post_id=one.post_id,
        due_at=utc(one.due_at).isoformat(),
        late_after_s=None if one.late_after is None else one.late_after.total_seconds(),
        when_late=str(one.when_late),
        units=len(one.parts),
        cause=str(one.cause) if one.cause else None,
        why=one.why,
        repeats=kept.repeats,
        held_for=kept.held_for,
    )
