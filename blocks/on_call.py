"""Who is told when a person is needed, as an operator sees it."""

from __future__ import annotations

import re
from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field, field_validator

DOCUMENT = "steadypost"
"""The name of the one document of this type that the watch reads."""

_REFERENCE = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


class OnCall(Block):
    """Who is told, by Prefect's own notification blocks: Slack, mail, a telephone, any webhook.

    New fields are appended, with a default, so that documents saved by an older version still load.
    """

    _block_type_name: ClassVar[str] = "Steadypost on call"
    _block_type_slug: ClassVar[str] = "steadypost-on-call"
    _description: ClassVar[str] = "Who is told when Steadypost needs a person, and when that is over."

    tell: list[str] = Field(
        default_factory=list,
        title="Tell",
        description=(
            "Notification blocks, each as type/name, for instance slack-webhook/ops or custom-webhook/pager. The first "
            "that takes a message has it; the others are for when it does not."
        ),
    )
    tell_repaired: bool = Field(
        default=True,
        title="Tell of repairs",
        description="Also tell, once and afterwards, of what was wrong and was repaired without anybody.",
    )

    @field_validator("tell")
    @classmethod
    def _references(cls, tell: list[str]) -> list[str]:
        told = [one.strip() for one in tell if one.strip()]
        wrong = [one for one in told if not _REFERENCE.fullmatch(one)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} names no block; write type/name, for instance slack-webhook/ops")
        return told
