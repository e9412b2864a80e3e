"""Every reachable state of the protocol keeps I1 to I3, and each protection is there because without it one breaks."""

from __future__ import annotations

import dataclasses

import pytest

from tests.protocol.model import PROTECTIONS, Broken, Rules, explore


@pytest.mark.slow
@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(Rules(attempts=2), id="two attempts"),
        pytest.param(Rules(attempts=1, twins=2), id="one attempt, carried out three times"),
    ],
)
def test_no_reachable_state_breaks_an_invariant(rules, capsys):
    """Two workers and two parts; a death, a sleep or a lost word anywhere. `make test-crash` walks both at once."""
    walk = explore(rules)

    with capsys.disabled():
        print(f"\nprotocol: {walk.states} states, {walk.steps} steps, {len(walk.stuck)} stuck")  # noqa: T201 - to be read
    assert walk.states > 10_000
    assert [] == walk.stuck


@pytest.mark.parametrize("without", PROTECTIONS)
def test_each_protection_is_needed(without):
    """Taken away, the walk finds a way to a second copy, or to a false word, and says which."""
    rules = Rules(attempts=3, twins=int(without == "own_word"))

    with pytest.raises(Broken, match=r"I[123]: "):
        explore(dataclasses.replace(rules, **{without: False}))


def test_the_protections_are_all_there_are():
    """A rule that is added is tried without, too."""
    assert set(PROTECTIONS) == {field.name for field in dataclasses.fields(Rules) if field.type == "bool"}
