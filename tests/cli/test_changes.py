"""Changing what waits, seeing it and taking it back, as a person types it on a terminal of 80 columns."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len

from steadypost.domain import clock
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Part, Post
from steadypost.intake.planning import plan
from steadypost.store import AccountRecord, Store, intake, late, reading, vitals
from steadypost.store import accounts as account_rows
from steadypost.store import series as series_rows

NOW = datetime.now(UTC)
TOMORROW = (NOW + timedelta(days=1)).date().isoformat()


def add(call, text="A good day.", account="alice", when=f"{TOMORROW}T09:00Z", *more):
    return call("add", text, "-a", account, "-w", when, *more, "--json").json["entered"]["deliveries"][0][
        "id"
    ]


def due(store, number):
    return store.read(reading.show, number).delivery.due_at


def text(store, number):
    return store.read(reading.show, number).post.parts[0].text


# -- changing


def test_an_edit_is_told_with_the_way_back(store, call):
    """What it says now, and the command that undoes it works."""
    number = add(call)

    told = call("edit", str(number), "--text", "A better day.", "--why", "typo")
    assert (0, "A better day.") == (told.code, text(store, number))
    assert "To take it back: steadypost undo 1" in told.out

    assert 0 == call("undo", "1").code
    assert "A good day." == text(store, number)


def test_an_edit_is_judged_by_the_rules_of_intake(store, call):
    """Nothing is changed, and everything that is wrong is said."""
    number = add(call)

    refused = call("edit", str(number), "--text", "x" * 300, "--json")

    assert (1, "A good day.") == (refused.code, text(store, number))
    assert "X counts 300" in refused.json["refusals"][0]["why"]


def test_words_are_replaced_wherever_they_stand(store, call):
    """In every post that a filter finds, each of its own."""
    one, other = add(call, "See old.example today"), add(call, "old.example it is", "bob")

    done = call("edit", "--saying", "old.example", "--replace", "old.example", "new.example", "--json")

    assert [one, other] == sorted(change["id"] for change in done.json["changed"])
    assert ("See new.example today", "new.example it is") == (text(store, one), text(store, other))


def test_one_text_for_several_posts_is_refused(store, call):
    """It would make them the same."""
    add(call, "One")
    add(call, "Two", "bob")

    refused = call("edit", "--day", TOMORROW, "--text", "Both", "--json")

    assert (1, "name the deliveries of one post, or use --replace") == (
        refused.code,
        refused.json["refusals"][0]["remedy"],
    )


def test_a_refusal_without_a_place_names_none(store, call):
    """There is no comma before nothing."""
    one, other = add(call), add(call, "Another day.")

    told = call("edit", str(one), str(other), "--text", "The same day.")

    assert told.out.startswith("Refused: text 'The same day.'")


@pytest.mark.parametrize("words", [("show",), ("edit", "--text", "x"), ("undo",), ("series", "--end")])
def test_a_number_that_no_store_can_keep_is_a_mistake_and_no_defect(store, call, words):
    """It is told as any other that is not valid."""
    command, *more = words

    told = call(command, *more, str(2**63))

    assert (2, True) == (told.code, str(2**63) in told.err)


def test_how_late_it_may_be_is_told_as_it_is_written(store, call):
    """By hours, as in the option."""
    told = call("move", str(add(call)), "-w", "2020-01-01T09:00Z")

    assert "by more than it may be late (6h)" in " ".join(told.out.split())


@pytest.mark.parametrize("command", [["move"], ["copy"], ["edit"]])
def test_a_zone_that_is_probably_not_the_one_meant_is_told_of_a_new_time_too(store, call, command):
    """EST has no summer time, and New York has."""
    number = add(call)
    year = NOW.year + 1

    told = call(*command, str(number), "-w", f"{year}-07-01 09:00", "--zone", "EST", "--json")

    assert "write America/New_York if you mean that" in told.json["notes"][0]


def test_the_next_slot_is_for_what_comes_in(store, call):
    """What to write instead is said."""
    told = call("move", str(add(call)), "-w", "next-slot")

    assert (2, True) == (told.code, "a free slot is found only for a post that comes in" in told.err)
    assert "steadypost slots ACCOUNT" in told.err


def test_all_of_a_day_moves_by_the_clock_on_the_wall(store, call, monkeypatch):
    """By a day from before the clocks change to after: 09:00 stays 09:00."""
    monkeypatch.setenv("STEADYPOST_ZONE", "Europe/Berlin")
    year = NOW.year + 1
    sunday = max(
        day for n in range(25, 32) if (day := datetime(year, 3, n, tzinfo=UTC)).weekday() == 6
    ).date()
    saturday = (sunday - timedelta(days=1)).isoformat()
    number = add(call, "Summer", "alice", f"{saturday} 09:00")
    before = due(store, number)

    told = call("shift", "--day", saturday, "--later", "1d", "--json")

    assert [number] == [one["id"] for one in told.json["changed"]]
    assert timedelta(hours=23) == due(store, number) - before


def test_what_cannot_be_changed_says_why_and_what_is_possible(store, call):
    """The rest is changed, and the command ends as refused."""
    number, waits = add(call, "Live", when="now"), add(call, "Waits")
    store.claim(worker="w", now=datetime.now(UTC), lease=timedelta(minutes=5), at_most=1, accounts=["alice"])

    told = call("move", str(number), str(waits), "-w", "+3h")

    assert 1 == told.code
    assert f"Delivery {number} stays as it is: it is being sent now." in told.out
    assert "→ wait for its answer" in told.out
    assert "1 delivery changed" in told.out


def test_nothing_named_is_not_everything(store, call):
    """A slip must not cancel the whole queue."""
    number = add(call)

    refused = call("cancel", "--json")

    assert (2, State.SCHEDULED) == (refused.code, store.read(reading.show, number).delivery.state)
    assert "--day" in refused.json["error"]["remedy"]


def test_a_dry_run_changes_nothing(store, call):
    """And says what would become of each."""
    number = add(call)

    told = call("cancel", str(number), "--dry-run")

    assert ("1 delivery would be changed. Nothing was written." in told.out, State.SCHEDULED) == (
        True,
        store.read(reading.show, number).delivery.state,
    )


def test_two_swap_and_one_is_copied(store, call):
    """The copy for another account waits; for the same one it would be a repetition, and is held."""
    one, other = add(call, "One"), add(call, "Two", when=f"{TOMORROW}T18:00Z")

    call("swap", str(one), str(other))
    assert due(store, one) > due(store, other)

    copied = call("copy", str(one), "-a", "bob", "-a", "alice", "-w", "+3h", "--json").json["deliveries"]
    assert [("bob", "scheduled"), ("alice", "held")] == [(made["account"], made["state"]) for made in copied]


def test_a_dry_run_of_a_copy_writes_none(store, call):
    """And says what would become of it, also that it would be held."""
    one = add(call, "One")
    before = store.read(reading.counts)

    told = call("copy", str(one), "-a", "bob", "-a", "alice", "-w", "+3h", "--dry-run")
    made = call("copy", str(one), "-w", "+3h", "--dry-run", "--json").json

    assert (True, True) == ("as bob: would be scheduled" in told.out, "as alice: would be held" in told.out)
    assert (
        True,
        False,
        False,
    ) == ("Nothing was written." in told.out, "undo" in told.out, "release" in told.out)
    assert (True, None, [None]) == (
        made["dry_run"],
        made["change"],
        [each["id"] for each in made["deliveries"]],
    )
    assert before == store.read(reading.counts)
    assert 1 == call("undo").code


def test_what_was_missed_goes_out_by_the_command_of_the_message(store, call):
    """The remedy that is told is a command that works."""
    [added] = store.write(
        intake.add,
        Post(parts=(Part(text="Late"),)),
        accounts=["alice"],
        due_at=NOW - timedelta(hours=3),
        late_after=timedelta(minutes=1),
        now=NOW - timedelta(hours=4),
    )
    late.put_aside(store._database, NOW)

    assert 0 == call("reschedule", str(added.delivery_id), "--when", "+10m").code
    assert State.SCHEDULED is store.read(reading.show, added.delivery_id).delivery.state


def test_where_nothing_was_missed_there_is_nothing_to_reschedule(store, call):
    """Neither by a filter nor by a number: what waits is moved by another command, which is named."""
    number = add(call)

    told = call("reschedule", "--account", "alice", "--when", "+1h")
    one = call("reschedule", str(number), "--when", "+1h")

    assert told.out.startswith("Nothing was missed, so there is nothing to reschedule.")
    assert (1, True) == (one.code, "it has not missed its time" in one.out)
    assert f"steadypost move {number} --when TIME" in one.out


def test_the_history_says_who_and_why(store, call):
    """And how to go back."""
    number = add(call)
    call("edit", str(number), "--text", "Other", "--by", "Carol", "--why", "a typo")

    [one] = call("history", "--json").json["history"]

    assert ("Carol", "edit", "a typo", [number], 1) == (
        one["by"],
        one["did"],
        one["why"],
        one["deliveries"],
        one["change"],
    )


# -- series


def every_morning(call):
    """Begin a series of alice's: each day at eight, by UTC."""
    when = ["--repeat", "daily", "-w", f"{TOMORROW}T08:00Z", "--zone", "UTC"]
    return call("add", "Morning", "-a", "alice", *when, "--json")


