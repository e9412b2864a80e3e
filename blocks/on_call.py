"""Who is told when a person is needed, as an operator sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from prefect.blocks.core import Block
from pydantic import Field, SecretStr, WithJsonSchema, field_validator, model_validator

from steadypost.domain.endings import Telling
from steadypost.domain.hours import Hours

DOCUMENT = "steadypost"
"""The name of the one document of this type that the watch reads."""

FORMER = "tell"
"""Where documents of an older version hold a list of blocks."""

_REFERENCE = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


def _drawn(**schema: Any) -> WithJsonSchema:
    """Have Prefect draw a field by its own title, and an optional one as a single field."""
    return WithJsonSchema(schema)


class OnCall(Block):
    """Who is told, where, and when.

    New fields are appended, with a default, so that documents saved by an older version still load. One that holds a
    list in ``tell`` loads as well: the list became the two fields for blocks.
    """

    _block_type_name: ClassVar[str] = "Steadypost on call"
    _block_type_slug: ClassVar[str] = "steadypost-on-call"
    _description: ClassVar[str] = "Who is told when Steadypost needs a person, and when that is over."

    name_of_person: str = Field(
        default="",
        title="Name",
        description="Who is on call, for people who read this. Nothing is sent to a name.",
    )
    # Not an empty secret: Prefect shows that as stars, as if there were one.
    address: Annotated[SecretStr | None, _drawn(type="string", format="password", writeOnly=True)] = Field(
        default=None,
        title="Address",
        description=(
            "Where to tell them, as an address of Apprise: mailto://user:password@example.org, "
            "slack://token/channel, tgram://token/chat, json://example.org/hook. It is kept as a secret. "
            "Empty: by the notification blocks below."
        ),
    )
    block: str = Field(
        default="",
        title="Notification block",
        description="One of Prefect's notification blocks, as type/name: slack-webhook/ops, custom-webhook/pager.",
    )
    more_blocks: str = Field(
        default="",
        title="When that does not take it",
        description=(
            "More of them, with a comma between, in the order in which they are tried. The first that takes a message "
            "has it."
        ),
    )
    hours: Annotated[Hours, _drawn(type="string", enum=[str(one) for one in Hours])] = Field(
        default=Hours.ANY,
        title="Hours",
        description="When they may be told. Outside of these hours messages wait, whatever is wrong.",
    )
    zone: str = Field(
        default="",
        title="Zone",
        description="By whose clocks, as an IANA name such as Europe/Berlin. Empty: those of the machine that tells.",
    )
    tell_repaired: bool = Field(
        default=True,
        title="Tell of repairs",
        description="Also tell, once and afterwards, of what was wrong and was repaired without a person.",
    )
    tell_ended: Annotated[Telling, _drawn(type="string", enum=[str(one) for one in Telling])] = Field(
        default=Telling.AT_ONCE,
        title="Tell of posts not published",
        description=(
            "When to tell of posts that the network refused, that missed their time, or that stand half live for an "
            "hour. at_once: with the next round, those that ended together in one message. daily: one message a day. "
            "never: 'steadypost queue' has them."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _from_a_list(cls, given: Any) -> Any:
        """Take a document of an older version: its list of blocks is the first and those for when it fails."""
        if not isinstance(given, Mapping) or FORMER not in given:
            return given
        said = {name: value for name, value in given.items() if name != FORMER}
        ways = [one.strip() for one in given[FORMER] or () if one.strip()]
        if ways and not said.get("block"):
            said |= {"block": ways[0], "more_blocks": ", ".join(ways[1:])}
        return said

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, address: SecretStr | None) -> SecretStr | None:
        told = address.get_secret_value().strip() if address else ""
        if told and not _ADDRESS.fullmatch(told):
            # Never with its value: it holds a secret.
            raise ValueError("this is no address; write one such as mailto://user:password@example.org")
        return SecretStr(told) if told else None

    @field_validator("block")
    @classmethod
    def _is_a_reference(cls, block: str) -> str:
        return _references(block)[0] if block.strip() else ""

    @field_validator("more_blocks")
    @classmethod
    def _are_references(cls, blocks: str) -> str:
        return ", ".join(_references(blocks))

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        try:
            return ZoneInfo(zone.strip()).key if zone.strip() else ""
        except (ValueError, ZoneInfoNotFoundError):
            raise ValueError(f"{zone!r} is no zone; write an IANA name such as Europe/Berlin") from None

    @property
    def blocks(self) -> list[str]:
        """The notification blocks in the order in which they are tried."""
        return [one for one in (self.block, *_references(self.more_blocks)) if one]

    @property
    def names_person(self) -> bool:
        """Whether it names a person to tell."""
        return bool(self.blocks or self.address)

    def may_be_told(self, now: datetime, zone: str) -> bool:
        """Whether it is an hour at which they want to be told. ``zone`` is this machine's."""
        return self.hours.cover(now.astimezone(ZoneInfo(self.zone or zone)))


def _references(written: str) -> list[str]:
    told = [one.strip() for one in written.split(",") if one.strip()]
    wrong = [one for one in told if not _REFERENCE.fullmatch(one)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} names no block; write type/name, for instance slack-webhook/ops")
    return told
