"""What became of a task run, as its own process knows it: Prefect's API is not asked.

A future's ``state`` reads the run from the API unless somebody has waited for it first. An API that does not answer
would keep the run on watch, and every due post, waiting for minutes.
"""

from __future__ import annotations

from concurrent.futures import wait
from typing import Any

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture


def is_done(future: PrefectFuture[Any], within: float = 0) -> bool:
    """Whether it has ended, or ends within so many seconds."""
    return bool(wait([future.wrapped_future], timeout=within).done)  # type: ignore[attr-defined]


def state_of(future: PrefectFuture[Any]) -> State[Any]:
    """Give the state in which it ended; waits for the end, and makes the future remember it."""
    future.wait()
    return future.state


def how_it_ended(future: PrefectFuture[Any]) -> str:
    """Say what a task that is done answered, or that it broke."""
    return str(future.result(raise_on_failure=False)) if state_of(future).is_completed() else "broken"
