"""A call that nothing can interrupt, such as name resolution, waited for until a deadline in a thread of its own.

The thread is left behind when the wait ends, so the call must be harmless when it goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Late(Exception):
    """The deadline came before the call returned."""


class Call(Generic[T]):
    """One call under way."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._done = threading.Event()
        self._result: list[T] = []
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="bounded call", daemon=True).start()

    def _run(self) -> None:
        try:
            self._result.append(self._work())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the call is waited for
            self._error = error
        finally:
            self._done.set()

    @property
    def has_ended(self) -> bool:
        """Whether the call returned or raised."""
        return self._done.is_set()

    def result(self, deadline: float) -> T:
        """Give what the call returned, or raise what it raised, or ``Late``; may be asked again."""
        if not self._done.wait(max(0.0, deadline - time.monotonic())):
            raise Late
        if self._error is not None:
            raise self._error
        return self._result[0]


def bounded(work: Callable[[], T], deadline: float) -> T:
    """Call, and wait until the deadline (``time.monotonic()`` seconds) at the latest; raise ``Late``."""
    return Call(work).result(deadline)
