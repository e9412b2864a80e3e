"""How long each thing may take; what is inside always ends before what is around it, checked before opening.

One deadline is handed down: the runner kills by it, and every step inside takes what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from blocks.channels import CHANNELS
from steadypost import settings
from steadypost.browser import LaunchSettings
from steadypost.domain.circuit.catalogue import SETTINGS, Kind
from steadypost.store import LONGEST_HOLD, PATIENCE
from tasks import bulkheads

ATTEMPT_WITHIN = timedelta(seconds=150)
"""From lending a browser to the network's answer; recorded attempts took 55 to 90 seconds. Past it the browser is
killed.
"""

LOOK_WITHIN = timedelta(seconds=75)
"""How long one look may take; past it the browser is killed and seen dead."""

PROBE_WITHIN = timedelta(seconds=90)
"""How long one probe may take; past it the browser is killed and seen dead."""

ATTEMPT_WAITS = timedelta(seconds=40)
"""How long an attempt waits for a browser. Only as many are claimed as there are places, so it rarely does."""

LOOK_WAITS = timedelta(seconds=90)
"""How long a look waits for its browser: longer than one look, so that a hung one only delays it."""

PROBE_WAITS = timedelta(seconds=60)
"""How long a probe waits for its browser, which starts for it when nothing was probed for a while."""

SHORTEST_PERMIT = min(SETTINGS[kind].permit_lasts for kind in (Kind.X_PAGE, Kind.SIGN_IN, Kind.BROWSER))
"""How long a process has for trying a circuit; then the permit is given to another."""

LEASE = timedelta(seconds=30)
"""How long a silent worker keeps its claims; renewed well before."""

RENEW_EVERY = timedelta(seconds=6)
"""Between two renewals of the leases: four may be lost before one runs out."""

NO_DEADLINE = timedelta(hours=1)
"""The limit of everything with the switch ``deadlines`` off."""


class DeadlinesRefused(Exception):
    """Something inside may take longer than what is around it. Nothing was opened; all that is wrong is named."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__("; ".join(wrong))
        self.wrong = tuple(wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit, by the name its owner uses."""

    says: str
    lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """The time limits of this process."""

    attempt: timedelta = ATTEMPT_WITHIN
    look: timedelta = LOOK_WITHIN
    probe: timedelta = PROBE_WITHIN
    attempt_waits: timedelta = ATTEMPT_WAITS
    look_waits: timedelta = LOOK_WAITS
    probe_waits: timedelta = PROBE_WAITS
    permit: timedelta = SHORTEST_PERMIT
    lease: timedelta = LEASE
    renew_every: timedelta = RENEW_EVERY
    hold: timedelta = LONGEST_HOLD
    store: timedelta = PATIENCE
    launch: timedelta = timedelta(seconds=LaunchSettings().launch_within)

    def order(self) -> Iterator[tuple[Limit, Limit]]:
        """Give every pair of limits of which the first is inside the second."""
        kinds = [one.kind for one in CHANNELS.values()]
        attempt = Limit(says=f"an attempt ({settings.ATTEMPT})", lasts=self.attempt)
        look_ = Limit(says=f"a look ({settings.LOOK})", lasts=self.look)
        probe_ = Limit(says="a probe", lasts=self.probe)
        lease = Limit(says="a worker's lease", lasts=self.lease)
        waits = Limit(says="an attempt's wait for a browser", lasts=self.attempt_waits)
        yield _steps(one.needs.ask for one in kinds), attempt
        yield _steps(one.needs.look for one in kinds), look_
        yield _steps(one.needs.probe for one in kinds), probe_
        yield look_, Limit(says="a look's wait for its browser", lasts=self.look_waits)
        yield Limit(says="the start of a browser", lasts=self.launch), waits
        yield (
            _sum("a probe and its wait for a browser", probe_, Limit(says="", lasts=self.probe_waits)),
            Limit(says="a circuit's permit to try", lasts=self.permit),
        )
        yield (
            _sum("an attempt and its wait for a browser", attempt, waits),
            Limit(says="the longest that a claim is held", lasts=self.hold),
        )
        yield Limit(says="three renewals of a lease", lasts=3 * self.renew_every), lease
        yield (
            _sum(
                "a renewal and a store that does not answer",
                Limit(says="", lasts=self.renew_every),
                Limit(says="", lasts=self.store),
            ),
            lease,
        )
        yield (
            Limit(says="three renewals of a slot", lasts=timedelta(seconds=3 * bulkheads.RENEW_EVERY)),
            Limit(says="the lease of a slot", lasts=timedelta(seconds=bulkheads.LEASE)),
        )

    def check(self) -> Deadlines:
        """Give itself back, or raise ``DeadlinesRefused`` with every pair that is the wrong way round."""
        wrong = [
            f"{outer.says} ends after {_s(outer.lasts)} s, and must last longer than {inner.says}, "
            f"which may take {_s(inner.lasts)} s"
            for inner, outer in self.order()
            if inner.lasts >= outer.lasts
        ]
        if wrong:
            raise DeadlinesRefused(wrong)
        return self


WITHOUT = Deadlines(attempt=NO_DEADLINE, look=NO_DEADLINE, probe=NO_DEADLINE)
"""The limits with the switch ``deadlines`` off: practically none."""


def of_this_machine() -> Deadlines:
    """Read this machine's settings, and check the order; raises ``DeadlinesRefused``."""
    machine = settings.read()
    return Deadlines(attempt=machine.attempt, look=machine.look).check()


def _steps(needs: Iterable[timedelta]) -> Limit:
    return Limit(says="the longest that a channel's own steps take", lasts=max(needs))


def _sum(says: str, *limits: Limit) -> Limit:
    return Limit(says=says, lasts=sum((limit.lasts for limit in limits), timedelta(0)))


def _s(lasts: timedelta) -> str:
    return f"{lasts.total_seconds():g}"
