"""Taking a live post down: each channel that needs no browser, against its own network's sandbox."""

import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.port import Order, RemoveReport
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Cause, Published
from steadypost.domain.post import Part, Post
from steadypost.store import AccountRecord, Store, intake, notices, reading, settling
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By
from steadypost.store.removals import DID, NOT_DONE
from tasks.removals import NotTakenDown, Removing
from tests.channels.conformance.bluesky import BlueskyAdapter
from tests.channels.conformance.file import FileAdapter
from tests.channels.conformance.mastodon import MastodonAdapter
from tests.channels.conformance.x_api import XApiAdapter

NOW = datetime.now(UTC)
TEXTS = ("One lamp.", "Two lamps.", "Three lamps.")
DORA = By(name="Dora", why="the wrong date")


@pytest.fixture(
    scope="module",
    params=[FileAdapter, MastodonAdapter, BlueskyAdapter, XApiAdapter],
    ids=lambda one: one.kind.name,
)
def running(request, tmp_path_factory):
    with request.param.started(tmp_path_factory.mktemp(request.param.kind.name)) as adapter:
        yield adapter


@pytest.fixture
def network(running):
    running.begin()
    return running


@pytest.fixture
def store(tmp_path, network):
    with Store.create(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        account = AccountRecord(
            name="alice",
            channel=network.kind.name,
            handle=network.access().handle,
            network=network.kind.network.name,
        )
        opened.write(account_rows.put, account, NOW)
        yield opened


@pytest.fixture
def thread(network, store):
    """A thread that is live, and published in the store; its delivery."""
    parts = tuple(Part(text=text) for text in TEXTS)
    (added,) = store.write(intake.add, Post(parts=parts), accounts=["alice"], due_at=NOW, now=NOW)
    (claim,) = store.claim(worker="w", now=NOW, lease=timedelta(minutes=1), at_most=1, accounts=["alice"])
    order = Order(parts=parts, key=claim.key, keyed_at=claim.keyed_at)
    with network.kind.open(network.means()) as channel:
        answer = channel.ask(
            network.access(),
            order,
            arm=lambda: store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOW),
            deadline=time.monotonic() + network.within,
            progress=lambda _: None,
        )
    assert all(isinstance(one, Published) for one in answer.outcomes)
    store.write(settling.answered, claim.attempt_id, answer, now=NOW, jitter=0.5)
    return added.delivery_id


class Watched:
    """The channel itself; what it was asked to take down is noted, and can go wrong."""

    def __init__(self, channel):
        self._channel = channel
        self.removed = []
        self.dies_after = None
        self.hears = lambda report: report
        self.shows = lambda sighting: sighting

    def look(self, access, request, *, deadline):
        return self.shows(self._channel.look(access, request, deadline=deadline))

    def remove(self, access, post, *, deadline):
        if self.dies_after is not None and len(self.removed) >= self.dies_after:
            raise KeyboardInterrupt
        self.removed.append(post)
        return self.hears(self._channel.remove(access, post, deadline=deadline))


@pytest.fixture
def channel(network):
    with network.kind.open(network.means()) as opened:
        yield Watched(opened)


@pytest.fixture
def removing(network, store, channel):
    return Removing(store=store, channel=channel, access=network.access(), by=DORA, wait=lambda _: None)


def ids(store, delivery_id):
    return [part.remote_id for part in store.read(reading.show, delivery_id).delivery.parts]


def dids(store, delivery_id):
    return [act.did for act in store.read(reading.show, delivery_id).acts]


def test_a_thread_is_taken_down_from_its_end(network, store, channel, removing, thread):
    """The last part first; then it is removed, by whom and why."""
    after = removing.run(thread)

    assert (State.REMOVED, "Dora took it down: the wrong date") == (after.state, after.why)
    assert list(reversed(ids(store, thread))) == channel.removed
    assert [] == network.ledger()
    assert [] == store.read(notices.every)


def test_it_is_shown_first_and_left_without_a_yes(network, store, channel, removing, thread):
    """What each part says is what the network tells of it now."""
    shown = []

    after = replace(removing, agrees=shown.extend).run(thread)

    assert None is after
    assert sorted(TEXTS) == sorted(one.post.text for one in shown)
    assert ([], [], 3) == (channel.removed, dids(store, thread), len(network.ledger()))


def test_whoever_dies_half_way_goes_on_where_it_stopped(network, store, channel, removing, thread):
    """What is gone already is only looked at."""
    channel.dies_after = 1
    with contextlib.suppress(KeyboardInterrupt):
        removing.run(thread)
    assert [DID] == dids(store, thread)
    assert State.PUBLISHED is store.read(reading.show, thread).delivery.state
    channel.dies_after = None

    after = removing.run(thread)

    assert State.REMOVED is after.state
    assert list(reversed(ids(store, thread))) == channel.removed
    assert [] == network.ledger()


def test_a_lost_answer_is_settled_by_a_look(network, store, channel, removing, thread):
    """It is gone, whatever was heard; and the same command once more asks for nothing."""
    with network.lose_the_removal():
        assert State.REMOVED is removing.run(thread).state
    assert [] == network.ledger()
    channel.removed.clear()

    assert State.REMOVED is removing.run(thread).state
    assert [] == channel.removed


def test_a_notice_in_its_place_ends_only_what_was_asked_for(network, store, channel, removing, thread):
    """Before that, it may stand for what is withheld."""
    channel.shows = lambda seen: replace(seen, posts=(), named={}, hidden=frozenset({seen.post}))
    with pytest.raises(NotTakenDown, match="own word"):
        removing.run(thread)
    assert ([], 3) == (channel.removed, len(network.ledger()))

    channel.shows = lambda seen: replace(seen, missing=frozenset(), hidden=seen.missing)
    assert State.REMOVED is removing.run(thread).state
    assert [] == network.ledger()


def test_what_stays_is_said_to_stay(network, store, channel, removing, thread):
    """The network did not do it: nothing is removed, and the record says so."""
    heard = RemoveReport(asked=False, cause=Cause.RATE_LIMIT, why="no more for now")
    channel._channel.remove = lambda *_, **__: heard

    with pytest.raises(NotTakenDown, match=r"part 3, .* is still there \(no more for now\)"):
        removing.run(thread)

    assert State.PUBLISHED is store.read(reading.show, thread).delivery.state
    assert [DID, NOT_DONE] == dids(store, thread)
    assert 3 == len(network.ledger())


def test_nothing_is_touched_where_nobody_can_look(network, store, channel, removing, thread):
    """Without a positive look there is no removal, and nothing is written down."""
    if not network.signs_in:
        pytest.skip("there is nothing to sign in to")

    with pytest.raises(NotTakenDown, match=r"cannot be read|not available"):
        replace(removing, access=network.somebody_else()).run(thread)

    assert ([], [], 3) == (channel.removed, dids(store, thread), len(network.ledger()))
