"""
Real workers are ended at the steps of an attempt, real answers are lost, and the network's own ledger is the judge.

This is the part of the matrix that every run of the tests plays; ``make test-crash`` plays all of it.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from rehearsal.crash.__main__ import CELLS, company
from rehearsal.crash.cells import FAST, STAGES, every

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

BY_NAME = {cell.name: cell for cell in CELLS}

CATALOGUE = {
    "after claim", "after intent write", "after browser open", "after typing", "just before click",
    "just after click", "after response", "after result write", "after clean-up", "between thread parts",
    "during read-back", "during reconciliation write",
}  # fmt: skip
"""The steps to cut at, as the fault catalogue lists them."""


@pytest.fixture(scope="module")
def players(tmp_path_factory):
    """Boards for three at a time; at the end no worker, browser or server is left."""
    # Other modules' browsers and servers may be up for the whole session: they are not ours to judge.
    before = living()
    with company(tmp_path_factory.mktemp("crash"), at_once=3) as players:
        yield players
    assert living() - before == set()


def living():
    """The browsers, runners and servers below this process that could still do something."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            named = process.name() in {"postgres", "chromium"} or "runner_process" in " ".join(
                process.cmdline()
            )
            if named and process.status() != psutil.STATUS_ZOMBIE:
                found.add(process)
    return found


@pytest.fixture(scope="module")
def played(players):
    """The cells and the lost answers, all on their way: most of a cell is waiting."""
    with ThreadPoolExecutor(3) as hands:
        yield {
            name: hands.submit(players.play, BY_NAME[name], 1)
            for name in ("lost-24", "lost-12-all-off", *FAST)
        }


def test_the_matrix_has_every_step_of_the_catalogue():
    """A kill for each step, on both databases, for single, thread and reply; and no name is used twice."""
    kills = {
        (cell.stage.says, cell.kind, cell.database) for cell in every() if cell.act == "kill" and cell.stage
    }
    wanted = {
        (step, kind, database)
        for step in CATALOGUE
        for kind in (("thread",) if step == "between thread parts" else ("single", "thread", "reply"))
        for database in ("sqlite", "postgresql")
    }

    assert wanted <= kills
    assert len(BY_NAME) == len(CELLS)
    assert set(FAST) <= set(BY_NAME)
    assert all(stage.mark or stage.weather for stage in STAGES)


@pytest.mark.parametrize("name", FAST)
def test_a_cell_holds(played, name):
    """The invariants hold after the restart."""
    result = played[name].result()

    assert result.held, f"{result}\nplay it again: python -m rehearsal.crash --cell {name} --seed 1"


def test_when_every_answer_is_lost_nothing_else_is(played):
    """24 answers lost: 24 live, 24 published with their true ids, no copy, and no ask more than 24."""
    result = played["lost-24"].result()

    assert result.held, str(result)
    assert ("24 of 24 live", 24, "published") == (result.live, result.asks, result.state)


def test_with_every_protection_switched_off_there_is_still_no_second_ask(played):
    """Naive, as older systems are, with all answers lost and X's page failing at first: 12 live, and 12 asks."""
    result = played["lost-12-all-off"].result()

    assert result.held, str(result)
    assert ("12 of 12 live", 12, "published") == (result.live, result.asks, result.state)
