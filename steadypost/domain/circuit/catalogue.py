"""Which circuits there are, how each is set, and what an outcome tells of which.

One per dependency and cause, so that nobody is kept waiting by somebody else's trouble: X's page for one account,
its sign-in, the browsers of one machine, the store, Prefect's API, notifications.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from steadypost.domain.circuit.settings import InARow, LastCalls, Settings
from steadypost.domain.outcome import Cause, Outcome, Published, Refused, Scope, Unconfirmed
from steadypost.domain.pause import REST


class Kind(StrEnum):
    """What a circuit stands before."""

    X_PAGE = "x-page"
    """X's page, as one account gets to see it."""
    SIGN_IN = "sign-in"
    """One account's sign-in."""
    BROWSER = "browser"
    """The browsers of one machine, and its way to the network."""
    STORE = "store"
    """The store, as one machine reaches it."""
    PREFECT = "prefect-api"
    """Prefect's API. Its own state cannot stand in Prefect, so each process judges it for itself."""
    NOTIFICATIONS = "notifications"
    """Where notices are sent to."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that may fail by itself."""

    kind: Kind
    of: str = ""
    """Whose: an account, a machine; empty where there is one for all."""

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
            # Nobody becomes signed in by asking again: once is enough.
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

SIGN_IN_LOST = frozenset(
    {
        Cause.SIGNED_OUT,
        Cause.OTHER_ACCOUNT,
        Cause.CONSENT,
        Cause.CHALLENGE,
        Cause.LOCKED,
        Cause.SUSPENDED,
    }
)
"""What a look can see the end of. A limit is not among these: no look shows that X would take a post again, so
the instant X named (or its own window) ends it. Nor is what the account's block alone says."""

OURS = frozenset({Cause.BROWSER_UNAVAILABLE, Cause.NO_WAY_OUT})
"""This machine's own trouble. It never opens a circuit of X's."""

NOBODY_KNOWS_WHOSE = frozenset({Cause.DEADLINE, Cause.BROWSER_DIED, Cause.DEFECT, Cause.NO_PLACE})
"""What ends a probe without telling of X: its page may be well, and our browser was not."""

WAKES: Mapping[Kind, frozenset[Cause]] = MappingProxyType(
    {
        Kind.X_PAGE: frozenset(
            {
                Cause.UI_DRIFT,
                Cause.PAGE_UNREACHABLE,
                Cause.SERVER_ERROR,
                Cause.NO_WAY_THERE,
                Cause.CIRCUIT_OPEN,
            }
        ),
        Kind.SIGN_IN: SIGN_IN_LOST | {Cause.CIRCUIT_OPEN},
        Kind.BROWSER: OURS | {Cause.CIRCUIT_OPEN},
    }
)
"""Whose wait is over when a circuit closes: the reason they were waiting for is gone."""


def tells(outcome: Outcome) -> Mapping[Kind, bool]:
    """Say of which circuits an outcome tells, and whether it tells well. Of the others it tells nothing:

    a refusal of the content, a delivery's own trouble, an answer that never came (it may well be live).
    """
    if isinstance(outcome, Published):
        return _ALL_WELL
    if isinstance(outcome, Refused | Unconfirmed):
        return {}
    if outcome.cause in OURS:
        return {Kind.BROWSER: False}
    if outcome.cause is Cause.NO_WAY_THERE:
        return _NOBODY_ELSE_S
    if outcome.cause in SIGN_IN_LOST:
        return {Kind.X_PAGE: True, Kind.SIGN_IN: False, Kind.BROWSER: True}
    if outcome.cause.scope is Scope.NETWORK:
        return {Kind.X_PAGE: False, Kind.BROWSER: True}
    return {}


def tells_by_probe(cause: Cause | None) -> Mapping[Kind, bool]:
    """Say the same of a probe, by what kept it from being well. It was sent to find out: whatever is neither
    ours nor the sign-in's is the page's, for an ask would meet it too.
    """
    if cause is None:
        return _ALL_WELL
    if cause in OURS:
        return {Kind.BROWSER: False}
    if cause in NOBODY_KNOWS_WHOSE:
        return {}
    if cause is Cause.NO_WAY_THERE:
        return _NOBODY_ELSE_S
    if cause in SIGN_IN_LOST:
        return {Kind.X_PAGE: True, Kind.SIGN_IN: False, Kind.BROWSER: True}
    return {Kind.X_PAGE: False, Kind.BROWSER: True}


_NOBODY_ELSE_S: Mapping[Kind, bool] = MappingProxyType({Kind.X_PAGE: False})
"""What is charged to the account alone, and tells nothing of the machine: nobody knows whose it is."""

_ALL_WELL: Mapping[Kind, bool] = MappingProxyType({Kind.X_PAGE: True, Kind.SIGN_IN: True, Kind.BROWSER: True})


def named_end(cause: Cause | None, now: datetime) -> datetime | None:
    """Give the instant before which nobody comes near, where X asked a person a question; else there is none."""
    return now + REST[cause] if cause in {Cause.CHALLENGE, Cause.LOCKED, Cause.SUSPENDED} else None
