"""One account's address that nobody has keeps no other account waiting, and a machine without a network is seen."""

import contextlib
import http.server
import socket
import threading
from collections import Counter
from dataclasses import replace

import pytest

import tasks.directory
import tasks.house
from steadypost.channels.port import Probe
from steadypost.domain.circuit import State
from steadypost.domain.circuit.catalogue import Dependency, Kind
from steadypost.domain.delivery import State as Life
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase
from steadypost.domain.quota import Limits
from steadypost.domain.whose import Address, Whose
from steadypost.store import AccountRecord, reading
from steadypost.store import accounts as account_rows
from tasks.dependencies import browser_here
from tasks.probes import probe, to_probe
from tasks.second_question import SERVES_FOR, SecondQuestion, is_reached, proxy_of
from tests.tasks.test_probes import delivery, post, published, turn, well

__all__ = ["post", "turn"]

ADDRESSES = {"alice": "https://x.nowhere.invalid", "bob": "https://x.com"}
PAGES = {name: Dependency(Kind.X_PAGE, name) for name in ADDRESSES}


@pytest.fixture
def world(house, channel, monkeypatch):
    """Alice's address is one that nobody has; what this machine reaches is the test's to say."""

    class World:
        def __init__(self):
            self.reached = {"x.com"}
            self.asked = []

        def is_reached(self, address):
            self.asked.append(address.host)
            return address.host in self.reached

        def no_way(self, account):
            return Address.of(house.directory.access(account).base_url).host not in self.reached

    world = World()
    known = house.directory.accounts
    house.directory.accounts = {name: replace(known[name], base_url=url) for name, url in ADDRESSES.items()}
    house.second_question = SecondQuestion(
        reached=world.is_reached, network=lambda: True, environment={}, ticks=lambda: len(world.asked) * 60.0
    ).whose

    def see(account):
        if world.no_way(account):
            return Probe(well=False, handle="", cause=Cause.NO_WAY_THERE, why="no way was found")
        return well(account)

    channel.on_probe = see
    return world


def asks(house, world, account):
    """Let an ask of this account end as the world is."""
    if world.no_way(account):
        lost = NotSubmitted(cause=Cause.NO_WAY_THERE, why="no way was found", phase=Phase.OPENED)
        return lambda _, __: Answer(outcomes=(lost,))
    return published(house)


def go_round(house, channel, world, turn, cycles):
    """Let some cycles pass: what is due is asked, who is due is probed; answer who was asked."""
    asked = []
    for _ in range(cycles):
        channel.on_ask = lambda order, arm: asks(house, world, order.parts[0].text.split()[0])(order, arm)
        asked += turn()
        for account in to_probe(house)[:1]:
            probe.fn(account)
        house.clock.pass_by(seconds=10)
    return asked


def state(house, dependency):
    return house.circuits.known(dependency).state


def test_an_address_that_nobody_has_blocks_nobody_else(house, channel, post, turn, world):
    """Alice comes first in the alphabet, and fails for hours; every post of Bob's goes out in its own cycle."""
    post("alice one", "alice two", "alice three")
    for n in range(30):
        (late,) = post(f"bob {n}", account="bob")
        go_round(house, channel, world, turn, 1)
        assert delivery(house, late).state is Life.PUBLISHED
        assert state(house, browser_here()) is State.CLOSED
        house.clock.pass_by(seconds=50)

    assert state(house, PAGES["alice"]) is not State.CLOSED
    assert state(house, PAGES["bob"]) is State.CLOSED


def test_a_machine_without_a_way_out_is_the_machine_s_trouble(house, channel, post, turn, world):
    """Nobody is reached: the machine's circuit opens, no account's; when the network is back, both go on."""
    world.reached = set()
    post("bob one", "bob two", "bob three", account="bob")
    turn_ends = go_round(house, channel, world, turn, 1)

    assert ["bob"] * 3 == turn_ends
    assert state(house, browser_here()) is State.OPEN
    assert {State.CLOSED} == {state(house, page) for page in PAGES.values()}

    world.reached = {"x.com"}
    go_round(house, channel, world, turn, 12)

    assert state(house, browser_here()) is State.CLOSED
    assert {Life.PUBLISHED: 3} == {
        state: n for state, n in house.store.read(reading.counts, "bob").items() if n
    }


def test_probes_of_the_machine_take_turns(house, channel, world):
    """Whose own address is wrong tells nothing of the machine, and does not keep the turn for itself."""
    world.reached = set()
    tell_machine_down(house)
    seen = []
    for _ in range(4):
        house.clock.pass_by(minutes=1)
        [account] = to_probe(house)[:1]
        probe.fn(account)
        seen.append(account)

    assert {"alice", "bob"} == set(seen[:2]) == set(seen[2:])


