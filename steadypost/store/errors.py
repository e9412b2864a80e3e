"""Errors of the store, each with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


class StoreError(Exception):
    """Something is wrong with the store."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message}. {remedy}")
        self.remedy = remedy
        """What a person can do about it."""


class StoreAway(StoreError):
    """The store cannot be reached or written now. A write may have taken effect, and may be repeated."""


class SchemaMismatch(StoreError):
    """The tables are not those this version of Steadypost knows."""


class UnusableAddress(StoreError):
    """The address names no store that Steadypost can use."""


class WriteMissed(StoreError):
    """A write did not change the rows it was meant to change, so none of its transaction was kept."""

    def __init__(self, what: str, *, expected: int, changed: int) -> None:
        super().__init__(
            f"{what}: {changed} rows changed where {expected} should have",
            remedy="Nothing was kept of it; this is a defect, please report it",
        )


class UnknownAccount(StoreError):
    """No such account."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(
            f"there is no account {name!r}",
            remedy=f"Known accounts: {', '.join(sorted(known)) or 'none yet'}",
        )
        self.name = name


class UnknownDelivery(StoreError):
    """No such delivery."""

    def __init__(self, delivery_id: int) -> None:
        super().__init__(
            f"there is no delivery {delivery_id}", remedy="'steadypost queue --all' lists the ids there are"
        )
        self.delivery_id = delivery_id


class UnknownSeries(StoreError):
    """No such series."""

    def __init__(self, series_id: int) -> None:
        super().__init__(f"there is no series {series_id}", remedy="'steadypost series --all' lists them")
        self.series_id = series_id


class KeyTaken(StoreError):
    """The key is that of a post that comes again, and is another post."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key!r} is that of a series", remedy="Give this post a key of its own")
        self.key = key


class NotWaiting(StoreError):
    """What is to be changed waits no more."""

    def __init__(self, key: str, why: str, remedy: str) -> None:
        super().__init__(f"the post {key!r} cannot be changed: {why}", remedy=remedy)
        self.key = key
        self.why = why


class UnknownAttempt(StoreError):
    """No such attempt."""

    def __init__(self, attempt_id: int) -> None:
        super().__init__(
            f"there is no attempt {attempt_id}", remedy="It belongs to another store; check the address"
        )
        self.attempt_id = attempt_id


class MayBeLive(StoreError):
    """Sending it again could make a second copy, and dropping it could deny a copy that is there."""

    def __init__(self, delivery_id: int, why: str = "", remedy: str = "") -> None:
        super().__init__(
            why or f"parts of delivery {delivery_id} were asked for, and may be live",
            remedy=remedy
            or f"Look at the account; if they are not there: steadypost resolve {delivery_id} --absent --why TEXT",
        )
        self.delivery_id = delivery_id


class InHand(StoreError):
    """A worker holds it: while it may be at the click, it is not moved."""

    def __init__(self, delivery_id: int, worker: str, lease_until: datetime) -> None:
        until = f"{lease_until:%Y-%m-%d %H:%M:%S} UTC"
        super().__init__(
            f"delivery {delivery_id} is being sent by worker {worker}, whose lease ends at {until}",
            remedy=f"Wait for its answer; if the worker fell silent, it is taken back at {until}",
        )
        self.delivery_id = delivery_id
        self.lease_until = lease_until


class AlreadyStruck(StoreError):
    """One strike keeps it back already; a second would outlive the first unseen."""


class NotStruck(StoreError):
    """There is no strike to lift."""


class UnknownChannel(StoreError):
    """No account uses such a channel."""


class AlreadyRollingOut(StoreError):
    """A switch has one rollout at a time."""
