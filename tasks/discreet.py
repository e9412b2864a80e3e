"""Keeps secrets out of a run's log, state and errors in Prefect, for every flow and every task that does more than look.

The filters stay: Prefect's engine reports a broken run after all of ours has ended.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, get_type_hints

from prefect.client.schemas.objects import State

from tasks import journal

P = ParamSpec("P")
R = TypeVar("R")


class Broke(RuntimeError):
    """An error of a run, without the secrets in its text."""


def discreet(run: Callable[P, R]) -> Callable[P, R]:
    """Keep secrets out of what a flow or task returns and raises."""
    filter_for_good()

    @functools.wraps(run)
    def told(*given: P.args, **named: P.kwargs) -> R:
        try:
            answer = run(*given, **named)
        except Exception as error:
            if (said := _without_secrets(error)) is None:
                raise
            # Not chained: the first error would be printed too, with its secrets.
            raise Broke(said) from None
        if isinstance(answer, State):
            _clean(answer)
        return answer

    # Prefect reads a form from what it is given, and resolves names where that was defined: here, not where the flow
    # is. So they are resolved beforehand.
    told.__annotations__ = get_type_hints(run, include_extras=True)
    told.__signature__ = inspect.signature(run, eval_str=True)  # type: ignore[attr-defined]
    return told


def _without_secrets(error: Exception) -> str | None:
    """Say what an error says without its secrets; ``None`` where it holds none, and may be raised as it is."""
    said = f"{type(error).__qualname__}: {error}"
    cleaned = journal.redact(said)
    return None if cleaned == said else cleaned


def _clean(answer: State[Any]) -> None:
    if answer.message:
        answer.message = journal.redact(answer.message)
    if isinstance(answer.data, dict | list | str):
        answer.data = journal.redact.of(answer.data)


def filter_for_good() -> None:
    """Take secrets out of all that this process logs, from now on."""
    for name in journal.LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(one, journal.Discreet) for one in logger.filters):
            logger.addFilter(journal.Discreet())
