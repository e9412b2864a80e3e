"""The breakers of one process, beside those of another, over a book both share."""

import asyncio
import random
import statistics
import threading
import time as real_time
from datetime import timedelta

import pytest

import tasks.circuits
from steadypost.domain.circuit import Go, InARow, LastCalls, No, Noted, Position, Said, Settings, State
from steadypost.domain.circuit.catalogue import Dependency, Kind
from steadypost.domain.circuit.revisions import KEPT
from tasks.circuits import TRUST, Breakers, Refused
from tests.tasks.books import MemoryBook
from tests.tasks.conftest import Time

PAGE = Dependency(Kind.X_PAGE, "alice")
LAW = Settings(
    window=InARow(2),
    first_open=timedelta(seconds=5),
    jitter=0,
    permit_lasts=timedelta(seconds=60),
    by_itself=False,
)


class Down(Exception):
    """What tells against the dependency."""


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def book():
    return MemoryBook()


@pytest.fixture
def monotonic(monkeypatch):
    """Time as the machine counts it, which an operator's clock does not move."""

    class Counted:
        ahead = 0.0

        def monotonic(self):
            return real_time.monotonic() + self.ahead

    counted = Counted()
    monkeypatch.setattr(tasks.circuits, "time", counted)
    return counted


@pytest.fixture
def process(book, clock):
    def start(name="one", **named):
        return Breakers(
            **{
                "book": book,
                "process": name,
                "clock": clock,
                "dice": random.Random(1),  # noqa: S311 - repeatable
                "settings": lambda dependency: LAW if dependency.kind is Kind.X_PAGE else dependency.settings,
                **named,
            }
        )

    return start


def fail(breakers, times=2, dependency=PAGE):
    for _ in range(times):
        breakers.came(dependency, breakers.may(dependency).ticket, well=False, cause="down", why="it is down")


def state(breakers, dependency=PAGE):
    return breakers.known(dependency).state


# --- several processes


def test_one_opens_it_for_all(process, book):
    """The other hears of it with its next reading of the blocks, and lets nothing through."""
    one, two = process("one"), process("two")
    two.watch([PAGE])
    fail(one)

    two.take(book.all(), {})

    assert isinstance(two.may(PAGE), No)
    assert "one" == two.known(PAGE).by


def test_it_stays_open_when_the_process_that_opened_it_is_gone(process, book):
    """A restart neither closes it nor begins to count anew."""
    fail(process("one"))
    after = process("after a restart")
    after.watch([PAGE])

    after.take(book.all(), {})

    assert state(after) is State.OPEN