def test_one_time_is_skipped_and_another_says_something_else(store, call):
    """A day that is none of the series' is refused with the days that are."""
    series = every_morning(call)
    number = series.json["entered"]["series"]
    second = (NOW + timedelta(days=2)).date().isoformat()
    third = (NOW + timedelta(days=3)).date().isoformat()

    assert 0 == call("skip", str(number), second).code
    assert 0 == call("edit", "--series", str(number), "--from", third, "--text", "Evening").code

    week = call("calendar", TOMORROW, "--json").json["days"]
    assert [["Morning"], [], ["Evening"]] == [[one["text"] for one in day["deliveries"]] for day in week[:3]]

    wrong = call("skip", str(number), "2020-01-01", "--json")
    assert (1, True) == (wrong.code, TOMORROW in wrong.json["error"]["remedy"])


def test_a_series_keeps_its_number_and_its_words_on_80_columns(store, call):
    """With six columns both were cut to nothing."""
    store.write(
        series_rows.begin,
        Post(parts=(Part(text="Good morning from the hills above the town"),)),
        accounts=["alice", "bob", "carol"],
        rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=8,12,18;BYMINUTE=30",
        zone="America/Argentina/Buenos_Aires",
        starts="2026-03-02T08:30:00",
        now=clock.now(),
    )

    told = call("series").out

    assert told.splitlines()[2].startswith("1 ")
    assert "Good morning from the hills above the town" in told
    assert all(cell_len(line) <= 80 for line in told.splitlines() if "steadypost" not in line)


