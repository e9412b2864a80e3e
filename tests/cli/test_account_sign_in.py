"""Signing in with a page: Mastodon's code, and X's way back to a listener on this machine."""

import re
import threading
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from sandbox.mastodon.client import MastodonProcess
from sandbox.x_api import XApiSandbox
from steadypost.channels.x_api import authorizing
from steadypost.cli.account import person, x_api
from steadypost.cli.account.listener import Listener
from steadypost.cli.endings import Ending
from steadypost.domain.token import Token, Unreadable
from steadypost.store.sealing import KEY_FILE

SECRET = "callback"


@pytest.fixture(scope="module")
def mastodon():
    with MastodonProcess() as running:
        yield running


@pytest.fixture
def x():
    with XApiSandbox() as running:
        yield running


def allowed(address, account):
    """Open the address as a person, and allow the app."""
    with httpx.Client(trust_env=False) as browser:
        assert 200 == browser.get(address).status_code
        return browser.post(address, data={"account": account})


@pytest.fixture
def opens(monkeypatch):
    """A person who opens each address that is shown; gives what is to be typed next."""

    def act(what):
        tell = person.Person.tell

        def told(self, sentence=""):
            tell(self, sentence)
            if sentence.strip().startswith("http://127.0.0.1") and "authorize?" in sentence:
                what(sentence.strip())

        monkeypatch.setattr(person.Person, "tell", told)

    return act


@pytest.fixture
def types(monkeypatch):
    """Answers as they are typed, in order; what a person reads elsewhere is typed when it is known."""
    lines = []
    monkeypatch.setattr(person, "_read", lambda *_, **__: lines.pop(0) if lines else None)
    return lines


# -- Mastodon


def test_mastodon_registers_shows_the_address_and_takes_the_code(empty, shelf, call, mastodon, opens, types):
    """The token has the scopes that publishing needs and no more, and the handle is the token's."""
    shown = []

    def what(address):
        shown.append(address)
        page = allowed(address, "alice").text
        types.insert(0, re.search("<code>(.+)</code>", page)[1])

    opens(what)
    types.extend([mastodon.url, ""])
    added = call("account", "add", "alice", "--channel", "mastodon")

    assert Ending.OK == added.code, added.err
    asked = parse_qs(urlsplit(shown[0]).query)
    assert ["read write:statuses write:media"] == asked["scope"]
    block = shelf.blocks["alice"]
    assert ("alice", mastodon.url) == (block.handle, block.base_url)
    assert block.access_token.get_secret_value() not in added.out + added.err
    assert "can publish, as @alice on Mastodon" in added.out
    assert "500 characters" in added.out


def test_a_wrong_code_leaves_nothing(empty, shelf, call, mastodon, types):
    types.extend([mastodon.url, "", "no-such-code"])
    added = call("account", "add", "alice", "--channel", "mastodon")

    assert (Ending.REFUSED, {}) == (added.code, shelf.blocks)
    assert "exchanging the code: the server answered HTTP 400 (invalid_grant)" in added.err
    assert "no-such-code" not in added.err


def test_mastodon_takes_a_token_that_is_there(empty, shelf, call, mastodon, monkeypatch):
    monkeypatch.setenv("TOKEN", mastodon.new_token("bob"))
    given = ("--set", f"base_url={mastodon.url}", "--from-env", "access_token", "TOKEN")
    added = call("account", "add", "bob", "--channel", "mastodon", *given, "--json")

    assert (Ending.OK, "bob") == (added.code, added.json["account"]["handle"])


def test_a_token_that_may_only_read_is_not_saved(empty, shelf, call, mastodon, monkeypatch):
    monkeypatch.setenv("TOKEN", mastodon.new_token("bob", scopes=["read"]))
    given = ("--set", f"base_url={mastodon.url}", "--from-env", "access_token", "TOKEN")
    added = call("account", "add", "bob", "--channel", "mastodon", *given)

    assert (Ending.REFUSED, {}) == (added.code, shelf.blocks)
    assert "lacks write:media, write:statuses" in added.err


# -- X, OAuth 2.0


