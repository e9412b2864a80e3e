"""What can be turned off, for whom, by whom and why."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from prefect.blocks.core import Block
from pydantic import BaseModel, Field, PrivateAttr, model_validator

from steadypost.domain.rollout import is_in

DOCUMENT = "steadypost"
"""The name of the one document of this type that the flows read, once per cycle."""


class Per(StrEnum):
    """Whom a switch can be on for by share."""

    ACCOUNT = "account"
    EVERYTHING = "everything"
    """It concerns everything at once: it is on or off, and has no share."""


class Switch(BaseModel):
    """One switch: on, off, or on for some, with the words the next person will want to read."""

    on: bool = Field(default=True, title="On", description="Off: it is not done.")
    reason: str = Field(default="", title="Reason", description="Why it is not as it came.")
    by: str = Field(default="", title="By", description="Who changed it.")
    until: datetime | None = Field(
        default=None,
        title="Until",
        description="When it goes back by itself to being on for all. Empty: until a person turns it on.",
    )
    owner: str = Field(default="", title="Owner", description="Who answers for it: the name of a person.")
    since: datetime | None = Field(default=None, title="Since", description="Since when it is as it is.")
    share: float = Field(
        default=100,
        ge=0,
        le=100,
        title="Share (per cent)",
        description=(
            "For how many of the accounts, or deliveries, it is on. Who is in is decided by a hash of the name: "
            "the same ones stay in while the share grows."
        ),
    )

    _name: str = PrivateAttr(default="")

    def is_on(self, now: datetime, subject: object = None) -> bool:
        """Whether it is on at ``now`` for this account or delivery (for all, without one); one turned off for a time
        comes back.
        """
        if self.is_over(now):
            return True
        if not self.on or self.share >= 100:
            return self.on
        return subject is not None and is_in(self._name, str(subject), self.share)

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over: then it is on for all, whatever else it says."""
        return self.until is not None and self.until.astimezone() <= now

    def stands(self, now: datetime) -> str:
        """Say in two words how it stands."""
        if self.is_over(now) or (self.on and self.share >= 100):
            return "on"
        return f"on for {self.share:g} %" if self.on and self.share > 0 else "off"


PerAccount = Annotated[Switch, Per.ACCOUNT]
"""A switch that can be on for a share of the accounts; its caller names the account."""


def _switch(title: str, told: str) -> Any:
    return Field(default_factory=Switch, title=title, description=told)


class Switches(Block):
    """The features an operator can turn off, effective within one cycle of the flows.

    New switches are appended, on by default, so that documents saved by an older version still load.
    """

    _block_type_name: ClassVar[str] = "Steadypost switches"
    _block_type_slug: ClassVar[str] = "steadypost-switches"
    _description: ClassVar[str] = "What Steadypost does, each with its switch, its reason and its expiry."

    publish: PerAccount = _switch(
        "Publish",
        "Claim and publish what is due. Off: everything waits; nothing is lost.",
    )
    reconcile: PerAccount = _switch(
        "Reconcile",
        (
            "Look at the network for unconfirmed deliveries, and check that published posts are live. Off: an "
            "unconfirmed delivery stays unconfirmed until a person says what became of it."
        ),
    )
    isolate_unconfirmed: PerAccount = _switch(
        "Isolate unconfirmed posts",
        (
            "An unconfirmed post stops only itself. Off: it holds the whole queue of its account until it is "
            "settled, as older systems do; for comparison and rollback."
        ),
    )

    bulkheads: Switch = _switch(
        "Bulkheads",
        (
            "Publishing, looking and probing have places of their own, by host, account and network. Off: "
            "everything waits for one limit that all share, as in older systems; for comparison and rollback."
        ),
    )
    deadlines: Switch = _switch(
        "Deadlines",
        (
            "Work that is not done by its deadline is ended, its browser killed and seen dead. Off: it may "
            "take an hour; for comparison and rollback."
        ),
    )
    backoff: Switch = _switch(
        "Backoff",
        (
            "What was not sent goes again after a wait that grows, within one budget for all. Off: at once and "
            "without a budget; for comparison and rollback. What may be live is never asked for again either way."
        ),
    )
    degradation: Switch = _switch(
        "Degradation",
        (
            "Go on without what is away and not needed for a post. Off: the first failure stops the run; for "
            "comparison and rollback."
        ),
    )

    repair: Switch = _switch(
        "Repair",
        (
            "The watch mends what it can without a person: it ends what hangs, starts what is gone, gives back what the "
            "dead hold. Off: it only looks, and tells a person at once."
        ),
    )

    circuits: Switch = _switch(
        "Circuits",
        (
            "What fails is left alone until a look has seen it well. Off: every due post tries for itself, as "
            "in older systems; for comparison and rollback."
        ),
    )

    canary: Switch = _switch(
        "Canary",
        (
            "Open the composer now and then without submitting, and let accounts rest while X's page has changed. "
            "Off: each post finds out by itself."
        ),
    )

    sharing: PerAccount = _switch(
        "Sharing",
        (
            "The publishers of all machines share the accounts, and take over those of one that falls silent. Off: one "
            "machine publishes, and the others stand by, as in older systems; for comparison and rollback."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _only_known(cls, given: Any) -> Any:
        """Refuse a name that nothing reads: its author would believe it to be in force."""
        if isinstance(given, Mapping) and (unknown := strangers(given)):
            raise ValueError("; ".join(unknown.values()))
        return given

    @model_validator(mode="after")
    def _shared_out_only_where_it_can_be(self) -> Switches:
        for name, switch in self.each().items():
            switch._name = name  # noqa: SLF001 - it is the one who gives names
            if per(name) is Per.EVERYTHING and 0 < switch.share < 100:
                raise ValueError(
                    f"{name} concerns everything at once: turn it on or off, or leave its share at 100"
                )
        return self

    def each(self) -> dict[str, Switch]:
        """Give every switch by its name."""
        return {name: getattr(self, name) for name in names()}

    @classmethod
    def model_json_schema(cls, *given: Any, **named: Any) -> dict[str, Any]:
        """Write every switch out in full, since Prefect's form would call each one by its class, "Switch"."""
        schema = super().model_json_schema(*given, **named)
        written = schema.pop("definitions", None) or schema.pop("$defs", {})
        for name, field in schema["properties"].items():
            kind = written[field.pop("$ref").rpartition("/")[2]]
            schema["properties"][name] = {**kind, **field}
        return schema


def per(name: str) -> Per:
    """Say whom a switch can be on for by share."""
    declared = Switches.model_fields[name].metadata if name in Switches.model_fields else []
    return next((one for one in declared if isinstance(one, Per)), Per.EVERYTHING)


def names() -> list[str]:
    """Name every switch, in the order of the form."""
    return [name for name, field in Switches.model_fields.items() if field.annotation is Switch]


def strangers(given: Iterable[str]) -> dict[str, str]:
    """Find names that are no switch's, each with what to do instead."""
    known = names()
    return {name: _remedy(name, known) for name in given if name not in known and name not in BLOCK_S_OWN}


BLOCK_S_OWN = frozenset({"block_type_slug"})
"""What Prefect itself writes beside the fields of a block."""


def _remedy(name: str, known: list[str]) -> str:
    meant = difflib.get_close_matches(name, known, n=1)
    there_are = f"there are: {', '.join(known)}"
    return f"no switch is called {name!r}; {f'{meant[0]} was meant?' if meant else there_are}"
