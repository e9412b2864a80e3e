"""What is said to an author whose post comes in all the same."""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.quota import Limits
from steadypost.intake import Draft, enter
from steadypost.intake.importing import import_file
from steadypost.store import AccountRecord, Store
from steadypost.store import accounts as account_rows

NOW = datetime(2027, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    """A store that knows two accounts on X and one elsewhere."""
    with Store.create(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        for name, channel, network in (
            ("alice", "x_web", "x"),
            ("bob", "x_api", "x"),
            ("carol", "file", "file"),
        ):
            record = AccountRecord(
                name=name,
                channel=channel,
                network=network,
                handle=name,
                limits=Limits(spacing=timedelta(minutes=5)),
            )
            opened.write(account_rows.put, record, NOW)
        yield opened


def said(store, **fields):
    draft = Draft(**{"text": "Good morning", "accounts": ["carol"], "when": "+1h", **fields})
    return " | ".join(enter(store, draft, now=NOW, source="test").notes)


def test_an_ordinary_post_is_told_nothing(store):
    """Notes that always come are read by nobody."""
    assert "" == said(store)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"when": "2027-07-31 09:00", "zone": "UTC", "repeat": "monthly"}, "5 months a year have no day 31"),
        ({"when": "2027-07-29 09:00", "zone": "UTC", "repeat": "monthly"}, "1 month a year has no day 29"),
        (
            {"accounts": ["alice"], "zone": "UTC", "repeat": "daily"},
            "X refuses a text that was posted before",
        ),
        ({"accounts": ["alice", "bob"]}, "X forbids the same text on several accounts (alice, bob)"),
        ({"when": "2027-07-02 09:00", "zone": "EST"}, "write America/New_York if you mean that"),
        ({"when": "2027-07-02 09:00", "zone": "Etc/GMT+2"}, "2 hours behind UTC: its sign is turned round"),
    ],
)
def test_what_is_probably_not_meant_is_said(store, fields, told):
    """With what to write instead."""
    assert told in said(store, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"when": "2027-07-31 09:00", "zone": "UTC", "repeat": "FREQ=MONTHLY;BYMONTHDAY=-1"},
        {"when": "2027-12-02 09:00", "zone": "EST"},
        {"accounts": ["alice", "carol"]},
    ],
)
def test_what_is_as_it_should_be_is_told_nothing(store, fields):
    """The last day, a winter's EST, one account on X beside one elsewhere."""
    assert "" == said(store, **fields)


def test_what_is_due_within_the_spacing_of_another_is_said(store):
    """One of them will wait, and its author may want another time."""
    enter(store, Draft(text="First", accounts=["carol"], when="+1h"), now=NOW, source="test")

    assert "carol has delivery 1 at about the same time" in said(store, when="+1h4m")
    assert "" == said(store, text="Later", when="+3h")


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_row_of_a_file_is_told_the_same(store, tmp_path, dry_run):
    """What X refuses or forbids is said of a file's rows too, before they wait."""
    file = tmp_path / "posts.csv"
    file.write_text(
        "text,accounts,when,zone,repeat\n"
        "Good morning,alice|bob,2027-07-02 09:00,UTC,\n"
        "Each day,alice,2027-07-02 10:00,UTC,daily\n"
        "Elsewhere,carol,2027-07-02 11:00,UTC,daily\n"
    )

    report = import_file(store, file, now=NOW, dry_run=dry_run)

    assert [
        "X forbids the same text on several accounts (alice, bob)",
        "X refuses a text that was posted before",
        "",
    ] == [" ".join(one.notes).split(":")[0].split(", so")[0] for one in report.accepted]


def test_without_a_spacing_nothing_is_said_to_wait(store):
    """Both go out at their time, and the note does not say otherwise."""
    record = AccountRecord(name="dora", channel="file", network="file", handle="dora")
    store.write(account_rows.put, record, NOW)
    enter(store, Draft(text="First", accounts=["dora"], when="+1h"), now=NOW, source="test")

    told = said(store, accounts=["dora"])

    assert "dora has delivery 1 at about the same time. Another time:" in told
