"""Prefect's client repeats as often as it is told, and telling it costs nothing."""

import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    Settings,
    get_current_settings,
    temporary_settings,
)

from tasks import block_documents, retried


def test_it_holds_for_as_long_as_the_block():
    before = PREFECT_CLIENT_MAX_RETRIES.value()
    with retried.retried(1):
        assert 1 == PREFECT_CLIENT_MAX_RETRIES.value()
        with retried.retried(0):
            assert 0 == PREFECT_CLIENT_MAX_RETRIES.value()
        assert 1 == PREFECT_CLIENT_MAX_RETRIES.value()

    assert before == PREFECT_CLIENT_MAX_RETRIES.value()


def test_other_settings_are_those_of_the_moment():
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}), retried.retried(1):
        assert "http://127.0.0.1:1/api" == PREFECT_API_URL.value()
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:2/api"}), retried.retried(1):
        assert "http://127.0.0.1:2/api" == PREFECT_API_URL.value()


def test_settings_are_made_once_and_not_for_each_reading(monkeypatch):
    """The blocks are read every few seconds, for years, by every run on watch."""
    with block_documents.asking():
        first = get_current_settings()
    monkeypatch.setattr(Settings, "copy_with_update", lambda *_, **__: pytest.fail("they are made anew"))
    with block_documents.asking():
        again = get_current_settings()

    assert first is again
