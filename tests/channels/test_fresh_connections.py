"""The browser repeats what a kept connection lost. An ask leaves on one on which it has nothing to repeat."""

import os
import time
from dataclasses import replace

import pytest

from sandbox.client import SandboxProcess
from steadypost.browser import Job, LaunchSettings
from steadypost.channels.x_web.session import usable
from steadypost.domain.outcome import Published, Unconfirmed
from tests.browser.support import slowness
from tests.channels.conftest import Browsers, alice_at

pytestmark = pytest.mark.browser

POSTS = int(os.environ.get("LOST_POSTS", "3"))
"""How many answers get lost."""

COMMITTED_AND_LOST = (
    {"fault": "reset_connection", "account": "alice"},
    {"fault": "no_duplicate_guard", "account": "alice"},
)
"""The network makes the post live, then the connection dies before any answer; and a copy is not refused."""


@pytest.fixture(scope="module", params=["kept", "http2"])
def network(request):
    with SandboxProcess(accounts=("alice", "bob"), connections=request.param) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def browsers_that_believe(tmp_path_factory):
    """Browsers that take the certificate that nobody vouches for."""
    found = Browsers(
        tmp_path_factory.mktemp("browsers"),
        LaunchSettings(args=(*LaunchSettings().args, "--ignore-certificate-errors")),
    )
    yield found
    found.close()


@pytest.fixture
def alice(network, browsers_that_believe):
    return alice_at(network, browsers_that_believe)


def test_what_was_committed_and_lost_is_not_sent_again(alice, network):
    network.weather(*COMMITTED_AND_LOST)
    outcomes = [alice.say(f"Only once, number {n}") for n in range(POSTS)]

    assert [Unconfirmed] * POSTS == [type(outcome) for outcome in outcomes]
    assert [1] * POSTS == [post["copies"] for post in counted(alice)]


def test_a_later_part_of_a_thread_is_not_sent_again_either(alice, network):
    network.weather({**COMMITTED_AND_LOST[0], "match": "^Two"}, COMMITTED_AND_LOST[1])
    outcomes = alice.ask("One of two", "Two of two").outcomes

    assert [Published, Unconfirmed] == [type(outcome) for outcome in outcomes]
    assert ["One of two", "Two of two"] == [post["text"] for post in alice.ledger()]


TAKEN_BACK = (
    {"fault": "misdirect"},
    {"fault": "refuse_stream", "params": {"by": "stream"}},
    {"fault": "refuse_stream", "params": {"by": "goodbye"}},
    {"fault": "drop_response"},
)
"""Ways in which a server says, after it made the post live, that it has not looked at the request."""


@pytest.mark.parametrize("network", ["http2"], indirect=True)
@pytest.mark.parametrize("said", TAKEN_BACK, ids=lambda said: said.get("params", {}).get("by", said["fault"]))
@pytest.mark.parametrize("part", ["first", "later"])
def test_what_a_server_took_back_is_not_sent_again(alice, network, said, part):
    """Not even on a fresh connection: the browser has given the words away and cannot say them again."""
    texts = ["One", "Two"][: 1 if part == "first" else 2]
    network.weather({**said, "match": f"^{texts[-1]}$", "account": "alice"}, COMMITTED_AND_LOST[1])
    began = time.monotonic()
    outcomes = alice.ask(*texts).outcomes

    assert texts == [post["text"] for post in alice.ledger()]
    assert [*[Published] * (len(texts) - 1), Unconfirmed] == [type(outcome) for outcome in outcomes]
    assert time.monotonic() - began < 20 * slowness(), "the loss was not heard of"


@pytest.mark.parametrize("network", ["kept"], indirect=True)
def test_a_look_names_both_where_the_browser_could_repeat_an_ask(alice, network):
    """HTTP/1.1 takes no stream: after a 421 the browser asks once more, whatever the connection."""
    network.weather({"fault": "misdirect", "account": "alice"}, COMMITTED_AND_LOST[1])
    outcome = alice.say("Perhaps twice")
    found = alice.finds("Perhaps twice", *alice.looks_everywhere())

    assert isinstance(outcome, Unconfirmed)
    assert [post["id"] for post in alice.ledger()] == sorted(found.twins)
    assert 2 == len(found.twins)


def test_a_server_that_wants_to_know_the_length_is_told_from_then_on(browsers_that_believe):
    """A server of its own: what is remembered of one would change what is asked of it in other tests."""
    with SandboxProcess(accounts=("alice",), connections="http2") as sandbox:
        alice = alice_at(sandbox, browsers_that_believe)
        sandbox.weather({"fault": "length_required", "account": "alice"})
        outcomes = [alice.say(f"As long as this, number {n}") for n in range(2)]

    assert [Unconfirmed, Published] == [type(outcome) for outcome in outcomes]


def test_an_ask_is_the_first_on_its_connection(alice, network):
    alice.ask("One of three", "Two of three", "Three of three")

    connections = [ask["connection"] for ask in network.asks("alice")]
    assert 3 == len(set(connections))


def test_a_page_is_the_same_after_many_asks(alice):
    """What is made for one ask and stays is made again for every document to come, and the page grows slow."""
    alice.say("The first of many")
    first = worlds(alice)
    for n in range(3):
        alice.say(f"One more, number {n}")

    assert first == worlds(alice)


def worlds(alice):
    secret = usable(alice.access.secret, alice.access.base_url)
    job = Job("tests.channels.worlds_job:worlds", replace(alice.access, secret=secret))
    return alice.browsers.runner.run(job, deadline=time.monotonic() + 60)


def counted(alice):
    texts = [post["text"] for post in alice.ledger()]
    return [{"text": text, "copies": texts.count(text)} for text in dict.fromkeys(texts)]
