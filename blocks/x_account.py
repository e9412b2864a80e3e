"""An account on X, as its operator sees and edits it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import ClassVar

from pydantic import Field, SecretStr, field_validator

from blocks import fields
from blocks.account import AccountBlock, Unopened, approved_by, of_x
from blocks.addresses import address_of
from steadypost.channels.port import Access
from steadypost.channels.x_web.session import UnusableSession, usable
from steadypost.domain.delivery import OnAbsence
from steadypost.domain.network import Allowance, Network
from steadypost.domain.outcome import Cause
from steadypost.networks.x import NETWORK

X = "https://x.com"


class XAccount(AccountBlock):
    """One account on X, published to by driving X's own web page.

    The name of the block document is the account's name in Steadypost: the word that goes into the
    ``accounts`` column of a CSV file. Nothing is published until **Rules accepted** is on.

    New fields are appended, with a default, so that documents saved by an older version still load.
    """

    _block_type_name: ClassVar[str] = "X account"
    _block_type_slug: ClassVar[str] = "steadypost-x-account"
    _description: ClassVar[str] = (
        "The last way to reach X: an account whose web page is driven by a browser, with its session, its "
        "limits and its operator's word on X's rules."
    )

    channel: ClassVar[str] = "x_web"
    network: ClassVar[Network] = NETWORK

    handle: str = Field(
        title="Handle",
        description="The account's handle on X, without @. Publishing stops if another account is signed in.",
        examples=["alice"],
    )
    session: SecretStr = Field(
        title="Session",
        description=(
            "The account's sign-in: a Playwright storage state or an export of the cookies of x.com, as JSON "
            "or as base64 of it. It must hold auth_token and ct0. Paste a new one when X has signed the "
            "account out; waiting posts go on by themselves."
        ),
    )
    rules_accepted: bool = Field(
        default=False,
        title="Rules accepted",
        description=(
            "X answers scripted pages with permanent suspension of the account. Its official API is the first way "
            "to reach X: use an 'X API account' block instead. Turn this on only if you have read X's rules and "
            "take responsibility for this account. While it is off, nothing is published to it."
        ),
    )
    rules_accepted_by: str = Field(
        default="",
        title="Rules accepted by",
        description="Who took that responsibility: the name of a person.",
    )
    per_hour: int | None = fields.per_hour(10)
    per_day: int | None = fields.per_day(100)
    spacing_seconds: int = fields.spacing_seconds(60)
    longest: int = fields.x_longest()
    base_url: str = Field(
        default=X,
        title="Address",
        description="Where X is. Change it only to rehearse against a sandbox.",
    )

    on_absence: OnAbsence = fields.on_absence()
    settle_minutes: float = fields.settle_minutes(
        15,
        (
            "How far apart two looks must be, at the least, to prove that a post is not there. Longer than X "
            "ever takes to show a post on its profile page: less than 10 is refused."
        ),
    )

    approved_by: str = approved_by()

    _bare = field_validator("handle")(of_x)
    _address = field_validator("base_url")(address_of)

    def allowance(self) -> Allowance:
        """Say how much this account may say in one post: a subscription allows more."""
        return replace(self.network.allows, longest=self.longest)

    def secrets(self) -> list[str]:
        """Name the words of this block that must be shown nowhere."""
        return [self.session.get_secret_value()]

    def mark(self) -> str:
        """Give a fingerprint of what a pause for sign-in depends on: a new session or a yes lifts it."""
        told = (
            f"{self.session.get_secret_value()}\x1f{self.handle}\x1f{self.base_url}\x1f{self.rules_accepted}"
        )
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def open(self, name: str) -> Access | Unopened:
        """Open the account: everything a channel needs to be it, or why that cannot be had."""
        if not self.rules_accepted:
            return Unopened(
                Cause.RULES_NOT_ACCEPTED,
                f"X's rules are not accepted for {name}: turn on 'Rules accepted' in its X account block",
            )
        try:
            session = usable(self.session.get_secret_value(), self.base_url)
        except UnusableSession as unusable:
            return Unopened(Cause.SESSION_UNUSABLE, str(unusable))
        return Access(
            account=name,
            handle=self.handle,
            base_url=self.base_url,
            secret=session,
            rules_accepted=self.rules_accepted,
        )
