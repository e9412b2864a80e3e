"""The probe of one account, from the command line: whether it could publish now, in words, and what it may do."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from steadypost import private
from steadypost.channels.port import Access, Means, Probe
from steadypost.cli import opening
from steadypost.cli.house import House
from steadypost.domain.money import usd
from steadypost.domain.outcome import Cause
from steadypost.domain.token import Token, Tokens, Using

if TYPE_CHECKING:
    from blocks import AccountBlock
    from steadypost.domain.network import Allowance
    from steadypost.domain.quota import Limits


class Held:
    """The sign-in of an account that is not kept yet: in this process only, until its probe was well."""

    def __init__(self, token: Token | None = None) -> None:
        self.token = token
        self._lock = threading.Lock()

    def current(self, account: str) -> Token | None:  # noqa: ARG002 - the port's own form
        """Give the token."""
        return self.token

    def refresh(
        self,
        account: str,  # noqa: ARG002
        using: Using,
        now: datetime,  # noqa: ARG002
        *,
        stale: Token | None = None,  # noqa: ARG002
        patience: timedelta | None = None,  # noqa: ARG002
    ) -> Token:
        """Ask for the next token."""
        with self._lock:
            self.token = using(self.token)
            return self.token


def probe(house: House, name: str, block: AccountBlock, tokens: Tokens | None) -> Probe:
    """Probe an account, as a circuit's trial would; what cannot be opened is answered like what is not well."""
    from blocks.channels import CHANNELS  # noqa: PLC0415 - Prefect takes two seconds that --help need not wait

    access = block.open(name)
    if not isinstance(access, Access):
        return Probe(well=False, handle="", cause=access.cause, why=access.why)
    kind = CHANNELS[block.channel].kind
    means = Means(browser=lambda: opening.browser(house, "probe"), home=house.settings.home, tokens=tokens)
    deadline = time.monotonic() + kind.needs.probe.total_seconds()
    private.home(house.settings.home)
    try:
        with kind.open(means) as channel:
            return channel.probe(access, deadline=deadline)
    except OSError as error:
        return Probe(well=False, handle="", cause=Cause.PAGE_UNREACHABLE, why=type(error).__name__)


# --- in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an account stands."""

    name: str
    channel: str
    network: str
    """As people call it."""
    where: str
    handle: str
    probe: Probe = field(repr=False)
    allowance: Allowance
    limits: Limits

    @property
    def sentences(self) -> list[str]:
        """Say it to people."""
        if not self.probe.well:
            return [
                f"{self.name} cannot publish: {self.probe.why or self.probe.cause} ({self.probe.cause})",
                _remedy(self),
            ]
        told = [f"{self.name} can publish, as @{self.probe.handle} on {self.network} ({self.where})."]
        told += [f"It {self.probe.why}."] if self.probe.why else []
        return [*told, may(self.allowance, self.limits), *(f"Noticed: {one}." for one in self.probe.drift)]

    def as_dict(self) -> dict[str, Any]:
        """Say it to programs."""
        return {
            "name": self.name,
            "channel": self.channel,
            "handle": self.probe.handle,
            "where": self.where,
            "well": self.probe.well,
            "cause": None if self.probe.cause is None else str(self.probe.cause),
            "why": self.probe.why,
            "drift": list(self.probe.drift),
            "longest": self.allowance.longest,
            "parts": self.allowance.parts,
            "pictures": self.allowance.pictures,
            "per_hour": self.limits.per_hour,
            "per_day": self.limits.per_day,
        }


def standing(name: str, block: AccountBlock, probed: Probe) -> Standing:
    """Put together how an account stands, after its probe: that may have learnt what its server allows."""
    return Standing(
        name=name,
        channel=block.channel,
        network=block.network.title,
        where=block.base_url,
        handle=block.handle,
        probe=probed,
        allowance=block.allowance(),
        limits=block.limits(),
    )


def may(allowance: Allowance, limits: Limits) -> str:
    """Say what an account may do."""
    kept = [
        f"{limits.per_hour} an hour" if limits.per_hour else "",
        f"{limits.per_day} a day" if limits.per_day else "",
    ]
    often = " and ".join(one for one in kept if one)
    money = [
        f"{usd(amount)} {span}"
        for amount, span in ((limits.budget_per_day, "a day"), (limits.budget_per_month, "in thirty days"))
        if amount is not None
    ]
    return (
        f"A post may have {allowance.longest} characters and {allowance.pictures} pictures, a thread "
        f"{allowance.parts} parts; {f'at most {often}' if often else 'as often as you like'}"
        + (f", for at most {' and '.join(money)}." if money else ".")
    )


_TRY_LATER = frozenset(
    {Cause.NO_WAY_THERE, Cause.NO_ANSWER, Cause.DEADLINE, Cause.SERVER_ERROR, Cause.RATE_LIMIT}
)


def _remedy(of: Standing) -> str:
    if of.probe.cause in _TRY_LATER:
        return f"Check the address {of.where} and the way there, then: steadypost account test {of.name}"
    if of.probe.cause is Cause.PAGE_UNREACHABLE:
        return f"Check that {of.where} can be used, then: steadypost account test {of.name}"
    return f"Enter it anew: steadypost account add {of.name} --channel {of.channel}"