# -- seeing


def test_the_queue_is_searched_and_says_what_it_hides(store, call):
    """By a word, a label and a time; what the limit and the states leave out is counted."""
    one = add(call, "Frost on the hills #winter")
    add(call, "frost again", "bob")
    call("cancel", str(add(call, "Frost that was taken back", "carol")))

    found = call("queue", "--text", "FROST", "--limit", "1").out
    assert "1 more are not shown: add --limit 2" in found
    assert "Not shown: 1 cancelled (add --all, or --state)" in found

    labelled = call("queue", "--label", "winter", "--json").json["deliveries"]
    assert [one] == [entry["id"] for entry in labelled]
    assert [] == call("queue", "--until", "2020-01-01", "--json").json["deliveries"]


@pytest.mark.parametrize(
    "words", [["calendar"], ["calendar", "--month"], ["queue"], ["history"], ["accounts"]]
)
def test_every_list_holds_80_columns(store, call, words):
    """Whatever the posts say."""
    add(call, "日本語のとても長い文章です。" * 8)
    call("edit", "1", "--text", "ÄÖÜ " * 50, "--why", "because " * 20)

    told = call(*words).out

    assert max(cell_len(line) for line in told.splitlines() if "steadypost" not in line) <= 80


def test_the_calendar_is_in_the_zone_of_whoever_looks(store, call, monkeypatch):
    """23:30 in UTC is the next day in Berlin."""
    monkeypatch.setenv("STEADYPOST_ZONE", "Europe/Berlin")
    add(call, "Night", when=f"{TOMORROW}T23:30Z")
    after = (NOW + timedelta(days=2)).date().isoformat()

    [day] = call("calendar", after, "--json").json["days"][:1]

    assert (after, ["Night"]) == (day["day"], [one["text"] for one in day["deliveries"]])


