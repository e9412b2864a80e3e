"""What says the same as another post of its account, on its network, is found; what does not is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steadypost.domain.post import Part, Post, Variant
from steadypost.store import persons, reading, repeats, settling, variants
from steadypost.store.acts import By
from tests.store.people import NOON, an_id, armed, published, saying, scheduled

SAME = ("Tickets for the harbour fair are out",)
OLGA = By(name="Olga", why="a test")


def repeated(store, *texts, account="alice", now=NOON, **more):
    return store.read(repeats.repeated, saying(*(texts or SAME)), account, now, **more)


def test_one_that_waits_is_repeated(store):
    first = scheduled(store, saying(*SAME))

    assert first == repeated(store)


def test_the_first_of_several_is_named(store):
    first = scheduled(store, saying(*SAME))
    scheduled(store, saying(*SAME), allow_repeat=True)

    assert first == repeated(store)


def test_other_words_or_another_account_s_are_no_repetition(store):
    scheduled(store, saying(*SAME))

    assert repeated(store, "Tickets for the summer fair are out") is None
    assert repeated(store, account="bob") is None


def test_a_delivery_does_not_repeat_itself(store):
    first = scheduled(store, saying(*SAME))

    assert repeated(store, but=first) is None


def test_what_a_worker_holds_is_repeated(store):
    first = scheduled(store, saying(*SAME))
    armed(store)

    assert first == repeated(store)


def test_what_was_taken_back_is_not(store):
    first = scheduled(store, saying(*SAME))
    store.write(persons.cancel, first, by=OLGA, now=NOON)

    assert repeated(store) is None


@pytest.mark.parametrize(("later", "found"), [(timedelta(0), True), (timedelta(seconds=2), False)])
def test_what_was_published_counts_for_thirty_days(store, later, found):
    first = scheduled(store, saying(*SAME))
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, published(an_id()), now=NOON, jitter=0.5)
    then = NOON + repeats.REPETITION_WITHIN - timedelta(seconds=1) + later

    assert (first if found else None) == repeated(store, now=then)


def test_what_is_said_on_one_network_alone_is_compared_there(store):
    """Alice is on X: there the first says something else."""
    elsewhere = Variant(network="mastodon", parts=(Part(text="For Mastodon alone"),))
    there = Variant(network="x", parts=(Part(text="For X alone"),))
    scheduled(store, Post(parts=(Part(text=SAME[0]),), variants=(elsewhere, there)))

    assert repeated(store) is None
    assert repeated(store, "For X alone") is not None
    assert repeated(store, "For Mastodon alone") is None


def test_of_many_each_is_told_with_what_it_repeats(store):
    first, second = (scheduled(store, saying(text)) for text in ("One", "Two"))
    marks = {(saying(text).fingerprint, "alice") for text in ("One", "Two", "Three")}
    found = store.read(repeats.which_repeat, marks, NOON)

    assert {first, second} == set(found.values())
    assert {saying("One").fingerprint, saying("Two").fingerprint} == {mark for mark, _ in found}


@pytest.mark.parametrize(
    ("repeats_what", "concern", "held", "because"),
    [
        (None, "", None, ""),
        (3, "", repeats.REPEAT, "says the same as delivery 3"),
        (None, "looks like a template", repeats.WORDING, "looks like a template"),
        (3, "looks like a template", repeats.REPEAT, "says the same as delivery 3; looks like a template"),
    ],
)
def test_what_is_held_says_all_that_speaks_against_it(repeats_what, concern, held, because):
    assert (held, because) == (
        repeats.held_for(repeats_what, concern),
        repeats.held_because(repeats_what, concern),
    )


def test_a_post_is_read_as_it_stands_on_each_network(store):
    there = Variant(network="x", parts=(Part(text="For X alone"), Part(text="and more")))
    whole = Post(parts=(Part(text="For all"),), variants=(there,))
    post_id = store.read(reading.show, scheduled(store, whole)).delivery.post_id

    assert whole.parts == store.read(variants.said, [(post_id, "mastodon")])[post_id, "mastodon"]
    assert there.parts == store.read(variants.said_by, post_id, "alice")
    assert (there,) == store.read(variants.whole, [post_id])[post_id].variants
    assert {} == store.read(variants.of_posts, [post_id + 1])
