"""The limits that must exist in Prefect, as data. They shape load only; an operator's edits are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit, or one for each host, account or network there is."""

    name: str
    why: str
    of_each: int = 0
    """How many slots for each attempt that a run of this machine may have under way (``STEADYPOST_AT_ONCE``)."""
    slots: int = 0
    """How many slots besides."""
    of_all: bool = False
    """Whether all machines share it: then it has so many slots for each of them."""

    def named(self, at_once: int, machines: int, **which: str) -> tuple[str, int]:
        """Give its name and its slots, for one host, account or network."""
        slots = self.of_each * at_once + self.slots
        return self.name.format(**which), slots * machines if self.of_all else slots


LIMITS = (
    Limit(
        name="steadypost-publish-host-{host}",
        of_each=2,
        why="Asks under way on a machine: those of the run on watch, and of the one that relieves it.",
    ),
    Limit(
        name="steadypost-publish-network-{network}",
        of_each=2,
        of_all=True,
        why="Asks under way on a network, of all machines together.",
    ),
    Limit(
        name="steadypost-publish-account-{account}",
        of_each=2,
        of_all=True,
        why="Asks under way on an account. A run takes all but one of its places for it where there are others.",
    ),
    Limit(name="steadypost-look-host-{host}", slots=2, why="The browsers that look, and their relief."),
    Limit(name="steadypost-look-network-{network}", slots=2, why="Looks under way on a network."),
    Limit(name="steadypost-look-account-{account}", slots=2, why="Looks under way on an account."),
    Limit(
        name="steadypost-probe-host-{host}", slots=1, why="A probe opens a browser of its own: one at a time."
    ),
    Limit(name="steadypost-probe-network-{network}", slots=1, why="One probe of a network tells enough."),
    Limit(
        name="steadypost-probe-account-{account}",
        slots=1,
        why="An account is probed by one process at a time.",
    ),
    Limit(
        name="steadypost-shared",
        slots=2,
        why="The one limit for everything, used only while the switch 'Bulkheads' is off.",
    ),
)
"""Publishing, looking and probing never take each other's places."""


def limits(
    *, at_once: int, hosts: Iterable[str], networks: Iterable[str], accounts: Iterable[str], machines: int = 1
) -> Iterator[tuple[str, int]]:
    """Give every limit there must be, with its slots."""
    kinds = {"host": list(hosts), "network": list(networks), "account": list(accounts)}
    for limit in LIMITS:
        kind = next((kind for kind in kinds if f"{{{kind}}}" in limit.name), None)
        if kind is None:
            yield limit.named(at_once, machines)
            continue
        for which in kinds[kind]:
            yield limit.named(at_once, machines, **{kind: which})
