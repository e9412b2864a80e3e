"""Which sign-ins a network confirmed within a minute, so that not every ask costs a question first.

One that ends meanwhile has the ask refused. The network's clock is known as long, unless this one was moved.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from steadypost.domain.clock import Offset

Who = TypeVar("Who")

LATELY: Final = timedelta(seconds=60)
"""How long a sign-in that was confirmed is not confirmed again before an ask."""

MOVED: Final = timedelta(seconds=1)
"""By how much this machine's clock may drift from the monotonic one."""


@dataclass(frozen=True, slots=True)
class Proof(Generic[Who]):
    """That a sign-in was good."""

    who: Who
    """Whose it was."""
    offset: Offset
    """How far the network's clock was ahead."""
    at: float
    behind_wall: float
    """This machine's clock less the monotonic one, in seconds."""


@dataclass(slots=True)
class Confirmed(Generic[Who]):
    """The sign-ins that were good lately, by marks of their secrets. Shared by all channels of a process."""

    elapsed: Callable[[], float] = time.monotonic
    _kept: dict[str, Proof[Who]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, sign_in: str, who: Who, offset: Offset | None, now: datetime) -> None:
        """Keep that this sign-in is good now. Without the network's clock nothing is kept: an ask needs it."""
        if offset is None:
            return
        at = self.elapsed()
        with self._lock:
            self._kept = {mark: one for mark, one in self._kept.items() if not self._is_late(one)}
            self._kept[_mark(sign_in)] = Proof(who, offset, at, now.timestamp() - at)

    def drop(self, sign_in: str) -> None:
        """Keep it no longer: it was turned down, or who knows."""
        with self._lock:
            self._kept.pop(_mark(sign_in), None)

    def lately(self, sign_in: str, now: datetime) -> Proof[Who] | None:
        """Give the proof that this sign-in was good lately."""
        with self._lock:
            found = self._kept.get(_mark(sign_in))
        if found is None or self._is_late(found):
            return None
        moved = abs(now.timestamp() - self.elapsed() - found.behind_wall)
        return found if moved <= MOVED.total_seconds() else None

    def _is_late(self, one: Proof[Who]) -> bool:
        return self.elapsed() - one.at >= LATELY.total_seconds()


def _mark(sign_in: str) -> str:
    """Name a secret without keeping it."""
    return hashlib.sha256(sign_in.encode(errors="surrogatepass")).hexdigest()
