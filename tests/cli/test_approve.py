"""``approve`` and ``approvals``: the second person's yes, as people type it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from steadypost.cli.endings import Ending
from steadypost.domain.delivery import State
from steadypost.store import accounts as account_rows
from steadypost.store import notices, reading
from tests.cli.conftest import NOW


@pytest.fixture(autouse=True)
def rule(store):
    """Posts of alice need Bob's yes."""
    store.write(account_rows.put, replace(store.read(account_rows.one, "alice"), approvers="Bob"), NOW)


def add(call, *words, by="Ann", account="alice"):
    done = call("add", *words, "-a", account, "-w", "+2h", "--by", by, "--json")
    return done.json["entered"]["deliveries"][0]["id"]


def state(store, number):
    return store.read(reading.show, number).delivery.state


def test_a_post_waits_and_says_for_whom_and_what_to_type(call, store):
    done = call("add", "Good morning", "-a", "alice", "-w", "+2h", "--by", "Ann")

    assert Ending.OK == done.code
    told = " ".join(done.out.split())
    assert "it waits for a second person's yes, of Ann's words: Bob may give it (the account alice)" in told
    assert "steadypost approve 1" in done.out
    assert "steadypost approve 1" in call("why", "1").out
    assert "Ann" in call("show", "1").out
    assert ("held", 1) == (str(state(store, 1)), len(store.read(notices.every)))


def test_the_second_person_lets_it_go(call, store):
    number = add(call, "Good morning")

    refused = call("approve", str(number), "--by", "Ann", "--json")
    done = call("approve", str(number), "--by", "Bob", "--why", "reads well")

    assert (Ending.REFUSED, "Ann may not") == (refused.code, refused.json["stays"][0]["because"][-11:])
    assert Ending.OK == done.code
    assert State.SCHEDULED is state(store, number)
    assert ("Bob", "reads well") == (
        store.read(reading.show, number).acts[-1].by,
        store.read(reading.show, number).acts[-1].why,
    )


def test_many_at_once_first_as_a_dry_run(call, store):
    """Found by what they say, by label, by account; of others nothing is changed."""
    numbers = [add(call, f"Morning {n}", "-l", "spring") for n in range(3)]
    other = add(call, "Evening")

    dry = call("approve", "--label", "spring", "--by", "Bob", "--dry-run", "--json")
    assert [numbers, [State.HELD] * 3] == [
        [one["id"] for one in dry.json["changed"]],
        [state(store, one) for one in numbers],
    ]
    assert Ending.OK == call("approve", "--saying", "morning", "--by", "Bob").code

    assert [State.SCHEDULED] * 3 == [state(store, one) for one in numbers]
    assert State.HELD is state(store, other)
    assert Ending.OK == call("approve", "--account", "alice", "--by", "Bob").code
    assert State.SCHEDULED is state(store, other)


def test_a_yes_that_is_undone_is_asked_for_again_by_the_command_that_gives_it(call, store):
    """Not by the one that would be refused."""
    number = add(call, "Good morning")
    call("approve", str(number), "--by", "Bob")

    told = call("undo").out

    assert State.HELD is state(store, number)
    assert f"steadypost approve {number}" in told
    assert "steadypost release" not in told


def test_release_names_the_command_that_does_it(call, store):
    number = add(call, "Good morning")
    done = call("release", str(number), "--json")

    assert (Ending.REFUSED, "not_approved") == (done.code, done.json["error"]["kind"])
    assert f"steadypost approve {number}" == done.json["error"]["remedy"]
    assert State.HELD is state(store, number)


def test_an_edit_says_that_it_waits_again(call, store):
    number = add(call, "Good morning")
    call("approve", str(number), "--by", "Bob")

    done = call("edit", str(number), "--text", "Good evening", "--by", "Ann")

    assert f"steadypost approve {number}" in done.out
    assert State.HELD is state(store, number)
    assert State.HELD is state(store, number)


def test_a_file_waits_row_by_row_and_its_author_is_known(call, store, tmp_path):
    """One message for all of it."""
    rows = [f"Row {n},alice,+{n + 1}h" for n in range(3)]
    (tmp_path / "posts.csv").write_text("\n".join(["text,accounts,when", *rows]) + "\n")

    done = call("import", "posts.csv", "--by", "Ann")

    assert "steadypost approve 1" in done.out
    assert 1 == len(store.read(notices.every))
    assert 3 == len(call("approve", "1", "2", "3", "--by", "Bob", "--json").json["changed"])


def test_labels_are_set_listed_and_let_go(call, store):
    assert Ending.OK == call("approvals", "--label", "#Legal", "--by-whom", "Dora", "--why", "the terms").code

    told = call("approvals").out
    assert "Account alice: Bob." in told
    assert "Label legal: Dora" in told
    number = add(call, "Terms", "-l", "legal", account="bob")
    assert State.HELD is state(store, number)
    assert Ending.OK == call("approvals", "--label", "legal", "--none").code
    assert [] == call("approvals", "--json").json["labels"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--by-whom", "Dora"], "add --label LABEL"),
        (["--label", "legal"], "whose yes does legal need?"),
        (["--label", "legal", "--by-whom", "Dora", "--none"], "whose yes does legal need?"),
        (["--label", "#", "--none"], "is no label"),
    ],
)
def test_what_is_unclear_is_refused(call, words, told):
    done = call("approvals", *words)

    assert (Ending.USAGE, True) == (done.code, told in done.err)


def test_a_calendar_of_days_passes_unapproved(call, store):
    """Nobody says yes: its own rule puts it aside, as everything that is held."""
    number = add(call, "Good morning")
    later = NOW + timedelta(days=1)
    store.claim(worker="w", now=later, lease=timedelta(minutes=1), at_most=1, accounts=["alice"])

    assert State.MISSED is state(store, number)
