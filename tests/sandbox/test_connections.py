"""Where connections are kept, a browser sends a POST that was carried out once more by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from sandbox.client import SandboxProcess
from sandbox.serve import CONNECTIONS

pytestmark = pytest.mark.browser

LOST = [
    ("fresh", {"fault": "reset_connection"}, 1),
    ("fresh", {"fault": "drop_response"}, 1),
    ("fresh", {"fault": "misdirect"}, 2),
    ("kept", {"fault": "reset_connection"}, 2),
    ("kept", {"fault": "drop_response"}, 2),
    ("http2", {"fault": "reset_connection"}, 2),
    ("http2", {"fault": "drop_response"}, 2),
    ("http2", {"fault": "misdirect"}, 2),
    ("http2", {"fault": "refuse_stream", "params": {"by": "stream"}}, 2),
    ("http2", {"fault": "refuse_stream", "params": {"by": "goodbye"}}, 2),
]
"""How connections are treated, what becomes of the first ask's answer, and how often the ask arrives."""


@pytest.fixture(scope="module")
def served(request):
    """A sandbox of its own, with its connections treated in one way."""
    with SandboxProcess(accounts=("alice",), connections=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def post_once(browser, served):
    """One click on Post in a page of Alice's."""

    def post(text):
        context = browser.new_context(
            storage_state=served.accounts["alice"], base_url=served.url, ignore_https_errors=True
        )
        page = context.new_page()
        page.goto("/compose/post", wait_until="domcontentloaded")
        dialog = page.get_by_role("dialog")
        dialog.get_by_test_id("tweetTextarea_0").click()
        page.keyboard.insert_text(text)
        dialog.get_by_test_id("tweetButton").click()
        expect(page.get_by_test_id("toast")).to_have_count(1)
        context.close()

    return post


@pytest.mark.parametrize("served", CONNECTIONS, indirect=True)
def test_posting_needs_no_weather(served, post_once):
    """In fair weather one click is one ask, whatever carries it."""
    served.forget()

    post_once("Hello")

    assert ["created"] == [ask["outcome"] for ask in served.asks()]


@pytest.mark.parametrize(("served", "rule", "arrivals"), LOST, indirect=["served"])
def test_what_a_lost_answer_leads_to(served, post_once, rule, arrivals):
    """Below everything a page or its tools see: one click, and each arrival is in the ledger with its connection."""
    served.forget()
    served.weather({**rule, "count": 1}, {"fault": "no_duplicate_guard"})

    post_once("Once or twice")

    asks = served.asks()
    assert [ask["outcome"] for ask in asks] == ["created"] * arrivals
    assert len(served.live()) == arrivals
    was_answered = rule["fault"] == "misdirect"
    assert [ask["delivered"] for ask in asks] == [was_answered, True][:arrivals]
    if not was_answered:
        kept_its_connection = rule.get("params") == {"by": "stream"}
        assert len({ask["connection"] for ask in asks}) == (1 if kept_its_connection else arrivals)