def test_an_export_imports_again_to_the_same(store, call, tmp_path):
    """Here nothing is added, also of what was edited; in an empty store it makes the same posts."""
    call(
        "add",
        "For two",
        "-a",
        "alice",
        "-a",
        "bob",
        "-w",
        f"{TOMORROW}T09:00Z",
        "-l",
        "launch",
        "--late-within",
        "2h",
    )
    call("add", "One", "Two", "-a", "carol", "-w", f"{TOMORROW}T10:00Z", "--key", "mine")
    call("edit", "1", "--text", "For one")
    file = tmp_path / "out.csv"

    assert 0 == call("export", str(file)).code

    again = call("import", str(file), "--json").json["counts"]
    assert (0, 0, 0, 3) == (again["accepted"], again["held"], again["refused"], again["already"])
    empty = f"sqlite:///{tmp_path / 'other.db'}"
    with Store.create(empty) as other:
        for record in store.read(account_rows.every):
            other.write(account_rows.put, record, NOW)
        assert 0 == call("--store", empty, "import", str(file)).code
        assert posts(store) == posts(other)


def posts(store):
    told = []
    for entry in store.read(reading.queue):
        story = store.read(reading.show, entry.delivery.id)
        one = story.delivery
        said = tuple(part.text for part in story.post.parts)
        told.append((one.account, said, one.due_at, one.late_after, one.when_late, one.state))
    return sorted(told)


def test_what_was_due_in_a_while_is_the_same_after_an_export(store, call, tmp_path):
    """Its moment is no whole second, and importing it changes nothing."""
    add(call, "In a while.", "alice", "+3h")
    file = tmp_path / "posts.csv"
    call("export", str(file))

    again = call("import", str(file), "--json")

    assert (0, 1, 0) == (again.code, again.json["counts"]["already"], again.json["counts"]["changed"])


def test_a_narrow_terminal_keeps_the_numbers(store, call, monkeypatch):
    """Without them nothing of the list can be named."""
    monkeypatch.setenv("COLUMNS", "40")
    number = add(call, "A post of some length, for a narrow terminal.")

    assert any(line.startswith(f"{number} ") for line in call("queue").out.splitlines())


def test_a_narrow_terminal_shows_how_each_account_stands_and_what_posts_say(store, call, monkeypatch):
    """Long names do not push the last column out."""
    monkeypatch.setenv("COLUMNS", "60")
    name = "a-very-long-account-name-of-a-company"
    store.write(account_rows.put, AccountRecord(name=name, channel="x_web", handle=name), NOW)
    add(call, "Harbour news", name)

    assert 4 == call("accounts").out.count("ready")
    assert "Harbour" in call("queue").out
    assert all(cell_len(line) <= 60 for line in call("accounts").out.splitlines())


def test_a_calendar_file_is_read_by_other_programs(store, call, tmp_path):
    """Folded at 75 bytes, with its signs escaped."""
    add(call, "Rain, snow; and\nso on: " + "ü" * 80)

    told = call("export", "--format", "ics").out

    assert "BEGIN:VCALENDAR" == told.splitlines()[0]
    assert "Rain\\, snow\\; and\\nso on" in told.replace("\n ", "").replace("\r", "")
    assert all(len(line.encode()) <= 75 for line in told.splitlines())


def test_what_a_table_cannot_say_a_list_can(store, call):
    """A line of three dashes would begin another part."""
    store.write(
        intake.add,
        Post(parts=(Part(text="Before\n---\nafter"),)),
        accounts=["alice"],
        due_at=NOW + timedelta(days=1),
        now=clock.now(),
    )

    refused = call("export", "--json")
    assert (1, "write a list: add --format json") == (refused.code, refused.json["error"]["remedy"])
    assert "Before\n---\nafter" == json.loads(call("export", "--format", "json").out)[0]["text"]


# -- being told


def test_a_paused_account_goes_on_at_a_persons_word(store, call):
    """And one that is not paused says how it stands."""
    store.write(
        account_rows.pause,
        "alice",
        until=NOW + timedelta(hours=6),
        cause=Cause.CHALLENGE,
        why="X asks",
        session_mark="",
        now=NOW,
    )
    assert "steadypost resume alice" in " ".join(call("accounts").out.split())

    assert 0 == call("resume", "alice", "--why", "answered").code

    assert not store.read(account_rows.one, "alice").is_paused(datetime.now(UTC))
    assert "it is ready" in call("resume", "alice").err
    [act] = call("history", "--json").json["history"]
    assert ("resume", "alice") == (act["did"], act["account"])


