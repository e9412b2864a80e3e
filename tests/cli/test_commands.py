"""Every command answers people and programs alike, and its exit code means something."""

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from steadypost.cli.program import COMMANDS
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Part, Post
from steadypost.intake import importing
from steadypost.store import Store, intake, reading
from steadypost.store import accounts as account_rows

NOW = datetime.now(UTC)
EXAMPLES = Path(__file__).parents[2] / "examples" / "posts.csv"
ESCAPE = "\x1b"


def add(call, text="A good day.", *more):
    return call("add", text, "-a", "alice", "-w", "+1h", *more, "--json")


# -- what comes in


def test_a_post_is_added_and_shown(store, call):
    """What was typed is what is kept."""
    added = add(call, "A good day.\nIndeed.", "--key", "day")
    assert (0, True, "accepted") == (added.code, added.json["ok"], added.json["entered"]["outcome"])

    shown = call("show", "1", "--json").json["delivery"]
    assert (["A good day.\nIndeed."], "day", "cli") == (shown["texts"], shown["key"], shown["source"])
    assert "Indeed." in call("show", "1").out


def test_several_texts_are_a_thread_and_a_dash_is_standard_input(store, call):
    """So that a shell can pass on what it has."""
    call("add", "First", "-", "-a", "bob", "-w", "now", stdin="Second\n")

    assert ["First", "Second"] == [part.text for part in store.read(reading.show, 1).post.parts]


def test_a_refused_post_ends_with_one_and_says_all(store, call):
    """For people in sentences, for programs in fields."""
    words = ["add", "\u3164", "-a", "alyce", "-w", "soon"]

    refused = call(*words, "--json")
    assert (1, False, 1) == (refused.code, refused.json["ok"], refused.json["exit"])
    refusals = refused.json["entered"]["refusals"]
    assert ["accounts", "text", "when"] == [one["field"] for one in refusals]
    assert all(set(one) == {"where", "field", "value", "why", "remedy"} for one in refusals)

    out = call(*words).out
    assert all(one["why"] in out and one["remedy"] in out for one in refusals)


def test_the_examples_are_imported(store, call):
    """One of them must be refused, so the exit code is 1; the rest is in."""
    rehearsed = call("import", str(EXAMPLES), "--dry-run", "--json")
    assert (1, True, []) == (rehearsed.code, rehearsed.json["dry_run"], store.read(reading.queue))

    done = call("import", str(EXAMPLES))
    assert 1 == done.code
    assert "31 new, 1 of them held, 1 refused" in done.out
    for told in ("refused", "text", "X counts 370", "too late by its own rule", "held for bob"):
        assert told in done.out


def test_what_is_refused_comes_back_as_a_file_and_what_changed_is_taken_when_asked(store, call, tmp_path):
    """From the first import to the mended rows, as an author does it."""
    posts = tmp_path / "posts.csv"
    posts.write_text(
        "key;text;who;when;zone\na;One;alice;24.12.2027 18:30;UTC\nb;Two;alyce;25.12.2027 9:00;UTC\n"
    )
    told = ["import", "posts.csv", "--map", "who=accounts", "--refused", "again.csv"]

    assert 1 == call(*told).code
    again = tmp_path / "again.csv"
    again.write_text(again.read_text("utf-8-sig").replace("b;Two;alyce", "b;Two;alice"))
    assert 0 == call("import", "again.csv", "--map", "who=accounts").code
    posts.write_text(posts.read_text().replace("One", "Eins").replace("alyce", "alice"))
    left = call("import", "posts.csv", "--map", "who=accounts")
    assert (1, True) == (left.code, "text: One -> Eins not taken; --update" in " ".join(left.out.split()))
    taken = call("import", "posts.csv", "--map", "who=accounts", "--update", "--by", "dana", "--json")
    assert (0, 1, 1) == (taken.code, taken.json["counts"]["updated"], taken.json["counts"]["already"])
    assert ["Eins", "Two"] == [one.text for one in store.read(reading.queue)]


