"""An account on Mastodon, or on a server that speaks its API, as its operator sees and edits it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from blocks import fields
from blocks.account import AccountBlock, Unopened, approved_by
from blocks.addresses import address_of
from steadypost import settings
from steadypost.channels.mastodon.api import TOKEN
from steadypost.channels.mastodon.knowledge import knowledge_in
from steadypost.channels.port import Access
from steadypost.domain.delivery import OnAbsence
from steadypost.domain.network import Allowance, Network
from steadypost.domain.outcome import Cause
from steadypost.networks.mastodon import NETWORK
from steadypost.networks.mastodon.limits import USUAL
from steadypost.networks.mastodon.manner import LANGUAGE, SENSITIVE, VISIBILITY, WARNING


class MastodonAccount(AccountBlock):
    """One account on a Mastodon server, published to through the server's API.

    The name of the block document is the account's name in Steadypost: the word that goes into the ``accounts``
    column of a CSV file. New fields are appended, with a default, so that documents saved by an older version still
    load.
    """

    channel: ClassVar[str] = "mastodon"
    network: ClassVar[Network] = NETWORK

    _block_type_name: ClassVar[str] = "Mastodon account"
    _block_type_slug: ClassVar[str] = "steadypost-mastodon-account"
    _description: ClassVar[str] = (
        "An account on Mastodon, or on a server with its API, that Steadypost publishes to: its server, its access "
        "token and how its posts go out."
    )

    handle: str = Field(
        title="Handle",
        description="The account's name on its server, without @ and without the server: alice.",
        examples=["alice"],
    )
    base_url: str = Field(
        title="Server",
        description="The address of the account's server.",
        examples=["https://mastodon.example"],
    )
    access_token: SecretStr = Field(
        title="Access token",
        description=(
            "Made on the server under Preferences, Development, with the scopes read and write. It does not expire; "
            "paste a new one when the server no longer takes it, and waiting posts go on by themselves."
        ),
    )
    visibility: Literal["", "public", "unlisted", "private", "direct"] = Field(
        default="",
        title="Visibility",
        description="Who may see its posts, where a post does not say. Empty: as the account is set on its server.",
    )
    language: str = Field(
        default="",
        title="Language",
        description="The language of its posts (de, en, pt-BR), where a post does not say. Empty: as on its server.",
    )
    warning: str = Field(
        default="",
        title="Content warning",
        description="Stands above every post that has none of its own, and hides its text until a reader opens it.",
    )
    sensitive: bool = Field(
        default=False,
        title="Pictures are sensitive",
        description="Hide the pictures of its posts until a reader opens them.",
    )
    per_hour: int | None = fields.per_hour(30)
    per_day: int | None = fields.per_day(300)
    spacing_seconds: int = fields.spacing_seconds(20)
    on_absence: OnAbsence = fields.on_absence()
    settle_minutes: float = fields.settle_minutes(
        NETWORK.settle.total_seconds() / 60,
        (
            "How far apart two looks must be, at the least, to prove that a post is not there. Longer than "
            "the server ever takes to show a post in lists: less than 2 is refused."
        ),
    )

    approved_by: str = approved_by()

    @field_validator("handle")
    @classmethod
    def _bare(cls, handle: str) -> str:
        bare = handle.strip().removeprefix("@").partition("@")[0]
        if not bare or not bare.replace("_", "").replace(".", "").replace("-", "").isalnum():
            raise ValueError(
                "a handle has letters, digits, dots, hyphens and underscores; write it without @"
            )
        return bare

    @field_validator("base_url")
    @classmethod
    def _address(cls, url: str) -> str:
        told = url.strip()
        return address_of(told if "://" in told else f"https://{told}")

    @field_validator("language")
    @classmethod
    def _named(cls, language: str) -> str:
        named = language.strip()
        if named and not (2 <= len(named.partition("-")[0]) <= 3 and named.replace("-", "").isalnum()):
            raise ValueError("a language is written as in ISO 639: de, en, pt-BR")
        return named

    def secrets(self) -> Iterable[str]:
        """Name the words of this block that must be shown nowhere."""
        return (self.access_token.get_secret_value(),)

    def allowance(self) -> Allowance:
        """Give the limits its server last reported to this machine; the usual ones before that."""
        return knowledge_in(settings.read().home).last(self.base_url) or USUAL

    def open(self, name: str) -> Access | Unopened:
        """Open the account: everything a channel needs to be it, or why that cannot be had."""
        token = self.access_token.get_secret_value().strip()
        if not token or not token.isascii() or any(letter.isspace() for letter in token):
            return Unopened(
                Cause.SESSION_UNUSABLE,
                f"{name}: the access token is not one: paste it into the account's Mastodon account block",
            )
        return Access(
            account=name,
            handle=self.handle,
            base_url=self.base_url,
            secret={TOKEN: token},
            options={
                VISIBILITY: self.visibility,
                LANGUAGE: self.language,
                WARNING: self.warning,
                SENSITIVE: self.sensitive,
            },
        )
