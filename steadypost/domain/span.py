"""Stretches of time between two instants: clipped, merged, subtracted, summed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From ``since`` up to, and without, ``until``."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError(f"a span cannot end ({self.until}) before it begins ({self.since})")

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.until - self.since

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until

    def touches(self, other: Span) -> bool:
        """Whether the two have an instant in common, their ends included."""
        return self.since <= other.until and other.since <= self.until

    def within(self, other: Span) -> Span | None:
        """Cut off what lies outside the other; nothing is left of one that lies outside entirely."""
        since, until = max(self.since, other.since), min(self.until, other.until)
        return Span(since, until) if since < until else None


def joined(spans: Iterable[Span]) -> list[Span]:
    """Merge spans that touch, so that no instant is counted twice."""
    whole: list[Span] = []
    for span in sorted(spans):
        if whole and whole[-1].touches(span):
            whole[-1] = Span(whole[-1].since, max(whole[-1].until, span.until))
        else:
            whole.append(span)
    return whole


def without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """Subtract the holes from the spans."""
    left = joined(spans)
    for hole in joined(holes):
        left = [piece for span in left for piece in _around(span, hole)]
    return left


def _around(span: Span, hole: Span) -> list[Span]:
    if span.within(hole) is None:
        return [span]
    before, after = (span.since, hole.since), (hole.until, span.until)
    return [Span(since, until) for since, until in (before, after) if since < until]


def total(spans: Iterable[Span]) -> timedelta:
    """Add up their lengths, counting each instant once."""
    return sum((span.length for span in joined(spans)), timedelta(0))
