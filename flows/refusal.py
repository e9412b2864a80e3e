"""How a run says no: each reason on a line of its own in its log, and a state named "Refused"."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from prefect import get_run_logger
from prefect.client.schemas.objects import State
from prefect.exceptions import FailedRun
from prefect.states import Failed


def refused(reasons: Sequence[str]) -> State[dict[str, object]]:
    """Log every reason, and answer with the state that holds them all."""
    log = get_run_logger()
    for reason in reasons:
        log.error(reason)
    logging.getLogger(RUNS).addFilter(without_stack)
    return Failed(name="Refused", message="\n".join(reasons))


RUNS = "prefect.flow_runs"
"""The logger on which Prefect writes what befalls a run."""


def without_stack(record: logging.LogRecord) -> bool:
    """Leave out the stack of Prefect's engine, which it logs for every failed state, our own answers included.

    It is forty lines about nothing that whoever filled in the form can change. Anything else that breaks is
    another kind of error, and keeps its stack.
    """
    return record.exc_info is None or not isinstance(record.exc_info[1], FailedRun)
