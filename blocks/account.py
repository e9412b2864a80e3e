"""What the account blocks of all channels share: identity, limits, and what they open."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import PrefectHTTPStatusError
from pydantic import Field, model_validator

from steadypost.channels.port import Access
from steadypost.domain.delivery import OnAbsence
from steadypost.domain.network import Allowance, Network
from steadypost.domain.outcome import Cause
from steadypost.domain.quota import Limits
from steadypost.domain.twins import spelled


class Unopened:
    """An account that cannot be opened, and why: a value, because one account must not stop the others."""

    __slots__ = ("cause", "why")

    def __init__(self, cause: Cause, why: str) -> None:
        self.cause = cause
        self.why = why


class AccountBlock(Block):
    """One account, published to by one channel. Each channel's block is a subclass with fields of its own.

    The name of the block document is the account's name in Steadypost, one for all channels. New fields are appended,
    with a default, so that documents saved by an older version still load. Everything declared here a subclass either
    has as a field or gets from this class.
    """

    channel: ClassVar[str]
    """The channel's name, as in its ``Kind``."""
    network: ClassVar[Network]
    """The network that the channel reaches."""

    if TYPE_CHECKING:
        # Fields of every subclass, which gives them their own words and their place in its form.
        handle: str
        base_url: str
        per_hour: int | None
        per_day: int | None
        spacing_seconds: int
        on_absence: OnAbsence
        settle_minutes: float
        approved_by: str

    @model_validator(mode="after")
    def _waits_long_enough(self) -> Self:
        """Refuse a settle window in which a live post may be missing from every list; a rehearsal may."""
        least = self.network.shows_within
        # Without TLS it is a sandbox of this machine, as the addresses of all blocks are held to.
        if self.settle() < least and not self.base_url.startswith("http://"):
            raise ValueError(
                f"settle_minutes: {self.settle_minutes:g} is too short: {self.network.title} may take "
                f"{least.total_seconds() / 60:g} minutes to show a post in lists, and what no look has shown by then is "
                f"asked for again. Give {least.total_seconds() / 60:g} or more; the usual is "
                f"{self.network.settle.total_seconds() / 60:g}"
            )
        return self

    def open(self, name: str) -> Access | Unopened:
        """Open the account: everything a channel needs to be it, or why that cannot be had."""
        raise NotImplementedError

    def secrets(self) -> Iterable[str]:
        """Name the words of this block that must be shown nowhere."""
        raise NotImplementedError

    def allowance(self) -> Allowance:
        """Say how much this account may say in one post."""
        return self.network.allows

    def who(self) -> tuple[str, str]:
        """Say who this is on which network, in one spelling: two blocks that say the same are one account."""
        return network_of(self.base_url, self.network), spelled(self.handle)

    def as_the_network_names(self, identity: str) -> str:
        """Set an account's name on its network apart from those on others; empty for an unknown one."""
        # Where anyone may run a server, that name says which server, by whatever host name it was reached.
        where = network_of(self.base_url, self.network) if self.network.hosts else self.network.name
        return identity and f"{where} {identity}"

    def place(self) -> str:
        """Give the address at which people see this network, which is not always the one that programs ask."""
        where = network_of(self.base_url, self.network)
        return f"https://{where}" if where in self.network.hosts[:1] else self.base_url

    def limits(self) -> Limits:
        """Give the account's limits in the domain's words."""
        return Limits(
            per_hour=self.per_hour, per_day=self.per_day, spacing=timedelta(seconds=self.spacing_seconds)
        )

    def settle(self) -> timedelta:
        """Give the settle window in the domain's words."""
        return timedelta(minutes=self.settle_minutes)

    def mark(self) -> str:
        """Give a fingerprint of what a pause for sign-in depends on: a new secret lifts it."""
        told = "\x1f".join([*self.secrets(), self.handle, self.base_url])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def save(self, name: str | None = None, overwrite: bool = False, client: Any = None) -> Any:
        """Save it, unless another block is the same account; raises ``HandleTaken`` with its name."""
        if other := _same_as(self, name):
            raise HandleTaken(name or "this block", self.handle, other)
        return super().save(name, overwrite=overwrite, client=client)


def approved_by() -> Any:
    """Give the field by which a second person's yes is asked for; each block has it as its last."""
    return Field(
        default="",
        title="Approved by",
        description=(
            "Who must approve a post before it goes out: names with commas between, or * for any person but its author. "
            "Its author, and who changed it last, cannot give it. Empty: none is needed. "
            "It counts for what comes in from then on."
        ),
        examples=["bob, carol"],
    )


class HandleTaken(ValueError):
    """Another block is the same account on the same network."""

    def __init__(self, name: str, handle: str, other: str) -> None:
        super().__init__(taken(name, handle, other))


def taken(name: str, handle: str, other: str) -> str:
    """Say why the second of two blocks is refused, and what to do."""
    return (
        f"{name}: handle @{handle.removeprefix('@')} is that of the account block {other}, which goes on: "
        f"delete one of the two blocks, or correct its handle"
    )


def network_of(base_url: str, network: Network) -> str:
    """Say where a network is, in one spelling: X by any of its names is X, this machine by any of its is this one.

    Without TLS it is a sandbox of this machine.
    """
    parts = urlsplit(base_url.casefold())
    host = _ascii((parts.hostname or "").rstrip("."))
    bare = host.removeprefix("www.").removeprefix("mobile.").removeprefix("api.")
    if bare in network.hosts or (network.everywhere and parts.scheme == "https"):
        return network.hosts[0]
    here = "127.0.0.1" if host in {"localhost", "127.0.0.1", "::1"} else host
    here = f"[{here}]" if ":" in here else here
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    if parts.scheme == "file":
        return base_url
    where = here if parts.port in {None, usual} else f"{here}:{parts.port}"
    # Where everybody may run a server, one may speak for several networks.
    return where if network.hosts else f"{network.name}:{where}"


def _ascii(host: str) -> str:
    """Spell an international name as name servers know it, and a number of IPv6 in its short form: however it is
    written it is the same one.
    """
    if ":" in host:
        with suppress(ValueError):
            return str(ip_address(host))
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _same_as(block: AccountBlock, name: str | None) -> str | None:
    """Find another document of the same account, of whatever channel, as Prefect knows them."""
    with get_client(sync_client=True) as client:
        others = [
            document.name
            for kind in AccountBlock.__subclasses__()
            for document in documents_of(client, kind)
            if document.name and document.name != name and _who(kind, document.data) == block.who()
        ]
    return min(others, default=None)


def documents_of(client: SyncPrefectClient, kind: type[AccountBlock]) -> list[BlockDocument]:
    """List what Prefect keeps of one kind of account, without secrets."""
    try:
        return client.read_block_documents_by_type(kind.get_block_type_slug(), include_secrets=False)
    except PrefectHTTPStatusError as error:
        if error.response.status_code != 404:
            raise
        return []  # none was ever saved


def _who(kind: type[AccountBlock], data: Mapping[str, Any]) -> tuple[str, str]:
    base_url = data.get("base_url", kind.model_fields["base_url"].default)
    return network_of(str(base_url), kind.network), spelled(str(data.get("handle", "")))


def of_x(handle: str) -> str:
    """Give a handle of X's as it is kept, without its ``@``; raises ``ValueError`` for what is none."""
    bare = handle.strip().removeprefix("@")
    if not bare.replace("_", "").isalnum() or not bare.isascii() or len(bare) > 15:
        raise ValueError("a handle has 1 to 15 letters, digits or underscores; write it without @")
    return bare
