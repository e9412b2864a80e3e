"""When a circuit opens, for how long, and what closes it again. Data; the judgement is in ``judging``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


class UnmeantSetting(ValueError):
    """A setting that is not valid. Names the field, the value, and what it could be."""

    def __init__(self, field: str, value: object, remedy: str) -> None:
        super().__init__(f"circuit setting {field} = {value!r}: {remedy}")
        self.field = field
        self.value = value


@dataclass(frozen=True, slots=True)
class LastCalls:
    """Judge by the last so many calls, however long they took to come together."""

    calls: int

    def __post_init__(self) -> None:
        if self.calls < 1:
            raise UnmeantSetting("window.calls", self.calls, "give at least 1")


@dataclass(frozen=True, slots=True)
class LastWhile:
    """Judge by the calls of the last while, however many they were."""

    span: timedelta

    def __post_init__(self) -> None:
        if self.span <= timedelta(0):
            raise UnmeantSetting("window.span", self.span, "give a time above zero")


@dataclass(frozen=True, slots=True)
class InARow:
    """Judge by so many failures in a row; a single success begins anew."""

    failures: int

    def __post_init__(self) -> None:
        if self.failures < 1:
            raise UnmeantSetting("window.failures", self.failures, "give at least 1")


Window = LastCalls | LastWhile | InARow

MOST_REMEMBERED = 1000
"""A window in time holds no more calls than this: beyond it a rate no longer changes, and memory would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one circuit behaves."""

    window: Window = LastCalls(10)
    """Which calls are judged while it is closed."""
    failure_rate: float = 0.5
    """Opens when at least this part of the calls in the window failed. Not looked at by ``InARow``."""
    minimum_calls: int = 5
    """No rate is judged by fewer calls than this."""
    slow_after: timedelta | None = None
    """A call that took longer is slow, also when it succeeded; ``None``: no call is."""
    slow_rate: float = 1.0
    """Opens when at least this part of the calls in the window was slow."""

    first_open: timedelta = timedelta(seconds=5)
    """How long it stays open the first time."""
    growth: float = 2.0
    """By which factor longer each further time in a row."""
    longest_open: timedelta = timedelta(seconds=45)
    """No open time grows beyond this; only an instant that the other side named may be later."""
    jitter: float = 0.2
    """Up to this part of the open time is taken off by chance, so that not all come back at once."""
    calm_after: timedelta = timedelta(minutes=5)
    """Closed for so long, the open time begins small again. Opening sooner is flapping, and goes on growing."""

    permitted: int = 1
    """How many calls may be made while it is half-open, by all processes together."""
    success_ratio: float = 1.0
    """Closes when at least this part of the permitted calls succeeded; opens again when it no longer can."""
    permit_lasts: timedelta = timedelta(minutes=2)
    """A permit whose holder says nothing for so long is free again. Longer than any such call may take."""
    longest_half_open: timedelta = timedelta(minutes=5)
    """Undecided for so long, it opens again."""
    by_itself: bool = True
    """Whether an ordinary call may be the trial while it is half-open. ``False``: only a probe may."""

    def __post_init__(self) -> None:
        for name in ("failure_rate", "slow_rate", "success_ratio"):
            rate = getattr(self, name)
            if not 0 < rate <= 1:
                raise UnmeantSetting(name, rate, "give a part of the whole, above 0 and up to 1")
        if not 0 <= self.jitter < 1:
            raise UnmeantSetting("jitter", self.jitter, "give a part of the open time, from 0 to below 1")
        for name in ("minimum_calls", "permitted"):
            if getattr(self, name) < 1:
                raise UnmeantSetting(name, getattr(self, name), "give at least 1")
        if isinstance(self.window, LastCalls) and self.minimum_calls > self.window.calls:
            raise UnmeantSetting(
                "minimum_calls", self.minimum_calls, f"give at most the {self.window.calls} of the window"
            )
        if self.growth < 1:
            raise UnmeantSetting("growth", self.growth, "give at least 1: an open time does not shrink")
        for name in ("first_open", "permit_lasts", "longest_half_open"):
            if getattr(self, name) <= timedelta(0):
                raise UnmeantSetting(name, getattr(self, name), "give a time above zero")
        if self.longest_open < self.first_open:
            raise UnmeantSetting(
                "longest_open", self.longest_open, f"give at least first_open, which is {self.first_open}"
            )
        if self.longest_half_open < self.permit_lasts:
            raise UnmeantSetting(
                "longest_half_open",
                self.longest_half_open,
                f"give at least permit_lasts, which is {self.permit_lasts}: a trial must be able to end",
            )
