"""An account on X that is published to through X's API, as its operator sees and edits it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from blocks import fields
from blocks.account import AccountBlock, Unopened, approved_by, of_x
from blocks.addresses import address_of
from steadypost.channels.port import Access
from steadypost.channels.x_api import secret
from steadypost.domain.delivery import OnAbsence
from steadypost.domain.network import Allowance, Network
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Limits
from steadypost.networks.x import NETWORK

API = "https://api.x.com"


class XApiAccount(AccountBlock):
    """One account on X, published to through X's official API: the way that X offers to programs.

    It signs in with four keys (OAuth 1.0a), which do not end, or with a client id and a refresh token (OAuth 2.0),
    which Steadypost renews. X charges for each post; the two budgets are kept whatever is queued.

    New fields are appended, with a default, so that documents saved by an older version still load.
    """

    _block_type_name: ClassVar[str] = "X API account"
    _block_type_slug: ClassVar[str] = "steadypost-x-api-account"
    _description: ClassVar[str] = (
        "An account on X that Steadypost publishes to through X's official API, with its keys, its limits and "
        "its budget in money. This is the first way to reach X."
    )

    channel: ClassVar[str] = "x_api"
    network: ClassVar[Network] = NETWORK

    handle: str = Field(
        title="Handle",
        description="The account's handle on X, without @. Publishing stops if the keys belong to another account.",
        examples=["alice"],
    )
    api_key: SecretStr = Field(
        default=SecretStr(""),
        title="API key",
        description="OAuth 1.0a, from console.x.com: the app's API key. The app needs 'Read and write'.",
    )
    api_secret: SecretStr = Field(
        default=SecretStr(""), title="API key secret", description="OAuth 1.0a: the app's API key secret."
    )
    access_token: SecretStr = Field(
        default=SecretStr(""),
        title="Access token",
        description="OAuth 1.0a: the account's access token. Make it after 'Read and write' was turned on.",
    )
    access_secret: SecretStr = Field(
        default=SecretStr(""),
        title="Access token secret",
        description="OAuth 1.0a: the account's access token secret.",
    )
    client_id: str = Field(
        default="", title="Client ID", description="OAuth 2.0, instead of the four keys: the app's client id."
    )
    client_secret: SecretStr = Field(
        default=SecretStr(""),
        title="Client secret",
        description="OAuth 2.0: the app's client secret. Empty for an app without one.",
    )
    refresh_token: SecretStr = Field(
        default=SecretStr(""),
        title="Refresh token",
        description=(
            "OAuth 2.0: the refresh token of the sign-in, with the scopes tweet.read, tweet.write, users.read, "
            "media.write and offline.access. It is used once; its successors lie encrypted in the store. Enter a "
            "new one when X has signed the account out."
        ),
    )
    budget_per_day: Decimal | None = Field(
        default=Decimal(1),
        ge=0,
        title="Budget per day (US dollars)",
        description=(
            "The most that posts of this account may cost in any twenty-four hours: $0.015 a post, $0.20 with a "
            "link, $0.005 a description, $0.001 for each own post that is read. Empty: no limit."
        ),
    )
    budget_per_month: Decimal | None = Field(
        default=Decimal(20),
        ge=0,
        title="Budget per month (US dollars)",
        description="The most that posts of this account may cost in any thirty days. Empty: no limit.",
    )
    made_with_ai: bool = Field(
        default=False,
        title="Made with AI",
        description="Tell X of every post of this account that its pictures were made with AI.",
    )
    reply_settings: Literal["", "following", "mentionedUsers", "subscribers", "verified"] = Field(
        default="", title="Who may answer", description="Empty: everybody."
    )
    per_hour: int | None = fields.per_hour(10)
    per_day: int | None = fields.per_day(100)
    spacing_seconds: int = fields.spacing_seconds(60)
    longest: int = fields.x_longest()
    on_absence: OnAbsence = fields.on_absence()
    settle_minutes: float = fields.settle_minutes(
        15,
        (
            "How far apart two looks must be, at the least, to prove that a post is not there. Longer than X "
            "ever takes to list a post: less than 10 is refused."
        ),
    )
    base_url: str = Field(
        default=API,
        title="Address",
        description="Where X's API is. Change it only to rehearse against a sandbox.",
    )

    approved_by: str = approved_by()

    _bare = field_validator("handle")(of_x)
    _address = field_validator("base_url")(address_of)

    def allowance(self) -> Allowance:
        """Say how much this account may say in one post: a subscription allows more."""
        return replace(self.network.allows, longest=self.longest)

    def limits(self) -> Limits:
        """Give the account's limits in the domain's words, its budgets among them."""
        return replace(
            super().limits(), budget_per_day=self.budget_per_day, budget_per_month=self.budget_per_month
        )

    def secrets(self) -> list[str]:
        """Name the words of this block that must be shown nowhere."""
        return [value for value in self._given().values() if value and value != self.client_id]

    def open(self, name: str) -> Access | Unopened:
        """Open the account: everything a channel needs to be it, or why that cannot be had."""
        read = secret.read(self._given())
        if read is None:
            return Unopened(
                Cause.SESSION_UNUSABLE,
                f"{name}: the X API account block has neither all four keys (OAuth 1.0a) nor a client id with a "
                f"refresh token (OAuth 2.0): complete one of the two",
            )
        return Access(
            account=name,
            handle=self.handle,
            base_url=self.base_url,
            secret=secret.mapping(read),
            options=self._options(),
        )

    def _given(self) -> dict[str, str]:
        words = (*secret.KEYS, "client_secret", "refresh_token")
        given = {word: getattr(self, word).get_secret_value().strip() for word in words}
        return {**given, "client_id": self.client_id.strip()}

    def _options(self) -> dict[str, str | bool]:
        options: dict[str, str | bool] = {"made_with_ai": self.made_with_ai}
        return options | ({"reply_settings": self.reply_settings} if self.reply_settings else {})
