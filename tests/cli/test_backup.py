"""A backup is one file for its owner alone; a restore asks for nothing that it has not looked for."""

import json
import os
import stat
import tarfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from blocks import FileAccount, OnCall, Switches
from blocks.switches import Switch
from steadypost.cli import block_documents
from steadypost.cli.account import keeping
from steadypost.cli.account.keeping import Known
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, StoreError, intake, reading, settling, watches
from tests.cli.conftest import NOW

SECRET = "correct horse"


@pytest.fixture
def accounts(monkeypatch):
    """Prefect holds one account, and takes others."""
    saved = {}
    known = {"alice": FileAccount(handle="alice", base_url="file:///srv/posts.jsonl")}
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    monkeypatch.setattr(keeping, "known", lambda: Known(blocks=known, unreadable={}))
    monkeypatch.setattr(keeping, "entered", dict)
    monkeypatch.setattr(keeping, "save", lambda name, block: saved.update({name: block}))
    return known, saved


@pytest.fixture
def queue(store):
    """One that is due, one whose time is to come, and one that waits for a person."""
    ids = []
    for words, due in (("Due.", -1), ("Ahead.", 60 * 24)):
        [added] = store.write(
            intake.add,
            Post(parts=(Part(text=words),)),
            accounts=["alice"],
            due_at=NOW + timedelta(minutes=due),
            now=NOW - timedelta(minutes=30),
        )
        ids.append(added.delivery_id)
    [held] = store.write(
        intake.add,
        Post(parts=(Part(text="Due."),)),
        accounts=["alice"],
        due_at=NOW,
        now=NOW - timedelta(minutes=29),
    )
    return [*ids, held.delivery_id]


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def states(home, ids):
    with Store.open(f"sqlite:///{home / 'steadypost.db'}") as store:
        return [store.read(reading.show, one).delivery.state for one in ids]


def test_a_backup_is_for_its_owner_alone_and_says_what_is_in_it(call, home, store, queue, accounts, tmp_path):
    """Keys and accounts included, and none of their words is printed."""
    (home / "tokens.key").write_text(SECRET)
    told = call("backup", str(tmp_path / "one.backup"), "--json")

    assert (0, ["tokens.key"], True) == (told.code, told.json["keys"], told.json["accounts"])
    assert 0o600 == mode(tmp_path / "one.backup")
    assert SECRET not in told.out + told.err
    with tarfile.open(tmp_path / "one.backup") as tar:
        assert ["backup.json", "store.db", "keys/tokens.key", "documents.json"] == tar.getnames()
    assert ["one.backup"] == [one.name for one in tmp_path.iterdir() if one.is_file()]


def test_a_backup_never_takes_the_place_of_another(call, store, accounts, tmp_path):
    """Whoever names a file that is there is told so, and both files stay."""
    (tmp_path / "one.backup").write_text("precious")
    told = call("backup", str(tmp_path / "one.backup"))

    assert 1 == told.code
    assert "precious" == (tmp_path / "one.backup").read_text()


def test_a_backup_without_prefect_says_what_is_missing(call, store, tmp_path):
    """The store is written all the same; the exit code tells cron."""
    told = call("backup", str(tmp_path / "one.backup"), "--json")

    assert (1, False) == (told.code, told.json["accounts"])
    assert (tmp_path / "one.backup").exists()
    assert 0 == call("backup", str(tmp_path / "two.backup"), "--without-accounts").code


def test_a_restored_store_asks_for_nothing_it_has_not_looked_for(
    call, home, store, queue, accounts, tmp_path
):
    """What was scheduled is unconfirmed, what was held is when a person lets it go; and the history says who did it."""
    known, saved = accounts
    assert 0 == call("backup", str(tmp_path / "one.backup")).code
    store.close()
    known.clear()

    told = call(
        "restore", str(tmp_path / "one.backup"), "--nothing-runs", "--why", "the disk is gone", "--by", "Ann",
        "--json",
    )  # fmt: skip

    assert (0, 1, 1) == (told.code, told.json["unconfirmed"], told.json["ahead"])
    assert [State.UNCONFIRMED, State.UNCONFIRMED, State.HELD] == states(home, queue)
    assert {"alice"} == set(saved)
    assert "alice" == saved["alice"].handle
    [act] = json.loads(call("history", "--json").out)["history"]
    assert ("restore", "Ann") == (act["did"], act["by"])
    assert "the disk is gone" in act["why"]
    assert [0o600] == [mode(home / "steadypost.db")]

    assert 0 == call("release", str(queue[2])).code
    with Store.open(f"sqlite:///{home / 'steadypost.db'}") as restored:
        later = datetime.now(UTC) + timedelta(minutes=1)
        assert [] == restored.claim(
            worker="w", now=later, lease=timedelta(seconds=30), at_most=9, accounts=["alice"]
        )
        assert State.UNCONFIRMED is restored.read(reading.show, queue[2]).delivery.state
        assert [1, 1] == [one.units for one in restored.read(reading.quota, "alice", later) if one.unknown]


