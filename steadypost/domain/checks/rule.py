"""What belongs to one check: how it is judged, what it explains, what is tried, and what a person is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from steadypost.domain.health import Check, Kind, Tolerances
from steadypost.domain.observed import Observed
from steadypost.domain.remedy import Remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One check. Each has a file of its own here, and its runbook in ``docs/runbooks/<kind>.md``."""

    kind: Kind
    judge: Callable[[Observed, Tolerances], Iterator[Check]]
    """Compare what should be true with what was observed; pure."""
    first_aid: str
    """The first thing for a person to do; the rest stands in the runbook."""
    explains: Collection[Kind] = ()
    """What being wrong with this explains of other checks: one cause, one incident, one message."""
    explains_of: Mapping[str, Collection[Kind]] = field(default_factory=dict)
    """What it explains depending on what it is about."""
    of_its_account: bool = False
    """Whether it explains only checks of the same account."""
    blinds: bool = False
    """Whether others can merely not be judged without it; what is seen to be wrong then is wrong."""
    remedies: tuple[Remedy, ...] = ()
    """What is tried, in this order, and then no more. Without any, only a person, or time, can mend it."""
    left_behind: str = "Nothing is to be done."
    """What may be left to do when it is over."""
    told: bool = True
    """Whether a person is told. Where no message gets through, ``steadypost deadman`` says so."""
