"""The fields that accounts of every channel have, each with its channel's default."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from steadypost.domain.delivery import OnAbsence


def per_hour(default: int | None, *, parts: str = "; each part of a thread is one") -> Any:
    """Limit an hour; ``parts`` says how threads count, and what the network takes."""
    told = f"The most posts in any sixty minutes{parts}. Empty: no limit."
    return Field(default=default, ge=1, title="Posts per hour", description=told)


def per_day(default: int | None) -> Any:
    """Limit a day."""
    told = "The most posts in any twenty-four hours. Empty: no limit."
    return Field(default=default, ge=1, title="Posts per day", description=told)


def spacing_seconds(default: int, *, thread: str = " A thread is one.") -> Any:
    """Keep posts apart."""
    told = f"The least time between two posts of this account.{thread}"
    return Field(default=default, ge=0, title="Spacing (seconds)", description=told)


def on_absence(
    told: str = (
        "A post whose answer was lost is looked for. If looks prove that it is not there: ask again by itself, or ask "
        "a person first."
    ),
    *,
    title: str = "When a post proves not to be live",
) -> Any:
    """Say what follows a proof of absence."""
    return Field(default=OnAbsence.ASK_AGAIN, title=title, description=told)


def settle_minutes(default: float, told: str, *, least: float = 0.1) -> Any:
    """Set how far apart looks must be."""
    return Field(default=default, ge=least, title="Settle window (minutes)", description=told)


def x_longest() -> Any:
    """Limit the length of a post on X."""
    told = "In X's weighted characters: 280, or what the account's subscription allows."
    return Field(default=280, ge=1, le=25_000, title="Longest post", description=told)
