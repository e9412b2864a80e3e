"""A circuit's trial needs no answer of Prefect's, and nothing is sent there for a trial that will not be made."""

from datetime import timedelta
from functools import partial

import pytest

from flows.publish import Crew
from steadypost.channels.port import Probe
from steadypost.domain.circuit import Go, No, State
from steadypost.domain.circuit.catalogue import Dependency, Kind
from steadypost.domain.outcome import Cause
from steadypost.store import StoreAway, trials
from tasks.circuits import Breakers
from tasks.dependencies import store_here
from tasks.probes import AGAIN_AFTER, Scout, probe, to_probe
from tasks.turns import StoreTrials
from tests.rooms import instead
from tests.tasks.books import MemoryBook

PAGE = Dependency(Kind.X_PAGE, "alice")


@pytest.fixture
def book(house):
    """Circuits that stand in a book others write in, too."""
    book = MemoryBook()
    house.share_circuits(book)
    return book


@pytest.fixture
def other(house, book):
    """Another process, on the same store and the same book."""
    return Breakers(book=book, process="there", clock=house.clock, trials=StoreTrials(house))


def fail(circuits, dependency=PAGE, times=3):
    for _ in range(times):
        go = circuits.may(dependency)
        circuits.came(dependency, go.ticket, well=False, cause=str(Cause.PAGE_UNREACHABLE))


def open_it(house, *others):
    """Open the page's circuit, let the others hear of it, and let its time pass."""
    fail(house.circuits)
    for one in others:
        one.watch([PAGE])
        one.take({PAGE.name: house.circuits.book.read(PAGE.name)}, {})
    house.clock.pass_by(minutes=1)


def away(*_, **__):
    raise StoreAway("locked", remedy="-")


@pytest.fixture
def sent(monkeypatch, channel):
    """The probes that were made task runs of; each is carried out at once."""
    made = []

    class Future:
        wrapped_future = None

    def submit(account):
        made.append(account)
        probe.fn(account)
        return Future()

    channel.on_probe = lambda account: Probe(well=True, handle=account)
    monkeypatch.setattr("flows.publish.probe", type("Task", (), {"submit": staticmethod(submit)}))
    monkeypatch.setattr("flows.publish.is_done", lambda _: True)
    return made


@pytest.fixture
def crew(house):
    return Crew(house, type("Watch", (), {"call": None})())


def cycles(house, crew, count):
    """So many cycles of the publisher, four a second; each waits for whoever asks for permits."""
    for _ in range(count):
        crew.probe(to_probe(house))
        if crew._scout._thread is not None:
            crew._scout._thread.join(10)
        house.clock.pass_by(seconds=0.25)


def test_the_trial_is_made_with_prefect_away(house, book, crew, sent):
    """One task run, the page is opened, and the account goes on; Prefect never answered."""
    open_it(house)
    book.away = True
    cycles(house, crew, 8)

    assert ["alice"] == sent
    assert State.CLOSED is house.circuits.known(PAGE).state


@pytest.mark.parametrize("hindrance", ["the store is away as well", "another process tries it"])
def test_nothing_is_sent_for_what_will_not_be_tried(house, book, other, crew, sent, monkeypatch, hindrance):
    """Five minutes of cycles: not one task run, and leave is asked for ever more rarely."""
    open_it(house, other)
    book.away = True
    asked = []
    real = partial(house.store.write, trials.take)

    def take(*given, **more):
        asked.append(house.clock())
        return away() if hindrance == "the store is away as well" else real(*given, **more)

    if hindrance == "another process tries it":
        assert isinstance(other.may(PAGE, probe=True), Go)
    instead(monkeypatch, house.store, trials.take, take)
    cycles(house, crew, 600)

    assert [] == sent
    assert 3 <= len(asked) <= 150 / AGAIN_AFTER.total_seconds() + 6
    assert AGAIN_AFTER <= asked[-1] - asked[-2] <= AGAIN_AFTER + timedelta(seconds=1)


def test_one_process_tries_at_a_time(house, book, other):
    """With the pages away the store says who; when the trial went well the next may see for itself."""
    open_it(house, other)
    book.away = True
    first = house.circuits.may(PAGE, probe=True)
    second = other.may(PAGE, probe=True)
    house.circuits.came(PAGE, first.ticket, well=True)

    assert (Go, No) == (type(first), type(second))
    assert isinstance(other.may(PAGE, probe=True), Go)


def test_a_trial_that_failed_is_not_made_again_by_the_others_at_once(house, book, other):
    """The next is due when the circuit says so, for everybody."""
    open_it(house, other)
    book.away = True
    first = house.circuits.may(PAGE, probe=True)
    house.circuits.came(PAGE, first.ticket, well=False, cause=str(Cause.PAGE_UNREACHABLE))
    at_once = other.may(PAGE, probe=True)
    house.clock.now = house.circuits.known(PAGE).until

    assert isinstance(at_once, No)
    assert isinstance(other.may(PAGE, probe=True), Go)


def test_what_was_moved_alone_is_written_down_when_prefect_is_back(house, book, other):
    """The others hear of it with their next reading."""
    open_it(house, other)
    book.away = True
    first = house.circuits.may(PAGE, probe=True)
    house.circuits.came(PAGE, first.ticket, well=True)
    book.away = False
    for circuits in (house.circuits, other):
        circuits.take({PAGE.name: book.read(PAGE.name)}, {})

    assert State.CLOSED is other.known(PAGE).state


@pytest.mark.parametrize("dependency", [store_here()])
def test_the_store_is_tried_while_both_are_away(house, book, monkeypatch, dependency):
    """One database server under both: nobody waits two minutes after it is back, for leave that it would have to give."""
    book.away = True
    instead(monkeypatch, house.store, trials.take, away)
    fail(house.circuits, dependency)
    house.clock.pass_by(seconds=10)

    assert isinstance(house.circuits.may(dependency), Go)


def test_a_permit_that_nobody_will_use_is_given_back(house, book, other):
    """A run that is relieved between the leave and the trial keeps nobody from it."""
    open_it(house, other)
    book.away = True
    scout = Scout(house)
    scout.get("alice")
    assert {"alice"} == set(house.probing.permits)
    assert isinstance(other.may(PAGE, probe=True), No)

    scout.give_back()

    assert isinstance(other.may(PAGE, probe=True), Go)
