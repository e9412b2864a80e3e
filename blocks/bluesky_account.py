"""An account on Bluesky, as its operator sees and edits it."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field, SecretStr, field_validator

from blocks import fields
from blocks.account import AccountBlock, Unopened, approved_by
from blocks.addresses import address_of
from steadypost.channels.bluesky.options import MOST_LABELS, MOST_LANGUAGES, VIDEO_SERVICE
from steadypost.channels.port import Access
from steadypost.domain.delivery import OnAbsence
from steadypost.domain.network import Network
from steadypost.domain.outcome import Cause
from steadypost.networks.bluesky import NETWORK
from steadypost.networks.bluesky.uri import is_handle

BLUESKY = "https://bsky.social"
DIRECTORY = "https://plc.directory"

LABELS = ("sexual", "nudity", "porn", "graphic-media", "bot", "!no-unauthenticated")
"""What an author may say of an own post."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


class BlueskyAccount(AccountBlock):
    """One account on Bluesky, published to by the AT Protocol.

    The name of the block document is the account's name in Steadypost: the word that goes into the ``accounts`` column of
    a CSV file. Make an app password at Settings, Privacy and security, App passwords.

    New fields are appended, with a default, so that documents saved by an older version still load.
    """

    _block_type_name: ClassVar[str] = "Bluesky account"
    _block_type_slug: ClassVar[str] = "steadypost-bluesky-account"
    _description: ClassVar[str] = (
        "An account on Bluesky that Steadypost publishes to, with its app password, its limits and how it posts."
    )

    channel: ClassVar[str] = "bluesky"
    network: ClassVar[Network] = NETWORK

    handle: str = Field(
        title="Handle",
        description=(
            "The account's handle, without @: alice.bsky.social, or a domain of its own. The server for its posts is "
            "found from it."
        ),
        examples=["alice.bsky.social"],
    )
    app_password: SecretStr = Field(
        title="App password",
        description=(
            "An app password of the account, not its main password. Put a new one here when the old one was revoked; "
            "waiting posts go on by themselves."
        ),
    )
    per_hour: int | None = fields.per_hour(
        60, parts="; each part of a thread is one. Bluesky itself takes some 1,600"
    )
    per_day: int | None = fields.per_day(500)
    spacing_seconds: int = fields.spacing_seconds(10)
    languages: str = Field(
        default="",
        title="Languages",
        description=(
            f"The languages this account writes in, up to {MOST_LANGUAGES}, with commas between. Readers filter by them. "
            "Empty: nothing is said."
        ),
        examples=["en", "de,en"],
    )
    labels: str = Field(
        default="",
        title="Content labels",
        description=f"Put on every post of this account, with commas between: {', '.join(LABELS)}.",
    )
    previews: bool = Field(
        default=True,
        title="Link previews",
        description="Read the page behind a post's first link, and show its title and picture below the post.",
    )
    descriptions_required: bool = Field(
        default=False,
        title="Descriptions required",
        description="Refuse a picture that has no description for those who cannot see it.",
    )
    picture_bytes: int | None = Field(
        default=None,
        ge=50_000,
        le=2_000_000,
        title="Largest picture (bytes)",
        description=(
            "Pictures are made smaller until they fit. Empty: 2,000,000 on Bluesky's own servers, 1,000,000 on others, "
            "which is what every server takes."
        ),
    )
    on_absence: OnAbsence = fields.on_absence(
        "A post whose answer was lost is looked for under its own name. If it is not there: ask again by "
        "itself, or ask a person first."
    )
    settle_minutes: float = fields.settle_minutes(
        0,
        (
            "How far apart two looks must be to prove that a post is not there. 0: one look is enough, "
            "because a post that is asked for again has the same name and cannot come twice."
        ),
        least=0,
    )
    base_url: str = Field(
        default=BLUESKY,
        title="Address",
        description="A server that tells who a handle is. Change it only to rehearse against a sandbox.",
    )
    directory: str = Field(
        default=DIRECTORY,
        title="Directory",
        description="Where it is written on which server an account lives. Change it only to rehearse against a sandbox.",
    )

    approved_by: str = approved_by()
    video_service: str = Field(
        default=VIDEO_SERVICE,
        title="Video service",
        description="Where videos are processed. Change it only to rehearse against a sandbox.",
    )

    @field_validator("handle")
    @classmethod
    def _bare(cls, handle: str) -> str:
        bare = handle.strip().removeprefix("@").lower()
        if not is_handle(bare):
            raise ValueError(
                "a handle is a whole domain name, for example alice.bsky.social; write it without @"
            )
        return bare

    @field_validator("app_password")
    @classmethod
    def _stripped(cls, password: SecretStr) -> SecretStr:
        return SecretStr(password.get_secret_value().strip())

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, told: str) -> str:
        names = _listed(told)
        if len(names) > MOST_LANGUAGES or not all(map(_LANGUAGE.fullmatch, names)):
            raise ValueError(f"up to {MOST_LANGUAGES} codes with commas between, for example: en,de,pt-BR")
        return ",".join(names)

    @field_validator("labels")
    @classmethod
    def _known_labels(cls, told: str) -> str:
        names = _listed(told)
        unknown = [name for name in names if name not in LABELS]
        if unknown or len(names) > MOST_LABELS:
            raise ValueError(f"labels are {', '.join(LABELS)}" + (f"; not {unknown[0]}" if unknown else ""))
        return ",".join(names)

    _address = field_validator("base_url", "directory", "video_service")(address_of)

    def secrets(self) -> list[str]:
        """Name the words of this block that must be shown nowhere."""
        return [self.app_password.get_secret_value()]

    def open(self, name: str) -> Access | Unopened:
        """Open the account: everything a channel needs to be it, or why that cannot be had."""
        if not self.app_password.get_secret_value():
            return Unopened(
                Cause.SESSION_UNUSABLE,
                f"app password of {name} is empty: make one at Bluesky and put it into its block",
            )
        return Access(
            account=name,
            handle=self.handle,
            base_url=self.base_url,
            secret={"app_password": self.app_password.get_secret_value()},
            options={
                "languages": self.languages,
                "labels": self.labels,
                "cards": self.previews,
                "needs_alt": self.descriptions_required,
                "picture_bytes": str(self.picture_bytes or ""),
                "directory": self.directory,
                "video_service": self.video_service,
            },
        )


def _listed(told: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in told.split(",") if name.strip()))
