"""Four real processes share circuits over a real Prefect server; one of them is killed while it holds a permit."""

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate, BlockDocumentUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import Circuit, CircuitRevision
from rehearsal.stack import ROOT, up
from steadypost.domain.circuit import Position, State
from steadypost.domain.circuit.catalogue import Dependency, Kind
from steadypost.domain.circuit.revisions import KEPT
from tasks.block_documents import all_of
from tasks.circuit_revisions import PrefectBook, revisions_of, words_of
from tasks.circuits import Breakers
from tests.tasks.circuit_racer import LAW

pytestmark = [pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]

RACERS = ("Ada", "Ben", "Cleo", "Dan")
TURNS = 12
"""How often the circuit has turned before it may become calm."""

WITHIN = 120
"""Seconds for each part of the race: not what is tested here, and others use the machine too."""


@dataclass(frozen=True)
class Line:
    """One line of the racers' log."""

    at: float
    who: str
    word: str
    more: tuple[str, ...]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A Prefect server of its own."""
    with up(tmp_path_factory.mktemp("circuits")) as stack:
        with temporary_settings({PREFECT_API_URL: stack.api_url}):
            for kind in (Circuit, CircuitRevision):
                kind.register_type_and_schema()
        yield stack


@pytest.fixture(scope="module")
def race(stack, wait_until):
    """What four processes wrote down. Ben is killed in the middle of a permitted call."""
    log, calm = stack.home / "race.log", stack.home / "calm"
    log.touch()
    racers = {
        name: subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.tasks.circuit_racer", name, str(log), str(calm)),
                *(["dies"] if name == "Ben" else []),
            ],
            cwd=ROOT,
            env=stack.env,
        )
        for name in RACERS
    }

    def words(word):
        return [line for line in read(log) if line.word == word]

    try:
        wait_until(lambda: words("holds"), description="Ben has a permit and is calling", within=WITHIN)
        os.kill(racers["Ben"].pid, signal.SIGKILL)
        wait_until(
            lambda: len(words("turn")) >= TURNS, description=f"it has turned {TURNS} times", within=WITHIN
        )
        calm.touch()
        wait_until(
            lambda: len(words("sees")) == len(RACERS) - 1,
            description="all who live saw it closed",
            within=WITHIN,
        )
    finally:
        for racer in racers.values():
            racer.kill()
            racer.wait()
    return read(log)


def read(log):
    lines = [line.split() for line in log.read_text().splitlines()]
    return [Line(float(at), who, word, tuple(more)) for at, who, word, *more in lines]


def test_never_more_calls_than_permitted(race):
    """By the clock of the machine all of them share; the dead one's place counts until its permit runs out."""
    lasts = LAW.permit_lasts.total_seconds()
    calls = {}
    for line in race:
        if line.word == "enter" and line.more[1] != "None":
            calls[(line.who, *line.more)] = [line.at, line.at + lasts]
        if line.word == "leave" and line.more[1] != "None":
            calls[(line.who, *line.more)][1] = line.at
    permits = [key[1:] for key in calls]

    assert len(permits) == len(set(permits)), "a permit was given twice"
    assert len(permits) > 5
    for key, (began, _) in calls.items():
        at_once = [
            other for other, (start, end) in calls.items() if other[1] == key[1] and start <= began < end
        ]
        assert len(at_once) <= LAW.permitted


def test_no_transition_is_lost_or_made_twice(race):
    """Every generation was begun by one process. Only one may be missing: the dead one may have begun it unseen."""
    turns = Counter(int(line.more[0]) for line in race if line.word == "turn")
    missing = set(range(1, max(turns) + 1)) - set(turns)

    assert {1} == set(turns.values())
    assert len(missing) <= 1
    assert len(turns) >= TURNS
    assert len({line.who for line in race if line.word == "turn"}) > 1


