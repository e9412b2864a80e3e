"""While Prefect is away one process at a time tries a circuit, and a holder that dies keeps it from nobody for long."""

from steadypost.store import trials
from tests.store.people import MINUTE, NOON, SECOND
from tests.store.racing import together

PAGE = "x-page-alice"
UNTIL = NOON + 3 * MINUTE


def take(store, holder, *, now=NOON, circuit=PAGE):
    return store.write(trials.take, circuit, holder=holder, now=now, until=now + 3 * MINUTE)


def test_one_of_many_gets_it(store):
    """All at once, on both databases."""
    got = together(8, lambda n: take(store, f"process-{n}"))

    assert 1 == sum(got)


def test_each_circuit_has_its_own(store):
    """Alice's trial is not Bob's."""
    assert [True, True] == [take(store, "one"), take(store, "two", circuit="x-page-bob")]


def test_whose_holder_died_is_anybody_s_again(store):
    """By the clock, and not before."""
    take(store, "dead")

    assert [False, True] == [take(store, "two", now=UNTIL - SECOND), take(store, "two", now=UNTIL)]


def test_one_that_went_well_is_given_back_at_once(store):
    """And nobody else can give it back."""
    take(store, "one")
    store.write(trials.give_back, PAGE, holder="two", not_before=None)
    assert not take(store, "two")

    store.write(trials.give_back, PAGE, holder="one", not_before=None)
    assert take(store, "two")


def test_one_that_failed_keeps_everybody_until_the_next_is_due(store):
    """Three processes do not each find out for themselves."""
    take(store, "one")
    store.write(trials.give_back, PAGE, holder="one", not_before=NOON + 40 * SECOND)

    assert [False, False, True] == [
        take(store, "one", now=NOON + SECOND),
        take(store, "two", now=NOON + 39 * SECOND),
        take(store, "two", now=NOON + 40 * SECOND),
    ]
