"""A run outlives the worker that started it: a broken pipe to the worker does not end it, only its terminal output."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator

from rich.console import Console


def outlive_the_worker() -> None:
    """From now on a line that cannot be written does not end this process."""
    for console in _consoles():
        # The library intends this method to be replaced where the process is not to end.
        console.on_broken_pipe = _discard  # type: ignore[method-assign]


def _consoles() -> Iterator[Console]:
    """Find every console that any logger of this process writes to."""
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    handlers = {id(handler): handler for logger in loggers for handler in logger.handlers}
    for handler in handlers.values():
        console = getattr(handler, "console", None)
        if isinstance(console, Console):
            yield console


def _discard() -> None:
    """Discard all further output to the worker."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]
    os.close(nowhere)
