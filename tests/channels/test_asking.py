"""An ask makes exactly what was ordered live, once, and brings home its true id. Judged by the sandbox's ledger."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.port import Place
from steadypost.domain.evidence import Present
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Phase, Published, Refused
from steadypost.domain.post import Part
from steadypost.networks.x.snowflake import id_at

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _a_past(sandbox):
    """Older posts: below them a look need not go on."""
    sandbox.seed("alice", 3)


def test_a_single_post_comes_home_with_its_id(alice):
    outcome = alice.say("Hello, world")

    (post,) = alice.ledger()
    assert outcome == Published(remote_id=post["id"])
    assert ("Hello, world", None) == (post["text"], post["reply_to"])


def test_an_attempt_passes_its_phases_in_order(alice):
    alice.say("Hello, phases")

    assert alice.phases == [phase for phase in Phase if phase is not Phase.CLAIMED]
    assert [True] == alice.asked


def test_one_browser_asks_again_and_again(alice):
    outcomes = [alice.say(f"Number {n}") for n in range(3)]

    assert [o.remote_id for o in outcomes] == [post["id"] for post in alice.ledger()]


TEXTS = {
    "blank lines": "One.\n\n\nTwo.\n\nThree.",
    "lines from Windows": "One.\r\n\r\nTwo.",
    "joined emoji": "👩‍🚀 and 👨‍👩‍👧‍👦 and 🏳️‍🌈 and 👍🏽",
    "Chinese and Japanese": "今日の天気は晴れ。\n明日も晴れるでしょう。中文字符也可以。",
    "right to left": "שלום עולם\nمرحبا بالعالم, and left again",
    "a link": "Read https://example.org/a/very/long/path?with=query&and=more#fragment now",
    "a bare link": "See example.org/notes for more",
    "markup": "Tea & biscuits <3 > coffee &amp; cake \"quoted\" 'single' `code`",
    "a mention at the end": "Thanks to @bob",
    "a mention at the end of a line": "Thanks to @bob\nand to @carol\nand to nobody",
    "a topic at the end": "Fresh from the oven #bread",
    "spaces and tabs": "a  b   c\td",
    "composed accents": "cafe\u0301 Å ñ",
    "as long as it may be": "x" * 280,
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_arrives_exactly(alice, name):
    outcome = alice.say(TEXTS[name])

    (post,) = alice.ledger()
    assert outcome == Published(remote_id=post["id"])
    assert post["text"] == TEXTS[name].replace("\r\n", "\n")
    assert isinstance(alice.finds(TEXTS[name], alice.look()), Present)


def test_a_thread_goes_out_in_one_ask_and_in_a_chain(alice):
    texts = [
        "One of four",
        "Two, with a link https://example.org/2",
        "Three 👩‍🚀\n\nand a blank line",
        "Four",
    ]
    outcomes = alice.ask(*texts).outcomes

    posts = alice.ledger()
    assert outcomes == tuple(Published(remote_id=post["id"]) for post in posts)
    assert [post["text"] for post in posts] == texts
    assert [post["reply_to"] for post in posts] == [None, *[post["id"] for post in posts[:-1]]]
    assert [True] == alice.asked


def test_a_thread_resumes_under_its_last_live_part(alice):
    assert isinstance(alice.say("One of three"), Published)
    (root,) = alice.ledger()
    answer = alice.ask("Two of three", "Three of three", first=1, reply_to=root["id"])

    posts = alice.ledger()
    assert 1 == answer.first
    assert [o.remote_id for o in answer.outcomes] == [post["id"] for post in posts[1:]]
    assert [post["reply_to"] for post in posts] == [None, posts[0]["id"], posts[1]["id"]]


def test_a_reply_stands_under_its_parent_and_has_an_id_of_its_own(alice, sandbox):
    parent = sandbox.hand_post("bob", "What do you think?")
    outcome = alice.say("I think so too.\n\nReally, @bob", reply_to=parent)

    (post,) = alice.ledger()
    assert outcome == Published(remote_id=post["id"])
    assert post["id"] != parent
    assert post["reply_to"] == parent
    assert isinstance(alice.finds(post["text"], alice.look(Place.REPLIES), reply_to=parent), Present)


def test_a_reply_within_a_conversation_finds_the_right_post(alice, sandbox):
    """The target's page shows the posts above and below it, too; each has a reply button."""
    root = sandbox.hand_post("bob", "The root of it all")
    middle = sandbox.hand_post("carol", "In the middle", reply_to=root)
    sandbox.hand_post("bob", "Below it", reply_to=middle)
    alice.say("To Carol", reply_to=middle)

    (post,) = alice.ledger()
    assert post["reply_to"] == middle


