"""What is found out when account blocks are saved."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from blocks import Unopened
from steadypost.domain.outcome import Cause
from steadypost.store import AccountRecord, Store, vitals
from steadypost.store import accounts as account_rows
from steadypost.store.vitals import ACCOUNT
from tasks.usability import Saves, note

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    """A store that knows Alice."""
    with Store.create(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        opened.write(account_rows.put, AccountRecord(name="alice", channel="x_web", handle="alice"), NOW)
        yield opened


def test_a_block_that_cannot_be_used_is_known_before_anything_is_due(store):
    """And so is one that can be again."""
    closed = {"alice": Unopened(Cause.RULES_NOT_ACCEPTED, "rules are not accepted")}

    note(store, closed, {}, now=NOW)
    [seen] = store.observe(NOW, claims_of=timedelta(hours=1)).accounts
    assert "rules are not accepted" == seen.closed

    note(store, {"alice": Unopened(Cause.RULES_NOT_ACCEPTED, "")}, {}, now=NOW)
    [seen] = store.observe(NOW, claims_of=timedelta(hours=1)).accounts
    assert "" == seen.closed


def test_what_is_no_news_is_not_written(store):
    """The blocks are read every few seconds."""
    closed = {"alice": Unopened(Cause.RULES_NOT_ACCEPTED, "no")}
    note(store, closed, {}, now=NOW)

    note(store, closed, {}, now=NOW + timedelta(hours=1))

    assert NOW == store.read(vitals.every)[f"{ACCOUNT}alice"].at


def read(at, says="the same"):
    return SimpleNamespace(saved={"alice": (at, says)})


def test_a_block_that_was_saved_again_as_it_was_is_a_persons_word():
    """Whoever answered what the network asked pastes the same session; whoever changes a limit does not mean that."""
    saves, later = Saves(), NOW + timedelta(hours=1)

    assert frozenset() == saves.again(read(NOW))
    assert frozenset() == saves.again(read(NOW))
    assert frozenset({"alice"}) == saves.again(read(later))
    assert frozenset() == saves.again(read(later + timedelta(hours=1), "another limit"))