@pytest.mark.parametrize(
    "words",
    [
        ["--map", "text"],
        ["--map", "a=txt"],
        ["--zone", "Europe/Belin"],
        ["--dates", "dmy"],
        ["--refused", "x.xlsx"],
        ["--refused", "posts.csv"],
        ["--refused", "no/such/folder.csv"],
    ],
)
def test_an_option_that_is_not_valid_enters_nothing(store, call, tmp_path, words):
    """It is said before the file is read."""
    (tmp_path / "posts.csv").write_text("text,accounts,when\nHi,alice,now\n")

    assert 2 == call("import", "posts.csv", *words).code
    assert [] == store.read(reading.queue)


def test_an_import_that_is_stopped_says_how_far_it_came(store, call, tmp_path, monkeypatch):
    """And the same command goes on: nothing is in twice."""
    rows = [f"Number {n},alice,2027-01-{n:02} 09:00Z" for n in range(1, 8)]
    (tmp_path / "posts.csv").write_text("\n".join(["text,accounts,when", *rows]) + "\n")
    monkeypatch.setattr(importing, "CHUNK", 2)
    put_all, put = importing._Desk.put_all, []

    def stopped(desk, chunk):
        put.append(chunk)
        if len(put) == 3:
            raise KeyboardInterrupt
        return put_all(desk, chunk)

    monkeypatch.setattr(importing._Desk, "put_all", stopped)
    told = call("import", "posts.csv")
    assert (130, 4) == (told.code, sum(store.read(reading.counts).values()))
    assert "stopped after at least 4 rows" in told.err
    assert "import the file again" in told.err

    assert 0 == call("import", "posts.csv").code
    assert 7 == sum(store.read(reading.counts).values())


def test_a_list_without_rows_and_an_account_that_is_none_are_told_at_once(store, call, tmp_path):
    """Once, and not for each row of the list or with an empty answer."""
    (tmp_path / "none.csv").write_text("text,accounts,when\n")
    (tmp_path / "two.csv").write_text("text,when\nOne,2027-01-01 09:00Z\nTwo,2027-01-02 09:00Z\n")

    assert "no row below its header" in call("import", "none.csv").out
    assert "there is no account 'alise'" in call("import", "two.csv", "--account", "alise").err


def test_a_file_that_is_not_there_is_a_refusal(store, call):
    """In both forms."""
    assert 1 == call("import", "none.csv").code

    refused = call("import", "none.csv", "--json").json
    assert "file" == refused["refused"][0]["refusals"][0]["field"]


# -- looking


def test_the_queue_shows_what_waits_and_counts_the_rest(store, call):
    """A long past never hides what is due."""
    for n in range(4):
        add(call, f"Post number {n} of a few")
    call("cancel", "1")

    listed = call("queue", "--json").json
    assert [2, 3, 4] == [one["id"] for one in listed["deliveries"]]
    assert (1, 3) == (listed["counts"]["cancelled"], listed["counts"]["scheduled"])
    assert [1, 2, 3, 4] == [one["id"] for one in call("queue", "--all", "--json").json["deliveries"]]
    assert [1] == [one["id"] for one in call("queue", "--state", "cancelled", "--json").json["deliveries"]]
    assert [] == call("queue", "--account", "bob", "--json").json["deliveries"]
    assert 1 == call("queue", "--account", "nobody").code
    assert 2 == len(call("queue", "--limit", "2", "--json").json["deliveries"])


def test_a_table_fits_eighty_columns_and_has_no_colours(store, call):
    """Whatever is in the store, also when nobody's terminal reads it."""
    call("import", str(EXAMPLES))

    for words in (["queue"], ["accounts"], ["show", "5"], ["doctor"]):
        out = call(*words).out
        assert ESCAPE not in out
        # What is to be copied stands on one line, however long.
        assert max(cell_len(line) for line in out.splitlines() if not line.startswith("Next: ")) <= 80


