"""A backup is one file for its owner alone; a restore asks for nothing that it has not looked for."""

import contextlib
import errno
import hashlib
import io
import json
import os
import sqlite3
import stat
import tarfile
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from blocks import Circuit, FileAccount, OnCall, Switches
from blocks.switches import Switch
from steadypost.cli import archive, block_documents
from steadypost.cli.account import keeping
from steadypost.cli.account.keeping import Known
from steadypost.cli.up.lock import alone
from steadypost.domain.circuit import Position
from steadypost.domain.delivery import State
from steadypost.domain.post import Part, Post
from steadypost.store import Store, StoreError, copying, intake, reading, settling, watches
from tasks import documents as task_documents
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
    monkeypatch.setattr(task_documents, "circuits", dict)
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


@pytest.mark.parametrize("harm", ["form", "tables"])
def test_a_backup_of_a_later_version_says_what_to_do(call, home, store, queue, accounts, tmp_path, harm):
    """It is not damaged: whoever went back to an earlier version updates again, and loses nothing."""
    path = tmp_path / "one.backup"
    assert 0 == call("backup", str(path)).code
    if harm == "form":
        _rewritten(path, said={"format": 2, "version": "9.1.0"})
    else:
        _rewritten(path, said={}, sql="UPDATE alembic_version SET version_num = '9999'")

    told = call("restore", str(path), "--nothing-runs", "--why", "x")

    assert told.code != 0
    assert "a later version of Steadypost" in told.err
    assert "pdate Steadypost on this machine to" in told.err
    assert [State.SCHEDULED, State.SCHEDULED, State.HELD] == states(home, queue)


@pytest.mark.parametrize(
    ("said", "sql"),
    [
        ({"made_at": "2026-01-01T00:00:00"}, ""),
        ({}, "DROP TABLE alembic_version"),
        ({}, "DELETE FROM alembic_version"),
        ({}, "PRAGMA foreign_keys = OFF; UPDATE deliveries SET account = 'gone'"),
        ({}, "PRAGMA ignore_check_constraints = ON; UPDATE deliveries SET state = 'dreaming'"),
    ],
    ids=["no zone", "not ours", "no version", "nobody's", "no state"],
)
def test_a_backup_that_cannot_be_ours_is_refused(call, home, store, queue, accounts, tmp_path, said, sql):
    """Somebody edited it, or put another database into it."""
    path = tmp_path / "one.backup"
    assert 0 == call("backup", str(path)).code
    _rewritten(path, said=said, sql=sql)

    told = call("restore", str(path), "--nothing-runs", "--why", "x")

    assert told.code not in {0, 5}
    assert "another backup; nothing was changed" in told.err
    assert [State.SCHEDULED, State.SCHEDULED, State.HELD] == states(home, queue)


def _rewritten(path, *, said, sql=""):
    """Change what a backup says of itself, or its store, with checksums that fit."""
    with tarfile.open(path) as tar:
        parts = {one.name: tar.extractfile(one).read() for one in tar}
    if sql:
        file = path.with_suffix(".db")
        file.write_bytes(parts[archive.STORE])
        with contextlib.closing(sqlite3.connect(file)) as connection:
            connection.executescript(sql)
        parts[archive.STORE] = file.read_bytes()
    list_ = json.loads(parts.pop(archive.LIST)) | said
    list_["checksums"] = {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}
    with tarfile.open(path, "w:gz") as tar:
        for name, part in {archive.LIST: json.dumps(list_).encode(), **parts}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(part)
            tar.addfile(entry, io.BytesIO(part))


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


def test_the_emergency_stop_is_back_before_the_accounts_are(accounts, monkeypatch):
    """Between the two the house would publish."""
    known, saved = accounts
    off = Switches(publish=Switch(on=False, reason="the brand is on fire", by="Ann"))
    entered = {"switches": off}
    monkeypatch.setattr(keeping, "entered", lambda: entered)
    monkeypatch.setattr(
        task_documents, "circuits", lambda: {"account-alice": Circuit(position=Position.OPEN)}
    )
    written = block_documents.read()
    known.clear()
    entered.update(switches=Switches())
    monkeypatch.setattr(task_documents, "circuits", dict)

    block_documents.put_back(written)

    assert ["steadypost", "account-alice", "alice"] == list(saved)


