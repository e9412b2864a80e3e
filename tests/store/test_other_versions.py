"""Versions meet on one store: the code of an earlier one, taken from git, fills it, and goes on while it is updated."""

import json
import os
import subprocess
import sys
import tarfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from steadypost.domain.delivery import State
from steadypost.store import Schema, Store, reading, series
from steadypost.store import watches as watch_rows
from steadypost.store.schema import REVISIONS
from tests.store import any_version

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PROGRAM = Path(any_version.__file__)

EARLIER = {
    "cdc591671cf8f2d29550ead9e0da319d4ab3eeef": "0006",
    "1b35f3fda952fd185a628cfce2edd07613b5b238": "0018",
    "e5c121c11fa0db36fcb1ba94593272173ac1f657": "0019",
}
"""Commits of versions that are in use, and which revision their tables have."""

LATEST = list(EARLIER)[-1]
"""The one before this, to which a person goes back."""

IN_TEN_MINUTES = timedelta(minutes=11)
"""By then every lease has run out."""


@pytest.fixture(scope="session", params=list(EARLIER), ids=lambda commit: commit[:7])
def commit(request):
    return request.param


@pytest.fixture(scope="session")
def earlier(commit, tmp_path_factory):
    """The code of an earlier version, in a folder."""
    return extracted(commit, tmp_path_factory.mktemp(commit))


def extracted(commit, folder):
    """Put the code of an earlier version into a folder."""
    done = git("archive", commit, "steadypost", "blocks", "deployments", "flows", "tasks")
    if done.returncode != 0:
        if git("rev-parse", "--is-shallow-repository").stdout.strip() != b"false":
            pytest.skip("this folder is no clone with its history, which has the earlier versions")
        pytest.fail(done.stderr.decode())
    with tarfile.open(fileobj=BytesIO(done.stdout)) as tar:
        tar.extractall(folder)  # noqa: S202 - of our own; Python before 3.11.4 knows no filter
    return folder


def git(*words):
    """Ask git about this repository."""
    try:
        return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("git is not installed, and has the earlier versions")


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def program(empty_url, ledger, tmp_path):
    """Run a version's program on the store; gives its process."""
    started = []

    def program(code, *words, store=empty_url, ahead=timedelta(0)):
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *words, store, str(ledger)],
            env=os.environ | {"PYTHONPATH": str(code), "AHEAD_S": str(ahead.total_seconds())},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield program
    for process in started:
        process.kill()
        process.communicate()


def told(process):
    """What it says when it has ended: by itself, and not by a traceback."""
    out, err = process.communicate(timeout=300)
    assert 0 == process.returncode, err
    return json.loads(out)


def asked_for(ledger):
    return Counter(json.loads(line)["delivery"] for line in ledger.read_text().splitlines())


def states(store, ids):
    return {one: store.read(reading.show, one).delivery.state for one in ids}


def test_an_update_while_the_earlier_version_publishes(earlier, program, empty_url, ledger, wait_until):
    """Nothing is lost, nothing goes out twice, and what has ended stays as it ended."""
    filled = told(program(earlier, "fill"))
    named, due = filled["named"], filled["due"]
    old = program(earlier, "publish")
    wait_until(lambda: len(ledger.read_text().splitlines()) > 5, description="it publishes", within=120)

    with Store.create(empty_url) as store:
        assert Schema.CURRENT is store.schema()
        new = told(program(ROOT, "publish"))
        ended = told(old)
        assert len(due) >= ended.get("sent", 0)
        assert ended.get("tables", True), (
            "an earlier version that cannot go on says that it is for the tables"
        )

        moment = datetime.now(UTC) + IN_TEN_MINUTES
        store.rescue(moment)
        # What was claimed when the tables changed waits a while from then on.
        told(program(ROOT, "publish", ahead=2 * IN_TEN_MINUTES))
        asked = asked_for(ledger)
        assert {1} == set(asked.values()), "nothing was asked for twice"
        assert new["sent"] > 0 or "sent" in ended
        found = states(store, due)
        assert {State.PUBLISHED, State.UNCONFIRMED} >= set(found.values())
        unconfirmed = {one for one, state in found.items() if state is State.UNCONFIRMED}
        assert set(due) <= set(asked) | unconfirmed, "nothing is lost"
        assert len(unconfirmed) <= 2, "what was under way"
        expected = {
            "published": State.PUBLISHED,
            "refused": State.REFUSED,
            "unconfirmed": State.UNCONFIRMED,
            "never sent": State.UNCONFIRMED,
            "armed": State.UNCONFIRMED,
            "claimed": State.PUBLISHED,
            "missed": State.MISSED,
            "held": State.HELD,
            "ahead": State.SCHEDULED,
            "of a series": State.SCHEDULED,
        }
        assert expected == {name: states(store, [one])[one] for name, one in named.items()}
        [once] = store.read(series.every)
        assert ["alice"] == list(once.accounts)
        assert ["old"] == [watch.run_id for watch in store.read(watch_rows.every)]


@pytest.fixture
def command(empty_url, tmp_path):
    """Say a command of a version; gives how it ended."""

    def command(code, *words, store=empty_url):
        mine = {
            "PYTHONPATH": str(code),
            "STEADYPOST_HOME": str(tmp_path / "home"),
            "STEADYPOST_STORE_URL": store,
        }
        return subprocess.run(
            [sys.executable, "-m", "steadypost.cli", *words],
            env=os.environ | mine,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return command


@pytest.fixture
def changed_by_a_later_version(empty_url):
    """Have the tables be those of a version that is not written yet, and that is at work no longer."""

    def change():
        engine = create_engine(empty_url)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE attempts ADD COLUMN later INTEGER"))
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            connection.execute(text("DELETE FROM watches"))
        engine.dispose()

    return change


@pytest.mark.parametrize("version", ["earlier", "this"])
def test_back_to_the_version_before(
    version, request, program, command, changed_by_a_later_version, empty_url, ledger, tmp_path
):
    """As docs/operating.md says: a backup by the old version, the update, and the old version restores the backup. What
    the new version has sent meanwhile is not sent again.
    """
    code = ROOT if version == "this" else extracted(LATEST, tmp_path / "code")
    due = told(program(code, "fill"))["due"]
    assert 0 == command(code, "backup", str(tmp_path / "before.backup"), "--without-accounts").returncode
    Store.create(empty_url).close()
    assert told(program(ROOT, "publish"))["sent"] == len(due)
    changed_by_a_later_version()
    where = empty_url
    restore = ("restore", str(tmp_path / "before.backup"), "--nothing-runs", "--why", "it does not work")
    if make_url(empty_url).get_backend_name() == "postgresql":
        in_place = command(code, *restore)
        assert 0 != in_place.returncode
        assert "Traceback" not in in_place.stderr
        if version == "this":
            assert "a new, empty database" in in_place.stderr
        where = request.getfixturevalue("server").fresh()

    restored = command(code, *restore, store=where)

    assert 0 == restored.returncode, restored.stderr
    assert {"sent": 0} == told(program(code, "publish", store=where))
    with Store.create(where) as store:
        assert {State.UNCONFIRMED} == set(states(store, due).values())
    assert {1} == set(asked_for(ledger).values()), "nothing was asked for twice"


def test_the_earlier_version_on_the_tables_of_this_one(commit, earlier, program, empty_url):
    """It works with them where they are the same, and else says so and what to do, without a traceback."""
    Store.create(empty_url).close()

    said = told(program(earlier, "publish"))

    if EARLIER[commit] == REVISIONS[-1]:
        assert {"sent": 0} == said
    else:
        assert said["tables"]
        assert "Update Steadypost" in said["remedy"]
