"""Nobody is told that a post goes out now while a claim would leave it where it is."""

from __future__ import annotations

from dataclasses import replace

from tests.domain.test_ahead import FREE, delivery, steps


def test_what_a_restore_has_looked_for_first_does_not_go_out_now():
    """A person let it go, and the next claim puts it unconfirmed."""
    assert [("look", None), ("goes_out", None)] == steps(delivery(), replace(FREE, looked_for_first=True))


def test_the_second_account_of_one_handle_sends_nothing():
    assert [("refused", None), ("goes_out", None)] == steps(delivery(), replace(FREE, twin="alice-2"))