def test_what_a_terminal_would_obey_is_not_printed(store, call):
    """A text may come from anywhere; emoji stay whole."""
    post = Post(parts=(Part(text=f"a{ESCAPE}[31mb\u202ec 👨‍👩‍👧‍👦"),), source=f"x{ESCAPE}]0;y")
    store.write(intake.add, post, accounts=["alice"], due_at=NOW, now=NOW)

    for words in (["queue"], ["show", "1"]):
        assert ESCAPE not in call(*words).out
        assert "\u202e" not in call(*words).out
        assert "👨‍👩‍👧‍👦" in call(*words).out


def test_times_are_shown_in_the_zone_of_this_machine(store, call, monkeypatch):
    """For people; programs get UTC."""
    monkeypatch.setenv("STEADYPOST_ZONE", "Asia/Tokyo")
    call("add", "Morning", "-a", "alice", "-w", "2027-01-05 09:00")

    assert "Tue 05 Jan 09:00" in call("queue").out
    assert "Asia/Tokyo" in call("queue").out
    assert "2027-01-05T00:00:00+00:00" == call("queue", "--json").json["deliveries"][0]["due_at"]


def test_a_pause_is_shown_with_its_account(store, call):
    """With its reason."""
    store.write(
        account_rows.pause,
        "bob",
        until=NOW + timedelta(hours=1),
        cause=Cause.LOCKED,
        why="X locked it",
        session_mark="m",
        now=NOW,
    )

    assert "X locked it" in " ".join(call("accounts").out.split())
    told = {one["name"]: one for one in call("accounts", "--json").json["accounts"]}
    assert (
        True,
        "locked",
        False,
    ) == (told["bob"]["paused"], told["bob"]["pause_cause"], told["alice"]["paused"])


# -- a person and their word


def test_a_held_post_is_released_and_another_taken_back(store, call):
    """And what waits for nobody's word is not released."""
    add(call)
    assert "held" == add(call).json["entered"]["deliveries"][0]["state"]

    assert "scheduled" == call("release", "2", "--json").json["delivery"]["state"]
    assert "cancelled" == call("cancel", "1", "--json").json["delivery"]["state"]
    assert store.read(reading.show, 1).delivery.state is State.CANCELLED

    again = call("release", "2", "--json")
    assert (1, "impossible_move") == (again.code, again.json["error"]["kind"])
    assert 1 == call("cancel", "1").code


@pytest.mark.parametrize("command", ["show", "why", "release", "cancel"])
def test_what_is_not_there_ends_with_one(store, call, command):
    """As a sentence on standard error, or as a document on standard output."""
    told = call(command, "99")
    assert (1, "") == (told.code, told.out)
    assert "no delivery 99" in told.err

    document = call(command, "99", "--json")
    assert (1, "not_found", "") == (document.code, document.json["error"]["kind"], document.err)


# -- the store


def test_a_store_is_made_and_made_again(call, home):
    """Twice is harmless, and the second says so. Nobody else may read it."""
    assert "none" == call("init", "--json").json["before"]
    assert "was current already" in call("migrate").out
    assert 0o700 == stat.S_IMODE(home.stat().st_mode)


def test_a_folder_that_cannot_be_made_ends_with_three(call, tmp_path):
    """It is this machine's business and no defect: the sentence names the folder and what to do."""
    (tmp_path / "file").touch()

    told = call("--store", f"sqlite:///{tmp_path}/file/in/one.db", "init", "--json")

    assert (3, "store_folder") == (told.code, told.json["error"]["kind"])
    assert str(tmp_path / "file" / "in") in told.json["error"]["message"]
    assert "STEADYPOST_HOME" in told.json["error"]["remedy"]


