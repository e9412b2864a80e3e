"""Refused rows come back as a file of the same form; mended, it is imported like any other."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from steadypost.intake import Told, import_file
from steadypost.intake.dates import Order
from steadypost.intake.mending import command, write_refused
from steadypost.intake.telling import lines, markdown
from steadypost.store import reading

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def mended(store, tmp_path, now):
    """Import a file, write its refused rows, and read them again."""

    def run(path, name, told=None):
        report = import_file(store, path, now=now, told=told)
        target = tmp_path / name
        written = write_refused(report, target)
        return report, target, written

    return run


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_csv_keeps_its_form_and_its_encoding(mended, store, tmp_path, now, encoding):
    """The delimiter, the columns, every cell; only ``why`` is new, and an import passes it over."""
    path = tmp_path / "posts.csv"
    text = (
        'text;accounts;when;;\r\nGut;alice;now;;\r\nGrüße;alyce;now;;\r\n"Zwei; Zeilen\nhier";bob;neulich\r\n'
    )
    path.write_bytes(text.encode(encoding))

    report, target, written = mended(path, "refused.csv")

    assert (2, 2) == (written, len(report.refused))
    back = target.read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding)
    assert "text;accounts;when;;;why" == back.splitlines()[0]
    assert '"alice" was meant?' in back.replace('""', '"')
    again = import_file(store, target, now=now, dry_run=True)
    assert ["refused.csv:2", "refused.csv:3"] == [one.where for one in again.refused]
    target.write_bytes(back.replace("alyce", "alice").replace("neulich", "now").encode(encoding))
    assert 2 == len(import_file(store, target, now=now).accepted)
    assert {"Gut", "Grüße", "Zwei; Zeilen\nhier"} == {one.text for one in store.read(reading.queue)}


def test_why_is_written_anew_and_not_beside_the_last(mended, store, tmp_path, now):
    """A file that is refused twice has one such column."""
    path = tmp_path / "posts.csv"
    path.write_text("text,accounts,when\nHi,nobody,now\n")
    _, target, _ = mended(path, "refused.csv")
    _, twice, _ = mended(target, "twice.csv")

    assert target.read_text() == twice.read_text()


def test_excel_comes_back_as_excel(mended, store, now):
    """Dates stay dates, and a text that begins like a formula stays a text."""
    report, target, written = mended(FIXTURES / "excel.xlsx", "refused.xlsx")

    assert (2, 2) == (written, len(report.refused))
    header, *rows = load_workbook(target)["Posts"].iter_rows(values_only=True)
    assert ("key", "text", "accounts", "when", "zone", "allow_repeat", "why") == header
    assert [3, "x-4"] == [row[0] for row in rows]
    assert "it names a day and no time" in rows[1][-1]
    again = import_file(store, target, now=now, dry_run=True)
    assert ["text", "when"] == [one.refusals[0].field for one in again.refused]


def test_json_comes_back_as_json(mended, store, tmp_path, now):
    """With ``why`` as one field more."""
    path = tmp_path / "posts.json"
    path.write_text(json.dumps([{"text": "Hi", "accounts": ["nobody"], "when": "now", "labels": ["a"]}]))
    _, target, _ = mended(path, "refused.json")

    [post] = json.loads(target.read_text())
    assert ["a"] == post["labels"]
    target.write_text(json.dumps([post | {"accounts": ["alice"]}]))
    assert 1 == len(import_file(store, target, now=now).accepted)


def test_a_table_without_header_gets_one(mended, store, now):
    """Hootsuite's: nobody could see which column is why."""
    _, target, written = mended(FIXTURES / "hootsuite.csv", "refused.csv", Told(accounts=("alice",)))

    assert 2 == written  # no zone is set
    assert "Date,Message,Link,why" == target.read_text("utf-8-sig").splitlines()[0]
    again = import_file(store, target, now=now, zone="UTC", told=Told(accounts=("alice",)))
    assert 2 == len(again.accepted)


def test_the_page_names_every_row_and_no_mark_of_its_own_is_taken_from_a_text(store, tmp_path, now):
    """A bar in a text divides no table."""
    path = tmp_path / "posts.csv"
    path.write_text("key,text,accounts,when\na,One | two <b>,alice,now\nb,Hi,nobody,now\na,Three,alice,now\n")
    report = import_file(store, path, now=now, dry_run=True)

    page = markdown(report, "posts.csv")

    assert "1 would be new, 2 would be refused." in page
    assert "| 3 | refused |  | accounts 'nobody'" in page
    assert [2, 3, 4] == [one.row for one in lines(report)]
    import_file(store, path, now=now)
    path.write_text("key,text,accounts,when\na,Four,alice,now\n")
    assert "text: One \\| two &lt;b> -> Four" in markdown(import_file(store, path, now=now), "posts.csv")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (Told(), "--dates day-first"),
        (Told(accounts=("alice",), mapping={"Post copy": "text"}), "'Post copy=text' --dates day-first"),
        (Told(order=Order.DAY_FIRST), "--dates day-first"),
    ],
)
def test_the_mended_rows_come_in_by_the_command_that_is_named(store, tmp_path, now, told, said):
    """Of the rows that are left none may tell the order of its dates: the whole file told it."""
    text = next(iter(told.mapping), "text")
    file, rest = tmp_path / "posts.csv", tmp_path / "rest.csv"
    file.write_text(f"{text},accounts,when\nOne,alice,24.12.2026 18:30\nTwo,alise,05.01.2027 18:30\n")
    report = import_file(store, file, now=now, zone="Europe/Berlin", told=told)
    assert 1 == write_refused(report, rest)
    rest.write_text(rest.read_text(encoding="utf-8-sig").replace("alise,05", "alice,05"))

    words = command(report, rest, told, "Europe/Berlin")
    mended = import_file(
        store, rest, now=now, zone="Europe/Berlin", told=replace(told, order=Order.DAY_FIRST)
    )

    assert said in words
    assert words.startswith(f"steadypost import {rest}")
    assert words.endswith("--zone Europe/Berlin")
    assert [datetime(2027, 1, 5, 17, 30, tzinfo=UTC)] == [one.due_at for one in mended.accepted]