def test_the_permit_is_one_for_all_processes(process, book, clock):
    """Ten processes come at the same instant, none knowing of another; one may try."""
    fail(process("first"))
    others = [process(f"process {n}") for n in range(10)]
    for other in others:
        other.watch([PAGE])
        other.take(book.all(), {})
    clock.pass_by(seconds=5)

    verdicts = []
    threads = [
        threading.Thread(target=lambda other=other: verdicts.append(other.may(PAGE, probe=True)))
        for other in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 == sum(isinstance(verdict, Go) for verdict in verdicts)
    assert 10 == len(verdicts)


def test_a_permit_whose_holder_died_is_free_again(process, book, clock):
    """Nobody has to notice the death."""
    one, two = process("one"), process("two")
    fail(one)
    clock.pass_by(seconds=5)
    assert isinstance(one.may(PAGE, probe=True), Go)
    two.watch([PAGE])
    two.take(book.all(), {})
    assert isinstance(two.may(PAGE, probe=True), No)
    clock.pass_by(seconds=60)

    assert isinstance(two.may(PAGE, probe=True), Go)


def test_each_turn_is_told_once(process, book, clock):
    """Of two who see it, one made it: one line in the log, one event."""
    told = []
    one, two = (
        process(name, on_turn=lambda turned, name=name: told.append((name, turned.after.state)))
        for name in ("one", "two")
    )
    two.watch([PAGE])
    fail(one)
    two.take(book.all(), {})
    clock.pass_by(seconds=5)
    two.came(PAGE, two.may(PAGE, probe=True).ticket, well=True)
    one.take(book.all(), {})

    assert told == [("one", State.OPEN), ("two", State.HALF_OPEN), ("two", State.CLOSED)]
    assert state(one) is State.CLOSED


def test_old_pages_are_removed(process, book, clock):
    """A circuit that flaps for a year leaves a handful of documents."""
    one = process()
    for _ in range(20):
        fail(one)
        clock.now = one.known(PAGE).until
        one.came(PAGE, one.may(PAGE, probe=True).ticket, well=True)

    assert len(book.revisions[PAGE.name]) <= KEPT + 1


def test_a_move_whose_answer_got_lost_is_one_move(process, book):
    """The page stands, the answer never came: the process goes on with it, and does not write it again."""
    one = process()
    book.loses_answers = True
    fail(one)
    book.loses_answers = False

    one.take(book.all(), {})

    assert state(one) is State.OPEN
    assert 1 == one.known(PAGE).generation
    assert 1 == len(book.revisions[PAGE.name])


# --- Prefect's API is away


def test_it_opens_without_prefect_and_says_so_later(process, book):
    """Being careful needs nobody's leave; the others hear of it as soon as they can."""
    one, two = process("one"), process("two")
    two.watch([PAGE])
    book.away = True
    fail(one)
    assert isinstance(one.may(PAGE), No)
    book.away = False

    one.take(book.all(), {})
    two.take(book.all(), {})

    assert state(two) is State.OPEN


def test_no_permit_is_given_while_others_may_hold_it(process, book, clock, monotonic):
    """Within the time that what was last known serves, an open circuit stays open."""
    one = process()
    fail(one)
    book.away = True
    clock.pass_by(minutes=1)
    monotonic.ahead = TRUST.total_seconds() - 30

    verdict = one.may(PAGE, probe=True)

    assert isinstance(verdict, No)
    assert state(one) is State.OPEN


def test_after_that_it_goes_on_alone(process, book, clock, monotonic):
    """Nothing stays open for want of Prefect: one trial of this process, and it judges by that."""
    one = process()
    fail(one)
    book.away = True
    clock.pass_by(minutes=5)
    monotonic.ahead = TRUST.total_seconds() + 30

    go = one.may(PAGE, probe=True)
    assert isinstance(go, Go)
    assert isinstance(one.may(PAGE, probe=True), No)
    one.came(PAGE, go.ticket, well=True)

    assert state(one) is State.CLOSED
    book.away = False
    clock.pass_by(minutes=1)
    one.take(book.all(), {})
    two = process("two")
    two.watch([PAGE])
    two.take(book.all(), {})
    assert state(two) is State.CLOSED


def test_what_others_did_meanwhile_counts_more(process, book, clock):
    """Who comes back takes over the page that stands, whatever it judged alone."""
    one, two = process("one"), process("two")
    two.watch([PAGE])
    book.away = True
    fail(one)
    book.away = False
    two.take(book.all(), {PAGE.name: Said(position=Position.DISABLED, mark="w1", by="Dora")})

    one.take(book.all(), {PAGE.name: Said(position=Position.DISABLED, mark="w1", by="Dora")})

    assert state(one) is State.DISABLED
    assert 1 == one.known(PAGE).generation


def test_a_persons_word_stands_while_prefect_is_away(process, book, clock, monotonic):
    """Opened by a person it stays open, however long nothing is heard."""
    one = process()
    one.watch([PAGE])
    one.take({}, {PAGE.name: Said(position=Position.OPEN, mark="w1", by="Dora")})
    book.away = True
    clock.pass_by(days=3)
    monotonic.ahead = 3 * 86_400

    assert isinstance(one.may(PAGE, probe=True), No)
    assert state(one) is State.FORCED_OPEN


def test_prefect_is_not_asked_again_and_again_while_it_is_away(process, book):
    """Its own circuit: after one call in vain the next ones are spared, and what moves is moved alone."""
    one = process()
    book.away = True
    fail(one)
    before = book.calls
    for n in range(20):
        fail(one, dependency=Dependency(Kind.X_PAGE, f"account-{n}"))

    assert book.calls == before


# --- an operator


def test_a_word_is_in_force_with_the_next_reading(process, book):
    """And one process writes it down, however many hear it."""
    one, two = process("one"), process("two")
    word = {PAGE.name: Said(position=Position.OPEN, mark="w1", reason="maintenance", by="Dora")}
    for breakers in (one, two):
        breakers.watch([PAGE])
        breakers.take({}, word)

    assert (state(one), state(two)) == (State.FORCED_OPEN, State.FORCED_OPEN)
    assert one.known(PAGE).generation == two.known(PAGE).generation == 1
    assert ("Dora", "maintenance") == (two.known(PAGE).by, two.known(PAGE).why)


def test_the_switch_turns_all_of_it_off(process, book):
    """Everything goes through, nothing is counted, and what was open is no longer asked."""
    one = process()
    fail(one)
    one.is_on = False
    ticket = one.may(PAGE).ticket
    before = book.calls

    assert one.refusal(PAGE) is None
    assert one.came(PAGE, ticket, well=False) is Noted.NOTHING
    assert one.left(PAGE, ticket) is Noted.NOTHING
    assert book.calls == before
    one.is_on = True
    assert one.refusal(PAGE) is not None


# --- guards


def guarded(breakers, error=None, dependency=PAGE):
    with breakers.guard(dependency, failures=(Down,)):
        if error is not None:
            raise error


def test_a_guarded_call_counts_what_tells_and_nothing_else(process):
    """A content error is nobody's failure, however often it comes."""
    one = process()
    for _ in range(15):
        with pytest.raises(ValueError, match="too long"):
            guarded(one, ValueError("too long"))
    assert state(one) is State.CLOSED
    for _ in range(2):
        with pytest.raises(Down):
            guarded(one, Down())

    with pytest.raises(Refused, match="x-page-alice is open until"):
        guarded(one)


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()])
def test_a_cancellation_gives_the_permit_back(process, clock, ending):
    """In half-open it neither closes nor wedges it: the next one may try at once."""
    one = process()
    fail(one)
    clock.pass_by(seconds=5)

    with pytest.raises(type(ending)), one.guard(PAGE, failures=(Down,), probe=True):
        raise ending

    assert state(one) is State.HALF_OPEN
    assert isinstance(one.may(PAGE, probe=True), Go)


def test_a_slow_call_does_not_keep_others_waiting(process):
    """Known defect: a lock that is held during the call. Twenty calls are under way at once."""
    one = process()
    all_inside = threading.Barrier(20, timeout=30)
    arrived = []

    def call():
        with one.guard(PAGE, failures=(Down,)):
            arrived.append(all_inside.wait())

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(range(20)) == sorted(arrived)


def test_a_check_costs_no_call_and_next_to_no_time(process, book):
    """Closed or open: p95 below a millisecond, and nobody is asked."""
    one = process(settings=lambda _: Settings(window=LastCalls(10)))
    open_one = Dependency(Kind.X_PAGE, "bob")
    fail(one, times=5, dependency=open_one)
    assert state(one, open_one) is State.OPEN
    before, took = book.calls, []
    for _ in range(2000):
        began = real_time.perf_counter()
        one.may(PAGE)
        one.may(open_one)
        took.append((real_time.perf_counter() - began) / 2)

    assert book.calls == before
    assert statistics.quantiles(took, n=20)[-1] < 0.001