@pytest.mark.parametrize(
    "words",
    [
        ["queue"],
        ["show", "1"],
        ["why", "1"],
        ["accounts"],
        ["release", "1"],
        ["resolve", "1", "--absent", "--why", "seen"],
        ["retry", "--cause", "overlay", "--why", "mended"],
        ["import", "x.csv"],
    ],
)
def test_without_a_store_the_end_is_three_and_nothing_is_made(call, home, words):
    """A slip in the address must not look like an empty queue."""
    told = call(*words, "--json")

    assert (3, "store_missing") == (told.code, told.json["error"]["kind"])
    assert "steadypost init" in told.json["error"]["remedy"]
    assert not (home / "steadypost.db").exists()


def test_a_store_of_another_version_ends_with_three(home, call):
    """Its tables are not touched."""
    home.mkdir()
    (home / "steadypost.db").touch()

    told = call("queue", "--json")

    assert (3, "store_not_current") == (told.code, told.json["error"]["kind"])


def test_a_file_that_is_no_store_ends_with_three(home, call):
    """And not with a traceback."""
    home.mkdir()
    (home / "steadypost.db").write_bytes(b"this is no database" * 100)

    assert 3 == call("queue").code


def test_another_store_may_be_named(store, call, tmp_path):
    """Before the command, for any command."""
    url = f"sqlite:///{tmp_path / 'other' / 'one.db'}"
    add(call)

    assert 0 == call("--store", url, "init").code
    assert [] == call("--store", url, "queue", "--json").json["deliveries"]
    assert 1 == len(call("queue", "--json").json["deliveries"])


# -- usage, secrets and surprises


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["queue", "--nonsense"],
        ["show"],
        ["show", "one"],
        ["show", "0"],
        ["add", "Text"],
        ["queue", "--state", "lost"],
        ["--store", "mysql://x/y", "queue"],
        ["--store", "sqlite://", "queue"],
    ],
)
def test_what_cannot_be_meant_ends_with_two(call, words):
    """Nothing is done."""
    assert 2 == call(*words).code


def test_usage_errors_are_documents_too(call):
    """A program that asked for JSON gets JSON, whatever it did wrong."""
    for words in (["quue", "--json"], ["show", "--json"], ["queue", "--limit", "x", "--json"]):
        told = call(*words).json
        assert (False, 2, "usage") == (told["ok"], told["exit"], told["error"]["kind"])
    assert "'queue' was meant?" in call("quue").err


def test_a_setting_that_is_not_valid_ends_with_two(call, monkeypatch):
    """With its name, its value and what to do."""
    monkeypatch.setenv("STEADYPOST_BROWSERS", "-1")

    told = call("queue")

    assert 2 == told.code
    assert "STEADYPOST_BROWSERS='-1'" in told.err
    assert "1 to 16" in told.err


SECRET = "s3cret-pass%40word"


@pytest.mark.parametrize(
    "words", [["queue"], ["doctor"], ["accounts"], ["init"], ["--help"], ["add", "x", "-a", "a", "-w", "now"]]
)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_password_is_never_printed(call, monkeypatch, words, form):
    """Neither from the environment nor from the command line, when nothing can be reached."""
    url = f"postgresql+psycopg://steady:{SECRET}@127.0.0.1:9/posts?sslpassword={SECRET}"
    monkeypatch.setenv("STEADYPOST_STORE_URL", url)
    monkeypatch.setenv("PREFECT_API_URL", f"http://u:{SECRET}@127.0.0.1:9/api")
    asked = words if words == ["--help"] else [*words, *form]

    for told in (
        call(*asked),
        call("--store", url, *asked),
        call("--store", f"mysql://u:{SECRET}@h/d", *asked),
    ):
        assert "s3cret" not in told.out + told.err


