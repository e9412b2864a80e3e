"""The store itself, walked at random: two workers, three deliveries, deaths, sleep, lost words, a slow network.

What ``model.py`` walks through exhaustively with the store's conditions written out, this walks through with the
real store, its real transactions and its real clock arithmetic. The network's own list is the judge after each step,
and at the end of every walk everything comes to rest, each post live once, with the id that is kept.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from steadypost.domain.clock import Offset
from steadypost.domain.delivery import FOR_A_PERSON, State
from steadypost.domain.evidence import SeenPost, Sighting
from steadypost.domain.likeness import plain
from steadypost.domain.network import Place
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Published, Unconfirmed
from steadypost.domain.parts import PartState
from steadypost.domain.quota import Limits
from steadypost.domain.remote_id import RemoteId
from steadypost.domain.weighing import judge
from steadypost.networks.x.snowflake import id_at, made_at
from steadypost.store import AccountRecord, Outbox, Store, intake, looks, reading, settling, unconfirmed
from steadypost.store import accounts as account_rows
from tests.store.people import LEASE, MINUTE, NOON, SECOND, saying

AGREED = Offset(ahead=0 * SECOND, within=SECOND)
"""Clocks that agree, as exactly as one answer tells."""
SETTLE = 15 * MINUTE
PER_HOUR = 6
UNCONFIRMED = Unconfirmed(cause=Cause.NO_ANSWER, why="no answer came", phase=Phase.CLICKED)
NOT_SENT = NotSubmitted(cause=Cause.EARLIER_PART, why="its turn never came", phase=Phase.CLICKED)


@dataclass
class Request:
    """A request on its way to the network, or what became of it."""

    delivery: int
    n: int
    text: str
    parent: RemoteId | None
    sent_at: object
    id: RemoteId | None = None
    shown_at: object = None


@dataclass
class Worker:
    """A worker at one claim, with what its browser has done."""

    name: str
    claim: object = None
    armed: bool = False
    sent: list[Request] = field(default_factory=list)
    heard: list[RemoteId] = field(default_factory=list)
    dead_browser: bool = False

    @property
    def may_still_send(self) -> bool:
        return self.armed and not self.dead_browser


class Life(RuleBasedStateMachine):
    """Everything that can happen, in any order."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(made(), self.folder / "store.db")
        self.store = Store.open(f"sqlite:///{self.folder / 'store.db'}")
        self.outbox = Outbox(self.folder / "outbox", self.store.address)
        self.now = NOON
        self.serial = 0
        self.workers = {}
        self.flying: list[Request] = []
        self.live: list[Request] = []
        self.browsers: dict[int, Worker] = {}

    @initialize()
    def take_in(self):
        limits = Limits(per_hour=PER_HOUR)
        self.store.write(
            account_rows.put,
            AccountRecord(name="alice", channel="x_web", handle="alice", limits=limits, settle=SETTLE),
            NOON,
        )
        self.deliveries = [
            self.store.write(intake.add, saying(*texts), accounts=["alice"], due_at=NOON, now=NOON - MINUTE)[
                0
            ].delivery_id
            for texts in (("a lamp",), ("a harbour", "and its lights"), ("a gull",))
        ]

    def teardown(self):
        try:
            if hasattr(self, "deliveries"):
                self.come_to_rest()
        finally:
            self.store.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- time

    @rule(seconds=st.sampled_from([1, 10, 31, 120]))
    def time_passes(self, seconds):
        self.pass_by(timedelta(seconds=seconds))

    def pass_by(self, amount):
        self.now += amount
        # The network's bound: what was sent is decided within five minutes, and shown within five more. What it
        # has not lost by then it has kept back for the worst moment.
        for request in [one for one in self.flying if self.now - one.sent_at > 4 * MINUTE]:
            self.flying.remove(request)
            self.comes_to_life(request)
        for request in self.live:
            if request.shown_at is None and self.now - made_at(request.id) > 5 * MINUTE:
                request.shown_at = self.now

    # -- workers

    @rule(number=st.integers(0, 1))
    def a_worker_goes_on(self, number):
        """Take the next step of one for whom all goes well: without it a random walk seldom gets anywhere."""
        worker = self.at(number)
        if worker is None:
            self.a_worker_claims(number)
        elif not worker.armed:
            self.a_worker_arms(number)
        elif not worker.sent:
            self.a_worker_clicks(number)
        else:
            self.a_worker_hears_an_id(number)

    @rule()
    def those_who_settle_go_on(self):
        """Letters, rescue and a look, as a machine that is up does them in every cycle."""
        self.outbox_entries_are_handed_over()
        self.the_silent_are_rescued()
        self.pass_by(10 * SECOND)
        self.look()

    @rule(number=st.integers(0, 1))
    def a_worker_claims(self, number):
        name = f"worker-{number}"
        if name in self.workers:
            return
        for claim in self.store.claim(worker=name, now=self.now, lease=LEASE, at_most=1, accounts=["alice"]):
            self.workers[name] = Worker(name=name, claim=claim)
            self.browsers[claim.attempt_id] = self.workers[name]

    def at(self, number, *, armed=None):
        worker = self.workers.get(f"worker-{number}")
        return worker if worker and armed in {None, worker.armed} else None

    def arms(self, worker):
        attempt_id = worker.claim.attempt_id
        return self.store.write(
            settling.arm,
            attempt_id,
            fence=worker.claim.fence,
            now=self.now,
            executor=f"browser of {attempt_id}",
            offset=AGREED,
        )

    @rule(number=st.integers(0, 1))
    def a_worker_arms(self, number):
        worker = self.at(number, armed=False)
        if worker is None:
            return
        if self.arms(worker):
            worker.armed = True
        else:
            self.answers(worker, NotSubmitted(cause=Cause.LEASE_LOST, why="gone", phase=Phase.COMPOSED))

    @rule(number=st.integers(0, 1))
    def arming_takes_effect_and_the_word_is_lost(self, number):
        worker = self.at(number, armed=False)
        if worker is not None:
            self.arms(worker)
            self.answers(worker, NotSubmitted(cause=Cause.STORE_AWAY, why="away", phase=Phase.COMPOSED))

    @rule(number=st.integers(0, 1))
    def a_worker_ends_before_the_click(self, number):
        worker = self.at(number, armed=False)
        if worker is not None:
            self.answers(worker, NotSubmitted(cause=Cause.OVERLAY, why="covered", phase=Phase.OPENED))

    @rule(number=st.integers(0, 1))
    def a_worker_clicks(self, number):
        worker = self.at(number, armed=True)
        if worker is not None and not worker.sent and worker.may_still_send:
            self.send(worker, worker.claim.reply_to)

    def send(self, worker, parent):
        n = len(worker.sent)
        text = worker.claim.parts[n].text
        request = Request(worker.claim.delivery_id, worker.claim.first + n, text, parent, self.now)
        worker.sent.append(request)
        self.flying.append(request)

    @rule(number=st.integers(0, 1))
    def a_worker_hears_an_id(self, number):
        worker = self.at(number, armed=True)
        if worker is None or len(worker.heard) >= len(worker.sent) or worker.dead_browser:
            return
        request = worker.sent[len(worker.heard)]
        if request.id is None:
            return
        worker.heard.append(request.id)
        if len(worker.heard) == len(worker.claim.parts):
            self.answers(worker, None)
        else:
            self.send(worker, request.id)

    @rule(number=st.integers(0, 1))
    def a_worker_gives_up(self, number):
        worker = self.at(number, armed=True)
        if worker is not None:
            self.answers(worker, UNCONFIRMED)

    @rule(number=st.integers(0, 1))
    def a_worker_dies(self, number):
        worker = self.workers.pop(f"worker-{number}", None)
        if worker is not None:
            worker.dead_browser = True

    def answers(self, worker, rest):
        """The answer is written to the outbox; who brings it to the store, and when, is another matter."""
        claim = worker.claim
        outcomes = [Published(remote_id=one) for one in worker.heard]
        unheard = worker.sent[len(worker.heard) :]
        outcomes += [UNCONFIRMED for _ in unheard]
        missing = len(claim.parts) - len(outcomes)
        if missing:
            beyond = rest if not worker.sent else NOT_SENT
            # A click may have been given and nothing sent: then all is unconfirmed, as the product says it.
            outcomes += [beyond if beyond is not None else NOT_SENT] * missing
        worker.dead_browser = True
        self.outbox.keep(claim.attempt_id, Answer(outcomes=tuple(outcomes), first=claim.first), self.now)
        del self.workers[worker.name]

    @rule()
    def outbox_entries_are_handed_over(self):
        list(self.outbox.hand_over(self.store, jitter=lambda: 0.5))

    @rule()
    def an_outbox_entry_is_handed_over_and_the_word_is_lost(self):
        for entry in self.outbox.waiting()[:1]:
            self.store.write(settling.answered, entry.attempt_id, entry.answer, now=entry.at, jitter=0.5)

    @rule()
    def the_silent_are_rescued(self):
        self.store.rescue(self.now)

    # -- the network

    @precondition(lambda self: self.flying)
    @rule(pick=st.integers(0, 9))
    def a_post_comes_to_life(self, pick):
        self.comes_to_life(self.flying.pop(pick % len(self.flying)))

    def comes_to_life(self, request):
        self.serial += 1
        self.now += timedelta(milliseconds=5)
        request.id = id_at(self.now, sequence=self.serial % 4000)
        self.live.append(request)

    @precondition(lambda self: self.flying)
    @rule(pick=st.integers(0, 9))
    def a_request_is_lost(self, pick):
        self.flying.pop(pick % len(self.flying))

    @rule()
    def posts_are_shown(self):
        for request in self.live:
            request.shown_at = request.shown_at or self.now

    # -- looks

    @rule(told_twice=st.booleans(), whole=st.booleans())
    def a_look(self, told_twice, whole):
        self.look(whole=whole)
        if told_twice:
            self.look(whole=whole)

    def look(self, *, whole=True):
        items = self.store.read(unconfirmed.due, "alice", self.now)
        for item in items:
            self.see_it_gone(item)
        shown = [request for request in self.live if request.shown_at is not None]
        sightings = [
            Sighting(
                account="alice",
                at=self.now,
                posts=tuple(SeenPost(id=one.id, author="alice", said=plain(one.text)) for one in shown),
                reached_back_to=NOON - timedelta(days=1) if whole else None,
                place=place,
                told=True,
                offset=AGREED,
            )
            for place in (Place.PROFILE, Place.REPLIES)
        ]
        unsettled = self.store.read(unconfirmed.unsettled, "alice")
        wanted = [one for item in unsettled for one in item.wanted]
        verdicts = judge(
            wanted, sightings, self.store.read(looks.taken_ids, "alice", {one.id for one in shown})
        )
        for item in items:
            if not item.published:
                found = {one.n: verdicts[one.key] for one in item.wanted if one.key in verdicts}
                self.store.write(
                    looks.saw, item.delivery_id, found, now=self.now, next_at=self.now + MINUTE, at=self.now
                )

    def see_it_gone(self, item):
        attempt = item.attempt
        if attempt.gone_at is not None:
            return
        holder = self.browsers[attempt.id]
        if not holder.dead_browser and self.now - attempt.rescued_at > 150 * SECOND:
            holder.dead_browser = True  # killed by whoever looks
        if holder.dead_browser:
            self.store.write(looks.note_gone, attempt.id, self.now)

    # -- what must hold

    @invariant()
    def one_copy_and_no_false_word(self):
        if not hasattr(self, "deliveries"):
            return
        asked = [(one.delivery, one.n) for one in [*self.live, *self.flying]]
        assert len(asked) == len(set(asked)), f"I1, I3: asked twice, or live twice: {asked}"
        live = {one.id: one for one in self.live}
        for delivery_id in self.deliveries:
            delivery = self.store.read(reading.show, delivery_id).delivery
            for part in delivery.parts:
                if part.remote_id is not None:
                    of = live.get(part.remote_id)
                    assert of is not None, f"I2: {part.remote_id} is kept and not live"
                    assert (of.delivery, of.n) == (delivery_id, part.n), "I8: somebody else's id"
            if delivery.state is State.PUBLISHED:
                assert all(part.state is PartState.LIVE for part in delivery.parts), "I2: published in part"

    @invariant()
    def the_quota_holds_on_the_network(self):
        made = sorted(made_at(one.id) for one in self.live)
        for first, later in zip(made, made[PER_HOUR:], strict=False):
            assert later - first > timedelta(hours=1), "I6: more than the limit within an hour"

    def come_to_rest(self):
        """Let nothing more go wrong, and time pass: everything ends where the network says it is (I4)."""
        for name in list(self.workers):
            self.a_worker_dies(int(name[-1]))
        moving = (State.SCHEDULED, State.SENDING, State.PARTIAL, State.UNCONFIRMED)
        for _ in range(400):
            counts = self.store.read(reading.counts)
            if not any(counts[state] for state in moving):
                break
            self.pass_by(MINUTE)
            self.outbox_entries_are_handed_over()
            self.the_silent_are_rescued()
            self.look()
            self.work_through_one()
            self.one_copy_and_no_false_word()
        self.the_quota_holds_on_the_network()
        states = {self.store.read(reading.show, one).delivery.state for one in self.deliveries}
        assert states <= {State.PUBLISHED, *FOR_A_PERSON}, f"I4: still {states}"
        owned = {
            part.remote_id
            for one in self.deliveries
            for part in self.store.read(reading.show, one).delivery.parts
        }
        if states == {State.PUBLISHED}:
            assert owned == {one.id for one in self.live}, "I2: live, and nobody's"

    def work_through_one(self):
        """A worker for whom all goes well."""
        self.a_worker_claims(0)
        worker = self.at(0)
        if worker is None:
            return
        self.a_worker_arms(0)
        if self.at(0) is None:
            return
        self.a_worker_clicks(0)
        while self.at(0) is not None:
            if self.flying:
                self.a_post_comes_to_life(len(self.flying) - 1)
            self.a_worker_hears_an_id(0)


_made: list[Path] = []


def made() -> Path:
    """A store with its tables, made once."""
    if not _made:
        path = Path(tempfile.mkdtemp()) / "made.db"
        Store.create(f"sqlite:///{path}").close()
        _made.append(path)
    return _made[0]


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLife = pytest.mark.slow(TestLife)