def test_one_word_for_how_an_account_stands(store, call):
    """What was found out when its block was saved is said everywhere, before anything is due."""
    store.write(vitals.note, "account:alice", well=False, told="its rules are not accepted", now=NOW)

    accounts = call("accounts", "--json").json["accounts"][0]
    status = call("status", "--json").json["accounts"][0]
    doctor = [one for one in call("doctor", "--json").json["findings"] if one["check"] == "accounts"]

    assert "cannot be used" == accounts["stands"] == status["stands"]
    assert "alice: cannot be used: its rules are not accepted" == doctor[0]["what"]
    number = add(call)
    assert "cannot be used" in " ".join(call("why", str(number)).out.split())


@pytest.mark.parametrize(
    ("slip", "told"),
    [
        ("remove", "'cancel' does that"),
        ("delete", "what waits: 'steadypost cancel ID'"),
        ("relese", "'release' was meant?"),
        ("rm", "'cancel' does that"),
        ("start", "'up' does that"),
        ("publish", "'add TEXT -a NAME --when now' does that"),
        ("unpublish", "'delete ID --from-network' does that"),
        ("help", "'--help' does that"),
        ("canel", "'cancel' was meant?"),
    ],
)
def test_a_slip_names_what_does_that(call, slip, told):
    """Never what does the opposite."""
    assert told in call(slip).err


@pytest.mark.parametrize("words", [("edit", "--text", "New"), ("move", "--when", "+1h"), ("cancel",)])
def test_how_deliveries_are_found_is_told_in_words_that_every_command_takes(store, call, words):
    """Where ``--text`` is new wording, it finds nothing."""
    told = call(*words).err

    assert (True, False) == ("--saying" in told, "--text" in told)


def test_what_is_lacking_is_named_as_it_is_typed(store, call):
    """A reason by its option, a delivery by the command that lists them; a cancelled one is called so."""
    number = add(call)
    call("cancel", str(number))

    assert "--why: it is empty" in call("resolve", str(number), "--absent").err
    assert "steadypost queue --all" in call("show", "999").err
    assert "can no longer be cancelled: it was cancelled" in call("cancel", str(number)).err


def test_the_stop_without_an_address_says_so_at_once(store, call, monkeypatch):
    """And starts no server of its own."""
    monkeypatch.setenv("PREFECT_API_URL", "")

    refused = call("switches", "publish", "--off", "--why", "now", "--json")

    assert (1, "prefect_unknown") == (refused.code, refused.json["error"]["kind"])
    assert "'steadypost up'" in refused.json["error"]["remedy"]


# -- what may be meant


def test_what_may_be_meant_is_held_and_goes_in_with_its_authors_yes(store, call):
    """Held says why and how; --as-is, and nobody asks."""
    held = call("add", "Use <div> instead of <table>, please </div>", "-a", "alice", "-w", "+1h")
    assert 0 == held.code
    assert "held" in held.out
    assert "steadypost release 1" in held.out

    assert 0 == call("release", "1").code
    assert "scheduled" in call("add", "{{ x }}", "-a", "bob", "-w", "+1h", "--as-is").out


def test_the_next_slot_is_the_next_that_is_free(store, call):
    """One post for each; without slots it says how to make some."""
    assert "steadypost slots alice --add" in call("add", "A", "-a", "alice", "-w", "next-slot").out
    call("slots", "alice", "--add", "daily 09:00", "--zone", "UTC")

    first, second = add(call, "A", when="next-slot"), add(call, "B", when="next-slot")

    assert (9, timedelta(days=1)) == (due(store, first).hour, due(store, second) - due(store, first))


@pytest.mark.parametrize(("words", "named"), [(("calendar",), "DAY"), (("queue", "--day"), "--day")])
def test_a_day_that_is_none_is_named_as_it_was_given(store, call, words, named):
    """The calendar's day is no option."""
    told = call(*words, "2027-02-30")

    assert (2, True) == (told.code, f"{named} '2027-02-30': this is no day or time" in told.err)
    assert ("--day" in told.err) == (named == "--day")


