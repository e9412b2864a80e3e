"""One check: how it is judged, what its failure explains, which remedies are tried, what a person reads."""

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
    """Which other checks its failure explains: one cause, one incident, one message."""
    explains_of: Mapping[str, Collection[Kind]] = field(default_factory=dict)
    """What it explains depending on what it is about."""
    of_its_account: bool = False
    """Whether it explains only checks of the same account."""
    blinds: bool = False
    """Whether others can merely not be judged without it; what is seen to be wrong then is wrong."""
    remedies: tuple[Remedy, ...] = ()
    """What is tried, in this order, and then no more. Without any, only a person, or time, can mend it."""
    left_behind: str = "Nothing is to be done."
    """What may be left to do afterwards."""
    told: bool = True
    """Whether a person is told. Where no message gets through, ``steadypost deadman`` says so."""
