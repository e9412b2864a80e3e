"""Two names for one account (same handle, same network): one goes on, the others are refused with its name.

Each would have a quota of its own and take the other's posts for a stranger's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """One account's claim to a handle on a network."""

    name: str
    network: str
    """Where its network is, in one spelling."""
    handle: str
    """Who it is there, in one spelling."""
    was_refused: bool = False
    """Whether it was refused for another's sake before: that one goes on being it."""
    was_it_before: bool = False
    """Whether it was this handle before, and not only now that its block was changed."""
    made: datetime | None = None
    """When its block was made; the first of two that came together goes on."""
    identity: str = ""
    """The network's own name for the account, unlike that of any other network; several handles, and several names of
    one server, may lead to one. Empty before the first sign-in.
    """

    @property
    def who(self) -> tuple[str, str]:
        """Say who it would be."""
        return self.network, self.handle


def spelled(handle: str) -> str:
    """Write a handle in the one spelling in which two are the same exactly when their networks say so."""
    return handle.strip().removeprefix("@").casefold()


def twins(claimants: Iterable[Claimant]) -> dict[str, str]:
    """Name each account that is refused, and the one that goes on: the one that was there before, in whatever order."""
    every = list(claimants)
    refused = _refused(every, lambda one: one.who)
    # By their own names only those that go on: a taken handle leads to the account that goes on with it.
    left = [one for one in every if one.name not in refused and one.identity]
    return refused | _refused(left, lambda one: one.identity)


def _refused(claimants: Iterable[Claimant], same_by: Callable[[Claimant], Hashable]) -> dict[str, str]:
    alike: defaultdict[Hashable, list[Claimant]] = defaultdict(list)
    for one in claimants:
        alike[same_by(one)].append(one)
    refused: dict[str, str] = {}
    for same in alike.values():
        first, *others = sorted(same, key=_rank)
        refused |= {other.name: first.name for other in others}
    return refused


def _rank(one: Claimant) -> tuple[bool, bool, float, str]:
    made = one.made.timestamp() if one.made else float("inf")
    return one.was_refused, not one.was_it_before, made, one.name
