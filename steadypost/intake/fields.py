"""What Prefect's forms are drawn from, and how what comes from them is read.

``choices`` marks a field whose list is not known before there are accounts: it is filled in where the deployments are
made, and again when an account comes or goes (``tasks/forms.py``). A list only draws the form. What is taken is what
the same field of a file may say, so that whoever starts a run by hand or by an automation may write more than a list has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from steadypost.intake.moment import NEXT_SLOT
from steadypost.intake.refusal import Refusal, refusal

CHOICES = "steadypost"
"""By this key of a field's schema is known which list it gets."""

ON_THE_DAY = "on the day below"

HIGHEST = 2**63 - 1
"""No store keeps a higher number, so nothing has one."""

Number = Annotated[int, Field(ge=1, le=HIGHEST)]
"""The number of a delivery, of a series or of a change."""

MOMENTS = {
    "now": "now",
    "in 10 minutes": "+10m",
    "in an hour": "+1h",
    "in the next free slot": NEXT_SLOT,
}
"""What can be chosen instead of a day."""

TIMES = [f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in (0, 15, 30, 45)]


def choices(position: int, of: str) -> dict[str, Any]:
    """Mark a field that is drawn as a list of what there is."""
    return {"position": position, CHOICES: of}


def listed(position: int, those: list[str]) -> dict[str, Any]:
    """Draw a field as a list. Its type stays text: what else a file may say is taken too."""
    return {"position": position, "enum": those}


def without_nothing(given: Any) -> Any:
    """Leave out the fields that hold nothing."""
    if not isinstance(given, Mapping):
        return given
    return {name: value for name, value in given.items() if value is not None}


def moment(when: str, day: str, time: str) -> str | Refusal:
    """Give the time that is meant as intake reads it. A day, and something else instead, is two times."""
    when, day, time = when.strip() or ON_THE_DAY, day.strip(), time.strip().replace(".", ":")
    if when == ON_THE_DAY:
        if not day:
            return refusal("day", "", "it says no day", 'choose a day and a time, or another "When"')
        if not time:
            return refusal(
                "time", "", "it says no time of that day", "choose one, or write one to the minute"
            )
        return f"{day[:10]} {time.zfill(5)}"
    if day or time:
        told = f"{day} {time}".strip()
        return refusal(
            "when", f"{when}, {told}", "these are two times", f'choose "{ON_THE_DAY}", or empty day and time'
        )
    return MOMENTS.get(when, when)


def misfits(error: ValidationError, form: type[BaseModel] | None = None) -> list[Refusal]:
    """Say of each field that does not fit its type what is wrong, as of any other mistake in a form.

    With the ``form``, a field is named as the form shows it.
    """
    return [
        refusal(
            _place(one["loc"], form) or "form",
            "" if one["type"] == "missing" else one.get("input", ""),
            *_fitting(one["type"], one["msg"].removeprefix("Value error, ")),
        )
        for one in error.errors()
    ]


def _place(steps: Sequence[int | str], form: type[BaseModel] | None) -> str:
    """Name a field: by its title, and what is inside of another by its own alone."""
    names: list[str] = []
    for step in steps:
        known = form.model_fields.get(str(step)) if form else None
        inside = known.annotation if known else None
        form = inside if isinstance(inside, type) and issubclass(inside, BaseModel) else None
        if form is None:
            names.append(str(step + 1) if isinstance(step, int) else (known and known.title) or step)
    return ".".join(names) or ".".join(map(str, steps))


def _fitting(kind: str, said: str) -> tuple[str, str]:
    """Say what is wrong, and what to do."""
    if kind == "missing":
        return "it is missing", "fill it in"
    if kind == "extra_forbidden":
        return "the form has no field of this name", "leave it out"
    return said[:1].lower() + said[1:], "fill it in as the form shows it"
