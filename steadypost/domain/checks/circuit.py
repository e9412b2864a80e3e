"""No circuit has been open for too long."""

from __future__ import annotations

from collections.abc import Iterator

from steadypost.domain.checks.rule import Rule
from steadypost.domain.clock import ago
from steadypost.domain.health import Check, Kind, Quiet, Tolerances, failing, ok, unknown
from steadypost.domain.observed import Cannot, Observed


def judge(seen: Observed, tolerances: Tolerances) -> Iterator[Check]:
    """Judge it by what was observed."""
    if isinstance(seen.blocks, Cannot):
        yield unknown(Kind.CIRCUIT, f"the blocks cannot be read: {seen.blocks.why}")
        return
    for circuit in seen.blocks.open_circuits:
        told = f"open for {ago(circuit.since, seen.at)}: {circuit.why or 'no reason is known'}"
        if circuit.forced:
            yield ok(Kind.CIRCUIT, f"opened by an operator; {told}", circuit.name, Quiet.STRUCK)
        elif circuit.is_sign_in:
            yield ok(
                Kind.CIRCUIT, f"the check of the session says more; {told}", circuit.name, Quiet.CIRCUIT_OPEN
            )
        elif seen.at - circuit.since > tolerances.circuit_open:
            yield failing(Kind.CIRCUIT, told, circuit.name)
        else:
            yield ok(Kind.CIRCUIT, told, circuit.name, Quiet.CIRCUIT_OPEN)
    if not seen.blocks.open_circuits:
        yield ok(Kind.CIRCUIT, "no circuit is open")


RULE = Rule(
    kind=Kind.CIRCUIT,
    judge=judge,
    explains=(Kind.DUE,),
    first_aid="Check that what the circuit guards works again, then set it to closed in its block.",
)
