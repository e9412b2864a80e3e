"""Whatever stands in a table, no row is lost and none ends in an exception."""
# ruff: noqa: DTZ001 - a spreadsheet knows no zone

import csv
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from steadypost.intake import Draft, Told, import_file
from steadypost.intake.files import FileRefused, listed
from steadypost.intake.telling import lines
from steadypost.store import reading

NAMES = [
    "text",
    "accounts",
    "when",
    "key",
    "images",
    "labels",
    "zone",
    "text@mastodon",
    "",
    "date",
    "time",
    "why",
]
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs", "Cc"]), max_size=20
)
WORDS = st.sampled_from(
    ["alice", "now", "24.12.2026 18:30", "1/2/2027 6 PM", "a.png::b::2", "yes", "=A1", "#N/A"]
)
CELLS = TEXTS | WORDS
NUMBERS = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
TIMES = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)) | st.times()


def header(draw_names):
    return ["text", "accounts", "when", *draw_names]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(["key", "images", "labels", "zone", "text@mastodon", "", ""]), max_size=4),
    st.lists(st.lists(CELLS, max_size=9), max_size=6),
    st.sampled_from([";", ",", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_every_row_of_csv_is_accounted_for(tmp_path, more, rows, delimiter, encoding):
    """As a draft or a refusal, under its own number."""
    names = header(dict.fromkeys(more) if "" not in more else [*filter(None, dict.fromkeys(more)), "", ""])
    path = tmp_path / "any.csv"
    with path.open("w", encoding=encoding, newline="") as opened:
        csv.writer(opened, delimiter=delimiter).writerows([names, *rows])

    found = list(listed(path, Told()).rows())

    filled = [n for n, cells in enumerate(rows, start=2) if any(cell.strip() for cell in cells)]
    assert filled == [row.number for row in found]
    for row in found:
        assert isinstance(row.draft, Draft) or (
            row.draft and all(one.why and one.remedy for one in row.draft)
        )


def read_or_refused(path):
    """The rows; none where a cell of the first ones left no header to be found."""
    try:
        return list(listed(path, Told()).rows())
    except FileRefused as refused:
        if not all(one.why and one.remedy for one in refused.refusals):
            raise
        return []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.lists(CELLS | NUMBERS | TIMES | st.none(), max_size=6), max_size=5),
    st.lists(st.tuples(st.integers(2, 5), st.integers(1, 4), st.integers(0, 2)), max_size=2),
)
def test_every_row_of_a_workbook_is_accounted_for(tmp_path, rows, merged):
    """Numbers, times, formulas and merged cells among them."""
    book = Workbook()
    sheet = book.active
    sheet.append(["text", "accounts", "when", "key", "labels"])
    for down, cells in enumerate(rows, start=2):
        for at, cell in enumerate(cells, start=1):
            sheet.cell(down, at, cell)
    for row, column, more in merged:
        if more:
            sheet.merge_cells(start_row=row, end_row=row + more, start_column=column, end_column=column)
    path = tmp_path / "any.xlsx"
    book.save(path)

    found = read_or_refused(path)
    numbers = [row.number for row in found]
    assert sorted(set(numbers)) == numbers
    assert set(numbers) <= set(range(2, 9))
    for row in found:
        assert isinstance(row.draft, Draft) or (
            row.draft and all(one.why and one.remedy for one in row.draft)
        )


def test_a_thousand_rows_are_in_or_told(store, tmp_path, now):
    """The counts are those of the sheet, across the borders of chunks."""
    path = tmp_path / "long.csv"
    lines = [f"k{n},Post number {n},{'alice' if n % 7 else 'nobody'},+1h" for n in range(1000)]
    path.write_text("key,text,accounts,when\n" + "\n".join(lines) + "\n")

    seen = []
    report = import_file(store, path, now=now, progress=seen.append)

    assert (857, 143, 1000) == (len(report.accepted), len(report.refused), len(seen))
    assert list(range(2, 1002)) == [row for row, _ in report.every]
    assert 857 == sum(store.read(reading.counts).values())


def test_a_column_may_be_called_anything_if_somebody_says_what_it_is(tmp_path):
    """And what is passed over is said, not guessed."""
    path = tmp_path / "own.csv"
    path.write_text("Post copy,Go live,Notes,Who\nHi,2026-12-24 18:30,later,alice\n")
    mapping = {"Post copy": "text", "go live": "when", "Notes": "ignore", "Who": "accounts"}

    [row] = listed(path, Told(mapping=mapping)).rows()

    assert ("Hi", ["alice"], "2026-12-24 18:30") == (row.draft.text, row.draft.accounts, row.draft.when)
    for wrong in ({"Post copy": "txt"}, {"Post": "text"}):
        with pytest.raises(FileRefused) as caught:
            listed(path, Told(mapping=mapping | wrong))
        assert "--map" in {one.field for one in caught.value.refusals}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'text,accounts,when\nfine,alice,now\n"a "quote" here",alice,now\n'),
        ("a.csv", 'text,accounts,when\nfine,alice,now\n"never closed,alice,now\n'),
        ("a.json", '[\n{"text": "fine", "accounts": ["alice"], "when": "now"},\n]'),
    ],
)
def test_where_a_file_breaks_off_is_told(store, tmp_path, now, name, content):
    """By the row of the sheet, or the line of the file; and in no library's words."""
    path = tmp_path / name
    path.write_text(content)

    line = lines(import_file(store, path, now=now))[-1]

    assert (3, False) == (line.row, "expected after" in line.what)


def test_a_text_that_says_true_stays_what_it_is(tmp_path):
    """Excel makes a yes of it and shows TRUE; a field that is yes or no takes it for that."""
    book = Workbook()
    book.active.append(["text", "accounts", "when", "as_is"])
    book.active.append([True, "alice", "now", True])
    book.save(tmp_path / "a.xlsx")

    [row] = listed(tmp_path / "a.xlsx", Told()).rows()

    assert ("TRUE", True) == (row.draft.text, row.draft.as_is)


def test_a_column_that_is_nearly_right_is_refused_with_the_whole_remedy(store, tmp_path, now):
    """Which column it is, by an option that can be copied."""
    path = tmp_path / "a.csv"
    path.write_text("text,acount,when\nHello,alice,now\n")

    [line] = lines(import_file(store, path, now=now))

    assert '--map "acount=accounts"' in line.what
