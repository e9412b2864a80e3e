"""Three processes and one circuit, in every order: never more calls than permitted, no move lost, never stuck."""

import pytest

from tests.domain.circuit.explorer import DUE, Broken, Rules, explore

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(Rules(until=2, calls=1), id="from the first failure on"),
        pytest.param(
            Rules(until=0, calls=1, revisions=DUE, deaths=False), id="all three come to try at once"
        ),
    ],
)
def test_no_order_of_steps_breaks_it(rules, capsys):
    """Any of them may sleep or die anywhere, and no answer of the server is believed."""
    walk = explore(rules)

    with capsys.disabled():
        print(f"\ncircuit: {walk.states} states, {walk.steps} steps")  # noqa: T201 - to be read
    assert walk.states > 10_000
    assert {"is cancelled", "comes back badly", "comes back well", "creates", "reads"} <= walk.seen


@pytest.mark.parametrize(
    ("without", "ends_in"),
    [
        ({"overwrites": True}, "one permit is held twice|believes in a page"),
        ({"believes_answers": True}, "believes in a page that counts for nobody|held twice"),
    ],
)
def test_each_protection_is_needed(without, ends_in):
    """A plain save, or a server's yes taken for the truth: the walk finds the way to harm, and says which."""
    with pytest.raises(Broken, match=ends_in):
        explore(Rules(until=2, calls=1, revisions=DUE, **without))
