"""The journal: one JSON line per event; ``jq 'select(.delivery == 17)' ~/.steadypost/logs/*.jsonl`` follows one.

Every line about a delivery carries its id. Secrets are removed first; errors are ignored.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from steadypost import private
from steadypost.domain.retention import kept as kept_for
from steadypost.domain.secrets import Redactor

LOGGERS = ("steadypost", "prefect.flow_runs", "prefect.task_runs")
"""Where what concerns a post is written."""

LARGEST = 10 * 2**20
"""How large one file grows before the next is begun."""

redact = Redactor()
"""Removes the sessions that are open in this process."""

_following: ContextVar[dict[str, Any]] = ContextVar("following")


@contextlib.contextmanager
def following(**of: Any) -> Iterator[None]:
    """Add these fields to every line this thread writes meanwhile: delivery, attempt, account."""
    mark = _following.set({**_following.get({}), **of})
    try:
        yield
    finally:
        _following.reset(mark)


class Discreet(logging.Filter):
    """Takes secrets out of a record before it is written, its traceback included, and adds what is followed."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; always let it pass."""
        try:
            record.msg, record.args = redact(record.getMessage()), ()
            if record.exc_info and not record.exc_text:
                record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
            elif record.exc_text:
                record.exc_text = redact(record.exc_text)
        except Exception:  # noqa: BLE001 - a record that cannot be read is not worth a post
            record.msg, record.args, record.exc_info = "(a line that could not be read)", (), None
        record.__dict__.setdefault("following", _following.get({}))
        return True


class _Lines(JsonFormatter):
    """One object a line: when, how grave, who, what, and what is followed."""

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],  # noqa: ARG002 - a line says a text
    ) -> None:
        """Choose what a line says. The text and the traceback have passed the handler's filter."""
        log_data |= {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "component": _component(record),
            **redact.of(getattr(record, "following", {})),
            "says": record.getMessage(),
        }
        for name in ("flow_run_id", "flow_run_name", "task_run_id", "task_run_name"):
            if (value := getattr(record, name, None)) is not None:
                log_data.setdefault(name, redact.of(value))
        if record.exc_text:
            log_data["traceback"] = record.exc_text


def _component(record: logging.LogRecord) -> str:
    """Say who speaks: flow, task, browser, channel, store."""
    if record.name == "prefect.flow_runs":
        return "flow"
    if record.name == "prefect.task_runs":
        return "task"
    parts = record.name.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


@contextlib.contextmanager
def kept(folder: Path, name: str) -> Iterator[None]:
    """Write the journal of this process into a file of its own while the block lasts."""
    discreet, handler = Discreet(), _handler(folder, name)
    loggers = [logging.getLogger(one) for one in LOGGERS]
    ours = logging.getLogger("steadypost")
    before = ours.level
    ours.setLevel(logging.INFO)
    for logger in loggers:
        logger.addFilter(discreet)
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.removeFilter(discreet)
        ours.setLevel(before)
        handler.close()


def _handler(folder: Path, name: str) -> logging.Handler:
    """Open the file. Where that fails nothing is written, and everything else goes on."""
    try:
        private.folder(folder)
        _thin_out(folder, time.time())
        path = folder / f"{name}-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.jsonl"
        path.touch(mode=0o600)
        handler: logging.Handler = _Quiet(path, maxBytes=LARGEST, backupCount=2, encoding="utf-8", delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(_Lines())
    # Loggers below "steadypost" do not pass its filters, only its handlers.
    handler.addFilter(Discreet())
    return handler


class _Quiet(RotatingFileHandler):
    """Ignore a file that is full or gone: it does not concern the caller."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Say nothing."""


def _thin_out(folder: Path, now: float) -> None:
    """Delete files that were not written to for longer than the rule says."""
    oldest = now - kept_for("journals").total_seconds()
    for file in folder.glob("*.jsonl*"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < oldest:
                file.unlink()


def line(component: str, says: str, *given: object) -> None:
    """Write one line from a room that has no logger of its own: what its answers were."""
    logging.getLogger(f"steadypost.{component}").info(says, *given)
