"""What an account's posts depend on, as names of circuits."""

from __future__ import annotations

import re
from collections.abc import Mapping

from steadypost.domain.causes import Cause
from steadypost.domain.circuit.catalogue import Dependency, Kind
from tasks.bulkheads import this_host

PREFECT = Dependency(Kind.PREFECT)

NOT_REACHED = frozenset(map(str, (Cause.NO_WAY_OUT, Cause.NO_WAY_THERE, Cause.PAGE_UNREACHABLE)))
"""The causes in one account's circuit that mean its address was not reached."""


def browser_here() -> Dependency:
    """Name the circuit of this machine's browsers."""
    return Dependency(Kind.BROWSER, re.sub(r"[^a-z0-9]+", "-", this_host()).strip("-"))


def store_here() -> Dependency:
    """Name the circuit of the store, as this machine reaches it."""
    return Dependency(Kind.STORE, browser_here().of)


def behind(account: str, *, needs_browser: bool) -> tuple[Dependency, ...]:
    """List what an account's posts stand and fall with: this machine's browsers only where it needs one."""
    own = (Dependency(Kind.X_PAGE, account), Dependency(Kind.SIGN_IN, account))
    return (*own, browser_here()) if needs_browser else own


def every_circuit(accounts: Mapping[str, bool]) -> list[Dependency]:
    """List the circuits of these accounts, each with whether it needs a browser, and of this machine."""
    of_each = [one for account, needs in accounts.items() for one in behind(account, needs_browser=needs)]
    return list(dict.fromkeys([*of_each, browser_here(), store_here(), Dependency(Kind.NOTIFICATIONS)]))
