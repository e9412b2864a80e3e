"""The house stays open while what it stands on is away."""

import threading
from concurrent.futures import Future
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from prefect.futures import PrefectConcurrentFuture
from prefect.states import Completed
from pydantic import SecretStr

from blocks import MastodonAccount, Switch, Switches, XAccount, XApiAccount
from flows.reconcile import look_at
from steadypost.channels.port import Access
from steadypost.domain.delivery import State
from steadypost.domain.evidence import Appearance
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Published
from steadypost.networks.x.snowflake import id_at
from steadypost.store import StoreAway, notices, reading, vitals, watches
from steadypost.store import accounts as account_rows
from tasks import documents
from tasks.deliveries import deliver
from tasks.documents import Documents
from tasks.house import LEASE
from tasks.twinned import Twinned
from tasks.watches import Watch
from tests.rooms import instead

SESSION = """{"cookies": [
    {"name": "auth_token", "value": "a", "domain": "127.0.0.1", "path": "/"},
    {"name": "ct0", "value": "b", "domain": "127.0.0.1", "path": "/"}
]}"""


class Away:
    """A store that is away for so many calls, and then does what it was asked."""

    def __init__(self, does, calls=1):
        self.does = does
        self.calls = calls

    def __call__(self, *args, **more):
        self.calls -= 1
        if self.calls >= 0:
            raise StoreAway("locked", remedy="-")
        return self.does(*args, **more)


def away_from_the_api():
    raise documents.ApiAway("ConnectError")


@pytest.fixture
def blocks(monkeypatch):
    """Carol has an account block."""
    carol = XAccount(
        handle="carol", session=SecretStr(SESSION), rules_accepted=True, base_url="http://127.0.0.1:1"
    )
    monkeypatch.setattr(documents, "read", lambda: Documents(accounts={"carol": carol}, switches=Switches()))


def test_a_store_that_is_away_keeps_nobody_from_reading_the_blocks(house, blocks, monkeypatch):
    """What an operator wrote is in force at once, the run on watch lives, and the store hears of it later."""
    instead(monkeypatch, house.store, account_rows.put, Away(partial(house.store.write, account_rows.put)))

    house.refresh(at_once=True)
    known = [account.name for account in house.store.read(account_rows.every)]
    house.refresh(at_once=True)

    assert isinstance(house.directory.access("carol"), Access)
    assert "carol" not in known
    assert "carol" in [account.name for account in house.store.read(account_rows.every)]


def test_the_last_known_switches_serve_when_theirs_cannot_be_read(house, monkeypatch, caplog):
    """A document that is not valid turns nothing on that was off; what is wrong with it is told."""
    off = Switches(publish=Switch(on=False, reason="holiday"))
    told = [
        Documents(accounts={}, switches=off),
        Documents(accounts={}, switches=None, wrong_switches=("publish.share: no number",)),
    ]
    monkeypatch.setattr(documents, "read", lambda: told.pop(0))

    house.refresh(at_once=True)
    house.refresh(at_once=True)

    assert not house.switches.publish.is_on(house.clock())
    assert "publish.share: no number" in caplog.text


def test_the_last_known_switches_serve_while_prefect_is_away(house, monkeypatch):
    """Its API does not answer: what was off stays off, for as long as that takes."""
    house.switches = Switches(publish=Switch(on=False))
    monkeypatch.setattr(documents, "read", away_from_the_api)

    house.refresh(at_once=True)

    assert not house.switches.publish.is_on(house.clock())


