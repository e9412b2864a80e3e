"""Many at once: threads of one process, and processes of their own."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from steadypost.store import Store
from tests.store.people import claims


def together(many: int, work: Callable[[int], Any]) -> list[Any]:
    """Do the same work in so many threads, all let go at the same moment."""
    gate = threading.Barrier(many)

    def one(number: int) -> Any:
        gate.wait(30)
        return work(number)

    with ThreadPoolExecutor(many) as crew:
        return list(crew.map(one, range(many)))


def in_processes(many: int, url: str, at_most: int) -> list[list[int]]:
    """Let so many processes claim what is due until nothing is; answer what each of them got."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(many) as crew:
        return crew.starmap(claim_all, [(url, f"worker{i}", at_most) for i in range(many)], chunksize=1)


def claim_all(url: str, worker: str, at_most: int) -> list[int]:
    """Claim until nothing is due any more."""
    found: list[int] = []
    with Store.open(url) as store:
        while got := claims(store, worker=worker, at_most=at_most):
            found += [claim.delivery_id for claim in got]
    return found


def flat(lists: Iterable[Iterable[Any]]) -> list[Any]:
    """Put several lists into one, in order of size."""
    return sorted(one for some in lists for one in some)
