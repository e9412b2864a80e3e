"""The run on watch of each flow sends heartbeats."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.checks.starting import is_just_back, is_starting
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Quiet, Tolerances, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed
from steadypost.domain.remedy import Remedy
from steadypost.domain.watched import JUDGED

EXPLAINS_OF = {
    "publish": (Kind.DUE, Kind.LEASES, Kind.SLOTS, Kind.BROWSERS),
    "reconcile": (Kind.LIVE, Kind.UNCONFIRMED, Kind.READER, Kind.BROWSERS),
}
"""What a flow without a run on watch explains."""


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    for flow in JUDGED:
        if isinstance(seen.store, Cannot):
            yield unknown(Kind.ON_WATCH, "the store cannot say", flow)
            continue
        heartbeat = seen.store.heartbeats.get(flow)
        if heartbeat is not None and seen.at - heartbeat <= tolerances.heartbeat_within:
            yield ok(Kind.ON_WATCH, "its run sends heartbeats", flow)
        elif is_just_back(seen, tolerances):
            told = "the store is only just back, and heartbeats may still wait for it"
            yield unknown(Kind.ON_WATCH, told, flow, Quiet.STARTING)
        elif is_starting(flow, seen, tolerances):
            yield unknown(Kind.ON_WATCH, "its run is starting", flow, Quiet.STARTING)
        elif heartbeat is None:
            yield failing(Kind.ON_WATCH, "no run has ever been on watch", flow)
        else:
            yield failing(
                Kind.ON_WATCH, f"its run sent its last heartbeat {ago(heartbeat, seen.at)} ago", flow
            )


RULE = Rule(
    kind=Kind.ON_WATCH,
    judge=judge,
    explains_of=EXPLAINS_OF,
    remedies=(Remedy.REVIVE_FLOW,) * 3,
    first_aid="Read the log of the flow's last run in Prefect, then run: python -m deployments.",
)