def test_a_reply_to_what_is_gone_is_refused_and_nothing_is_sent(alice, sandbox):
    parent = sandbox.hand_post("bob", "Soon gone")
    sandbox.delete(parent)
    outcome = alice.say("Too late", reply_to=parent)

    assert isinstance(outcome, Refused)
    assert outcome.cause is Cause.TARGET_GONE
    assert [] == sandbox.asks()


@pytest.mark.parametrize(("ago", "kind"), [(timedelta(seconds=5), Deferred), (timedelta(hours=1), Refused)])
def test_a_thread_below_a_part_that_is_not_shown_waits_while_that_is_young(alice, sandbox, ago, kind):
    """Its page says that it does not exist: after seconds it may not be everywhere yet, after an hour it is gone."""
    parent = id_at(datetime.now(UTC) - ago)
    outcome = alice.ask("Two", reply_to=parent, first=1).outcomes[0]

    assert kind is type(outcome)
    assert [] == sandbox.asks()


def test_a_picture_goes_along_with_its_description(alice, picture):
    outcome = alice.ask(parts=(Part(text="Look at this", media=(picture,)),)).headline

    (post,) = alice.ledger()
    (media,) = post["media"]
    assert outcome == Published(remote_id=post["id"])
    assert "Look at this" == post["text"]
    assert media["sha256"] == hashlib.sha256(picture.path.read_bytes()).hexdigest()
    assert media["alt"] == picture.alt


def test_pictures_stay_with_their_part(alice, picture):
    parts = (Part(text="One"), Part(text="Two", media=(picture, picture)), Part(text="Three"))
    alice.ask(parts=parts)

    assert [0, 2, 0] == [len(post["media"]) for post in alice.ledger()]
    assert ["One", "Two", "Three"] == [post["text"] for post in alice.ledger()]


def test_a_picture_that_is_not_there_ends_it_before_the_browser(alice, picture):
    picture.path.unlink()
    outcome = alice.ask(parts=(Part(text="Look", media=(picture,)),)).headline

    assert isinstance(outcome, NotSubmitted)
    assert (outcome.cause, outcome.phase) == (Cause.MEDIA_MISSING, Phase.CLAIMED)


# --- before the click, nothing has happened


def test_without_accepted_rules_no_browser_is_troubled(alice, sandbox):
    outcome = alice.but(rules_accepted=False).say("Never")

    assert isinstance(outcome, NotSubmitted)
    assert outcome.cause is Cause.RULES_NOT_ACCEPTED
    assert [] == sandbox.asks()


def test_an_unusable_session_is_told_before_the_browser(alice):
    session = {"cookies": [c for c in alice.access.secret["cookies"] if c["name"] != "ct0"]}
    person = alice.but(secret=session)
    outcome = person.say("Never")

    assert outcome.cause is Cause.SESSION_UNUSABLE
    assert "ct0 is missing" in outcome.why
    assert [] == person.phases


def test_a_no_to_arming_is_a_no(alice, sandbox):
    outcome = alice.say("Never", arm=lambda: False)

    assert isinstance(outcome, NotSubmitted)
    assert (outcome.cause, outcome.phase) == (Cause.LEASE_LOST, Phase.COMPOSED)
    assert [] == sandbox.asks()


def test_a_store_that_fails_while_arming_leaves_nothing_sent(alice, sandbox):
    def fails():
        raise OSError("the store is away")

    outcome = alice.say("Never", arm=fails)

    assert isinstance(outcome, NotSubmitted)
    assert outcome.cause is Cause.STORE_AWAY
    assert [] == sandbox.asks()


def test_after_a_no_the_same_browser_asks_for_something_else(alice):
    """Nothing of the first ask is left: no text in the composer, nobody at the gate."""
    alice.say("Never", arm=lambda: False)
    outcome = alice.say("But this")

    (post,) = alice.ledger()
    assert (outcome, post["text"]) == (Published(remote_id=post["id"]), "But this")


def test_who_only_watches_cannot_spoil_it(alice):
    def fails(_):
        raise RuntimeError("the watcher fell asleep")

    assert isinstance(alice.say("Watched", on=fails), Published)


def test_too_little_time_to_answer_means_no_click(alice, sandbox):
    outcome = alice.say("Never", within=4.0)

    assert isinstance(outcome, NotSubmitted)
    assert outcome.cause is Cause.DEADLINE
    assert [] == sandbox.asks()