@pytest.fixture
def by_page(x, types, call, monkeypatch):
    """Set alice up by X's page; the port is any that is free."""

    def run():
        monkeypatch.setattr(x_api, "_port", lambda _: None)
        client = x.world.people["alice"].client_id
        types.extend(["alice", "oauth2", client, "", "0"])
        return call("account", "add", "al", "--channel", "x_api", "--set", f"base_url={x.url}")

    return run


def later(what):
    """Do it in a thread: the command waits meanwhile."""
    thread = threading.Thread(target=what, daemon=True)
    thread.start()
    return thread


def test_x_sends_the_browser_back_and_the_pair_is_kept(empty, shelf, x, opens, by_page, home):
    """The probe uses the pair that the code gave, and renews nothing."""

    def back(address):
        location = allowed(address, "alice").headers["location"]
        later(lambda: httpx.get(location, trust_env=False))

    opens(back)
    added = by_page()

    assert Ending.OK == added.code, added.err
    kept, block = empty.tokens(home).current("al"), shelf.blocks["al"]
    assert kept.secret["refresh_token"] == block.refresh_token.get_secret_value()
    assert x.world.people["alice"].bearer == kept.secret["access_token"]
    assert ["authorize", "authorize", "token", "getUsersMe"] == x.requests
    assert kept.secret["access_token"] not in added.out + added.err


def test_the_remedy_for_a_lost_key_works(empty, shelf, x, opens, by_page, home, call):
    """What the message names replaces the token that nobody can read any more."""

    def back(address):
        location = allowed(address, "alice").headers["location"]
        later(lambda: httpx.get(location, trust_env=False))

    empty.tokens(home).put("al", Token(secret={"access_token": "of before"}))
    (home / KEY_FILE).unlink()
    with pytest.raises(Unreadable, match="'steadypost account add NAME --channel CHANNEL --replace'"):
        empty.tokens(home).current("al")
    opens(back)
    added = by_page()

    assert Ending.OK == added.code, added.err
    assert x.world.people["alice"].bearer == empty.tokens(home).current("al").secret["access_token"]


def test_another_state_is_no_answer(empty, shelf, x, opens, by_page):
    """Nobody else's code is exchanged."""

    def back(address):
        redirect = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        query = urlencode({"state": "of somebody else", "code": "theirs"})
        later(lambda: httpx.get(f"{redirect}?{query}", trust_env=False))

    opens(back)
    added = by_page()

    assert (Ending.REFUSED, {}) == (added.code, shelf.blocks)
    assert "its state is another one" in added.err
    assert [] == x.requests


def test_a_no_on_x_page_is_said(empty, shelf, x, opens, by_page):
    def back(address):
        location = allowed(address, "nobody").headers["location"]
        later(lambda: httpx.get(location, trust_env=False))

    opens(back)
    added = by_page()

    assert (Ending.REFUSED, {}) == (added.code, shelf.blocks)
    assert "access_denied" in added.err


def test_a_code_needs_the_verifier_of_its_challenge(x):
    """The sandbox refuses what X refuses: another verifier, and a code a second time."""
    under_way = authorizing.begin(x.world.people["alice"].client_id, "http://127.0.0.1:8629/callback")
    location = allowed(under_way.address(x.url), "alice").headers["location"]
    code = parse_qs(urlsplit(location).query)["code"][0]
    other = authorizing.begin(under_way.client_id, under_way.redirect)

    with pytest.raises(authorizing.NotAuthorized, match="HTTP 400"):
        authorizing.exchange(other, code, x.url)
    with pytest.raises(authorizing.NotAuthorized, match="HTTP 400"):
        authorizing.exchange(under_way, code, x.url)


def test_the_challenge_is_that_of_rfc_7636():
    """Its appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" == authorizing.challenge_of(verifier)


def test_the_listener_answers_once_and_is_closed():
    listener = Listener(0)
    asked = later(lambda: httpx.get(f"{listener.redirect}?state=s&code=c", trust_env=False))
    returned = listener.wait(10)
    asked.join(10)

    assert ("c", True, False) == (returned.code, returned.has("s"), returned.has("t"))
    assert "code" not in repr(returned)
    with pytest.raises(httpx.ConnectError):
        httpx.get(listener.redirect, trust_env=False)
