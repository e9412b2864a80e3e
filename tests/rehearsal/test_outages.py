"""An outage is judged by the ledgers: what is not there, what is there twice, and what came too late."""

from datetime import UTC, datetime, timedelta

import pytest

from rehearsal.outages import play
from rehearsal.outages.feed import Told
from rehearsal.outages.play import PUBLISHED_WITHIN, Row, judge, line_of

DUE = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Ledgers:
    """Networks on which this is live."""

    def __init__(self, *live):
        self._live = live

    def live(self):
        return iter(self._live)


class Fed:
    """Two posts of one account that were to go out."""

    def __init__(self):
        self.told = [
            Told(account="paper", text=text, due_at=DUE, delivery_id=number)
            for number, text in enumerate(("One.", "Two."))
        ]


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    """What is not there is not waited for."""
    monkeypatch.setattr(play, "BACK_WITHIN", 0)


def judged(*live, start_s=0.0):
    row = Row(process="worker", how="killed", back_s=1.0, start_s=start_s)
    judge(Ledgers(*live), Fed(), row, 0)
    return row


def test_what_is_live_once_and_in_time_is_good():
    row = judged(("paper", "One.", DUE), ("paper", "Two.", DUE + PUBLISHED_WITHIN))

    assert (2, 0, 0, 0, 60.0) == (row.due, row.lost, row.copies, row.late, row.worst_s)
    assert [] == row.wrong


def test_what_is_missing_doubled_or_late_is_counted():
    """One that is live on another account is missing too."""
    late = DUE + PUBLISHED_WITHIN + timedelta(seconds=1)
    row = judged(("paper", "One.", DUE), ("paper", "One.", late), ("dora", "Two.", DUE))

    assert ["1 lost", "1 copies"] == row.wrong
    assert ["1 late"] == judged(("paper", "One.", late), ("paper", "Two.", DUE)).wrong


def test_a_copy_does_not_make_a_post_late():
    """It is live since the first of them."""
    late = DUE + PUBLISHED_WITHIN + timedelta(seconds=1)
    row = judged(("paper", "One.", DUE), ("paper", "Two.", DUE), ("paper", "Two.", late))

    assert (0.0, 1) == (row.worst_s, row.copies)


def test_a_machine_on_which_python_takes_long_to_begin_has_longer():
    """Whoever else uses it is not what is judged; the row shows how long that was."""
    late = DUE + PUBLISHED_WITHIN + timedelta(seconds=1)
    row = judged(("paper", "One.", late), ("paper", "Two.", DUE), start_s=30.0)

    assert [] == row.wrong
    assert "30.0" in line_of(row)


def test_a_house_that_does_not_come_back_is_said_so():
    row = Row(process="worker", how="killed", back_s=None)
    judge(Ledgers(("paper", "One.", DUE), ("paper", "Two.", DUE)), Fed(), row, 0)

    assert 1 == len(row.wrong)
    assert "not back" in row.wrong[0]
