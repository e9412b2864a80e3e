"""A change of what waits, as a person orders it in the form of Prefect's own pages."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from steadypost.intake.fields import TIMES, Number, choices, listed, moment, without_nothing
from steadypost.intake.refusal import Refusal

STRETCHES = ["", "15m", "30m", "1h", "2h", "6h", "12h", "1d", "2d", "7d"]


class What(StrEnum):
    """What is to be done."""

    EDIT = "edit"
    MOVE = "move"
    LATER = "shift later"
    EARLIER = "shift earlier"
    SWAP = "swap"
    COPY = "copy"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    SKIP = "skip a time of a series"
    APPROVE = "approve"
    UNDO = "undo"


class Order(BaseModel):
    """What is to be changed, of which deliveries, by whom and why."""

    model_config = ConfigDict(extra="forbid", title="Change", json_schema_extra={"required": ["what", "by"]})

    what: str = Field(
        default="",
        title="What",
        description=(
            "edit: other words. move: another time. shift: earlier or later by a stretch. swap: two exchange their "
            "times. copy: once more. cancel: take back. skip: leave a day of a series out. reschedule: what missed its "
            "time goes out at another. approve: let it go out as the second person. undo: take a change back."
        ),
        json_schema_extra=listed(0, [str(one) for one in What]),
    )
    deliveries: list[Number] = Field(
        default_factory=list,
        title="Deliveries",
        description="Their numbers, as the queue names them. For skip: the series; for undo: the change.",
        json_schema_extra={"position": 1},
    )
    account: str = Field(
        default="",
        title="Account",
        description="Only deliveries of this account; for a copy, who says it.",
        json_schema_extra=choices(2, "account"),
    )
    saying: str = Field(
        default="",
        title="Saying",
        description="Only deliveries that say this, whatever the case.",
        json_schema_extra={"position": 3},
    )
    label: str = Field(
        default="",
        title="Label",
        description="Only deliveries with this label or hashtag.",
        json_schema_extra={"position": 4},
    )
    day: str = Field(
        default="",
        title="Day",
        description="Only deliveries that are due on this day. For skip: the day to leave out.",
        json_schema_extra={"position": 5, "format": "date"},
    )
    text: str = Field(
        default="",
        title="New text",
        description="For edit and copy: what it says from now on. For a thread use the parts.",
        json_schema_extra={"position": 6},
    )
    parts: list[str] = Field(
        default_factory=list,
        title="New parts of a thread",
        description="All of them, in their order.",
        json_schema_extra={"position": 7},
    )
    new_day: str = Field(
        default="",
        title="New day",
        description="For move, reschedule, copy, edit: the day it goes out.",
        json_schema_extra={"position": 8, "format": "date"},
    )
    new_time: str = Field(
        default="",
        title="New time of that day",
        description="By the clocks of the zone below.",
        json_schema_extra=listed(9, TIMES),
    )
    when: str = Field(
        default="",
        title="Or in words",
        description='Instead of a day and a time: "+20m", "2026-12-01 18:32".',
        json_schema_extra={"position": 10},
    )
    zone: str = Field(
        default="",
        title="Zone",
        description="By whose clocks the new time is meant. Click and type to search.",
        json_schema_extra=choices(11, "zones"),
    )
    by_length: str = Field(
        default="",
        title="Shift by",
        description="For shift: how far.",
        json_schema_extra=listed(12, STRETCHES),
    )
    retry: bool = Field(
        default=False,
        title="Let it go out again",
        description="For edit: also what the network refused, or what broke its attempts.",
        json_schema_extra={"position": 13},
    )
    as_is: bool = Field(
        default=False,
        title="I mean it as it is",
        description="Whatever it looks like.",
        json_schema_extra={"position": 14},
    )
    allow_repeat: bool = Field(
        default=False,
        title="Allow a repetition",
        description="Allow the same words as another post's.",
        json_schema_extra={"position": 15},
    )
    dry_run: bool = Field(
        default=False,
        title="Dry run",
        description="Say what would become of each, and change nothing.",
        json_schema_extra={"position": 16},
    )
    by: str = Field(
        default="",
        title="Your name",
        description="It is kept with what you do.",
        json_schema_extra={"position": 17},
    )
    why: str = Field(
        default="",
        title="Why",
        description="For the next person.",
        json_schema_extra={"position": 18},
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_chosen(cls, given: Any) -> Any:
        """A field that was emptied in the form comes as nothing, and is as if it had never been touched."""
        return without_nothing(given)

    def timed(self) -> Order | Refusal:
        """Give the same order with its new time in words, however it was chosen; or what is not valid."""
        if not (self.new_day.strip() or self.new_time.strip()):
            return self
        when = moment(self.when, self.new_day, self.new_time)
        return when if isinstance(when, Refusal) else self.model_copy(update={"when": when})
