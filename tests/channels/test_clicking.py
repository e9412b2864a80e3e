"""What the page does between the last look and the request: a text that got lost is written again, and never sent so."""

from dataclasses import replace

import pytest

from steadypost.channels.x_web.sheets import Do, Reply, Sheet, verdict
from steadypost.domain.outcome import Cause, NotSubmitted, Phase, Published
from steadypost.domain.post import Part

YES, NO = Reply(prominent=True, posts=False), Reply(prominent=False, posts=False)


def ui(kind, **params):
    return {"fault": "ui", "account": "alice", "params": {"kind": kind, **params}}


REMINDER = ui("sheet", which="describe_pictures", when="click", times=3)


@pytest.fixture
def undescribed(picture):
    return replace(picture, alt="")


@pytest.mark.browser
@pytest.mark.parametrize("how", ["click", "sheet"])
def test_a_box_that_is_drawn_anew_keeps_no_post(alice, sandbox, undescribed, how):
    """With a picture the button stays on, and the page would post the picture without a word."""
    sandbox.weather(ui("redrawn", how=how), REMINDER)
    outcome = alice.ask(parts=(Part(text="No words lost", media=(undescribed,)),), within=60.0).headline

    (post,) = alice.ledger()
    assert outcome == Published(remote_id=post["id"])
    assert ("No words lost", 1) == (post["text"], len(sandbox.asks()))


@pytest.mark.browser
def test_a_reply_goes_out_under_its_parent_after_that(alice, sandbox, undescribed):
    parent = sandbox.hand_post("bob", "What do you think of our maps?")
    sandbox.weather(ui("redrawn", how="click"))
    outcome = alice.ask(
        parts=(Part(text="I do", media=(undescribed,)),), reply_to=parent, within=60.0
    ).headline

    (post,) = alice.ledger()
    assert (outcome, parent) == (Published(remote_id=post["id"]), post["reply_to"])


@pytest.mark.browser
def test_a_thread_is_kept_back_while_a_text_is_lost(alice, sandbox, undescribed):
    """A page drops a thread of which a part failed: the sheet is closed, and the text is written before a request."""
    sandbox.weather(ui("redrawn", how="sheet"), REMINDER)
    outcomes = alice.ask(
        parts=(Part(text="One", media=(undescribed,)), Part(text="Two")), within=60.0
    ).outcomes

    posts = alice.ledger()
    assert outcomes == tuple(Published(remote_id=post["id"]) for post in posts)
    assert ["One", "Two"] == [post["text"] for post in posts]


@pytest.mark.browser
def test_a_click_that_adds_no_part_is_given_again(alice, sandbox):
    """Between the look and the click the page drew itself anew: the text is gone, and with it what could be added to."""
    sandbox.weather(ui("redrawn", how="add"))
    outcomes = alice.ask("One of two", "Two of two", within=60.0).outcomes

    posts = alice.ledger()
    assert outcomes == tuple(Published(remote_id=post["id"]) for post in posts)
    assert ["One of two", "Two of two"] == [post["text"] for post in posts]


@pytest.mark.browser
def test_a_click_that_did_not_land_is_given_again(alice, sandbox):
    """What keeps it from landing may be a busy machine, or something that passes over the button; nothing was asked."""
    sandbox.weather(ui("covered_at_click", seconds=0.8, times=1))

    assert isinstance(alice.say("Soon", within=60.0), Published)
    assert 1 == len(sandbox.asks())


@pytest.mark.browser
def test_a_page_that_loses_it_each_time_ends_it_and_nothing_was_asked(alice, sandbox, undescribed):
    sandbox.weather(ui("redrawn", how="click", times=9))
    outcome = alice.ask(parts=(Part(text="Never", media=(undescribed,)),), within=60.0).headline

    assert (NotSubmitted, Cause.COMPOSER_DIFFERS, Phase.CLICKED) == (
        type(outcome),
        outcome.cause,
        outcome.phase,
    )
    assert [] == sandbox.asks()


def test_a_post_that_may_not_go_on_is_kept_back_by_closing_the_sheet():
    sheet = Sheet("", answers=(YES, NO), closable=True)

    assert Do.CLOSE is verdict(sheet, clicked=True, goes_on=False).do
    assert Do.ANSWER is verdict(replace(sheet, closable=False), clicked=True, goes_on=False).do
    challenge = replace(sheet, names=("challengeSheet",))
    assert Do.ASK_A_PERSON is verdict(challenge, clicked=True, goes_on=False).do