def test_a_surprise_is_one_sentence_and_a_file_for_its_owner_alone(store, call, home, monkeypatch):
    """No traceback is ever shown; the file holds it, without the password."""
    monkeypatch.setenv("STEADYPOST_STORE_URL", f"postgresql://u:{SECRET}@h/d")

    def surprise(*_, **__):
        raise ZeroDivisionError(f"while talking to u:{SECRET}@h")

    monkeypatch.setattr(Store, "open", surprise)

    told = call("queue")
    assert 5 == told.code
    assert "Traceback" not in told.out + told.err
    assert told.err.startswith("steadypost: ")

    [details] = (home / "trouble").iterdir()
    assert str(details) in told.err
    assert 0o600 == stat.S_IMODE(details.stat().st_mode)
    assert "ZeroDivisionError" in details.read_text()
    assert SECRET not in details.read_text()

    assert "defect" == call("queue", "--json").json["error"]["kind"]


def test_details_that_are_old_go_when_others_come(store, call, home, monkeypatch):
    """A command of cron that fails in the same manner every minute would fill the disk in the end."""
    old, young = (home / "trouble" / name for name in ("old.txt", "young.txt"))
    old.parent.mkdir()
    for file, days in ((old, 31), (young, 29)):
        file.touch()
        then = NOW - timedelta(days=days)
        os.utime(file, (then.timestamp(), then.timestamp()))
    monkeypatch.setattr(Store, "open", lambda *_, **__: 1 / 0)

    assert 5 == call("queue").code

    assert not old.exists()
    assert young.exists()
    assert 2 == len(list(old.parent.iterdir()))


def test_a_full_disk_is_no_surprise_and_leaves_no_traceback(store, call, home, monkeypatch):
    """It is named with what to do; and where details fit nowhere, that is said as well."""

    def full(*_, **__):
        Path("/dev/full").write_text("x", encoding="utf-8")

    monkeypatch.setattr(Store, "open", full)
    told = call("queue")
    assert (1, "disk") == (told.code, call("queue", "--json").json["error"]["kind"])
    assert "No space left on device" in told.err
    assert "free some space" in told.err

    monkeypatch.setattr(Store, "open", lambda *_, **__: 1 / 0)
    real = os.open
    monkeypatch.setattr("steadypost.cli.trouble.os.open", lambda *_: real("/dev/full", os.O_WRONLY))
    told = call("queue")
    assert 5 == told.code
    assert "could not be written anywhere" in told.err


def test_every_command_has_its_help(call):
    """And the exit codes stand in the program's own."""
    for command in COMMANDS:
        told = call(command, "--help").out
        # A group of commands has it on each of them.
        assert "--json" in told or "COMMAND [ARGS]" in told
    assert "Exit codes: 0 done; 1" in call("--help").out


def test_a_document_is_plain_ascii(store, call):
    """Whatever the encoding of the pipe, a program reads back what was meant."""
    add(call, "今日は 👨‍👩‍👧‍👦")

    out = call("queue", "--json").out
    assert out.isascii()
    assert "今日は 👨‍👩‍👧‍👦" == json.loads(out)["deliveries"][0]["text"]


# -- what comes again


def test_a_series_is_begun_listed_and_ended(store, call):
    """With the reason why, and what of it was taken back."""
    begun = call(
        *("add", "Good morning!", "-a", "alice", "-w", "+1h", "--zone", "Europe/Berlin", "--repeat", "daily"),
        *("--when-late", "ask", "--json"),
    )
    assert (
        0,
        1,
        7,
    ) == (begun.code, begun.json["entered"]["series"], len(begun.json["entered"]["deliveries"]))

    [one] = call("series", "--json").json["series"]
    assert ("FREQ=DAILY", "ask", ["alice"]) == (one["rule"], one["when_late"], one["accounts"])
    assert "Good morning!" in call("series").out
    assert "a person is asked when later than 6h" in call("show", "1").out
    assert 2 == call("series", "--end", "1").code

    ended = call("series", "--end", "1", "--why", "holidays", "--json")
    assert [1, 2, 3, 4, 5, 6, 7] == ended.json["taken_back"]
    assert "There are no series" in call("series").out
    assert "holidays" in call("series", "--all").out
    assert 1 == call("series", "--end", "9", "--why", "x").code
