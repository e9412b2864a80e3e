"""How a step ended is told by its own process, with Prefect or without it, and never waited for where it is not."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from prefect.states import Cancelled, Completed, Crashed, Failed

from flows.ended import Plain, how_it_ended, is_done, state_of


def step(answer=None, error=None):
    future = Future()
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(answer)
    return Plain(future)


def test_a_step_under_way_is_not_done_and_is_not_waited_for():
    running = Plain(Future())

    assert not is_done(running)
    running.wrapped_future.set_result("published")
    assert is_done(running)


def test_what_a_step_answers_is_what_it_came_to():
    assert "published" == how_it_ended(step("published"))


@pytest.mark.parametrize("state", [Failed(message="no"), Crashed(message="gone"), Cancelled()])
def test_a_state_that_is_no_completion_is_a_break(state):
    assert "broken" == how_it_ended(step(state))


def test_a_state_that_is_one_tells_its_answer():
    assert "unconfirmed" == how_it_ended(step(Completed(data="unconfirmed")))


def test_an_error_is_a_failure_named_by_its_kind_and_never_by_its_words():
    """The words may hold a secret."""
    state = state_of(step(error=ValueError("token hunter2")))

    assert (True, "ValueError") == (state.is_failed(), state.message)


def test_an_error_is_not_raised_by_asking():
    assert "broken" == how_it_ended(step(error=RuntimeError()))
