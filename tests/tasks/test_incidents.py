"""The book: one incident, one message, whether the store is there or not, and whoever is on watch."""

from datetime import timedelta

import pytest

from blocks import OnCall, Switch, Switches
from steadypost.domain.checks import RULES, judge
from steadypost.domain.endings import Message
from steadypost.domain.health import Kind, Tolerances, Verdict, failing, ok
from steadypost.domain.hours import Hours
from steadypost.domain.observed import Cannot, MachineSeen, Observed
from steadypost.store import StoreAway, incidents, notices
from tasks.incidents import Book
from tasks.notices import NOBODY, Teller, Untold, send
from tasks.observations import Memory

EVERY = timedelta(seconds=60)


class Person:
    """Somebody to be told, and a way to them that can be down."""

    knows_person = True

    def may_tell(self, now):
        return True

    def __init__(self):
        self.heard = []
        self.down = False

    def tell(self, said):
        if self.down:
            raise Untold("the way is down")
        self.heard.append(said.title)
        return "a-way"

    def read(self):
        pass

    on_call = Teller().on_call


class Cut:
    """The way to a store, which can be cut."""

    def __init__(self, store):
        self._store = store
        self.away = False

    def __getattr__(self, name):
        if self.away:
            raise StoreAway("the store is away", remedy="wait")
        return getattr(self._store, name)


@pytest.fixture
def person():
    return Person()


@pytest.fixture
def watching(house, person, time, tmp_path):
    """A run of the watch, which may be relieved by another over the same folder."""

    class Watching:
        def __init__(self):
            house.store = Cut(house.store) if not isinstance(house.store, Cut) else house.store
            self.mended = []
            self.book = Book(
                house, Memory(tolerances=Tolerances.of(EVERY)), person, tmp_path / "watch", self.apply
            )

        def apply(self, incident, remedy):
            self.mended.append(str(remedy))
            return "done"

        def round(self, *checks, send_too=True):
            self.book.round(checks, time())
            if send_too:
                send(house, person)
            time.pass_by(seconds=60)

    return Watching


GONE = failing(Kind.WORKER, "the worker is gone")
THERE = ok(Kind.WORKER, "it runs")
AWAY = failing(Kind.STORE, "the store is away")
BACK = ok(Kind.STORE, "it answers")
FULL = failing(Kind.DISK, "there is no room")


def titles(person):
    return [title.partition(":")[0] for title in person.heard]


def test_repaired_without_a_person_is_one_message(watching, person, house):
    """Afterwards, that nobody was needed; and the remedy stands in the store with its effect."""
    run = watching()
    run.round(GONE)
    for _ in range(3):
        run.round(THERE)

    assert ["restart_worker"] == run.mended
    assert ["Was wrong, and is over"] == titles(person)
    [incident] = house.store.read(incidents.latest)
    assert "done" == incident.tries[0].effect
    assert incident.over_at is not None


def test_what_cannot_be_mended_is_told_once_and_once_when_it_is_over(watching, person):
    """However long it lasts (within the time of a reminder)."""
    run = watching()
    for _ in range(60):
        run.round(GONE)
    for _ in range(3):
        run.round(THERE)

    assert len(RULES[Kind.WORKER].remedies) == len(run.mended)
    assert ["Steadypost needs you", "Over"] == titles(person)


def test_with_repair_turned_off_a_person_is_told_at_once(watching, person, house):
    """Nothing is ended or started by itself; what is wrong is found and told all the same."""
    house.switches = Switches(repair=Switch(on=False, by="Bob", reason="I want to see it broken"))
    run = watching()
    for _ in range(3):
        run.round(GONE)

    assert [] == run.mended
    assert ["Steadypost needs you"] == titles(person)


def test_a_relieved_watch_tells_nothing_twice(watching, person):
    """The next run goes on where the last one was: the incident is the store's, not the run's."""
    for _ in range(10):
        watching().round(GONE)

    assert 1 == len(person.heard)


def test_two_watches_at_once_mend_and_tell_once(watching, person, time):
    """While one run relieves another, both see the same."""
    old, new = watching(), watching()
    for _ in range(8):
        for run in (old, new):
            run.round(GONE)

    assert len(RULES[Kind.WORKER].remedies) == len(old.mended) + len(new.mended)
    assert 1 == len(person.heard)


def test_with_the_store_away_a_person_is_told_all_the_same_and_once(watching, person, house):
    """By the way itself, with a mark on this machine, so that the run that comes next does not tell it again."""
    run = watching()
    house.store.away = True
    for _ in range(5):
        run.round(AWAY)
    for _ in range(5):
        watching().round(AWAY)
    house.store.away = False
    for _ in range(3):
        run.round(BACK)

    assert ["Steadypost needs you", "Over"] == titles(person)
    [incident] = house.store.read(incidents.latest)
    assert (Kind.STORE, True) == (incident.kind, incident.over_at is not None)


@pytest.mark.parametrize("when", ["before its round", "within its round"])
def test_two_watches_at_once_tell_once_as_the_store_comes_back(
    watching, person, house, time, monkeypatch, when
):
    """One run finds the store away still, and tells by itself; the other finds it back, and would tell by the store."""
    old, new = watching(), watching()
    house.store.away = True
    for run in (old, new):
        run.book.round([AWAY], time())
    time.pass_by(seconds=60)
    read = new.book._read

    def old_tells():
        house.store.away = True
        old.book.round([AWAY], time())
        house.store.away = False

    def reads_before_the_other_tells(now, **told):
        house.store.away = False
        read(now, **told)
        if when == "within its round":
            old_tells()

    monkeypatch.setattr(new.book, "_read", reads_before_the_other_tells)
    if when == "before its round":
        old_tells()
    new.round(AWAY)
    monkeypatch.undo()
    for _ in range(3):
        for run in (old, new):
            run.round(BACK)

    assert ["Steadypost needs you", "Over"] == titles(person)
    [incident] = house.store.read(incidents.latest)
    assert incident.over_at is not None


