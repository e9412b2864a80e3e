"""``make test-crash``: every cell of the kill matrix, then the lost answers, one line each.

python -m rehearsal.crash                       all of it
python -m rehearsal.crash --cell NAME --seed N  one cell again, with everything it wrote left in var/crash/
"""

from __future__ import annotations

import contextlib
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from rehearsal.crash.cells import Cell, every
from rehearsal.crash.lost import LOSSES, Loss, play_loss
from rehearsal.crash.stage import GIVEN_UP, Boards, Result, play_cell, write_report
from sandbox.client import SandboxProcess
from tests import postgres

HOME = Path("var/crash")

CELLS: tuple[Cell | Loss, ...] = (*every(), *LOSSES)
"""Everything there is to play."""


@dataclass
class Company:
    """The boards and the sandboxes, as many as play at once."""

    boards: Boards
    sandboxes: queue.SimpleQueue[SandboxProcess]

    def play(self, cell: Cell | Loss, seed: int) -> Result:
        """Play one cell on free boards."""
        sandbox = self.sandboxes.get()
        try:
            with self.boards.play(cell.name, cell.database, sandbox, seed=seed) as play:
                return play_cell(cell, play) if isinstance(cell, Cell) else play_loss(cell, play)
        finally:
            self.sandboxes.put(sandbox)


@contextlib.contextmanager
def company(home: Path, at_once: int) -> Iterator[Company]:
    """Start what all cells share, and leave nothing running."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgres.running())
        sandboxes: queue.SimpleQueue[SandboxProcess] = queue.SimpleQueue()
        for _ in range(at_once):
            sandboxes.put(stack.enter_context(SandboxProcess()))
        yield Company(Boards(home.resolve(), postgres=server), sandboxes)


@click.command()
@click.option("--cell", "names", multiple=True, help="Play only the cells whose name contains this.")
@click.option("--seed", default=1, show_default=True)
@click.option("--at-once", default=3, show_default=True, help="How many cells are played at the same time.")
@click.option("--go-on", is_flag=True, help="Play all, also after an invariant was broken.")
def main(names: tuple[str, ...], seed: int, at_once: int, *, go_on: bool) -> None:
    """Play the matrix; the exit code is the verdict."""
    cells = [cell for cell in CELLS if not names or any(name in cell.name for name in names)]
    if not cells:
        raise click.UsageError(f"no cell is called like {', '.join(names)}")
    began = time.monotonic()
    results: list[Result] = []
    stop = threading.Event()

    def one(cell: Cell | Loss) -> None:
        if stop.is_set():
            return
        result = company_of_all.play(cell, seed)
        results.append(result)
        print(result, flush=True)
        if not result.held:
            print(
                f"    to play it again: {sys.executable} -m rehearsal.crash --cell {result.name} --seed {seed}\n"
                f"    what its workers wrote: {HOME / result.name}",
                flush=True,
            )
            if not go_on:
                stop.set()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    with company(HOME, min(at_once, len(cells))) as company_of_all, ThreadPoolExecutor(at_once) as hands:
        try:
            for done in [hands.submit(one, cell) for cell in cells]:
                done.result()
        except BaseException:
            stop.set()
            GIVEN_UP.set()
            raise
    report = HOME / ("part.json" if names else "matrix.json")
    write_report(report, results)
    held = sum(result.held for result in results)
    print(
        f"{held} of {len(results)} cells hold ({len(cells)} in the matrix), seed {seed}, "
        f"{time.monotonic() - began:.0f} s; written to {report}"
    )
    sys.exit(0 if held == len(cells) else 1)


if __name__ == "__main__":
    main()