def test_a_slot_that_is_not_there_to_be_removed_is_told(store, call):
    """A slip would be taken for done."""
    call("slots", "alice", "--add", "daily 09:00", "--zone", "UTC")

    assert "Of those to be removed 7 were not there" in call("slots", "alice", "--remove", "daily 09:30").out


def test_a_file_names_the_next_slot_in_its_time_column(store, call, tmp_path):
    """One for each row; importing it again takes none."""
    call("slots", "alice", "--add", "daily 09:00", "--zone", "UTC")
    (tmp_path / "posts.csv").write_text("text,accounts,when\nOne,alice,next-slot\nTwo,alice,Next-Slot\n")
    for _ in range(2):
        assert 0 == call("import", "posts.csv").code

    first, second = (due(store, number) for number in (1, 2))
    assert (9, timedelta(days=1), 2) == (first.hour, second - first, len(store.read(reading.queue)))
    (tmp_path / "bad.csv").write_text("text,accounts,when\nThree,bob,next-slot\n")
    assert "bob has no slots" in call("import", "bad.csv").out


def test_what_is_meant_as_it_is_stays_so_in_an_export(store, call, tmp_path):
    """And what is held for its wording is held again."""
    call("add", "Tip: {{ github.sha }} is the commit", "-a", "alice", "-w", "+1h", "--as-is")
    call("add", "Dear {{ name }}", "-a", "alice", "-w", "+2h")
    for name in ("posts.csv", "posts.json"):
        assert 0 == call("export", name).code
        with Store.create(f"sqlite:///{tmp_path / name}.db") as other:
            other.write(
                account_rows.put,
                AccountRecord(name="alice", channel="x_web", handle="alice_x"),
                datetime.now(UTC),
            )
        assert 0 == call("--store", f"sqlite:///{tmp_path / name}.db", "import", name).code

        with Store.open(f"sqlite:///{tmp_path / name}.db") as other:
            assert ["scheduled", "held"] == [str(one.delivery.state) for one in other.read(reading.queue)]


@pytest.mark.parametrize("name", ["posts.csv", "posts.json"])
def test_what_is_said_again_on_purpose_stays_so_in_an_export(store, call, tmp_path, name):
    """And what is held because it was said before is held again."""
    call("add", "Good morning", "-a", "alice", "-w", "+1h")
    call("add", "Good morning!", "-a", "alice", "-w", "+2h")
    call("add", "Good morning", "-a", "alice", "-w", "+3h", "--allow-repeat")
    call("add", "Good morning", "-a", "alice", "-w", "+4h")
    assert 0 == call("export", name).code
    empty = f"sqlite:///{tmp_path / 'other.db'}"
    with Store.create(empty) as other:
        for record in store.read(account_rows.every):
            other.write(account_rows.put, record, NOW)
    call("--store", empty, "import", name)

    with Store.open(empty) as other:
        assert posts(store) == posts(other)
        assert {"scheduled": 3, "held": 1} == Counter(str(one[-1]) for one in posts(other))
    assert 4 == call("import", name, "--json").json["counts"]["already"]


def test_a_series_comes_at_another_time_of_the_day(store, call):
    """From a day on; the list of series says so."""
    begun = call(
        "add",
        "Daily",
        "-a",
        "alice",
        "-w",
        f"{TOMORROW}T09:00",
        "--zone",
        "UTC",
        "--repeat",
        "daily",
        "--json",
    )
    number = str(begun.json["entered"]["series"])
    third = (NOW + timedelta(days=3)).date().isoformat()

    done = call("edit", "--series", number, "--from", third, "--when", "18:30", "--text", "Evening")

    assert 0 == done.code
    assert f"Series {number} says it and comes at 18:30 from {third}" in " ".join(done.out.split())
    hours = [one.delivery.due_at.hour for one in store.read(reading.queue)]
    assert [9, 9, 18, 18] == hours[:4]
    assert [f"{TOMORROW}T09:00:00", f"{third}T18:30:00"] == call("series", "--json").json["series"][0][
        "next"
    ][::2]
    assert 0 == call("skip", number, f"{third}T18:30").code
    assert 2 == call("edit", "--series", number, "--when", "tomorrow").code
    assert "--retry" in call("edit", "--series", number, "--text", "x", "--retry").err


def coming(store, account):
    """The days on which an account has something waiting, counted from tomorrow."""
    days = [one.delivery.due_at.date() for one in waiting(store, account)]
    return sorted((day - (NOW + timedelta(days=1)).date()).days for day in days)


