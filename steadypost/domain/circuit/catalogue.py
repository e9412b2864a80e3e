"""Which circuits there are, how each is set, and what an outcome tells of which: one per dependency and cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from steadypost.domain.causes import RULES, Cause, Fault
from steadypost.domain.circuit.settings import InARow, LastCalls, Settings
from steadypost.domain.outcome import Outcome, Published, Refused, Unconfirmed


class Kind(StrEnum):
    """What a circuit guards."""

    X_PAGE = "x-page"
    """The network, as one account sees it. Named when X's page was the only one; documents in Prefect have this name."""
    SIGN_IN = "sign-in"
    """One account's sign-in."""
    BROWSER = "browser"
    """The browsers of one machine, and its way to the network."""
    STORE = "store"
    """The store, as one machine reaches it."""
    PREFECT = "prefect-api"
    """Prefect's API. Its state cannot be kept in Prefect, so each process judges it alone."""
    NOTIFICATIONS = "notifications"
    """Where notices are sent."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that can fail on its own."""

    kind: Kind
    of: str = ""
    """Which account or machine; empty where there is one for all."""

    @property
    def name(self) -> str:
        """The name of its circuit, and of its documents in Prefect."""
        return f"{self.kind}-{self.of}" if self.of else str(self.kind)

    @property
    def settings(self) -> Settings:
        """How its circuit is set."""
        return SETTINGS[self.kind]


SETTINGS: Mapping[Kind, Settings] = MappingProxyType(
    {
        Kind.X_PAGE: Settings(
            window=LastCalls(10),
            failure_rate=0.5,
            minimum_calls=3,
            first_open=timedelta(seconds=5),
            # A post is to go out again within a minute of the end of a fault; a probe is one opened page.
            longest_open=timedelta(seconds=40),
            permit_lasts=timedelta(minutes=3),
            longest_half_open=timedelta(minutes=5),
            by_itself=False,
        ),
        Kind.SIGN_IN: Settings(
            # Trying again signs no account in: one failure is enough.
            window=InARow(1),
            first_open=timedelta(seconds=20),
            longest_open=timedelta(minutes=30),
            calm_after=timedelta(minutes=30),
            permit_lasts=timedelta(minutes=3),
            longest_half_open=timedelta(minutes=5),
            by_itself=False,
        ),
        Kind.BROWSER: Settings(
            window=InARow(3),
            first_open=timedelta(seconds=5),
            longest_open=timedelta(seconds=40),
            permit_lasts=timedelta(minutes=3),
            longest_half_open=timedelta(minutes=5),
            by_itself=False,
        ),
        Kind.STORE: Settings(
            window=InARow(3),
            first_open=timedelta(seconds=1),
            longest_open=timedelta(seconds=5),
            permit_lasts=timedelta(seconds=30),
            longest_half_open=timedelta(minutes=1),
        ),
        Kind.PREFECT: Settings(
            window=InARow(1),
            first_open=timedelta(seconds=3),
            longest_open=timedelta(seconds=15),
            permit_lasts=timedelta(seconds=30),
            longest_half_open=timedelta(minutes=1),
        ),
        Kind.NOTIFICATIONS: Settings(
            window=LastCalls(10),
            minimum_calls=3,
            slow_after=timedelta(seconds=10),
            first_open=timedelta(seconds=10),
            longest_open=timedelta(minutes=2),
        ),
    }
)

ALONE = frozenset({Kind.PREFECT})
"""The circuits that each process judges for itself, because there is no place for what all would share."""


def _of(*faults: Fault) -> frozenset[Cause]:
    return frozenset(cause for cause, rule in RULES.items() if rule.fault in faults)


SIGN_IN_LOST = _of(Fault.SIGN_IN)
"""The faults whose end a look can see."""

WAKES: Mapping[Kind, frozenset[Cause]] = MappingProxyType(
    {
        Kind.X_PAGE: _of(Fault.PAGE, Fault.WAY, Fault.MACHINE) | {Cause.CIRCUIT_OPEN},
        Kind.SIGN_IN: SIGN_IN_LOST | {Cause.CIRCUIT_OPEN},
        Kind.BROWSER: _of(Fault.MACHINE) | {Cause.CIRCUIT_OPEN},
    }
)
"""Whose wait is over when a circuit closes: the reason they were waiting for is gone."""

_ALL_WELL: Mapping[Kind, bool] = MappingProxyType({Kind.X_PAGE: True, Kind.SIGN_IN: True, Kind.BROWSER: True})

_TOLD: Mapping[Fault, Mapping[Kind, bool]] = MappingProxyType(
    {
        Fault.SIGN_IN: {Kind.X_PAGE: True, Kind.SIGN_IN: False, Kind.BROWSER: True},
        Fault.PAGE: {Kind.X_PAGE: False, Kind.BROWSER: True},
        Fault.WAY: {Kind.X_PAGE: False},
        Fault.MACHINE: {Kind.BROWSER: False},
        Fault.UNKNOWN: {},
    }
)


def tells(outcome: Outcome) -> Mapping[Kind, bool]:
    """Say of which circuits an outcome tells, and whether it tells well.

    Refused content, a delivery's own trouble and an answer that never came tell nothing.
    """
    if isinstance(outcome, Published):
        return _ALL_WELL
    if isinstance(outcome, Refused | Unconfirmed):
        return {}
    return _TOLD[RULES[outcome.cause].fault or Fault.UNKNOWN]


def tells_by_probe(cause: Cause | None) -> Mapping[Kind, bool]:
    """Say the same of a probe. A failure that no other fault explains is the page's, since an ask would meet it too."""
    return _ALL_WELL if cause is None else _TOLD[RULES[cause].fault or Fault.PAGE]


def without_browser(told: Mapping[Kind, bool]) -> Mapping[Kind, bool]:
    """Say what it tells of an account that needs no browser: this machine's trouble keeps it from its network."""
    return {Kind.X_PAGE: False} if told.get(Kind.BROWSER) is False else told


def named_end(cause: Cause | None, now: datetime) -> datetime | None:
    """Give the end of a sign-in's rest where it outlasts its circuit, because the network asked a person; else none."""
    rest = RULES[cause].rest if cause in SIGN_IN_LOST else None
    return now + rest if rest is not None and rest > SETTINGS[Kind.SIGN_IN].longest_open else None
