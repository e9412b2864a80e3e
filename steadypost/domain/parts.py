"""The parts of a delivery, each with its own id and state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from steadypost.domain.outcome import (
    Answer,
    Deferred,
    NotSubmitted,
    Published,
    Refused,
    Unconfirmed,
)
from steadypost.domain.remote_id import RemoteId


class PartState(StrEnum):
    """Where one part stands."""

    WAITING = "waiting"
    """Not sent."""
    ASKED = "asked"
    """It may or may not be live."""
    LIVE = "live"
    """It has its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPart:
    """One part of a delivery with its own id and state; ``n`` counts from 0."""

    n: int
    state: PartState = PartState.WAITING
    remote_id: RemoteId | None = None

    def __post_init__(self) -> None:
        if (self.state is PartState.LIVE) != (self.remote_id is not None):
            raise ValueError("a part is live exactly when it has its id")


def parts_seen(
    parts: tuple[DeliveryPart, ...], found: Mapping[int, RemoteId], absent: Collection[int]
) -> tuple[DeliveryPart, ...]:
    """Give the parts that were seen their ids, and take those back that are not there. A live part stays live."""
    changed = list(parts)
    for n, part in enumerate(parts):
        if part.state is PartState.LIVE:
            continue
        if n in found:
            changed[n] = DeliveryPart(n=n, state=PartState.LIVE, remote_id=found[n])
        elif n in absent:
            changed[n] = DeliveryPart(n=n)
    return tuple(changed)


def parts_after(parts: tuple[DeliveryPart, ...], answer: Answer) -> tuple[DeliveryPart, ...]:
    """Apply an answer's outcomes to their parts. A part that is live stays live."""
    changed = list(parts)
    for offset, outcome in enumerate(answer.outcomes):
        n = answer.first + offset
        if parts[n].state is PartState.LIVE:
            continue
        match outcome:
            case Published(remote_id=remote_id):
                changed[n] = DeliveryPart(n=n, state=PartState.LIVE, remote_id=remote_id)
            case Unconfirmed():
                changed[n] = DeliveryPart(n=n, state=PartState.ASKED)
            case Refused() | Deferred() | NotSubmitted():
                changed[n] = DeliveryPart(n=n)
            case _:
                assert_never(outcome)
    return tuple(changed)
