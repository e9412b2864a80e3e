"""How a task run ended, without asking Prefect's API: an unanswered call would hold up every due post."""

from __future__ import annotations

from concurrent.futures import Future, wait
from typing import Any, TypeAlias

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed


class Plain:
    """A step that is carried out without Prefect, looked at as one of its task runs is."""

    def __init__(self, future: Future[Any]) -> None:
        self.wrapped_future = future

    def wait(self) -> None:
        """Wait for its end."""
        wait([self.wrapped_future])

    @property
    def state(self) -> State[Any]:
        """Tell how it ended, as its task run would; waits for the end."""
        if (error := self.wrapped_future.exception()) is not None:
            return Failed(message=type(error).__name__)
        answer = self.wrapped_future.result()
        return answer if isinstance(answer, State) else Completed(data=answer)

    def result(self, *, raise_on_failure: bool = False) -> Any:  # noqa: ARG002 - the shape of Prefect's own
        """Tell what it answered."""
        return self.state.data


Step: TypeAlias = PrefectFuture[Any] | Plain
"""One step under way: a task run, or the same without Prefect."""


def is_done(future: Step, within: float = 0) -> bool:
    """Whether it has ended, or ends within so many seconds."""
    return bool(wait([future.wrapped_future], timeout=within).done)  # type: ignore[union-attr]


def state_of(future: Step) -> State[Any]:
    """Give the state in which it ended; waits for the end, and makes the future remember it."""
    future.wait()
    return future.state


def how_it_ended(future: Step) -> str:
    """Say what a task that is done answered, or that it broke."""
    return str(future.result(raise_on_failure=False)) if state_of(future).is_completed() else "broken"
