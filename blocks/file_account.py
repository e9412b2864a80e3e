"""An account that posts into a file: to try Steadypost in private."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_validator

from blocks import fields
from blocks.account import AccountBlock, Unopened, approved_by
from steadypost.channels.port import Access
from steadypost.domain.delivery import OnAbsence
from steadypost.domain.network import Network
from steadypost.domain.twins import spelled
from steadypost.networks.file import NETWORK


class FileAccount(AccountBlock):
    """An account whose posts are appended to a file of the machine that publishes, one JSON object a line.

    New fields are appended, with a default, so that documents saved by an older version still load.
    """

    _block_type_name: ClassVar[str] = "File account"
    _block_type_slug: ClassVar[str] = "steadypost-file-account"
    _description: ClassVar[str] = "An account whose posts are written to a file and nowhere else."
    channel: ClassVar[str] = "file"
    network: ClassVar[Network] = NETWORK

    handle: str = Field(
        title="Handle",
        description="The name written beside each post in the file.",
        examples=["me"],
    )
    base_url: str = Field(
        title="File",
        description="The file, as file:///path/to/posts.jsonl. It is made when it is not there.",
    )
    per_hour: int | None = fields.per_hour(None, parts="")
    per_day: int | None = fields.per_day(None)
    spacing_seconds: int = fields.spacing_seconds(0, thread="")
    on_absence: OnAbsence = fields.on_absence(
        "Write it again by itself, or ask a person first.", title="When a post proves not to be there"
    )
    settle_minutes: float = fields.settle_minutes(
        0, "How far apart two looks must be to prove that a post is not in the file: one look does.", least=0
    )

    approved_by: str = approved_by()

    @field_validator("handle")
    @classmethod
    def _bare(cls, handle: str) -> str:
        bare = handle.strip().removeprefix("@")
        if not bare or any(letter.isspace() for letter in bare):
            raise ValueError("a handle is one word")
        return bare

    @field_validator("base_url")
    @classmethod
    def _path(cls, url: str) -> str:
        path = Path(url.strip().removeprefix("file://"))
        if not path.is_absolute():
            raise ValueError("write the whole path: file:///path/to/posts.jsonl")
        return f"file://{path}"

    def who(self) -> tuple[str, str]:
        """Say whose posts in which file."""
        return self.base_url, spelled(self.handle)

    def secrets(self) -> list[str]:
        """Hold none."""
        return []

    def open(self, name: str) -> Access | Unopened:
        """Open the account: there is nothing to sign in to."""
        return Access(account=name, handle=self.handle, base_url=self.base_url, secret={})