def waiting(store, account):
    return store.read(reading.queue, state=State.SCHEDULED, account=account, limit=99)


def day(n):
    return (NOW + timedelta(days=1 + n)).date().isoformat()


def test_an_account_joins_a_series_from_a_time_on(store, call):
    """Also at times that are planned already; a skipped one stays out. Undone, it leaves again."""
    number = str(every_morning(call).json["entered"]["series"])
    call("skip", number, day(4))

    done = call("edit", "--series", number, "--from", day(2), "--add-account", "bob", "--by", "eve")

    assert 0 == done.code
    assert f"Series {number} comes for bob too from {day(2)}" in " ".join(done.out.split())
    assert [2, 3, 5] == coming(store, "bob")[:3]
    assert 0 in coming(store, "alice")
    assert "later for alice, bob" in call("series").out
    assert {8} == {one.delivery.due_at.hour for one in waiting(store, "bob")}
    change = call("history", "--json").json["history"][0]["change"]
    undone = call("undo", str(change))
    assert (0, [], ["alice"]) == (
        undone.code,
        coming(store, "bob"),
        call("series", "--json").json["series"][0]["accounts"],
    )


def test_an_account_leaves_a_series_from_a_time_on_and_comes_back(store, call):
    """What waits for it is taken back; what is planned later is not for it. Once back, each time comes once."""
    begun = call("add", "Morning", "-a", "alice", "-a", "bob", "-w", f"{day(0)}T08:00Z", "--zone", "UTC",
                 "--repeat", "daily", "--json")  # fmt: skip
    number = str(begun.json["entered"]["series"])
    before = coming(store, "bob")

    assert 0 == call("edit", "--series", number, "--from", day(2), "--remove-account", "bob").code
    assert [0, 1] == coming(store, "bob")
    plan(store, now=NOW + timedelta(days=3))
    assert [0, 1] == coming(store, "bob")
    assert len(coming(store, "alice")) > len(before)

    again = call("edit", "--series", number, "--from", day(3), "--add-account", "bob", "--text", "Evening")

    assert 0 == again.code
    # How far is planned ahead depends on the hour; no time comes twice.
    assert [0, 1, 3, 4, 5] == coming(store, "bob")[:5]
    assert len(set(coming(store, "bob"))) == len(coming(store, "bob"))
    assert len(coming(store, "bob")) - 2 == sum(one.text == "Evening" for one in waiting(store, "bob"))


def test_a_leave_that_is_undone_leaves_no_gap(store, call):
    """Neither at the times that were taken back, nor at those that were planned without the account since."""
    begun = call("add", "Morning", "-a", "alice", "-a", "bob", "-w", f"{day(0)}T08:00Z", "--zone", "UTC",
                 "--repeat", "daily", "--json")  # fmt: skip
    number = str(begun.json["entered"]["series"])
    call("edit", "--series", number, "--from", day(2), "--remove-account", "bob")
    plan(store, now=NOW + timedelta(days=3))

    assert 0 == call("undo").code
    plan(store, now=NOW + timedelta(days=3))

    assert coming(store, "alice") == coming(store, "bob")
    assert len(coming(store, "bob")) == len(set(coming(store, "bob")))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--add-account", "bobb"], 1, '"bob"'),
        (["--add-account", "alice"], 1, "comes for alice already"),
        (["--remove-account", "bob"], 1, "does not come for bob"),
        (["--remove-account", "alice"], 1, "series --end"),
        (["--add-account", "bob", "--remove-account", "bob"], 2, "both name bob"),
    ],
)
def test_what_cannot_be_asked_of_a_series_accounts_is_refused(store, call, words, code, told):
    """An account that is not there, one that it comes for already, one that it never came for, and the last one."""
    number = str(every_morning(call).json["entered"]["series"])

    done = call("edit", "--series", number, *words)

    assert code == done.code
    assert told in " ".join((done.out + done.err).split())
    assert [] == coming(store, "bob")


def test_a_single_post_has_no_accounts_that_join(store, call):
    """It is written once more for them."""
    number = add(call)

    assert "steadypost copy" in call("edit", str(number), "--add-account", "bob").err


