"""How an account stands: one judgement for the command line's lists, the board, the doctor and ``why``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from steadypost.domain import holding
from steadypost.domain.causes import RULES, Cause
from steadypost.domain.health import Check, Kind, Verdict
from steadypost.domain.holding import holds
from steadypost.domain.observed import AccountSeen


class Word(StrEnum):
    """How an account stands, in a word that is the same everywhere."""

    READY = "ready"
    STOPPED = "stopped by an operator"
    REFUSED = "refused"
    """Another account is the same one on the network."""
    CLOSED = "cannot be used"
    """Its block cannot be used as it was saved: rules not accepted, a session that is none."""
    PAUSED = "paused"
    FULL = "waits for its limits"


NEEDS_PERSON = frozenset({Word.REFUSED, Word.CLOSED})
"""What only a person can change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one account stands, why, until when, and what to do about it."""

    word: Word
    why: str = ""
    until: datetime | None = None
    remedy: str = ""

    @property
    def needs_person(self) -> bool:
        """Whether it stays so until a person acts."""
        return self.word in NEEDS_PERSON or (self.word is Word.PAUSED and bool(self.remedy))

    @property
    def says(self) -> str:
        """Word and reason in one."""
        return f"{self.word}: {self.why}" if self.why else str(self.word)


def standing(one: AccountSeen, now: datetime, closed: Mapping[str, str] = MappingProxyType({})) -> Standing:
    """Judge how an account stands, the longest reason first; ``closed`` are accounts just found unusable, with why."""
    for hold in holds(one, now, closed=closed.get(one.name, "")):
        match hold.kind:
            case holding.REFUSED:
                remedy = "delete one of the two account blocks, or correct its handle"
                return Standing(word=Word.REFUSED, why=hold.why, remedy=remedy)
            case holding.CLOSED:
                remedy = (
                    f"correct the account block {one.name} in Prefect's pages; it is noticed within seconds"
                )
                return Standing(word=Word.CLOSED, why=one.closed or closed.get(one.name, ""), remedy=remedy)
            case holding.STRUCK:
                remedy = "'steadypost strikes' lists it; 'steadypost lift' ends it"
                return Standing(word=Word.STOPPED, why=one.struck, remedy=remedy)
            case holding.PAUSED:
                return Standing(
                    word=Word.PAUSED,
                    why=one.pause_why or (RULES[one.pause_cause].says if one.pause_cause else ""),
                    until=hold.until,
                    remedy=pause_remedy(one.name, one.pause_cause),
                )
            case _ if one.head is not None:
                return Standing(word=Word.FULL, why=hold.kind.replace("_", " "), until=hold.until)
    return Standing(word=Word.READY)


def cannot_be_used(checks: Iterable[Check]) -> dict[str, str]:
    """Name the accounts whose sign-in the latest checks found not to be usable, with why."""
    return {
        one.about: one.what
        for one in checks
        if one.kind is Kind.SESSION and one.about and one.verdict is Verdict.FAILING
    }


def pause_remedy(name: str, cause: Cause | None) -> str:
    """Give the command that ends a pause sooner; empty where it ends by itself."""
    return RULES[cause].to_do(account=name) if cause is not None and cause.needs_person else ""
