"""How a run answers a filled-in form: in its state's message, in the log, and on a page that the message links."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.exceptions import FailedRun
from prefect.states import Completed, Failed

from steadypost.intake.answering import refused_page
from tasks.journal import redact
from tasks.pages import address, board_address

NOT_TAKEN = "Refused; nothing was changed."

BETWEEN = " • "
"""Between the sentences of a state's message: Prefect shows line breaks badly."""


def refused(reasons: Sequence[str], *, key: str, page: str = "") -> State[dict[str, object]]:
    """Log that it was refused and every reason, and answer with the state that holds them all."""
    log = get_run_logger()
    for line in (NOT_TAKEN, *reasons):
        log.error(line)
    logging.getLogger(RUNS).addFilter(without_stack)
    link = _shown(page or refused_page(reasons), key, NOT_TAKEN)
    return Failed(message=BETWEEN.join([NOT_TAKEN, *reasons, *link]))


def answered(words: str, *, page: str, key: str, data: dict[str, Any]) -> State[dict[str, object]]:
    """Log what was made of a form, a line each, and answer with it."""
    lines = words.splitlines()
    for line in lines:
        get_run_logger().info(line)
    more = f"\n[The board]({board_address()}) shows what waits, and links what is live.\n"
    link = _shown(f"{page}{more}", key, lines[0])
    return Completed(message=BETWEEN.join([*lines, *link]), data=data)


def _shown(page: str, key: str, description: str) -> list[str]:
    """Write the page, and link it. What was done is done: without a page it only reads less well."""
    try:
        made = cast("UUID", create_markdown_artifact(redact(page), key=key, description=redact(description)))
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer itself still has to be given
        get_run_logger().warning("the page of this run could not be written (%s)", type(error).__name__)
        return []
    return [f"All of it: {address(made)}"]


RUNS = "prefect.flow_runs"
"""The logger on which Prefect writes what befalls a run."""


def without_stack(record: logging.LogRecord) -> bool:
    """Leave out the engine's stack for our own answers: the author cannot change anything about it."""
    return record.exc_info is None or not isinstance(record.exc_info[1], FailedRun)