def tell_machine_down(house):
    for _ in range(3):
        go = house.circuits.may(browser_here())
        house.circuits.came(browser_here(), go.ticket, well=False, cause=str(Cause.NO_WAY_OUT))
    assert state(house, browser_here()) is State.OPEN


def test_nobody_else_to_ask_for_charges_the_account_alone(house, channel, post, turn, world):
    """A single address, and no way to it: neither the machine nor a sandbox beside it is called down."""
    house.directory.accounts["bob"] = replace(
        house.directory.accounts["bob"], base_url="http://127.0.0.1:8000"
    )
    world.reached = {"127.0.0.1"}
    post("alice one", "alice two", "alice three")
    (here,) = post("bob goes on", account="bob")
    go_round(house, channel, world, turn, 1)

    assert state(house, PAGES["alice"]) is State.OPEN
    assert state(house, browser_here()) is State.CLOSED
    assert delivery(house, here).state is Life.PUBLISHED


def test_one_probe_that_is_well_frees_all_on_the_same_address(house, channel, post, turn, world):
    """Two accounts on one address that was gone for a while: they do not wait for a probe each."""
    house.directory.accounts["alice"] = replace(house.directory.accounts["alice"], base_url="https://x.com/")
    world.reached = set()
    for name in ("alice", "bob"):
        post(*(f"{name} {n}" for n in range(3)), account=name)
    go_round(house, channel, world, turn, 1)
    assert {State.OPEN} == {state(house, page) for page in PAGES.values()}

    world.reached = {"x.com"}
    house.clock.pass_by(minutes=1)
    channel.probed.clear()
    probe.fn("alice")

    assert ["alice"] == channel.probed
    assert {State.CLOSED} == {state(house, page) for page in PAGES.values()}


def test_a_page_that_changed_for_one_is_not_freed_by_another(house, channel, post, turn, world):
    """Only what failed on the address alone is: a changed page is seen well for each."""
    house.directory.accounts["alice"] = replace(house.directory.accounts["alice"], base_url="https://x.com/")
    for name, cause in (("alice", Cause.PAGE_UNREACHABLE), ("bob", Cause.UI_DRIFT)):
        for _ in range(3):
            go = house.circuits.may(PAGES[name])
            house.circuits.came(PAGES[name], go.ticket, well=False, cause=str(cause))
    house.clock.pass_by(minutes=1)
    probe.fn("alice")

    assert [State.CLOSED, State.OPEN] == [state(house, PAGES[name]) for name in ("alice", "bob")]


# -- the question itself


@pytest.fixture
def somebody():
    """Somebody who is reached."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield Address(host="127.0.0.1", port=server.server_port)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_connection_tells_who_is_reached(somebody):
    """A name that nobody has, and a port at which nobody listens, are not."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = Address(host="127.0.0.1", port=free.getsockname()[1])

        assert [True, False, False] == [
            is_reached(one) for one in (somebody, closed, Address.of("https://x.nowhere.invalid"))
        ]


def test_ten_posts_that_meet_the_same_ask_once():
    """What was answered serves for a moment, and no longer."""
    asked, now = [], [0.0]
    question = SecondQuestion(
        reached=lambda one: asked.append(one) or True,
        network=lambda: True,
        environment={},
        ticks=lambda: now[0],
    )
    own, other = Address.of("https://a.example"), Address.of("https://b.example")
    told = {question.whose(own, [other, other]) for _ in range(10)}
    now[0] += SERVES_FOR
    question.whose(own, [other])

    assert ({Whose.ADDRESS}, Counter({own: 2, other: 2})) == (told, Counter(asked))


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        ({"https_proxy": "http://proxy.example:3128"}, Address(host="proxy.example", port=3128)),
        ({"HTTPS_PROXY": "proxy.example:3128"}, Address(host="proxy.example", port=3128)),
        ({"ALL_PROXY": "http://proxy.example:3128"}, Address(host="proxy.example", port=3128)),
        ({"all_proxy": "socks5://proxy.example"}, Address(host="proxy.example", port=1080)),
        (
            {"http_proxy": "http://old.example:3128", "all_proxy": "http://proxy.example:3128"},
            Address(host="proxy.example", port=3128),
        ),
        (
            {"https_proxy": "", "http_proxy": "http://user:word@proxy.example"},
            Address(host="proxy.example", port=80),
        ),
    ],
)
def test_behind_a_proxy_the_proxy_is_asked_for(environment, found):
    """Nobody else is reached directly there, whoever is well."""
    assert found == proxy_of(environment)
    if found:
        gone = SecondQuestion(reached=lambda _: False, network=lambda: True, environment=environment)
        assert Whose.MACHINE is gone.whose(Address.of("https://x.com"), [Address.of("https://b.example")])


