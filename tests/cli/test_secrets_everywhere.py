"""A secret is where it has to be and nowhere else, whatever goes well or wrong with an account.

Every network's accounts are set up, tried, published by and refused, by servers that say back what they were sent; then
all that was printed, logged and written is searched for every secret, in every form in which it may have got there.
"""

from __future__ import annotations

import base64
import json
import logging
import tarfile
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import pytest

import tasks.house
from sandbox.bluesky.client import BlueskySandbox
from sandbox.mastodon.client import MastodonProcess
from sandbox.x_api import XApiSandbox
from steadypost.cli.endings import Ending
from steadypost.domain.outcome import Published
from steadypost.store import Outbox
from tasks import deliveries
from tasks.house import LEASE, House

NOTED = ("status", "accounts", "queue", "why", "history", "notices", "figures", "incidents", "export")
"""What a person looks at when something is wrong."""


def forms(secret: str) -> set[bytes]:
    """Give a secret as it is, and as texts, addresses and headers carry it."""
    raw = secret.encode()
    basic = {base64.b64encode(raw[n:]).rstrip(b"=")[1:-1] for n in range(3)}
    told = {raw, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode(), raw.hex().encode()}
    return {one for one in told | basic if len(one) >= 8}


def echoing(_: httpx.Client, request: httpx.Request, **__: object) -> httpx.Response:
    """Say back, in every field that holds words, all that was sent."""
    sent = f"{request.headers.get('authorization', '')} {request.content.decode('latin-1')} {request.url}"
    words = dict.fromkeys(("error", "message", "title", "detail", "error_description"), sent)
    told = httpx.ByteStream(json.dumps({**words, "errors": [{"message": sent, "code": 1}]}).encode())
    return httpx.Response(echoing.status, stream=told, request=request)


class Life:
    """What was said while the accounts lived, and their secrets."""

    def __init__(self, home, store, call, shelf):
        self.home, self.store, self.call, self.shelf = home, store, call, shelf
        self.printed: list[str] = []
        self.secrets: dict[str, str] = {}

    def says(self, *words, stdin=None):
        told = self.call(*words, stdin=stdin)
        self.printed.append(told.out + told.err)
        return told

    def adds(self, name, channel, *words, answers):
        told = self.says("account", "add", name, "--channel", channel, *words, stdin="\n".join(answers))
        assert Ending.OK == told.code, told.err

    def house(self):
        made = House(
            store=self.store,
            browsers=None,
            worker="here",
            outbox=Outbox(self.home / "outbox", self.store.address),
            tokens=self.store.tokens(self.home),
            home=self.home,
        )
        made.directory.accounts = {name: block.open(name) for name, block in self.shelf.blocks.items()}
        return made

    def publishes(self, house, text):
        """Publish to every account as a worker does, and give the outcomes."""
        self.says("add", text, *(word for name in self.shelf.blocks for word in ("-a", name)), "-w", "now")
        names = sorted(self.shelf.blocks)
        found = []
        for claim in self.store.claim(
            worker="here", now=datetime.now(UTC), lease=LEASE, at_most=9, accounts=names
        ):
            answer = deliveries.ask(house, claim)
            deliveries.record(house, claim, answer)
            deliveries.rest_account(house, claim.account, answer)
            self.printed.append(repr(answer) + repr(claim) + repr(house.directory.access(claim.account)))
            found.append(answer.headline)
        return found


@pytest.fixture
def life(empty, shelf, call, home, monkeypatch, caplog):
    """A home with an account on each network that is spoken to without a browser."""
    caplog.set_level(logging.DEBUG)
    with (
        MastodonProcess(requests=100_000) as mastodon,
        BlueskySandbox(accounts=("alice.test", "bob.test")) as bluesky,
        XApiSandbox() as x,
    ):
        lived = Life(home, empty, call, shelf)
        token, keys = mastodon.tokens["alice"], x.keys("alice")
        password = bluesky.accounts["alice.test"]["password"]
        monkeypatch.setenv("THE_TOKEN", token)
        lived.secrets |= {"token": token, "password": password, **keys}
        on = ("--set", f"base_url={bluesky.url}", "--set", f"directory={bluesky.url}")
        lived.adds("sky", "bluesky", *on, answers=["alice.test", password])
        lived.adds("ex", "x_api", "--set", f"base_url={x.url}", answers=["alice", "keys", *keys.values()])
        toot = ("--set", f"base_url={mastodon.url}", "--set", "handle=alice")
        lived.adds("toot", "mastodon", *toot, "--from-env", "access_token", "THE_TOKEN", answers=[])
        yield lived


def kept_tokens(life):
    """Give the session that Bluesky's sign-in became, and the key that it lies under."""
    session = life.store.tokens(life.home).current("sky").secret
    key = (life.home / "tokens.key").read_text().strip()
    return {"access": session["access"], "refresh": session["refresh"], "tokens.key": key}


def found_in(told: bytes, secrets):
    return sorted(name for name, secret in secrets.items() if any(one in told for one in forms(secret)))


def test_no_secret_is_anywhere_but_in_its_own_place(life, monkeypatch, caplog, tmp_path):
    house = life.house()
    monkeypatch.setattr(tasks.house, "_open", house)

    assert [Published] * 3 == [type(one) for one in life.publishes(house, "All is well.")]
    for name in ("sky", "ex", "toot"):
        assert Ending.OK == life.says("account", "test", name, "--json").code
    life.secrets |= kept_tokens(life)
    with monkeypatch.context() as bad:
        bad.setattr(httpx.Client, "send", echoing)
        for echoing.status in (500, 422, 403, 401):
            # What was good just now is not confirmed anew: the first is the ask itself, the next what comes before.
            life.publishes(house, f"Refused with {echoing.status}.")
            for name in ("sky", "ex", "toot"):
                life.says("account", "test", name)
                life.says("resume", name)
    for words in [(one,) for one in NOTED] + [("show", str(n)) for n in range(1, 10)] + [("why", "4")]:
        life.says(*words)
    life.says("doctor", "--json")
    life.says("backup", str(tmp_path / "bare.backup"), "--without-accounts")

    printed = "\n".join([*life.printed, caplog.text, *map(str, (r.__dict__ for r in caplog.records))])
    assert "422" in printed  # what was refused has been told
    assert [] == found_in(printed.encode(errors="replace"), life.secrets)
    for path in (one for one in tmp_path.rglob("*") if one.is_file()):
        own = {"tokens.key"} if path.name == "tokens.key" else set()
        assert own == set(found_in(path.read_bytes(), life.secrets)), path
    with tarfile.open(tmp_path / "bare.backup") as tar:
        for name in tar.getnames():
            own = {"tokens.key"} if name == "keys/tokens.key" else set()
            assert own == set(found_in(tar.extractfile(name).read(), life.secrets)), name
