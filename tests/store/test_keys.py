"""A post is known again by the key it came in with, or by the one that this store's export gave it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steadypost.store import intake, keys, reading
from tests.store.people import HOUR, NOON, saying

AT = NOON - HOUR + timedelta(microseconds=123456)


def added(store, *, key=None, accounts=("alice", "bob"), now=AT):
    """Take a post in; answer its number."""
    more = {} if key is None else {"key": key}
    told = store.write(intake.add, saying(), accounts=list(accounts), due_at=NOON, now=now, **more)
    return store.read(reading.show, told[0].delivery_id).delivery.post_id


def exported(post_id, at=AT, of=""):
    return f"steadypost:{post_id}:{at:%Y%m%dT%H%M%S%f}" + (f":{of}" if of else "")


def test_a_key_of_its_own_means_all_of_a_post(store):
    post_id = added(store, key="spring-1")

    assert {"spring-1": keys.Meant(post_id)} == store.read(keys.meant, ["spring-1", "spring-2"])


def test_the_key_of_an_export_means_the_post_that_came_in_then(store):
    post_id = added(store)

    assert {exported(post_id): keys.Meant(post_id)} == store.read(keys.meant, [exported(post_id)])


def test_it_may_mean_some_of_its_deliveries_alone(store):
    key = exported(added(store), of="alice|bob")
    meant = store.read(keys.meant, [key])[key]

    assert {"alice", "bob"} == meant.accounts
    assert meant.has("alice")
    assert not meant.has("carol")


def test_a_post_without_accounts_named_is_meant_for_each(store):
    key = exported(added(store))

    assert store.read(keys.meant, [key])[key].has("whoever it is")


@pytest.mark.parametrize(
    "key",
    [
        "steadypost:{id}:20260302T105959123456",
        "steadypost:{other}:20260302T110000123456",
        "steadypost:{id}:20261302T110000123456",
        "steadypost:{id}:20260302T110000",
        "steadypost:{id}",
        "steadypost:-{id}:20260302T110000123456",
        "xsteadypost:{id}:20260302T110000123456",
    ],
    ids=[
        "another moment",
        "another post",
        "no month",
        "no fraction",
        "no moment",
        "a sign",
        "something before",
    ],
)
def test_another_store_s_key_means_nothing_here(store, key):
    """Its post of the same number came in at another moment."""
    post_id = added(store)

    assert {} == store.read(keys.meant, [key.format(id=post_id, other=post_id + 1)])


def test_a_key_of_its_own_that_looks_like_an_export_s_is_its_own(store):
    first = added(store)
    own = added(store, key=exported(first + 1, NOON))

    assert keys.Meant(own) == store.read(keys.meant, [exported(first + 1, NOON)])[exported(first + 1, NOON)]


def test_no_keys_mean_nothing(store):
    assert {} == store.read(keys.meant, [])
