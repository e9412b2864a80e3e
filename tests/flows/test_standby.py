"""A standby may be started beside Prefect's server: it is ready as that answers, and ends while it does not."""

import threading

import httpx
import pytest

from flows import standby
from tasks import runs


@pytest.fixture
def server(monkeypatch):
    """It answers at the third question, or ``never``."""
    asked = []

    def answers():
        asked.append(1)
        if len(asked) < 3 or asked.count("never"):
            raise httpx.ConnectError("refused")

    monkeypatch.setattr(runs, "answers", answers)
    monkeypatch.setattr(standby, "ASKS_EVERY", 0)
    return asked


def test_it_waits_for_the_server(server):
    """The store's address and the accounts are known there; without them it would mind another store, or nothing."""
    assert standby._server_answers(threading.Event())
    assert 3 == len(server)


def test_it_ends_while_it_waits(server):
    """Whoever ends all waits for no server."""
    server.append("never")
    end = threading.Event()
    waiting = threading.Thread(target=lambda: server.append(standby._server_answers(end)))
    waiting.start()
    end.set()
    waiting.join(30)

    assert server[-1] is False