def test_a_process_that_has_the_lost_store_open_can_do_nothing_more(
    call, home, store, queue, accounts, tmp_path
):
    """Its file has moved, and it would go on with it: it can claim nothing in it."""
    [claim] = store.claim(worker="w", now=NOW, lease=timedelta(minutes=5), at_most=1, accounts=["alice"])
    assert 0 == call("backup", str(tmp_path / "one.backup")).code
    with store._database.engine.connect():  # a connection of the pool stays open over the restore
        pass

    assert 0 == call("restore", str(tmp_path / "one.backup"), "--nothing-runs", "--why", "a drill").code

    with pytest.raises(StoreError):
        store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOW)
    aside = [one for one in home.iterdir() if ".before-restore-" in one.name]
    assert aside


def test_a_restore_needs_the_word_that_nothing_runs(call, home, store, queue, accounts, tmp_path):
    """Without it nothing is touched; a dry run says what would be unconfirmed."""
    assert 0 == call("backup", str(tmp_path / "one.backup")).code

    refused = call("restore", str(tmp_path / "one.backup"), "--why", "x")
    dry = call("restore", str(tmp_path / "one.backup"), "--why", "x", "--dry-run", "--json")

    assert 2 == refused.code
    assert "--nothing-runs" in refused.err
    assert (0, 1, 1) == (dry.code, dry.json["unconfirmed"], dry.json["ahead"])
    assert [State.SCHEDULED, State.SCHEDULED, State.HELD] == states(home, queue)


def test_a_store_that_is_at_work_is_not_replaced(call, home, store, queue, accounts, tmp_path):
    """A watch that heartbeat a moment ago is somebody who publishes."""
    assert 0 == call("backup", str(tmp_path / "one.backup")).code
    store.write(watches.take, "publish", run_id="a-run", now=datetime.now(UTC))

    told = call("restore", str(tmp_path / "one.backup"), "--nothing-runs", "--why", "x")

    assert 1 == told.code
    assert "in use: publish" in told.err
    assert [State.SCHEDULED, State.SCHEDULED, State.HELD] == states(home, queue)


def test_a_store_of_a_later_version_that_is_at_work_is_not_replaced_either(
    call, home, store, queue, accounts, tmp_path
):
    """Whoever goes back to this version and has left the later one running is told so."""
    assert 0 == call("backup", str(tmp_path / "one.backup")).code
    store.write(watches.take, "publish", run_id="a-run", now=datetime.now(UTC))
    with store._database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    told = call("restore", str(tmp_path / "one.backup"), "--nothing-runs", "--why", "x")

    assert 1 == told.code
    assert "in use: publish" in told.err


@pytest.mark.parametrize("harm", ["cut", "changed", "other", "missing"])
def test_a_damaged_backup_changes_nothing(call, home, store, queue, accounts, tmp_path, harm):
    """Half a file, one that somebody changed, something else, none at all."""
    path = tmp_path / "one.backup"
    assert 0 == call("backup", str(path)).code
    whole = path.read_bytes()
    if harm == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif harm == "changed":
        _with_another_store(path)
    elif harm == "other":
        path.write_text("something else")
    else:
        path.unlink()

    told = call("restore", str(path), "--nothing-runs", "--why", "x")

    assert 1 == told.code
    assert "Traceback" not in told.err
    assert [State.SCHEDULED, State.SCHEDULED, State.HELD] == states(home, queue)
    assert [] == [one.name for one in home.iterdir() if one.name.startswith(".restore")]


def _with_another_store(path):
    folder = path.with_suffix(".d")
    with tarfile.open(path) as tar:
        tar.extractall(folder)  # noqa: S202 - made above; Python before 3.11.4 knows no filter
        names = tar.getnames()
    with (folder / "store.db").open("ab") as file:
        file.write(os.urandom(4096))
    path.unlink()
    with tarfile.open(path, "w:gz") as tar:
        for name in names:
            tar.add(folder / name, name)


def test_what_an_operator_entered_comes_back_as_it_was(accounts):
    """Every field, secrets included."""
    known, saved = accounts
    written = block_documents.read()
    before = dict(known)
    known.clear()

    assert ["alice"] == block_documents.put_back(written)
    assert before == saved


def test_the_switches_and_who_is_on_call_come_back_where_nobody_has_changed_them(accounts, monkeypatch):
    """A restored house does not publish because its emergency stop was in the lost one; what was said since stays."""
    _, saved = accounts
    off = Switches(publish=Switch(on=False, reason="the brand is on fire", by="Ann"))
    ann = OnCall(name_of_person="Ann", address="json://example.org/hook")
    entered = {"switches": off, "on_call": ann}
    monkeypatch.setattr(keeping, "entered", lambda: entered)
    written = block_documents.read()

    entered.update(switches=Switches(), on_call=OnCall(name_of_person="Bob"))
    assert ["the switches"] == block_documents.put_back(written)
    assert off.each() == saved["steadypost"].each()

    entered.update(switches=off, on_call=OnCall())
    assert ["who is on call"] == block_documents.put_back(written)
    assert "json://example.org/hook" == saved["steadypost"].address.get_secret_value()