def test_nobody_is_stuck(race):
    """After the last failure it closes, and all three who live see the same."""
    seen = [line.more for line in race if line.word == "sees"]

    assert len(seen) == len(RACERS) - 1
    assert {more[0] for more in seen} == {str(State.CLOSED)}


def test_few_documents_are_left(race, stack):
    """However often it moved."""
    with temporary_settings({PREFECT_API_URL: stack.api_url}), get_client(sync_client=True) as client:
        revisions = revisions_of(all_of(client, CircuitRevision))["x-page-raced"]

    assert len(revisions) <= KEPT + 2


def save(client, name, **said):
    """Save a person's word as Prefect's form does."""
    kind = client.read_block_type_by_slug(Circuit.get_block_type_slug())
    schema = client.read_block_schema_by_checksum(Circuit._calculate_schema_checksum())
    known = [one for one in client.read_block_documents_by_type("steadypost-circuit") if one.name == name]
    data = Circuit(**said).model_dump(mode="json")
    if known:
        return client.update_block_document(known[0].id, BlockDocumentUpdate(data=data))
    return client.create_block_document(
        BlockDocumentCreate(name=name, data=data, block_type_id=kind.id, block_schema_id=schema.id)
    )


def test_what_a_person_saves_in_prefect_is_obeyed_once(stack):
    """Opened in Prefect's pages: in force with the next reading, and shown with reason and name on the newest page."""
    revision = Dependency(Kind.X_PAGE, "dora")
    book = PrefectBook()
    with temporary_settings({PREFECT_API_URL: stack.api_url}), get_client(sync_client=True) as client:
        breakers = Breakers(book=book, process="one")
        breakers.watch([revision])
        save(client, revision.name, position=Position.OPEN, reason="a new page of X's", by="Dora")
        breakers.take(revisions_of(all_of(client, CircuitRevision)), words_of(all_of(client, Circuit)))
        opened = breakers.known(revision)
        save(client, revision.name, position=Position.CLOSED, reason="it works", by="Dora")
        breakers.take(revisions_of(all_of(client, CircuitRevision)), words_of(all_of(client, Circuit)))
        closed = breakers.known(revision)
        for _ in range(2):
            breakers.take(revisions_of(all_of(client, CircuitRevision)), words_of(all_of(client, Circuit)))
        slug = CircuitRevision.get_block_type_slug()
        shown = client.read_block_document_by_name(f"{revision.name}-2", slug).data
        book.close()

    assert (opened.state, opened.by, opened.why) == (State.FORCED_OPEN, "Dora", "a new page of X's")
    assert (closed.state, closed.generation) == (State.CLOSED, 2)
    assert 2 == breakers.known(revision).generation
    assert ("closed", "it works", "Dora") == (shown["state"], shown["why"], shown["by"])


def test_a_page_that_a_person_edited_into_nonsense_stops_nothing(stack):
    """Nothing on a page is for editing. Who does it all the same loses no circuit: it goes on from the page before."""
    revision, slug = Dependency(Kind.X_PAGE, "eve"), CircuitRevision.get_block_type_slug()
    book = PrefectBook()
    with temporary_settings({PREFECT_API_URL: stack.api_url}), get_client(sync_client=True) as client:
        one = Breakers(book=book, process="one", settings=lambda _: LAW)
        one.came(revision, one.may(revision).ticket, well=False, cause="down")
        document = client.read_block_document_by_name(f"{revision.name}-1", slug)
        edited = {**document.data, "memory": {"state": "ajar"}}
        client.update_block_document(document.id, BlockDocumentUpdate(data=edited))
        two = Breakers(book=book, process="two", settings=lambda _: LAW)
        two.watch([revision])
        two.take(revisions_of(all_of(client, CircuitRevision)), {})
        before = two.known(revision).state
        two.came(revision, two.may(revision).ticket, well=False, cause="down")
        one.take(revisions_of(all_of(client, CircuitRevision)), {})
        book.close()

    assert (before, two.known(revision).state) == (State.CLOSED, State.OPEN)
    assert one.known(revision) == two.known(revision)