def test_a_dry_run_of_who_joins_a_series_changes_nothing(store, call):
    """It says what it would do."""
    number = str(every_morning(call).json["entered"]["series"])

    told = call("edit", "--series", number, "--add-account", "bob", "--dry-run")

    assert (0, []) == (told.code, coming(store, "bob"))
    assert f"Series {number} comes for bob too from" in " ".join(told.out.split())
    assert "Nothing was written" in told.out


def test_a_skip_of_long_ago_that_is_undone_comes_after_all(store, call):
    """Also where the days around it were planned meanwhile."""
    number = str(every_morning(call).json["entered"]["series"])
    call("skip", number, day(9))
    plan(store, now=NOW + timedelta(days=5))
    assert 9 not in coming(store, "alice")

    call("undo")
    plan(store, now=NOW + timedelta(days=5))

    assert 1 == coming(store, "alice").count(9)


def test_what_stands_beside_another_is_said_at_intake(store, call):
    """It comes in all the same."""
    number = add(call)

    told = call("add", "At the same time", "-a", "alice", "-w", f"{TOMORROW}T09:00Z").out

    assert f"alice has delivery {number} at about the same time" in told


def test_a_long_text_becomes_a_thread_on_demand(store, call):
    """Cut between sentences."""
    call("add", "The first one is here. " * 20, "-a", "alice", "-w", "+1h", "--split")

    parts = [part.text for part in store.read(reading.show, 1).post.parts]

    assert len(parts) > 1
    assert all(part.endswith(".") and len(part) <= 280 for part in parts)


def test_a_time_of_a_series_is_named_as_people_name_days(store, call):
    """Today and tomorrow, by the clocks of the series, as everywhere else."""
    begun = every_morning(call)
    number = str(begun.json["entered"]["series"])

    assert 0 == call("edit", "--series", number, "--from", "tomorrow 08:00", "--text", "Evening").code
    assert 0 == call("skip", number, "tomorrow").code

    week = call("calendar", TOMORROW, "--json").json["days"]
    assert [[], ["Evening"]] == [[one["text"] for one in day["deliveries"]] for day in week[:2]]


def test_an_export_is_of_a_kind_that_its_name_says(store, call, tmp_path):
    """Not a table under the name of a document."""
    add(call)
    told = call("export", str(tmp_path / "posts.docx"))

    assert (2, True) == (told.code, "name it .csv, .json or .ics" in told.err)
    assert not (tmp_path / "posts.docx").exists()
    assert 0 == call("export", str(tmp_path / "posts.docx"), "--format", "csv").code


def test_a_worker_s_lease_is_told_by_the_clocks_of_the_reader(store, call, monkeypatch):
    """As every other time is; programs get it in UTC."""
    monkeypatch.setenv("STEADYPOST_ZONE", "Asia/Tokyo")
    number = add(call, "Now", "alice", "now")
    store.claim(worker="one", now=clock.now(), lease=timedelta(minutes=1), at_most=1, accounts=["alice"])

    for command in ("cancel", "release"):
        told = call(command, str(number)).err
        assert "(Asia/Tokyo)" in told
        assert "UTC" not in told
    assert "UTC" in call("cancel", str(number), "--json").json["error"]["message"]


def test_what_cannot_be_released_says_what_can_be_done(store, call):
    """What was taken back is brought back by undoing it."""
    number = add(call)
    call("cancel", str(number))

    assert "steadypost undo" in call("release", str(number)).err


def test_what_a_moved_one_stands_beside_is_said(store, call):
    """As it is said of what comes in; it is moved all the same. Of a rehearsal nothing is said."""
    first, second = add(call), add(call, "Another", "alice", f"{TOMORROW}T12:00Z")
    elsewhere = add(call, "A third", "bob", f"{TOMORROW}T12:00Z")
    told = f"alice has delivery {first} at about the same time"

    assert told not in call("move", str(second), "--when", f"{TOMORROW}T09:00Z", "--dry-run").out
    assert told in " ".join(call("move", str(second), "--when", f"{TOMORROW}T09:00Z").out.split())
    assert [] == call("move", str(elsewhere), "--when", f"{TOMORROW}T09:00Z", "--json").json["notes"]
    [note] = call("edit", str(second), "--text", "x", "--when", f"{TOMORROW}T09:00:30Z", "--json").json[
        "notes"
    ]
    assert told in note
