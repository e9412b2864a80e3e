"""Every reachable state of the protocol keeps I1 to I3, and each protection is there because without it one breaks."""

from __future__ import annotations

import dataclasses

import pytest

from tests.protocol.model import Broken, Rules, explore


@pytest.mark.slow
def test_no_reachable_state_breaks_an_invariant(capsys):
    """Two workers, two parts, two attempts; a death, a sleep or a lost word anywhere."""
    walk = explore(Rules())

    with capsys.disabled():
        print(f"\nprotocol: {walk.states} states, {walk.steps} steps, {len(walk.stuck)} stuck")  # noqa: T201 - to be read
    assert walk.states > 10_000
    assert [] == walk.stuck


@pytest.mark.parametrize("without", [field.name for field in dataclasses.fields(Rules)])
def test_each_protection_is_needed(without):
    """Taken away, the walk finds a way to a second copy, or to a false word, and says which."""
    with pytest.raises(Broken, match=r"I[123]: "):
        explore(dataclasses.replace(Rules(), **{without: False}))