def test_a_circuit_that_a_person_opened_comes_back_open(accounts, monkeypatch):
    """Where one has been said something of since, that stays; what was once closed is not closed again."""
    _, saved = accounts
    words = {
        "account-alice": Circuit(position=Position.OPEN, reason="she asked us to wait", by="Ann"),
        "store": Circuit(position=Position.DISABLED),
        "browser-here": Circuit(position=Position.CLOSED),
    }
    monkeypatch.setattr(task_documents, "circuits", lambda: words)
    written = block_documents.read()
    monkeypatch.setattr(task_documents, "circuits", lambda: {"store": Circuit(position=Position.OPEN)})

    assert ["the circuit account-alice"] == block_documents.put_back(written)
    assert words["account-alice"] == saved["account-alice"]


def test_an_account_that_cannot_be_read_is_named(call, store, accounts, monkeypatch, tmp_path):
    """A backup that lacks one must not look like a whole one."""
    monkeypatch.setattr(keeping, "known", lambda: Known(blocks=accounts[0], unreadable={"bob": "handle"}))

    told = call("backup", str(tmp_path / "one.backup"))

    assert 1 == told.code
    assert "bob" in told.out


def _full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sqlite_full(*_):
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise full


@pytest.mark.parametrize(
    ("room", "name", "fails"), [(archive, "_add", _full), (copying, "_copy_sqlite", _sqlite_full)]
)
def test_a_backup_onto_a_full_disk_says_so_and_leaves_nothing(
    call, store, accounts, monkeypatch, tmp_path, room, name, fails
):
    """Whichever part of it fits no more."""
    (tmp_path / "backups").mkdir()
    monkeypatch.setattr(room, name, fails)

    told = call("backup", str(tmp_path / "backups"))

    assert 1 == told.code
    assert "backups/" in told.err
    assert "No space left" in told.err
    assert "free some space" in told.err
    assert [] == list((tmp_path / "backups").iterdir())


def test_a_restore_onto_a_full_disk_does_not_blame_the_backup(
    call, home, store, queue, accounts, monkeypatch, tmp_path
):
    """The file is good; and the store that was there still is."""
    assert 0 == call("backup", str(tmp_path / "one.backup")).code
    monkeypatch.setattr(archive.os, "fsync", _full)

    told = call("restore", str(tmp_path / "one.backup"), "--nothing-runs", "--why", "x")

    monkeypatch.undo()
    assert 1 == told.code
    assert "free some space" in told.err
    assert "cannot be read" not in told.err
    assert [] == [one.name for one in home.iterdir() if one.name.startswith(".restore")]


def test_a_restore_without_prefect_says_what_is_missing_and_how_to_get_it(
    call, store, accounts, monkeypatch, tmp_path
):
    """As on an empty home: the accounts come when Prefect is there, by a command that can be copied."""
    assert 0 == call("backup", str(tmp_path / "one.backup")).code
    monkeypatch.delenv("PREFECT_API_URL")
    store.close()

    told = call("restore", str(tmp_path / "one.backup"), "--nothing-runs", "--why", "x")

    assert 1 == told.code
    said = " ".join(told.out.split())
    assert f"steadypost restore {tmp_path}/one.backup --accounts-only --why" in said
    assert "not restored" in said


def test_a_home_whose_processes_run_is_not_restored(call, home, store, queue, accounts, tmp_path):
    """Also when none of those on watch has been heard of for a minute: they would come back to the restored store."""
    assert 0 == call("backup", str(tmp_path / "one.backup")).code

    with alone(home):
        told = call("restore", str(tmp_path / "one.backup"), "--nothing-runs", "--why", "x")

    assert 1 == told.code
    assert "'steadypost up' runs" in told.err
    assert [State.SCHEDULED, State.SCHEDULED, State.HELD] == states(home, queue)


def test_a_backup_that_others_can_read_is_said_to_be(call, home, store, queue, accounts, tmp_path):
    """It was copied without its mode, and holds secrets."""
    assert 0 == call("backup", str(tmp_path / "one.backup")).code
    (tmp_path / "one.backup").chmod(0o644)

    told = call("restore", str(tmp_path / "one.backup"), "--dry-run", "--why", "x")

    assert 0 == told.code
    assert "chmod 600" in told.out


def test_what_a_backup_that_was_killed_has_left_goes_with_a_later_one(call, home, store, accounts, tmp_path):
    """A copy of the whole store each time would fill the disk; one that may still be at work keeps its own."""
    for name in (".backup-old", ".backup-young"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "store.db").touch()
    two_days_ago = NOW.timestamp() - 2 * 24 * 3600
    os.utime(tmp_path / ".backup-old", (two_days_ago, two_days_ago))

    assert 0 == call("backup", str(tmp_path / "one.backup")).code

    assert [".backup-young"] == [one.name for one in tmp_path.iterdir() if one.name.startswith(".")]
