"""A name that nobody looks up keeps no channel beyond its attempt's deadline."""

from __future__ import annotations

import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.bluesky.channel import Bluesky
from steadypost.channels.bluesky.fetching import Fetcher, NotFetched
from steadypost.channels.mastodon.channel import Mastodon
from steadypost.channels.port import Access, LookRequest, Means, Order
from steadypost.channels.x_api.channel import XApi
from steadypost.channels.x_api.line import Memory
from steadypost.channels.x_api.secret import KEYS
from steadypost.domain.network import Place
from steadypost.domain.outcome import NotSubmitted
from steadypost.domain.post import Part

WITHIN = 0.3


@pytest.fixture
def hanging(monkeypatch):
    """A resolver that answers nobody while the test lasts."""
    over = threading.Event()

    def hang(*_, **__):
        over.wait(60)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield
    over.set()


def x_api(home):
    return XApi(Means(browser=lambda: None, home=home), memory=Memory())


CHANNELS = {
    "mastodon": (lambda _: Mastodon(), {"access_token": "t0ken"}),
    "bluesky": (lambda _: Bluesky(), {"app_password": "aaaa-bbbb-cccc-dddd"}),
    "x_api": (x_api, dict.fromkeys(KEYS, "k")),
}


@pytest.fixture(params=CHANNELS)
def channel(request, tmp_path):
    make, secret = CHANNELS[request.param]
    access = Access(
        account="alice", handle="alice.example", base_url="https://network.example", secret=secret
    )
    return make(tmp_path), access


def bounded(act):
    began = time.monotonic()
    found = act(began + WITHIN)

    assert time.monotonic() - began < WITHIN + 3
    return found


def test_an_ask_ends_with_its_deadline(channel, hanging):
    """Nothing was armed, and the post goes again."""
    subject, access = channel
    armed = []
    order = Order(
        parts=(Part(text="Hello @bob.example https://one.example"),), key="0" * 32, keyed_at=datetime.now(UTC)
    )

    answer = bounded(
        lambda deadline: subject.ask(
            access, order, arm=lambda: armed.append(1) or True, deadline=deadline, progress=lambda _: None
        )
    )

    assert isinstance(answer.headline, NotSubmitted)
    assert [] == armed


def test_a_look_and_a_probe_end_with_theirs(channel, hanging):
    """Neither says anything of the account."""
    subject, access = channel
    request = LookRequest(place=Place.REPLIES, back_to=datetime.now(UTC) - timedelta(hours=1))

    assert bounded(lambda deadline: subject.look(access, request, deadline=deadline)).trouble is not None
    assert not bounded(lambda deadline: subject.probe(access, deadline=deadline)).well


def test_a_strangers_page_and_address_are_given_up(hanging):
    """A link's preview, and the document of somebody who is answered, are looked up by names of strangers."""
    fetcher = Fetcher()

    with pytest.raises(NotFetched):
        bounded(lambda deadline: fetcher.fetch("https://one.example/", most=1000, deadline=deadline))
    with pytest.raises(NotFetched):
        bounded(lambda deadline: fetcher.check("https://one.example/", deadline=deadline))


def test_a_renewal_that_another_process_is_at_is_not_waited_for_beyond_the_deadline(tmp_path):
    """A token is single-use: what would be cut off is not begun, and the lease of another is not outwaited."""
    from steadypost.channels.wire import Wire  # noqa: PLC0415 - only here
    from steadypost.channels.x_api.secret import Grant  # noqa: PLC0415 - only here
    from steadypost.channels.x_api.sign_in import RENEWED_WITHIN, SignIn  # noqa: PLC0415 - only here
    from steadypost.domain.clock import now  # noqa: PLC0415 - only here
    from steadypost.domain.outcome import Cause  # noqa: PLC0415 - only here

    asked = []

    class Busy:
        def current(self, _account):
            return None

        def refresh(self, _account, _using, _now, *, stale=None, patience=None):
            asked.append(patience)
            raise TimeoutError

    grant = Grant(client_id="app", client_secret="", refresh_token="r")

    def signer(left):
        wire = Wire("http://127.0.0.1:9")
        return SignIn("alice", grant, Busy(), wire, now, time.monotonic() + left).signer()

    assert Cause.DEADLINE is signer(RENEWED_WITHIN - 1).cause
    assert [] == asked
    assert Cause.STORE_AWAY is signer(RENEWED_WITHIN + 5).cause
    assert timedelta(seconds=4) < asked[0] <= timedelta(seconds=5)
