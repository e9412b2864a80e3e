"""What is done again and again while nothing is due is cheap."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import event

from flows.publish import claim_due
from steadypost.domain.post import Part, Post
from steadypost.store import intake
from tasks.bulkheads import RENEW_EVERY, TEND_EVERY, Bulkheads, Purpose

HEAVY = ("playwright", "openpyxl", "alembic", "prefect_docker", "docker", "prefect.server.database")


@pytest.fixture
def asked(house):
    """The questions that the store's database is asked."""
    asked = []

    def note(_connection, _cursor, statement, *_):
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(house.store._database.engine, "before_cursor_execute", note)
    return asked


def test_a_publisher_with_nothing_due_asks_one_question(house, asked):
    """It does so four times a second. A post for later makes no difference, and at its time it is claimed."""
    house.store.write(
        intake.add,
        Post(parts=(Part(text="Later"),)),
        accounts=["alice"],
        due_at=house.clock() + timedelta(seconds=1),
        late_after=None,
        now=house.clock(),
    )
    asked.clear()

    assert [] == claim_due(house, at_most=2)
    assert 1 == len(asked), asked
    house.clock.pass_by(seconds=1)
    assert 1 == len(claim_due(house, at_most=2))


def test_limits_with_nothing_short_are_read_as_often_as_renewals_need():
    """Each reading is a call of every run. A renewal that is due falls on one of them, and not half a lease later."""
    walls = Bulkheads(purpose=Purpose.PUBLISH, at_most=2)
    for allotment in walls._allotments.values():
        allotment.known = allotment.wanted

    assert walls.pause() == TEND_EVERY
    assert 0 == RENEW_EVERY % TEND_EVERY


@pytest.mark.parametrize(
    "program", ["flows.standby, flows.stand_in", "flows.publish", "flows.reconcile", "flows.watch"]
)
def test_what_runs_always_imports_nothing_that_only_some_need(program):
    """A hundred megabytes are Prefect's; a browser's driver, spreadsheets, migrations and a server come when needed."""
    code = f"import {program}, sys; print(*[one for one in {HEAVY} if one in sys.modules])"
    env = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:1/api"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)

    assert "" == done.stdout.strip()
