"""An account whose block has another's handle is refused, with the name of the other, wherever accounts are shown."""

import pytest

from steadypost.domain.delivery import State
from steadypost.store import reading, vitals
from tests.cli.test_commands import NOW


@pytest.fixture
def twins(store):
    """Bob's block has Alice's handle."""
    store.write(vitals.note_twins, {"bob": "alice"}, NOW)
    return store


def test_accounts_says_so(twins, call):
    """For people in a word, for programs in a field; the other one stands as ever."""
    told = {one["name"]: one["refused_for"] for one in call("accounts", "--json").json["accounts"]}

    assert ("alice", None) == (told["bob"], told["alice"])
    assert "refused: alice has the same handle" in " ".join(call("accounts").out.split())


def test_doctor_says_so_with_what_to_do(twins, call):
    """It is ill until one of the two is corrected."""
    told = call("doctor", "--json")
    [found] = [one for one in told.json["findings"] if one["check"] == "accounts"]

    assert ("failing", "bob: refused: alice has the same handle") == (
        found["verdict"],
        found["what"],
    )
    assert "delete one of the two" in found["remedy"]


def test_nothing_comes_in_for_it(twins, call):
    """A post for it is refused, with the name of the other; one for the other comes in."""
    refused = call("add", "Good day.", "-a", "bob", "-w", "+1h", "--json")
    [why] = refused.json["entered"]["refusals"]
    call("add", "Good day.", "-a", "alice", "-w", "+1h", "--json")

    assert ("accounts", "bob") == (why["field"], why["value"])
    assert "alice" in why["why"]
    assert 'write "alice"' in why["remedy"]
    assert [(State.SCHEDULED, "alice")] == [
        (one.delivery.state, one.delivery.account) for one in twins.read(reading.queue)
    ]


def test_once_it_is_corrected_it_is_as_any_other(twins, call):
    """Nothing of it is left."""
    twins.write(vitals.note_twins, {}, NOW)

    assert {None} == {one["refused_for"] for one in call("accounts", "--json").json["accounts"]}
    assert 0 == call("add", "Good day.", "-a", "bob", "-w", "+1h", "--json").code
