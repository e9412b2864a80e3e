"""What an operator sees and edits, refuses what cannot be meant, and never shows a secret."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from blocks import Circuit, CircuitPage, OnCall, StoreAddress, Switch, Switches, Unopened, XAccount
from steadypost.channels.port import Access
from steadypost.domain.circuit import Memory, Page, Permit, State
from steadypost.domain.outcome import Cause

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SESSION = json.dumps(
    {
        "cookies": [
            {"name": "auth_token", "value": "a" * 40, "domain": ".x.com", "path": "/", "expires": -1},
            {"name": "ct0", "value": "c" * 32, "domain": ".x.com", "path": "/", "expires": -1},
        ],
        "origins": [],
    }
)


def alice(**changes):
    return XAccount(**{"handle": "alice", "session": SESSION, "rules_accepted": True, **changes})


def test_off_until_somebody_accepts_the_rules():
    """X's rules disallow scripting its website: nothing happens until the operator says so."""
    opened = XAccount(handle="alice", session=SESSION).open("alice")

    assert isinstance(opened, Unopened)
    assert opened.cause is Cause.RULES_NOT_ACCEPTED


def test_an_accepted_account_opens():
    """With the operator's word and a whole session there is access."""
    opened = alice().open("alice")

    assert isinstance(opened, Access)
    assert (opened.account, opened.handle, opened.base_url) == ("alice", "alice", "https://x.com")


def test_an_unusable_session_says_what_is_wrong_with_it():
    """The reason names the field, and never a value."""
    opened = alice(
        session=json.dumps([{"name": "auth_token", "value": "s3cr3t" * 6, "domain": ".x.com"}])
    ).open("a")

    assert isinstance(opened, Unopened)
    assert opened.cause is Cause.SESSION_UNUSABLE
    assert "ct0" in opened.why
    assert "s3cr3t" not in opened.why


def test_a_session_is_shown_nowhere():
    """Neither the block nor what it opens prints the cookies."""
    block = alice()

    assert "aaaa" not in repr(block) + str(block) + repr(block.open("alice"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("handle", "not a handle"), ("handle", ""), ("handle", "a" * 16), ("base_url", "http://x.com"),
     ("per_hour", 0), ("per_day", -1), ("spacing_seconds", -1), ("longest", 0)],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_name(field, value):
    """A form's error names the field."""
    with pytest.raises(ValidationError) as refused:
        alice(**{field: value})

    assert refused.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize("written", ["@alice", " alice ", "alice"])
def test_a_handle_may_be_written_as_people_write_it(written):
    """The @ is not part of it."""
    assert alice(handle=written).handle == "alice"


@pytest.mark.parametrize("block", [XAccount, Switches, StoreAddress, OnCall, Circuit])
def test_saved_documents_outlive_a_new_field(block):
    """A document saved by an older version still loads: every field but the first ones has a default."""
    required = {name for name, field in block.model_fields.items() if field.is_required()}

    assert required <= {"handle", "session", "url"}
    assert all(
        field.title and field.description
        for name, field in block.model_fields.items()
        if not name.startswith("_")
    )


def test_every_switch_is_drawn_under_its_own_name():
    """Prefect's form reads what stands in the field itself: behind a reference every switch would be "Switch"."""
    drawn = Switches.model_json_schema()["properties"]

    assert {name: (field.title, field.description) for name, field in Switches.model_fields.items()
            if not name.startswith("_")} == {
        name: (field["title"], field["description"]) for name, field in drawn.items()
    }  # fmt: skip
    of_each = {"on", "reason", "by", "until", "owner", "since", "share"}
    assert all(set(field["properties"]) == of_each for field in drawn.values())
    assert len({field["title"] for field in drawn.values()}) == len(drawn)


def test_the_mark_changes_with_what_a_pause_depends_on():
    """A new session, another handle or a changed word on the rules lifts a pause; a new limit does not."""
    mark = alice().mark()

    assert mark != alice(session=SESSION.replace("aaaa", "bbbb")).mark()
    assert mark != alice(rules_accepted=False).mark()
    assert mark == alice(per_hour=3).mark()


def test_a_switch_comes_back_when_its_time_is_over():
    """What is turned off for a time is on again afterwards, without anybody."""
    off = Switch(on=False, until=NOW + timedelta(hours=1))

    assert not off.is_on(NOW)
    assert off.is_on(NOW + timedelta(hours=1))
    assert not Switch(on=False).is_on(NOW + timedelta(days=999))


def test_saving_a_circuit_again_is_a_new_word():
    """Closed, opened by itself, closed again with the same reason: the second closing is obeyed too."""
    block = Circuit(position="closed", reason="it works", by="Dora")

    assert block.said("12:00").mark == block.said("12:00").mark
    assert block.said("12:00").mark != block.said("12:05").mark


def test_a_circuits_page_reads_as_it_was_written():
    """All that is shared comes back from the document, permits and instants included."""
    memory = Memory(
        state=State.HALF_OPEN,
        generation=7,
        since=NOW,
        until=NOW + timedelta(minutes=5),
        openings=2,
        cause="page_unreachable",
        why="X's page did not open",
        by="host:1",
        word="w1",
        permits=(Permit(number=1, holder="host:1", until=NOW + timedelta(minutes=3)),),
        given=1,
    )
    page = Page(number=9, mark="m9", trail=("m7", "m8"), memory=memory)
    written = json.loads(CircuitPage.of("x-page-alice", page).model_dump_json())

    assert CircuitPage.model_validate(written).page() == page
    assert (written["circuit"], written["state"]) == ("x-page-alice", "half_open")


def test_a_way_to_tell_is_a_block_by_type_and_name():
    """What names no block is refused in the form, not found out in the night."""
    assert OnCall(tell=[" slack-webhook/ops ", ""]).tell == ["slack-webhook/ops"]
    with pytest.raises(ValidationError, match="type/name"):
        OnCall(tell=["ops@example.org"])