def test_whoever_waits_for_a_look_is_there_all_the_same(house, monkeypatch):
    """A look at a page that hangs takes a while; the lease heartbeats on, and nobody is sent to replace it."""
    pages = [Future(), Future()]
    heartbeats = []

    def heartbeat():
        heartbeats.append(1)
        if len(heartbeats) % 3 == 0:
            pages[len(heartbeats) // 3 - 1].set_result(Completed())

    monkeypatch.setattr("flows.reconcile.HEARTBEAT_EVERY", 0.01)
    monkeypatch.setattr("flows.reconcile.repeated", lambda _: Looks(pages))
    told = look_at(house, ["alice", "bob"], meanwhile=heartbeat)

    assert {"looks": 2} == told
    assert 6 == len(heartbeats)


class Looks:
    """A task that is mapped over futures of the test's own."""

    def __init__(self, pages):
        self._pages = pages

    def map(self, accounts, **_):
        return [PrefectConcurrentFuture(uuid4(), page) for page, _ in zip(self._pages, accounts, strict=True)]


def test_a_watch_begins_while_the_store_is_away(house, monkeypatch):
    """The lease is taken as soon as there is a store to take it in, and not lost for having been late."""
    instead(monkeypatch, house.store, watches.take, Away(partial(house.store.write, watches.take), calls=2))
    monkeypatch.setattr("tasks.watches.HEARTBEAT_EVERY", 0.0)

    rounds = Watch(house, "publish", "run-1", at_most=timedelta(minutes=1), pace=0.0)
    leases = [
        [watch.run_id for watch in house.store.read(watches.every)]
        for _, _ in zip(range(4), rounds, strict=False)
    ]

    assert [[], [], ["run-1"], ["run-1"]] == leases
    # Whoever judges the others' silence knows that theirs may be the store's.
    assert house.watching.store_away_at == house.clock()


def test_a_run_that_knows_no_account_leaves_the_lease_where_it_is(house, monkeypatch):
    """Prefect's server went away as it began: one that stands in publishes, and goes on until this one can."""
    house.store.write(watches.take, "publish", run_id="stand-in", now=house.clock())
    house.blocks, holders = None, []

    def refresh():
        holders.extend(watch.run_id for watch in house.store.read(watches.every))
        if len(holders) == 3:
            house.blocks = Documents(accounts={}, switches=None)

    monkeypatch.setattr(house, "refresh", refresh)
    rounds = Watch(house, "publish", "run-1", at_most=timedelta(minutes=1), pace=0.0, needs_blocks=True)

    next(iter(rounds))

    assert ["stand-in"] * 3 == holders
    assert ["run-1"] == [watch.run_id for watch in house.store.read(watches.every)]


def test_whoever_calls_the_watch_can_wait_for_the_cycle_that_follows(house, monkeypatch):
    """Not for the one under way, which may have looked before; and not for long for one that does not come."""
    monkeypatch.setattr("tasks.watches.GIVES_WAY", 30.0)
    watch = Watch(house, "publish", "run-1", at_most=timedelta(minutes=1), pace=60.0)
    cycles = iter(watch)
    next(cycles)
    wait, waited = watch.call(), threading.Event()
    threading.Thread(target=lambda: (wait(), waited.set()), daemon=True).start()

    next(cycles)  # at once, though the pace is a minute
    assert not waited.wait(0.1)  # that it does not come back can only be waited for
    watch.call()
    next(cycles)
    assert waited.wait(5)

    monkeypatch.setattr("tasks.watches.GIVES_WAY", 0.01)
    watch.call()()  # nobody begins another cycle, and this comes back all the same


# -- two blocks that are one account


def x_account(handle, base_url="http://127.0.0.1:1"):
    return XAccount(handle=handle, session=SecretStr(SESSION), rules_accepted=True, base_url=base_url)


@pytest.fixture
def reads(house, monkeypatch):
    """Have the house read these blocks, made in this order."""

    def read(**accounts):
        made = {name: house.clock() + timedelta(minutes=n) for n, name in enumerate(accounts)}
        said = Documents(accounts=accounts, switches=Switches(), made=made)
        monkeypatch.setattr(documents, "read", lambda: said)
        house.refresh(at_once=True)

    return read


@pytest.mark.parametrize(
    ("handle", "address"),
    [
        ("dora", "http://127.0.0.1:1"),
        ("@DORA", "http://127.0.0.1:1"),
        (" Dora ", "http://localhost:1/"),
        ("dOrA", "http://localhost:1"),
    ],
)
def test_the_second_block_of_one_account_never_publishes(house, reads, handle, address):
    """Any spelling of the handle or of the address: it is refused, with the name of the other, which goes on."""
    reads(dora=x_account("dora"), carol=x_account(handle, address))

    assert ["dora"] == house.directory.usable()
    refused = house.directory.access("carol")
    assert Cause.HANDLE_TAKEN is refused.cause
    assert "dora" in refused.why
    assert {"carol": "dora"} == house.store.read(vitals.twins)
    assert ["carol is refused: dora is the same account"] == [
        one.title for one in house.store.read(notices.every)
    ]


def test_a_sandbox_beside_the_network_is_another_account(house, reads):
    """The same handle on another network is somebody else; X is X under all of its names."""
    reads(
        real=x_account("dora", "https://x.com"),
        here=x_account("dora"),
        there=x_account("dora", "http://127.0.0.1:2"),
    )

    assert {} == house.store.read(vitals.twins)
    assert ("x.com", "dora") == x_account("Dora", "https://mobile.twitter.com/").who()


MASTODON = {"handle": "dora", "access_token": SecretStr("t")}


def test_one_account_under_two_names_of_its_server_is_one(house, reads):
    """Two servers may have an account of one name each; which they are, a sign-in tells."""
    two = {
        "dora": MastodonAccount(base_url="https://example.com", **MASTODON),
        "carol": MastodonAccount(base_url="https://www.example.com", **MASTODON),
        "there": MastodonAccount(base_url="https://other.example", **MASTODON),
    }
    reads(**two)
    assert {} == house.store.read(vitals.twins)

    house.store.write(account_rows.note_identity, "dora", "example.com/1")
    house.store.write(account_rows.note_identity, "carol", "example.com/1")
    house.store.write(account_rows.note_identity, "there", "other.example/1")
    reads(**two)

    assert {"carol": "dora"} == house.store.read(vitals.twins)


def sends(house, claim):
    """Carry one claim out; answer what became of its delivery."""
    house.take(claim)
    deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
    return house.store.read(reading.show, claim.delivery_id).delivery.state


@pytest.fixture
def signs_in(house, channel):
    """Let each ask sign in as this one, and publish if it is armed; answers what was published."""
    live = []

    def ask(order, arm):
        if arm() is not True:
            why = NotSubmitted(cause=Cause.LEASE_LOST, why="not armed", phase=Phase.COMPOSED)
            return Answer(outcomes=(why,), first=order.first)
        live.append(order.parts[0].text)
        return Answer(
            outcomes=(Published(remote_id=id_at(house.clock(), sequence=len(live))),), first=order.first
        )

    def as_account(identity):
        channel.appears = Appearance(identity=identity)
        channel.on_ask = ask
        return live

    return as_account


@pytest.mark.parametrize("seen_before", ["dora", None])
def test_a_second_block_is_known_before_its_first_post(house, reads, claimed, signs_in, seen_before):
    """Under another handle, and never signed in: it finds itself to be the other when it has signed in, and asks nothing.

    Also where neither had signed in when their first posts were claimed.
    """
    two = {"dora": x_account("dora"), "carol": x_account("dora_bakes")}
    reads(**two)
    if seen_before:
        house.store.write(account_rows.note_identity, seen_before, "7")
    claims = [claimed("From Dora.", account="dora"), claimed("From Carol.", account="carol")]
    live = signs_in("7")

    states = [sends(house, one) for one in claims]
    reads(**two)

    assert ["From Dora."] == live
    assert [State.PUBLISHED, State.SCHEDULED] == states
    assert {"carol": "dora"} == house.store.read(vitals.twins)
    assert ["dora"] == house.directory.usable()


def test_the_first_goes_on_while_the_second_is_refused(house, reads, claimed, signs_in):
    """Also when the second is the one that signed in first: which of them goes on is decided once."""
    two = {"dora": x_account("dora"), "carol": x_account("dora_bakes")}
    reads(**two)
    live = signs_in("7")
    sends(house, claimed("From Carol.", account="carol"))
    held = sends(house, claimed("Too soon.", account="dora"))
    reads(**two)
    house.store.write(account_rows.note_identity, "carol", "7")

    after = sends(house, claimed_again(house, "dora"))

    assert State.SCHEDULED is held
    assert {"carol": "dora"} == house.store.read(vitals.twins)
    assert (State.PUBLISHED, ["From Carol.", "Too soon."]) == (after, live)


def claimed_again(house, account):
    """Claim what this account has to send, whenever it may go again."""
    later = house.clock() + timedelta(hours=1)
    house.clock.pass_by(hours=1)
    (claim,) = house.store.claim(worker=house.worker, now=later, lease=LEASE, at_most=1, accounts=[account])
    return claim


@pytest.mark.parametrize(
    "other",
    [{"base_url": "https://x.com"}, None],
    ids=["the same number on another network", "a block that was deleted"],
)
def test_a_number_that_another_account_has_had_elsewhere_stops_nothing(
    house, reads, claimed, signs_in, other
):
    """Only blocks that are there now, on the same network, are two names of one account."""
    reads(erik=x_account("erik"), **({"far": x_account("far", **other)} if other else {}))
    for name in ("alice", "far") if other else ("alice",):
        house.store.write(account_rows.note_identity, name, "7")
    live = signs_in("7")

    assert State.PUBLISHED is sends(house, claimed("From Erik.", account="erik"))
    assert ["From Erik."] == live


def test_an_account_of_the_page_is_that_of_the_api_under_its_new_handle(house, reads):
    """X's own number for it says so, once both have been seen; the same number in a sandbox is another account."""
    two = {
        "page": x_account("dora", "https://x.com"),
        "api": XApiAccount(handle="dora_bakes"),
        "here": x_account("erik"),
    }
    reads(**two)
    for name in two:
        house.store.write(account_rows.note_identity, name, "1566077826414841856")
    reads(**two)

    assert {"api": "page"} == house.store.read(vitals.twins)


def test_who_published_before_goes_on_when_another_block_is_changed(house, reads):
    """An older block that is given its handle by mistake takes nothing from it."""
    reads(old=x_account("erik"), dora=x_account("dora"))
    reads(old=x_account("dora"), dora=x_account("dora"))
    first = house.store.read(vitals.twins)
    reads(old=x_account("dora"), dora=x_account("dora"))

    assert {"old": "dora"} == first == house.store.read(vitals.twins)
    assert ["dora"] == house.directory.usable()


def test_it_publishes_again_when_the_other_is_gone_or_corrected(house, reads):
    """Within one reading, and also by a process that never saw the two."""
    reads(dora=x_account("dora"), carol=x_account("dora"))
    reads(dora=x_account("dora"), carol=x_account("carol"))
    corrected = (house.store.read(vitals.twins), house.directory.usable())
    house.store.write(vitals.note_twins, {"carol": "dora"}, house.clock())
    house.directory.twinned = Twinned()
    reads(carol=x_account("dora"))

    assert ({}, ["dora", "carol"]) == corrected
    assert ({}, ["carol"]) == (house.store.read(vitals.twins), house.directory.usable())


def test_with_the_store_away_the_second_is_refused_all_the_same(house, reads, monkeypatch):
    """And written down as soon as it is back."""
    with monkeypatch.context() as patched:
        for asked in (vitals.twins, vitals.note_twins, account_rows.every):
            instead(patched, house.store, asked, Away(None, calls=9))
        reads(dora=x_account("dora"), carol=x_account("dora"))
        assert "carol" not in house.directory.usable()
    reads(dora=x_account("dora"), carol=x_account("dora"))

    assert {"carol": "dora"} == house.store.read(vitals.twins)
