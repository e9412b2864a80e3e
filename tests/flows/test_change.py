"""Changing what waits in Prefect's form: the same operations, the same refusals."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.change import change
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.intake.order import Order, What
from steadypost.store import AccountRecord, Store, intake, reading
from steadypost.store import accounts as account_rows

NOW = datetime.now(UTC)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def store(tmp_path, monkeypatch, outside_of_a_run):
    """A store with two deliveries that wait, which this machine's settings name."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("STEADYPOST_STORE_URL", url)
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    with Store.create(url) as opened:
        for name in ("alice", "bob"):
            opened.write(account_rows.put, AccountRecord(name=name, channel="x_web", handle=name), NOW)
            opened.write(
                intake.add, Post(parts=(Part(text=f"Of {name}"),)), accounts=[name], due_at=TOMORROW, now=NOW
            )
        yield opened


def order(**fields):
    """Run the flow's own body on what the form sends: no server is needed for that."""
    return change.fn(Order(**{"by": "Carol", **fields}))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"what": What.EDIT, "deliveries": [1], "text": "Other"}, ["Other", State.SCHEDULED, 0]),
        ({"what": What.MOVE, "deliveries": [1], "when": "+1h"}, ["Of alice", State.SCHEDULED, -23]),
        ({"what": What.LATER, "account": "alice", "by_length": "2h"}, ["Of alice", State.SCHEDULED, 2]),
        ({"what": What.EARLIER, "saying": "alice", "by_length": "2h"}, ["Of alice", State.SCHEDULED, -2]),
        ({"what": What.CANCEL, "deliveries": [1]}, ["Of alice", State.CANCELLED, 0]),
    ],
)
def test_each_order_is_carried_out_and_undone(store, fields, expected):
    """With the same record of who and why."""
    assert order(**fields).is_completed()

    story = store.read(reading.show, 1)
    hours = round((story.delivery.due_at - TOMORROW) / timedelta(hours=1))
    assert expected == [story.post.parts[0].text, story.delivery.state, hours]
    assert "Carol" == story.acts[0].by

    order(what=What.UNDO)
    assert ("Of alice", State.SCHEDULED) == (
        store.read(reading.show, 1).post.parts[0].text,
        store.read(reading.show, 1).delivery.state,
    )


def test_two_swap_and_one_is_copied(store):
    """As on the command line."""
    order(what=What.MOVE, deliveries=[2], when="+2h")
    order(what=What.SWAP, deliveries=[1, 2])
    assert store.read(reading.show, 1).delivery.due_at < store.read(reading.show, 2).delivery.due_at

    assert order(what=What.COPY, deliveries=[1], account="bob", when="+3h").is_completed()
    assert ("bob", "Of alice") == (
        store.read(reading.show, 3).delivery.account,
        store.read(reading.show, 3).post.parts[0].text,
    )


REHEARSED = {
    What.EDIT: {"text": "Other"},
    What.MOVE: {"when": "+1h"},
    What.LATER: {"by_length": "2h"},
    What.EARLIER: {"by_length": "2h"},
    What.SWAP: {"deliveries": [1, 2]},
    What.COPY: {"account": "bob", "when": "+3h"},
    What.CANCEL: {},
    What.UNDO: {"deliveries": [1]},
}
"""An order of each kind of which something would come."""


@pytest.mark.parametrize(("what", "fields"), REHEARSED.items())
def test_a_dry_run_of_any_order_writes_nothing(store, what, fields):
    """Neither a delivery nor an act; and says what it would have done."""
    order(what=What.MOVE, deliveries=[1], when="+5h")

    def kept():
        number = sum(store.read(reading.counts).values())
        return [store.read(reading.show, one + 1) for one in range(number)]

    before = kept()
    told = order(**{"what": what, "deliveries": [1], "dry_run": True, **fields})

    assert before == kept()
    assert (True, "ould") == (told.is_completed(), told.message[1:5])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"what": What.CANCEL}, "nothing says which are meant"),
        ({"what": What.MOVE, "deliveries": [1], "when": "soon"}, "this is not a time"),
        ({"what": What.EDIT, "deliveries": [1], "text": "x" * 300}, "X counts 300"),
        ({"what": What.EDIT, "deliveries": [9], "text": "x"}, "there is no delivery 9"),
        ({"what": What.SWAP, "deliveries": [1]}, "name two"),
        ({"what": What.LATER, "deliveries": [1], "by_length": "long"}, "this is not a stretch of time"),
        ({"what": What.UNDO}, "there is no change to undo"),
        ({"what": What.CANCEL, "deliveries": [1], "by": " "}, "it is empty"),
    ],
)
def test_an_order_that_is_not_carried_out_says_why(store, fields, told):
    """And nothing was changed."""
    assert told in order(**fields).message
    assert ((), State.SCHEDULED) == (
        store.read(reading.show, 1).acts,
        store.read(reading.show, 1).delivery.state,
    )


def test_a_second_person_says_yes_in_the_form(store):
    """And whoever wrote it is told that they cannot."""
    store.write(
        account_rows.put, replace(store.read(account_rows.one, "alice"), approvers="Carol, Dora"), NOW
    )
    order(what=What.EDIT, deliveries=[1], text="Other")
    assert State.HELD is store.read(reading.show, 1).delivery.state

    assert "Carol may not" in order(what=What.APPROVE, deliveries=[1]).message
    assert order(what=What.APPROVE, deliveries=[1], by="Dora").is_completed()
    assert State.SCHEDULED is store.read(reading.show, 1).delivery.state


def test_a_new_time_is_chosen_as_in_the_form_of_a_post(store, outside_of_a_run):
    """A day of the calendar, a time of the list and a zone; and what is written besides is a second time."""
    day = (NOW + timedelta(days=3)).date().isoformat()
    chosen = {"new_day": day, "new_time": "18:30", "zone": "Europe/Berlin"}

    assert order(what="move", deliveries=[1], **chosen).is_completed()
    due = store.read(reading.show, 1).delivery.due_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"{day} 18:30" == f"{due:%Y-%m-%d %H:%M}"
    assert "| 1 | alice |" in outside_of_a_run[-1]

    refused = order(what="move", deliveries=[1], when="+1h", **chosen)
    assert (True, "two times" in refused.message) == (refused.is_failed(), True)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, "Your name: it is empty"),
        ({"by": "Carol"}, "what: this is nothing that can be done; choose one of: edit, move"),
        (
            {"what": "canzel", "by": "Carol"},
            "what 'canzel': this is nothing that can be done; \"cancel\" was meant?",
        ),
        ({"what": "move", "by": "Carol", "deliveries": ["seven"]}, "Deliveries.1 'seven': input should be"),
        ({"what": "move", "by": "Carol", "wen": "now"}, "wen 'now': the form has no field of this name"),
    ],
)
def test_a_form_that_does_not_fit_is_refused_in_the_same_words(store, form, told):
    """Field, value, remedy; never a traceback, whoever sent it."""
    refused = change.fn(form)

    assert refused.is_failed()
    assert told in refused.message
