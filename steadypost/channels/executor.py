"""What may still act for an attempt without a browser: an open request of this process.

Named by process, birth and request. What a dead process left to the kernel is gone within the settle window.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Iterator

import psutil

from steadypost.browser.host import Host
from steadypost.browser.processes import ProcessId, birth

_numbers = itertools.count(1)
_open: set[str] = set()
_lock = threading.Lock()


@contextlib.contextmanager
def acting() -> Iterator[str]:
    """Name an executor for as long as something may act in its name."""
    name = f"{Host.here()}:{os.getpid()}:{birth(os.getpid())}:{next(_numbers)}"
    with _lock:
        _open.add(name)
    try:
        yield name
    finally:
        with _lock:
            _open.discard(name)


def may_still_act(executor: str) -> bool | None:
    """Whether it may; ``None`` for another machine, or another container that may live: it cannot be looked into."""
    host, pid, born, _ = executor.rsplit(":", 3)
    known, here = Host.parse(host), Host.here()
    if known.is_over():
        return False
    if known.name != here.name:
        return None
    if known.boot != here.boot:
        return False
    if known.namespace != here.namespace:
        return None
    if int(pid) == os.getpid():
        with _lock:
            return executor in _open
    return _is_alive(int(pid), float(born))


def _is_alive(pid: int, born: float) -> bool | None:
    # By the kernel's own counter: the time of day at which a process began moves whenever the clock is set.
    if birth(pid) is None:
        return None if psutil.pid_exists(pid) else False
    return ProcessId(pid, born).is_alive()
