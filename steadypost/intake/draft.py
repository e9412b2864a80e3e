"""A post as a person hands it in: everything is text, nothing is judged yet.

The same model is the row of a file, the arguments of the command line, and the form of the ``compose`` flow in
Prefect's own pages. Hence only strings, lists and one switch, each with the title and the sentence that the
form shows, and ``position``, by which that form keeps their order whatever a database does to a JSON object.
"""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

DEFAULT_LATE = "6h"

DEFAULT_WHEN_LATE = "miss"

_CAME_LATER = ("repeat", "when_late", "labels", "variants", "as_is", "split")


class Image(BaseModel):
    """One image of a post."""

    model_config = ConfigDict(extra="forbid", title="Image")

    path: str = Field(
        title="File",
        description=(
            "A PNG, JPEG, WebP or GIF file on the machine that publishes. A relative path counts from the folder "
            "of the list it stands in; in Prefect's form, from that machine's STEADYPOST_HOME."
        ),
        json_schema_extra={"position": 0},
    )
    alt: str = Field(
        default="",
        title="Description",
        description="What the image shows, for those who cannot see it; up to 1000 characters.",
        json_schema_extra={"position": 1},
    )
    part: int = Field(
        default=1,
        title="Part",
        description="Which part of a thread it belongs to, counted from 1.",
        json_schema_extra={"position": 2},
    )


class Variant(BaseModel):
    """What is said, or shown, on one network instead of what is said everywhere."""

    model_config = ConfigDict(extra="forbid", title="On one network")

    text: str = ""
    parts: list[str] = Field(default_factory=list)
    images: list[Image] | None = None
    """``None``: those of the post; an empty list: none there."""

    @property
    def spoken(self) -> list[str]:
        """The texts in order; empty when it says nothing of its own."""
        return self.parts or ([self.text] if self.text.strip() else [])


class Draft(BaseModel):
    """A post somebody wants published, with its accounts and its time."""

    model_config = ConfigDict(extra="forbid", title="Post")

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
        title="Accounts",
        description="Which accounts publish it: the names of one or more account blocks, each an item of its own.",
        json_schema_extra={"position": 2},
    )
    when: str = Field(
        title="When",
        description=(
            'When it is due: "2026-11-24T18:30+01:00", "2026-11-24 18:30" with a zone, '
            '"+20m" from the moment it comes in, "next-slot" for the next free slot of its account, or "now".'
        ),
        examples=["now", "+20m", "next-slot", "2026-11-24T18:30+01:00"],
        json_schema_extra={"position": 3},
    )
    zone: str = Field(
        default="",
        title="Zone",
        description=(
            "The zone of a time written without one, as an IANA name such as Europe/Berlin. "
            "Empty: the machine's STEADYPOST_ZONE, if set."
        ),
        json_schema_extra={"position": 4},
    )
    repeat: str = Field(
        default="",
        title="Repeat",
        description=(
            'Comes again, by the clocks of its zone: "daily", "weekdays", "weekly", "monthly", or a rule of RFC '
            '5545 such as "FREQ=WEEKLY;BYDAY=MO,WE". "When" is its first time. Empty: it comes once.'
        ),
        examples=["", "weekdays", "FREQ=MONTHLY;BYDAY=1MO"],
        json_schema_extra={"position": 5},
    )
    images: list[Image] = Field(
        default_factory=list,
        title="Images",
        description="Up to four for each part.",
        json_schema_extra={"position": 6},
    )
    reply_to: str = Field(
        default="",
        title="In reply to",
        description="The address or the id of the post this one answers. Empty: it answers none.",
        json_schema_extra={"position": 7},
    )
    late_within: str = Field(
        default=DEFAULT_LATE,
        title="May be late by",
        description=(
            'How late it may still go out: "30m", "2h", "1d". What becomes of it then says the next field. '
            '"never": it is never too late for it.'
        ),
        json_schema_extra={"position": 8},
    )
    when_late: str = Field(
        default=DEFAULT_WHEN_LATE,
        title="When it is too late",
        description='"miss": it is put aside, and nothing is sent. "ask": it waits for a person\'s word.',
        examples=["miss", "ask"],
        json_schema_extra={"position": 9},
    )
    allow_repeat: bool = Field(
        default=False,
        title="Allow a repetition",
        description="Let it go out although a post that reads the same is queued or was published.",
        json_schema_extra={"position": 10},
    )
    labels: list[str] = Field(
        default_factory=list,
        title="Labels",
        description=(
            "What you file it under, beside the hashtags in its text: everything of a label can be struck at once. "
            "Nobody on X sees them."
        ),
        json_schema_extra={"position": 11},
    )
    key: str = Field(
        default="",
        title="Key",
        description="Your own name for this post. A second post with the same key does not enter.",
        json_schema_extra={"position": 12},
    )

    as_is: bool = Field(
        default=False,
        title="I mean it as it is",
        description=(
            "Let it go out although it looks like a template that was not filled in, like markup, or like a "
            "machine's words. Off: such a post is held, and asks you."
        ),
        json_schema_extra={"position": 13},
    )
    split: bool = Field(
        default=False,
        title="Split what is too long",
        description="A text that is too long for one post becomes a thread, cut between its sentences.",
        json_schema_extra={"position": 14},
    )

    variants: SkipJsonSchema[dict[str, Variant]] = Field(default_factory=dict)
    """By network. Files have it; Prefect's form has no good field for it."""

    @property
    def spoken(self) -> list[str]:
        """The texts in order: the parts of a thread, or the one text."""
        return self.parts or [self.text]

    @property
    def content_key(self) -> str:
        """The mark by which the very same draft is known again, from whatever file it comes."""
        # A field that came later counts only where it says something: else every list that was imported before
        # would be another list now, and enter a second time.
        silent = {
            name
            for name in _CAME_LATER
            if getattr(self, name) == type(self).model_fields[name].get_default(call_default_factory=True)
        }
        content = json.dumps(self.model_dump(exclude={"key", *silent}), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()
