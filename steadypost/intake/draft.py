"""A post as a person hands it in: everything is text, nothing is judged yet.

The same model is the row of a file, the arguments of the command line, and what Prefect's form (``Form``) is read to.
"""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_LATE = "6h"

DEFAULT_WHEN_LATE = "miss"

_CAME_LATER = ("repeat", "when_late", "labels", "variants", "as_is", "split")


class Image(BaseModel):
    """One image of a post."""

    model_config = ConfigDict(extra="forbid", title="Image")

    path: str = Field(
        title="File",
        description=(
            "A PNG, JPEG, WebP or GIF picture, or an MP4 or MOV video, on the machine that publishes. A relative path "
            "counts from the folder of the list it stands in; in Prefect's form, from that machine's STEADYPOST_HOME."
        ),
        json_schema_extra={"position": 0},
    )
    alt: str = Field(
        default="",
        title="Description",
        description="What it shows, for those who cannot see it; up to 1000 characters.",
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

    model_config = ConfigDict(extra="forbid")

    text: str = ""
    parts: list[str] = Field(default_factory=list)
    images: list[Image] | None = None
    """``None``: those of the post; an empty list: none there."""

    @property
    def spoken(self) -> list[str]:
        """The texts in order; empty when it says nothing of its own."""
        return self.parts or ([self.text] if self.text.strip() else [])


class Draft(BaseModel):
    """A post to be published, with its accounts and its time."""

    model_config = ConfigDict(extra="forbid")

    text: str = ""
    """What to say; empty for a thread."""
    parts: list[str] = Field(default_factory=list)
    """A thread, each part answering the one before."""
    accounts: list[str]
    when: str
    """With or without its zone, as a stretch from now (``+20m``), ``next-slot`` or ``now``."""
    zone: str = ""
    """Of a time written without one, as an IANA name; empty: the machine's."""
    repeat: str = ""
    """``daily``, ``weekdays`` ..., or a rule of RFC 5545; empty: once."""
    images: list[Image] = Field(default_factory=list)
    reply_to: str = ""
    late_within: str = DEFAULT_LATE
    """How late it may still go out; ``never``: it is never too late."""
    when_late: str = DEFAULT_WHEN_LATE
    """``miss``: nothing is sent; ``ask``: it waits for a person's decision."""
    allow_repeat: bool = False
    labels: list[str] = Field(default_factory=list)
    key: str = ""
    """Its author's own name for it."""
    as_is: bool = False
    """Whether it may go out although it looks like a template, like markup, or like a machine's words."""
    split: bool = False
    """Whether a text that is too long becomes a thread."""
    variants: dict[str, Variant] = Field(default_factory=dict)
    """By network; files have it, Prefect's form does not."""

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
