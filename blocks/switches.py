"""What can be turned off, by whom and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from prefect.blocks.core import Block
from pydantic import BaseModel, Field

DOCUMENT = "steadypost"
"""The name of the one document of this type that the flows read, once per cycle."""


class Switch(BaseModel):
    """One switch: on or off, with the words the next person will want to read."""

    on: bool = Field(default=True, title="On", description="Off: it is not done.")
    reason: str = Field(default="", title="Reason", description="Why it is not as it came.")
    by: str = Field(default="", title="By", description="Who changed it.")
    until: datetime | None = Field(
        default=None,
        title="Until",
        description="When it goes back by itself to being on. Empty: when somebody turns it on.",
    )

    def is_on(self, now: datetime) -> bool:
        """Whether it is on at ``now``: a switch that was turned off for a time comes back by itself."""
        return self.on or (self.until is not None and self.until.astimezone() <= now)


class Switches(Block):
    """The features an operator can turn off, effective within one cycle of the flows.

    New switches are appended, on by default, so that documents saved by an older version still load.
    """

    _block_type_name: ClassVar[str] = "Steadypost switches"
    _block_type_slug: ClassVar[str] = "steadypost-switches"
    _description: ClassVar[str] = "What Steadypost does, each with its switch, its reason and its expiry."

    publish: Switch = Field(
        default_factory=Switch,
        title="Publish",
        description="Claim and publish what is due. Off: everything waits; nothing is lost.",
    )
    reconcile: Switch = Field(
        default_factory=Switch,
        title="Reconcile",
        description=(
            "Look at the network for what is in doubt, and to see published posts with own eyes. Off: what is "
            "in doubt stays in doubt until somebody says what became of it."
        ),
    )
    isolate_unconfirmed: Switch = Field(
        default_factory=Switch,
        title="Isolate what is in doubt",
        description=(
            "A post in doubt stops only itself. Off: it holds the whole queue of its account until it is "
            "settled, as older systems do; for comparison and rollback."
        ),
    )

    bulkheads: Switch = Field(
        default_factory=Switch,
        title="Bulkheads",
        description=(
            "Publishing, looking and probing have places of their own, by host, account and network. Off: "
            "everything waits for one limit that all share, as in older systems; for comparison and rollback."
        ),
    )
    deadlines: Switch = Field(
        default_factory=Switch,
        title="Deadlines",
        description=(
            "Work that is not done by its deadline is ended, its browser killed and seen dead. Off: it may "
            "take an hour; for comparison and rollback."
        ),
    )
    backoff: Switch = Field(
        default_factory=Switch,
        title="Backoff",
        description=(
            "What was not sent goes again after a wait that grows, within one budget for all. Off: at once and "
            "without a budget; for comparison and rollback. What may be live is never asked for again either way."
        ),
    )
    degradation: Switch = Field(
        default_factory=Switch,
        title="Degradation",
        description=(
            "Go on without what is away and not needed for a post. Off: the first failure stops the run; for "
            "comparison and rollback."
        ),
    )

    canary: Switch = Field(
        default_factory=Switch,
        title="Canary",
        description=(
            "Open the composer now and then without submitting, and let accounts rest while X's page has changed. "
            "Off: each post finds out by itself."
        ),
    )

    @classmethod
    def model_json_schema(cls, *given: Any, **named: Any) -> dict[str, Any]:
        """Write every switch out in full under its own name.

        Pydantic refers to ``Switch`` and puts the name beside the reference, where Prefect's form does not
        look: it would call every switch "Switch", and nobody could tell which of them stops what.
        """
        schema = super().model_json_schema(*given, **named)
        written = schema.pop("definitions", None) or schema.pop("$defs", {})
        for name, field in schema["properties"].items():
            kind = written[field.pop("$ref").rpartition("/")[2]]
            schema["properties"][name] = {**kind, **field}
        return schema