def test_an_address_that_is_reached_is_no_trouble_of_this_machine():
    """Where an account lives may be down though its network's own address is up (a PDS), and the only other host too."""
    up = {"bsky.social"}
    question = SecondQuestion(reached=lambda one: one.host in up, network=lambda: True, environment={})
    own, other = Address.of("https://bsky.social"), Address.of("https://down.example")

    assert Whose.ADDRESS is question.whose(own, [own, other])


def test_an_address_that_is_not_reached_is_no_witness_against_the_machine():
    """Of itself it says nothing of the way out."""
    question = SecondQuestion(reached=lambda _: False, network=lambda: True, environment={})
    own = Address.of("https://bsky.social")

    assert Whose.UNKNOWN is question.whose(own, [own])


def test_a_name_that_takes_for_ever_is_not_reached(monkeypatch):
    """Looking a name up has no deadline; waiting for it has."""
    monkeypatch.setattr("tasks.second_question.WITHIN", -0.9)
    never = threading.Event()
    question = SecondQuestion(reached=lambda _: never.wait(), network=lambda: True, environment={})
    told = question.whose(Address.of("https://a.example"), [Address.of("https://b.example")])
    never.set()

    assert Whose.MACHINE is told


def test_many_addresses_that_nobody_has_block_nobody_else(house, channel, post, turn, world):
    """More of them than are asked for at once, all before Bob's in the alphabet: the machine is not called down."""
    for name in ("aaron", "abel", "ada", "agnes", "albert", "alice"):
        named(house, name, f"https://{name}.nowhere.invalid")
        post(f"{name} says so", account=name)
    house.directory.accounts = dict(sorted(house.directory.accounts.items()))
    for n in range(5):
        (late,) = post(f"bob {n}", account="bob")
        go_round(house, channel, world, turn, 1)

        assert state(house, browser_here()) is State.CLOSED
        assert delivery(house, late).state is Life.PUBLISHED


def named(house, name, url):
    """Add an account at an address."""
    if name not in house.directory.accounts:
        house.store.write(
            account_rows.put,
            AccountRecord(name=name, channel="x_web", handle=name, limits=Limits()),
            now=house.clock(),
        )
    house.directory.accounts[name] = replace(
        house.directory.accounts["bob"], account=name, handle=name, base_url=url
    )
    house.directory.marks[name] = f"mark-{name}"


# -- accounts that need no browser


@pytest.fixture
def by_api(channel, monkeypatch):
    """Both accounts publish without a browser, so none waits for the circuit of this machine's browsers."""
    kind = replace(
        tasks.directory.CHANNELS["x_web"], needs_browser=False, open=lambda _: contextlib.nullcontext(channel)
    )
    monkeypatch.setitem(tasks.directory.CHANNELS, "x_web", kind)


def test_what_needs_no_browser_goes_on_within_a_minute_of_the_network_s_return(
    house, channel, post, turn, world, by_api
):
    """
    This machine reached nothing for an hour: no name server answered.

    Posts without a browser waited by themselves, ever longer: the last a quarter of an hour past the end.
    """
    world.reached = set()
    post("bob one", account="bob")
    post("alice one")
    for _ in range(360):
        go_round(house, channel, world, turn, 1)

    world.reached = {"x.com", "x.nowhere.invalid"}
    go_round(house, channel, world, turn, 6)

    for name in ADDRESSES:
        counts = house.store.read(reading.counts, name)
        assert {Life.PUBLISHED: 1} == {state: n for state, n in counts.items() if n}


def test_a_machine_without_a_way_out_is_asked_for_once_for_all(house, channel, post, turn, world, by_api):
    """The first probe that is well frees all accounts on its address."""
    house.directory.accounts["alice"] = replace(house.directory.accounts["alice"], base_url="https://x.com/")
    house.directory.accounts["bob"] = replace(house.directory.accounts["bob"], base_url="https://x.com/")
    named(house, "carol", "https://elsewhere.example")
    world.reached = set()
    for name in ADDRESSES:
        post(*(f"{name} {n}" for n in range(3)), account=name)
    go_round(house, channel, world, turn, 1)
    assert {State.OPEN} == {state(house, page) for page in PAGES.values()}

    world.reached = {"x.com"}
    house.clock.pass_by(minutes=1)
    probe.fn("alice")

    assert {State.CLOSED} == {state(house, page) for page in PAGES.values()}
