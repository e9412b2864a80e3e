"""Approval by a second person: which posts need it, who may give it, and what is said of a post that waits for it.

A wording for an account is approved: other words need approval of their own, another time does not. Names are not
proven.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

ANYBODY = "*"
"""Instead of a name: any person but its author."""

ACCOUNT = "account"
"""The key of the rule that the account itself has; that of a label is ``label:`` and the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Why a post needs approval, and by whom."""

    key: str
    what: str
    """For people: ``the account alice``, ``the label launch``."""
    approvers: tuple[str, ...]

    def who_may(self, author: str) -> tuple[str, ...]:
        """Name the people who may give it: never the author, however their name is written."""
        return tuple(one for one in self.approvers if not same(one, author))

    def takes(self, who: str, author: str) -> bool:
        """Whether the rule accepts this person's approval of this author's words."""
        if same(who, author) or not who.strip():
            return False
        return ANYBODY in self.approvers or any(same(who, one) for one in self.approvers)

    def told(self, author: str) -> str:
        """Say who may approve, and what."""
        may = self.who_may(author)
        if ANYBODY in may:
            return f"any person but {author or 'its author'} may give it ({self.what})"
        if not may:
            return f"only {author} may give it, and wrote it: name another person ({self.what})"
        return f"{' or '.join(may)} may give it ({self.what})"


def named(written: str) -> tuple[str, ...]:
    """Read a field of names separated by commas."""
    return tuple(dict.fromkeys(one.strip() for one in written.split(",") if one.strip()))


def written(names: Iterable[str]) -> str:
    """Write names as a field, separated by commas."""
    return ", ".join(names)


def of_account(account: str, approvers: str) -> Rule | None:
    """Give the rule that an account has; ``None`` when it has none."""
    names = named(approvers)
    return Rule(key=ACCOUNT, what=f"the account {account}", approvers=names) if names else None


def of_label(label: str, approvers: str) -> Rule:
    """Give the rule that a label has."""
    return Rule(key=f"label:{label}", what=f"the label {label}", approvers=named(approvers))


def missing(rules: Sequence[Rule], given: Collection[str]) -> tuple[Rule, ...]:
    """Name the rules without an approval so far."""
    return tuple(one for one in rules if one.key not in given)


def because(rules: Sequence[Rule], author: str) -> str:
    """Say why a post waits; nothing when it does not."""
    if not rules:
        return ""
    by = f", of {author}'s words" if author else ""
    return f"waits for a second person's yes{by}: {'; '.join(one.told(author) for one in rules)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one person's approval does for one post."""

    takes: tuple[Rule, ...]
    """The rules that take it."""
    left: tuple[Rule, ...]
    """The rules without an approval yet."""


def judge(rules: Sequence[Rule], given: Mapping[str, str], *, who: str, author: str) -> Judged:
    """Judge an approval; ``given`` says who has approved by each rule."""
    open_ = missing(rules, given)
    takes = tuple(one for one in open_ if one.takes(who, author))
    # One approval satisfies every rule that accepts this person.
    return Judged(takes=takes, left=tuple(one for one in open_ if one not in takes))


def same(one: str, other: str) -> bool:
    """Whether two names are one person's."""
    return one.strip().casefold() == other.strip().casefold()
