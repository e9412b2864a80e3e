"""What the house costs while nothing is due is told whole: also what came and went meanwhile."""

from bench.idle import GONE, Spent, spent_between


def test_each_kind_has_spent_what_its_processes_have_since():
    before = {1: Spent("server", own=5.0, reaped=0.0), 2: Spent("worker", own=1.0, reaped=4.0)}
    after = {1: Spent("server", own=8.0, reaped=0.0), 2: Spent("worker", own=1.5, reaped=4.0)}

    assert {"server": 3.0, "worker": 0.5} == spent_between(before, after)


def test_a_process_that_began_meanwhile_counts_whole():
    after = {1: Spent("run of publish", own=4.0, reaped=0.0)}

    assert {"run of publish": 4.0} == spent_between({}, after)


def test_what_came_and_went_meanwhile_is_in_what_its_parent_has_reaped():
    """A run of the canary lasts for seconds: neither of two looks sees it."""
    before = {2: Spent("worker", own=1.0, reaped=4.0)}
    after = {2: Spent("worker", own=1.5, reaped=8.0)}

    assert {"worker": 0.5, GONE: 4.0} == spent_between(before, after)


def test_of_one_that_ended_meanwhile_only_the_rest_counts():
    before = {2: Spent("worker", own=1.0, reaped=0.0), 3: Spent("run of publish", own=60.0, reaped=1.0)}
    after = {2: Spent("worker", own=1.0, reaped=62.0)}

    assert {"worker": 0.0, GONE: 1.0} == spent_between(before, after)


def test_one_that_nobody_of_ours_has_reaped_takes_nothing_from_the_others():
    before = {2: Spent("worker", own=1.0, reaped=0.0), 3: Spent("run of publish", own=60.0, reaped=0.0)}
    after = {2: Spent("worker", own=2.0, reaped=0.0)}

    assert {"worker": 1.0, GONE: 0.0} == spent_between(before, after)
