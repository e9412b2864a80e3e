"""A person's word on a circuit is obeyed once, and a revision says again what it was made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from blocks import Circuit, CircuitRevision
from blocks.circuit import document_name
from steadypost.domain.circuit import Position, Revision
from steadypost.domain.circuit.memory import Call, Memory, Permit, State

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WHOLE = Memory(
    state=State.HALF_OPEN,
    generation=4,
    since=NOON,
    until=NOON + timedelta(minutes=5),
    down_since=NOON - timedelta(minutes=1),
    openings=2,
    cause="page_unreachable",
    why="503",
    by="worker",
    word="abc",
    permits=(Permit(number=1, holder="worker", until=NOON + timedelta(minutes=3)),),
    given=1,
    good=1,
    bad=0,
    window=(Call(at=NOON, failed=True),),
    would_open=3,
)


def test_a_revision_says_again_what_all_processes_share():
    written = CircuitRevision.of("x-page-alice", Revision(number=7, mark="m", trail=("k", "l"), memory=WHOLE))
    read = CircuitRevision.model_validate(written.model_dump(mode="json")).revision()

    assert (7, "m", ("k", "l")) == (read.number, read.mark, read.trail)
    assert WHOLE.shared() == read.memory


def test_what_one_process_saw_is_on_no_page():
    memory = CircuitRevision.of("x-page-alice", Revision(number=1, mark="m", memory=WHOLE)).memory

    assert ([], 0) == (memory["window"], memory["would_open"])


def test_people_read_the_state_beside_what_is_for_machines():
    page = CircuitRevision.of("x-page-alice", Revision(number=1, mark="m", memory=WHOLE))

    assert ("x-page-alice", "half_open", "page_unreachable", "503") == (
        page.circuit,
        str(page.state),
        page.cause,
        page.why,
    )


def test_a_revision_edited_into_nonsense_cannot_be_read():
    page = CircuitRevision.of("x-page-alice", Revision(number=1, mark="m", memory=WHOLE))
    page.memory["state"] = "ajar"

    with pytest.raises(ValidationError):
        page.revision()


def test_the_document_of_a_revision_has_its_number():
    assert "x-page-alice-7" == document_name("x-page-alice", 7)


def test_the_same_word_is_the_same_mark():
    word = {"position": Position.OPEN, "reason": "a fair", "by": "Olga"}

    assert Circuit(**word).said("then").mark == Circuit(**word).said("then").mark


@pytest.mark.parametrize(
    "other",
    [{"position": Position.CLOSED}, {"reason": "a storm"}, {"by": "Bob"}, {"until": NOON}],
    ids=["position", "reason", "author", "end"],
)
def test_each_thing_that_it_says_makes_another_word(other):
    word = {"position": Position.OPEN, "reason": "a fair", "by": "Olga"}

    assert Circuit(**word).said().mark != Circuit(**{**word, **other}).said().mark


def test_saved_anew_it_is_a_new_word():
    word = Circuit(position=Position.CLOSED)

    assert word.said("then").mark != word.said("now").mark


def test_what_is_told_apart_does_not_run_together():
    """A separator that a person can type would make these one."""
    assert Circuit(reason="a", by="bc").said().mark != Circuit(reason="ab", by="c").said().mark


def test_without_a_word_it_judges_by_itself():
    assert Position.AUTOMATIC is Circuit().said().position


def test_an_end_without_a_zone_is_by_this_machine_s_clock():
    assert Circuit(until=datetime(2026, 3, 2, 12)).said().until.tzinfo is not None  # noqa: DTZ001 - as a form gives it
