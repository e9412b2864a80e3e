"""What an operator sees and edits, refuses what is not valid, and never shows a secret."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from httpx import Request, Response
from prefect.blocks.core import Block
from prefect.exceptions import PrefectHTTPStatusError
from pydantic import ValidationError

from blocks import (
    Circuit,
    CircuitRevision,
    HandleTaken,
    OnCall,
    StoreAddress,
    Switch,
    Switches,
    Unopened,
    XAccount,
)
from steadypost.channels.port import Access
from steadypost.domain.circuit import Memory, Permit, Revision, State
from steadypost.domain.endings import Telling
from steadypost.domain.hours import Hours
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
    assert ("alice", "alice", "https://x.com") == (opened.account, opened.handle, opened.base_url)


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
    assert "alice" == alice(handle=written).handle


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
    page = Revision(number=9, mark="m9", trail=("m7", "m8"), memory=memory)
    written = json.loads(CircuitRevision.of("x-page-alice", page).model_dump_json())

    assert CircuitRevision.model_validate(written).revision() == page
    assert ("x-page-alice", "half_open") == (written["circuit"], written["state"])


def test_a_way_to_tell_is_a_block_by_type_and_name():
    """What names no block is refused in the form, not found out in the night."""
    named = OnCall(block=" slack-webhook/ops ", more_blocks="custom-webhook/pager, ,mail/all")
    assert ["slack-webhook/ops", "custom-webhook/pager", "mail/all"] == named.blocks
    for field in ("block", "more_blocks"):
        with pytest.raises(ValidationError, match="type/name"):
            OnCall(**{field: "ops@example.org"})


def test_who_is_on_call_is_an_address_that_stays_secret():
    """It is shown nowhere, and a word that is no address is refused without being repeated."""
    named = OnCall(address=" json://127.0.0.1:9/hook?token=s3cret ")

    assert named.names_person
    assert "s3cret" not in repr(named) + str(named.model_dump())
    with pytest.raises(ValidationError) as wrong:
        OnCall(address="s3cret")
    assert "this is no address" in str(wrong.value)
    assert "s3cret" not in str([one["msg"] for one in wrong.value.errors()])


@pytest.mark.parametrize(
    ("hours", "zone", "at", "expected"),
    [
        (Hours.ANY, "", "2026-11-30T03:00+00:00", True),
        (Hours.DAY, "Europe/Berlin", "2026-11-30T06:59+00:00", False),
        (Hours.DAY, "Europe/Berlin", "2026-11-30T07:00+00:00", True),
        (Hours.DAY, "Europe/Berlin", "2026-11-30T19:00+00:00", False),
        (Hours.WAKING, "", "2026-11-30T21:59+00:00", True),
        (Hours.WORKING, "America/New_York", "2026-11-30T14:00+00:00", True),
        (Hours.WORKING, "America/New_York", "2026-11-29T15:00+00:00", False),
    ],
)
def test_whoever_is_on_call_is_told_in_their_hours(hours, zone, at, expected):
    """By their own clocks, or by the machine's where they name none."""
    assert expected == OnCall(hours=hours, zone=zone).may_be_told(datetime.fromisoformat(at), "UTC")


def test_a_document_with_a_list_of_ways_is_read_as_fields():
    """As an older version saved it: in the same order, and with all else it says."""
    older = {"tell": ["slack-webhook/ops", "custom-webhook/pager", "mail/all"], "tell_repaired": False}
    read = OnCall.model_validate(older)

    assert ["slack-webhook/ops", "custom-webhook/pager", "mail/all"] == read.blocks
    assert (False, Telling.AT_ONCE, Hours.ANY) == (read.tell_repaired, read.tell_ended, read.hours)
    assert [] == OnCall.model_validate({"tell": []}).blocks
    assert OnCall.model_validate(read.model_dump()).blocks == read.blocks


# -- two blocks that are one account


class Prefect:
    """Knows these documents, and can be opened as a client."""

    def __init__(self, **documents):
        self.documents = [SimpleNamespace(name=name, data=data) for name, data in documents.items()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def read_block_documents_by_type(self, *_, **__):
        return self.documents


@pytest.fixture
def saved(monkeypatch):
    """What reached Prefect, which has a block of Alice's already."""
    told = []
    there = Prefect(
        alice={"handle": "alice"}, sandboxed={"handle": "bob", "base_url": "http://127.0.0.1:8000"}
    )
    monkeypatch.setattr("blocks.account.get_client", lambda **_: there)
    monkeypatch.setattr(Block, "save", lambda block, name, **_: told.append((name, block.handle)))
    return told


@pytest.mark.parametrize(
    ("handle", "address"),
    [("alice", "https://x.com"), ("@Alice", "https://twitter.com/"), ("ALICE", "https://www.x.com:443")],
)
def test_a_second_block_of_an_account_is_not_saved(saved, handle, address):
    """It is refused, with the name of the other and with what to do."""
    with pytest.raises(HandleTaken, match="block alice, which goes on: delete one of the two blocks"):
        alice(handle=handle, base_url=address).save("second")

    assert [] == saved


@pytest.mark.parametrize(
    ("name", "changes"),
    [("alice", {}), ("bob", {"handle": "bob"}), ("carol", {"base_url": "https://x.example"})],
    ids=["itself, anew", "another network's", "another address"],
)
def test_any_other_block_is(saved, name, changes):
    """A new session for the same block, the same handle somewhere else."""
    alice(**changes).save(name, overwrite=True)

    assert [name] == [one for one, _ in saved]


def test_where_nobody_has_saved_a_block_yet_there_is_no_other(saved, monkeypatch):
    """Prefect knows no such type then, and says 404."""

    class Unknown(Prefect):
        def read_block_documents_by_type(self, *_, **__):
            raise PrefectHTTPStatusError(
                "404", request=Request("GET", "http://127.0.0.1"), response=Response(404)
            )

    monkeypatch.setattr("blocks.account.get_client", lambda **_: Unknown())
    alice().save("alice")

    assert [("alice", "alice")] == saved
