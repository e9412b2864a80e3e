"""How a run answers a form: in its state's message, in the log, and on a page that the message links."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ParamSpec, cast
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.exceptions import FailedRun
from prefect.states import Completed, Failed
from pydantic import BaseModel, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from steadypost.domain.spoken import CannotBeMeant
from steadypost.intake.answering import refused_page
from steadypost.intake.fields import misfits
from steadypost.intake.refusal import in_the_form
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


P = ParamSpec("P")
Answer = State[dict[str, object]]


def fitting(key: str) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Have a flow refuse in words what does not fit its form. Prefect itself would end with a traceback, so such a flow
    has ``validate_parameters=False``; and each of its parameters has a default, if only an empty ``Field``.
    """

    def around(run: Callable[P, Answer]) -> Callable[P, Answer]:
        shape = inspect.signature(run, eval_str=True)
        fields = {name: (one.annotation, one.default) for name, one in shape.parameters.items()}
        form = create_model(run.__name__, **fields)  # type: ignore[call-overload]  # names are not known to its stubs

        @functools.wraps(run)
        def taking(*given: P.args, **named: P.kwargs) -> Answer:
            sent: dict[str, object] = {name: {} for name, (kind, _) in fields.items() if _is_a_form(kind)}
            bound = shape.bind_partial(*given, **named).arguments
            sent |= {name: value for name, value in bound.items() if not _is_nothing(value)}
            try:
                fits = form.model_validate(sent)
            except ValidationError as error:
                return refused([in_the_form(one) for one in misfits(error, form)], key=key)
            return run(**{name: getattr(fits, name) for name in fields})  # type: ignore[call-arg]  # as its signature says

        return taking

    return around


def _is_nothing(value: object) -> bool:
    """Whether a parameter was not sent: Prefect then hands in the field itself, or pydantic's mark for no default."""
    return isinstance(value, FieldInfo) or value is PydanticUndefined


def in_titles(wrong: CannotBeMeant) -> list[str]:
    """Say what is wrong with a signature or a word, with each field named as the forms show it."""
    return [str(replace(one, field=_TITLES.get(one.field, one.field))) for one in wrong.wrong]


_TITLES = {"by": "Your name", "why": "Why", "live": "Live as", "word": "Delivery"}


def _is_a_form(kind: object) -> bool:
    """Whether a parameter is a form of its own: what was not sent of it is missing field by field."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


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
