"""A post as it is filled into Prefect's form: what can be chosen is chosen, and the rest is text."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, model_validator

from steadypost.intake.draft import DEFAULT_LATE, DEFAULT_WHEN_LATE, Draft, Image
from steadypost.intake.fields import (
    MOMENTS,
    ON_THE_DAY,
    TIMES,
    choices,
    listed,
    moment,
    without_nothing,
)
from steadypost.intake.moment import due
from steadypost.intake.refusal import Refusal, excerpt, refusal

ONCE, BY_RULE = "once", "by the rule below"

LATE = ["5m", "15m", "30m", "1h", "2h", DEFAULT_LATE, "12h", "1d", "2d", "7d", "never"]
AGAIN = [ONCE, "daily", "weekdays", "weekly", "monthly", BY_RULE]

SHOWN = 40
"""So much of a text stands in the name of its run."""


class Form(BaseModel):
    """A post, the accounts that say it, and its time."""

    model_config = ConfigDict(
        extra="forbid", title="Post", json_schema_extra={"required": ["accounts", "when"]}
    )

    text: str = Field(
        default="",
        title="Text",
        description="What to say. For a thread leave this empty and use the parts.",
        json_schema_extra={"position": 0},
    )
    parts: list[str] = Field(
        default_factory=list,
        title="Parts of a thread",
        description="Each part is a post of its own and answers the one before.",
        json_schema_extra={"position": 1},
    )
    accounts: list[str] = Field(
        default_factory=list,
        title="Accounts",
        description="Who says it: one or more.",
        json_schema_extra=choices(2, "accounts"),
    )
    when: str = Field(
        default=ON_THE_DAY,
        title="When",
        description=(
            'When it goes out. Leave "Start" at the end of this page at "Now": that only says when the form is read.'
        ),
        json_schema_extra=listed(3, [ON_THE_DAY, *MOMENTS]),
    )
    day: str = Field(
        default="",
        title="Day",
        description=f'With "{ON_THE_DAY}": the day it goes out.',
        json_schema_extra={"position": 4, "format": "date"},
    )
    time: str = Field(
        default="",
        title="Time",
        description="The time of that day, by the clocks of the zone below.",
        json_schema_extra=listed(5, TIMES),
    )
    minute: str = Field(
        default="",
        title="Another time of that day",
        description='To the minute, instead of one of the list: "18:32".',
        json_schema_extra={"position": 6},
    )
    zone: str = Field(
        default="",
        title="Zone",
        description="By whose clocks the time is meant, and by which it comes again. Click and type to search.",
        json_schema_extra=choices(7, "zones"),
    )
    repeat: str = Field(
        default=ONCE,
        title="Repeat",
        description="Whether it comes again at the same time by the clocks of its zone.",
        json_schema_extra=listed(8, AGAIN),
    )
    rule: str = Field(
        default="",
        title="Rule of repetition",
        description=f'With "{BY_RULE}": a rule of RFC 5545, such as "FREQ=WEEKLY;BYDAY=MO,WE".',
        json_schema_extra={"position": 9},
    )
    images: list[Image] = Field(
        default_factory=list,
        title="Images",
        description="Up to four for each part, or one video.",
        json_schema_extra={"position": 10},
    )
    reply_to: str = Field(
        default="",
        title="In reply to",
        description="The address or the id of the post this one answers. Empty: it answers none.",
        json_schema_extra={"position": 11},
    )
    late_within: str = Field(
        default=DEFAULT_LATE,
        title="May be late by",
        description="How late it may still go out, when something keeps it. What becomes of it then says the next field.",
        json_schema_extra=listed(12, LATE),
    )
    when_late: str = Field(
        default=DEFAULT_WHEN_LATE,
        title="When it is too late",
        description="miss: it is put aside, and nothing is sent. ask: it waits for a person's decision.",
        json_schema_extra=listed(13, ["miss", "ask"]),
    )
    allow_repeat: bool = Field(
        default=False,
        title="Allow a repetition",
        description="Let it go out although a post that reads the same is queued or was published.",
        json_schema_extra={"position": 14},
    )
    labels: list[str] = Field(
        default_factory=list,
        title="Labels",
        description=(
            "What you file it under, beside the hashtags in its text: everything of a label can be struck at once. "
            "They are not published."
        ),
        json_schema_extra={"position": 15},
    )
    key: str = Field(
        default="",
        title="Key",
        description="Your own name for this post. A second post with the same key does not enter.",
        json_schema_extra={"position": 16},
    )
    as_is: bool = Field(
        default=False,
        title="I mean it as it is",
        description=(
            "Let it go out although it looks like a template that was not filled in, like markup, or like a "
            "machine's words. Off: such a post is held, and asks you."
        ),
        json_schema_extra={"position": 17},
    )
    split: bool = Field(
        default=False,
        title="Split what is too long",
        description="A text that is too long for one post becomes a thread, cut between its sentences.",
        json_schema_extra={"position": 18},
    )

    by: str = Field(
        default="",
        title="Your name",
        description="Kept with the post. Needed where a second person has to approve it.",
        json_schema_extra={"position": 19},
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_chosen(cls, given: Any) -> Any:
        """A field that was emptied in the form comes as nothing, and is as if it had never been touched."""
        return without_nothing(given)

    def draft(self) -> Draft | list[Refusal]:
        """Give what was filled in as intake knows it, or what is not valid."""
        when = moment(self.when, self.day, self.minute.strip() or self.time)
        rule = _rule(self.repeat, self.rule)
        wrong = [one for one in (when, rule) if isinstance(one, Refusal)]
        if isinstance(when, Refusal) or isinstance(rule, Refusal):
            return wrong
        return Draft(**self._said(), when=when, repeat=rule)

    def but_for_its_time(self) -> Draft:
        """Give all of it as if it were for now, once."""
        return Draft(**self._said(), when="now")

    def _said(self) -> dict[str, Any]:
        return self.model_dump(exclude={"when", "day", "time", "minute", "repeat", "rule", "by"})


def _rule(repeat: str, rule: str) -> str | Refusal:
    repeat, rule = repeat.strip(), rule.strip()
    if repeat == BY_RULE:
        remedy = 'write one such as "FREQ=WEEKLY;BYDAY=MO,WE", or choose "once"'
        return rule or refusal("rule", "", "it says no rule", remedy)
    if rule:
        return refusal(
            "rule", rule, f'"Repeat" says "{repeat or ONCE}"', f'choose "{BY_RULE}", or empty the rule'
        )
    return "" if repeat == ONCE else repeat


# The name of its run -------------------------------------------------------------------------------------


def headline(draft: Draft, *, zone: str | None, now: datetime) -> str:
    """Name a post by who says it, when, and its first words: "alice, Mon 18:30 Berlin: First frost...".

    ``zone`` is this machine's; whatever cannot be told yet is named as it was written.
    """
    accounts = ", ".join(excerpt(name) for name in draft.accounts) or "no account"
    place = draft.zone.strip() or zone or ""
    found = due(draft.when, zone=draft.zone, default_zone=zone, now=now)
    shown = excerpt(draft.when) if isinstance(found, list) else clock_time(found, place, now)
    again = f" {excerpt(draft.repeat)}" if draft.repeat else ""
    return f"{accounts},{again} {shown}: {short(draft.spoken[0])}"


def clock_time(at: datetime, zone: str, now: datetime) -> str:
    """Tell a time by the clocks of a zone, and whose they are; a week and more ahead it has its date."""
    try:
        there = at.astimezone(ZoneInfo(zone or "UTC"))
    except (ValueError, ZoneInfoNotFoundError):
        return f"{at:%a %d %b %H:%M} UTC"
    day = f"{there:%a}" if abs((at - now).days) < 6 else f"{there:%a %d %b}"
    return f"{day} {there:%H:%M} {city(zone)}"


def city(zone: str) -> str:
    """Give the part of a zone's name by which people call it."""
    return (zone or "UTC").rpartition("/")[2].replace("_", " ")


def short(text: str) -> str:
    """Give the first words of a text."""
    said = excerpt(text)
    return said if len(said) <= SHOWN else f"{said[: SHOWN - 3].rstrip()}..."
