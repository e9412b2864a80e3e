"""A post in Prefect's form: everything that is wrong with it is said at once."""

from datetime import UTC, datetime

import pytest

from flows.compose import compose
from steadypost.store import AccountRecord, Store, reading
from steadypost.store import accounts as account_rows


@pytest.fixture
def store(tmp_path, monkeypatch, outside_of_a_run):
    """A store with one account, which this machine's settings name."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("STEADYPOST_STORE_URL", url)
    with Store.create(url) as opened:
        record = AccountRecord(name="alice", channel="x_web", handle="Alice")
        opened.write(account_rows.put, record, datetime.now(UTC))
        yield opened


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, ["day: it says no day", "text: there is nothing to read", "accounts:"]),
        (
            {"text": "Hi", "accounts": ["alyce"], "day": "2027-01-05"},
            ["time: it says no time", "accounts 'alyce'"],
        ),
        (
            {"text": "Hi", "accounts": ["alice"], "when": "now", "day": "2027-01-05"},
            ["when 'now, 2027-01-05'"],
        ),
        ({"text": "Hi", "accounts": "alice"}, ["Accounts 'alice': input should be a valid list"]),
    ],
)
def test_a_time_that_is_not_valid_hides_nothing_else(store, form, told):
    """A form is sent once more, and not once for each of its mistakes."""
    state = compose.fn(form)

    assert state.is_failed()
    assert len(told) == len(state.message.splitlines())
    assert all(one in state.message for one in told)
    assert [] == store.read(reading.queue)