def test_a_run_that_dies_as_it_tells_leaves_it_to_be_told(watching, person, house, monkeypatch):
    """It has said that it would, and nobody was told: as soon as the store is back, somebody else does."""
    run = watching()
    house.store.away = True
    run.round(FULL)

    def dies(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(person, "tell", dies)
        with pytest.raises(KeyboardInterrupt):
            run.round(FULL)
    other = watching()
    for _ in range(2):
        other.round(FULL)
    house.store.away = False
    for _ in range(2):
        other.round(FULL)

    assert ["Steadypost needs you"] == titles(person)


def test_with_the_store_and_the_way_away_it_is_told_when_the_way_is_back(watching, person, house):
    """What could not be told leaves no mark."""
    run = watching()
    house.store.away, person.down = True, True
    for _ in range(5):
        run.round(AWAY)
    person.down = False
    for _ in range(3):
        run.round(AWAY)

    assert ["Steadypost needs you"] == titles(person)


def test_a_store_that_was_away_for_a_moment_is_no_call(watching, person, house):
    """One round is a flicker; it stands in the records, and nobody is woken."""
    run = watching()
    house.store.away = True
    run.round(AWAY)
    house.store.away = False
    for _ in range(3):
        run.round(BACK)

    assert [] == person.heard
    assert 1 == len(house.store.read(incidents.latest))


def test_remedies_go_on_while_the_store_is_away(watching, house):
    """A worker is started again whether or not that can be written down."""
    run = watching()
    house.store.away = True
    run.round(GONE, AWAY)

    assert ["restart_worker"] == run.mended


def test_messages_wait_for_a_way_that_is_down_and_are_told_once(watching, person, house):
    """Kept, tried again, told once."""
    run = watching()
    person.down = True
    for _ in range(6):
        run.round(failing(Kind.DISK, "full"))
    [waiting] = [notice for notice in house.store.read(notices.every) if notice.sent_at is None]
    assert waiting.tries > 1
    assert "the way is down" == waiting.trouble
    person.down = False
    for _ in range(15):
        run.round(failing(Kind.DISK, "full"))

    assert ["Steadypost needs you"] == titles(person)


def test_with_nobody_named_nothing_is_lost(house, time):
    """It waits, and says why, until somebody is named."""
    house.store.write(notices.put, key="a", title="A", body="a", now=time())
    send(house, Teller())
    [notice] = house.store.read(notices.every)

    assert notice.sent_at is None
    assert NOBODY == notice.trouble
    # That an operator has named nobody yet is no failure of the ways to tell.
    assert house.store.observe(house.clock(), claims_of=timedelta(hours=1)).no_person_named


def test_outside_of_their_hours_messages_wait_and_health_is_no_worse_for_it(house, time, monkeypatch):
    """They are told when the hours begin; meanwhile the check of what is to be told says why, and is well."""
    heard = []
    monkeypatch.setattr("tasks.notices.by_apprise", lambda _, said: heard.append(said.title) or True)
    teller = Teller(time)
    teller._on_call = OnCall(address="json://127.0.0.1:9/hook", hours=Hours.DAY, zone="UTC")
    time.pass_by(hours=9)
    house.store.write(notices.put, key="a", title="A", body="a", now=time())

    send(house, teller)
    time.pass_by(hours=2)

    assert [] == heard
    seen = Observed(
        at=time(),
        store=house.store.observe(time(), claims_of=timedelta(hours=1)),
        prefect=Cannot(why="not asked"),
        blocks=Cannot(why="not asked"),
        machine=MachineSeen(),
    )
    [check] = [one for one in judge(seen, Tolerances()) if one.kind is Kind.NOTICES]
    assert (Verdict.OK, True) == (check.verdict, "it waits for the hours" in check.what)

    time.pass_by(hours=10)
    send(house, teller)
    assert ["A"] == heard


@pytest.mark.parametrize(
    ("own", "machines", "told"),
    [
        ("Pacific/Auckland", "Europe/Berlin", "due 2026-12-01 11:05 (Pacific/Auckland)"),
        ("", "Europe/Berlin", "due 2026-11-30 23:05 (Europe/Berlin)"),
        ("", "", "due 2026-11-30 22:05 UTC"),
    ],
)
def test_a_message_tells_times_in_the_zone_of_who_reads_it(monkeypatch, own, machines, told):
    """That of the block, else that of this machine; each time names it."""
    heard = []
    monkeypatch.setattr("tasks.notices.by_apprise", lambda _, said: heard.append(said) or True)
    monkeypatch.setenv("STEADYPOST_ZONE", machines or "UTC")
    teller = Teller()
    teller._on_call = OnCall(address="json://127.0.0.1:9/hook", zone=own)

    teller.tell(
        Message(title="Delivery 1, due 2026-11-30 22:05 UTC", body="It was due 2026-11-30 22:05 UTC.")
    )

    [said] = heard
    assert (f"Delivery 1, {told}", f"It was {told}.") == (said.title, said.body)
