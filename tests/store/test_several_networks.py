"""Ids of any network are kept as they are, and tables from before there were several are brought up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer, Published
from steadypost.store import AccountRecord, Schema, Store, reading, settling, unconfirmed
from steadypost.store import accounts as account_rows
from steadypost.store.tables import migrate
from tests.store.people import LEASE, NOON, armed, claimed, scheduled

BEFORE = """
INSERT INTO accounts (name, channel, handle, longest, spacing_s, pause_why, session_mark, updated_at)
VALUES ('alice', 'x_web', 'alice', 280, 0, '', '', :noon);
INSERT INTO posts (id, reply_to, source, fingerprint, created_at) VALUES (1, '1585841080431321088', '', 'f', :noon);
INSERT INTO post_parts (post_id, n, text) VALUES (1, 0, 'The lamp is lit.');
INSERT INTO deliveries (id, post_id, account, state, due_at, next_at, units, attempts, broken, deferred, looks, why,
    fence, created_at, updated_at)
VALUES (1, 1, 'alice', 'unconfirmed', :noon, :noon, 1, 1, 0, 0, 0, '', 1, :noon, :noon),
    (2, 1, 'alice', 'scheduled', :noon, :noon, 1, 0, 0, 0, 0, '', 0, :noon, :noon);
INSERT INTO delivery_parts (delivery_id, n, state, account)
VALUES (1, 0, 'asked', 'alice'), (2, 0, 'waiting', 'alice');
INSERT INTO attempts (delivery_id, n, fence, worker, browser, first_part, phase, claimed_at, lease_until, armed_at,
    newest_before)
VALUES (1, 1, 1, 'w', 'runner 3', 0, 'armed', :noon, :noon, :noon, '1585841080431321087');
INSERT INTO evidence (delivery_id, n, at, kind, why, fence) VALUES (1, 0, :noon, 'absent', 'not there', 1);
INSERT INTO foreign_posts (account, remote_id, made_at, seen_at, text)
VALUES ('alice', '1585841080431321087', :noon, :noon, 'by hand')
"""


@pytest.fixture
def upgraded(empty_url):
    """A store with something of everything, as the version before left it, brought up."""
    with Store.at(empty_url) as before:
        migrate(before._database, "0007")
    engine = create_engine(empty_url)
    noon = (
        NOON if engine.dialect.name != "sqlite" else NOON.replace(tzinfo=None).isoformat(" ", "microseconds")
    )
    with engine.begin() as connection:
        for statement in BEFORE.split(";"):
            if statement.strip():
                given = {"noon": noon} if ":noon" in statement else {}
                connection.execute(text(statement), given)
    engine.dispose()
    with Store.at(empty_url) as store:
        store.migrate()
        assert Schema.CURRENT is store.schema()
        yield store


def kept(store, delivery_id):
    with store._database.reading() as connection:
        return connection.execute(
            text("SELECT key, keyed_at FROM deliveries WHERE id = :id"), {"id": delivery_id}
        ).one()


def test_what_was_there_is_there(upgraded):
    """The waiting delivery with its attempt, its target and what looks found; everything is on X."""
    (waiting,) = upgraded.read(unconfirmed.due, "alice", NOON + timedelta(hours=1))

    assert "runner 3" == waiting.attempt.executor
    assert "1585841080431321088" == waiting.wanted[0].reply_to
    assert ("x", "x_web") == (
        upgraded.read(account_rows.every)[0].network,
        upgraded.read(account_rows.every)[0].channel,
    )
    assert 1 == len(upgraded.read(reading.show, 1).looks)


def test_what_was_attempted_has_a_key_and_the_rest_gets_one_when_it_is_claimed(upgraded):
    """A key is never shared, and is there before the first attempt."""
    key, keyed_at = kept(upgraded, 1)
    assert 32 == len(key)
    assert keyed_at is not None
    assert (None, None) == tuple(kept(upgraded, 2))

    claim = claimed(upgraded)

    assert 2 == claim.delivery_id
    assert claim.key == kept(upgraded, 2).key != key


URI = "at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3kabcdefghijk"


def test_a_key_is_kept_once_anybody_may_have_asked_by_it(store):
    """Before that a further claim chooses anew: some networks show a post as made when its key was chosen."""
    delivery_id = scheduled(store)
    first = claimed(store)
    store.rescue(NOON + LEASE)
    second = armed(store, NOON + LEASE + timedelta(minutes=10))

    assert first.key != second.key
    assert (NOON + LEASE + timedelta(minutes=10)) == second.keyed_at
    assert second.key == kept(store, delivery_id).key


def test_an_id_of_another_shape_is_kept_where_its_network_takes_it(store):
    """Outside its network's room an id is a word: not a number, not of twenty letters."""
    store.write(account_rows.put, AccountRecord(name="me", channel="file", handle="me", network="file"), NOON)
    delivery_id = scheduled(store, account="me")
    claim = claimed(store, accounts=("me",))
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON, executor="here")
    given = f"{claim.key}.0"

    after = store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(Published(remote_id=given),)),
        now=NOON,
        jitter=0.5,
    )

    assert State.PUBLISHED is after.delivery.state
    assert given == store.read(reading.show, delivery_id).delivery.parts[0].remote_id


def test_an_id_that_its_network_cannot_have_given_is_unconfirmed(store):
    """The network's room says what an id is; nobody else does."""
    scheduled(store)
    claim = armed(store)

    after = store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(Published(remote_id=URI),)),
        now=NOON,
        jitter=0.5,
    )

    assert State.UNCONFIRMED is after.delivery.state
