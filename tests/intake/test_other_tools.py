"""Files as other tools write them are read as their owners see them, by the rows of their sheet."""

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from steadypost.intake import Draft, Told
from steadypost.intake.dates import Order
from steadypost.intake.files import FileRefused, listed

FIXTURES = Path(__file__).parent / "fixtures"

ALICE = Told(accounts=("alice",))


@pytest.fixture
def read():
    """The rows of a file: number, texts and time; or the fields that were refused; or why it is left alone."""

    def take(name, told=None):
        found = []
        for row in listed(FIXTURES / name, told or Told()).rows():
            if row.passed_over:
                found.append((row.number, row.passed_over))
            elif isinstance(row.draft, Draft):
                found.append((row.number, row.draft.spoken, row.draft.when))
            else:
                found.append((row.number, [one.field for one in row.draft]))
        return found

    return take


GERMAN = [
    (2, ["Grüße aus Köln – schön hier"], "2026-12-24 18:30:00"),
    (3, ["„Straßenkarte“ für 5 €"], "2026-12-05 09:00:00"),
    (5, ["Erste Zeile\nzweite Zeile; mit Semikolon"], "2026-12-06 09:00:00"),
]


@pytest.mark.parametrize(
    ("name", "told", "rows"),
    [
        ("excel_german.csv", None, GERMAN),
        ("excel_unicode_text.txt", None, GERMAN),
        (
            "excel_american.csv",
            None,
            [
                (2, ["Naïve café “quotes”"], "2026-12-24 18:30:00"),
                (3, ["Same column, either way to read"], "2026-12-05 09:00:00"),
            ],
        ),
        (
            "google_sheets.csv",
            None,
            [
                (2, ["One, with a comma\nand a second line"], "2026-12-24T18:30:00.000Z"),
                (3, ["Missing its last cells"], "2026-12-24 18:30:00+01"),
                (5, ["Dec 24, written out"], "2026-12-24 18:30:00"),
            ],
        ),
        (
            "numbers.csv",
            None,
            [(3, ["Aus Numbers"], "2026-12-24 18:30:00"), (4, ["Noch eine"], "2026-12-24 19:30:00")],
        ),
        ("libreoffice.csv", None, [(2, ['She said "yes"'], "2026-12-24 18:30:00")]),
        ("excel_serials.csv", None, [(2, ["Excel counts days"], "2026-12-24 18:30:00")]),
        (
            "excel_mac.csv",
            Told(encoding="mac_roman"),
            [(2, ["Müßiggang überall"], "2026-12-24 18:30")],
        ),
        ("excel_polish.csv", Told(encoding="cp1250"), [(2, ["Zażółć gęślą jaźń"], "2026-12-24 18:30")]),
        (
            "buffer.csv",
            ALICE,
            [
                (2, ["From Buffer's own template"], "2026-12-24 18:30"),
                (3, ["A second one"], "2026-12-25 09:00"),
            ],
        ),
        (
            "hootsuite.csv",
            ALICE,
            [
                (1, ["From Hootsuite's bulk composer https://example.com/maps"], "2026-12-24 18:30:00"),
                (2, ["No link here"], "2026-12-05 09:05:00"),
            ],
        ),
        (
            "typefully.csv",
            ALICE,
            [(2, ["One", "Two"], "2026-12-24T18:30:00.000Z"), (3, "its state is published")],
        ),
        (
            "typefully.json",
            ALICE,
            [(1, ["First of two", "Second of two"], "2026-12-24T18:30:00Z"), (2, "its state is published")],
        ),
        (
            "postiz.json",
            ALICE,
            [
                (1, ["From Postiz & its editor\nsecond line"], "2026-12-24T18:30:00.000Z"),
                (1, "its state is published"),
            ],
        ),
        (
            "excel.xlsx",
            None,
            [
                (4, ["Ten maps, drawn by hand"], "2026-12-24 18:30:00"),
                (5, ["A second one"], "2026-12-05 09:00:00"),
                (7, ["text"]),
                (8, ["when"]),
                (9, ["-- begins like a formula"], "2026-12-07 18:30:00"),
            ],
        ),
        (
            "networks.xlsx",
            None,
            [
                (2, ["For everybody"], "2026-12-24 18:30:00"),
                (3, [""], "2026-12-24 19:45"),
                (4, [""], "2026-12-24 20:00:00"),
            ],
        ),
    ],
)
def test_a_file_is_read_as_its_owner_sees_it(read, name, told, rows):
    """Texts, times and the numbers of the rows."""
    assert rows == read(name, told)


def test_what_stands_beside_the_text_is_read_too():
    """Labels separated as Buffer does, a merged account, a text for one network."""
    [first, _] = listed(FIXTURES / "buffer.csv", ALICE).rows()
    [_, merged, *_] = listed(FIXTURES / "excel.xlsx", Told()).rows()
    [own, only, _] = listed(FIXTURES / "networks.xlsx", Told()).rows()

    assert ["launch", "winter"] == first.draft.labels
    assert ["alice"] == merged.draft.accounts
    assert {"mastodon": ["For #Mastodon alone"]} == {n: one.spoken for n, one in own.draft.variants.items()}
    assert {"mastodon": ["Mastodon only"], "x": ["X only"]} == {
        n: one.spoken for n, one in only.draft.variants.items()
    }


def test_a_network_of_typefully_keeps_its_own_text():
    """What is the same everywhere is said once."""
    [first, _] = listed(FIXTURES / "typefully.json", ALICE).rows()

    assert {"mastodon": ["Both in one"]} == {n: one.spoken for n, one in first.draft.variants.items()}


@pytest.mark.parametrize(
    ("name", "shown"),
    [("excel_mac.csv", "MŸ§iggang"), ("excel_polish.csv", "Za¿ó³æ")],
)
def test_an_encoding_that_does_not_read_like_words_is_refused(name, shown):
    """cp1252 reads everything; what it would say here was meant by nobody."""
    with pytest.raises(FileRefused) as caught:
        listed(FIXTURES / name, Told())

    [refusal] = caught.value.refusals
    assert shown in refusal.why
    assert "--encoding" in refusal.remedy


def test_an_ambiguous_date_is_refused_with_both_readings():
    """Nothing in its column tells; a person does."""
    [row] = listed(FIXTURES / "excel_ambiguous.csv", Told()).rows()
    [refusal] = row.draft

    assert "5 June 2027 with --dates day-first" in refusal.remedy
    assert "6 May 2027 with --dates month-first" in refusal.remedy
    for order, when in ((Order.DAY_FIRST, "2027-06-05 09:00:00"), (Order.MONTH_FIRST, "2027-05-06 09:00:00")):
        [told] = listed(FIXTURES / "excel_ambiguous.csv", Told(order=order)).rows()
        assert when == told.draft.when


@pytest.mark.parametrize("name", ["buffer.csv", "hootsuite.csv", "typefully.csv"])
def test_a_table_without_accounts_asks_for_whom_it_is(name):
    """Those tools choose them in their own pages."""
    with pytest.raises(FileRefused) as caught:
        listed(FIXTURES / name, Told())

    assert all("--account" in one.remedy for one in caught.value.refusals)


def test_the_sheet_that_is_meant_is_named_or_the_only_one():
    """Notes beside the posts disturb nobody; a slip of the name is answered with the name."""
    assert "Posts" in listed(FIXTURES / "excel.xlsx", Told()).told

    with pytest.raises(FileRefused) as caught:
        listed(FIXTURES / "excel.xlsx", Told(sheet="Post"))
    assert '"Posts" was meant?' in caught.value.refusals[0].remedy


def test_the_cell_that_is_wrong_is_named(read):
    """By row and column, with why."""
    rows = list(listed(FIXTURES / "excel.xlsx", Told()).rows())
    [formula], [day] = rows[2].draft, rows[3].draft

    assert ("excel.xlsx:7", "text") == (formula.where, formula.field)
    assert "column B: this formula was never calculated" in formula.why
    assert ("excel.xlsx:8", "2026-12-07", "it names a day and no time") == (day.where, day.value, day.why)


PUBLER = (
    '"Date - Intl. format or prompt",Text,"Link(s) - Separated by comma","Media URL(s) - Separated by comma",'
    '"Title - For the video","Label(s) - Separated by comma","Alt text(s) - Separated by ||",'
    '"Comment(s) - Separated by ||","CTA - For Google","Reminder - For stories"\n'
    '2026/12/24 18:30,One,https://example.org,,A title,"launch,winter",,,,\n'
    "2026/12/24 19:30,Two,,,,,,A first comment,,\n"
)


def read_text(tmp_path, content, name="posts.csv"):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return list(listed(path, ALICE).rows())


def test_publers_table_is_read_and_nothing_of_it_is_lost(tmp_path):
    """Its columns explain themselves in their names; a comment, which becomes no post here, is not passed over."""
    first, second = read_text(tmp_path, PUBLER)

    assert (["One https://example.org"], "2026-12-24 18:30:00", ["launch", "winter"]) == (
        first.draft.spoken,
        first.draft.when,
        first.draft.labels,
    )
    [refused] = second.draft
    assert "column H" in refused.why
    assert "cannot be taken from a table of Publer" in refused.why


@pytest.mark.parametrize(
    "content",
    [
        "date,time_24hr,message_text\n12/24/2026,18:30,Hello\n",
        "Date,Time,Message,Image URL\n12/24/2026,18:30,Hello,\n",
        "Date,Message,Time\n24.12.2026,Hello,18:30\n",
    ],
)
def test_a_day_and_a_time_apart_are_put_together_whatever_the_tool_calls_the_day(tmp_path, content):
    """Sprout Social's table, and Hootsuite's with a column more."""
    [row] = read_text(tmp_path, content)

    assert (["Hello"], "2026-12-24 18:30:00") == (row.draft.spoken, row.draft.when)


def test_a_space_between_separator_and_quote_belongs_to_no_cell(tmp_path):
    """As people write CSV by hand; where the header has none, quotes within a cell stay as they are."""
    [spaced] = read_text(tmp_path, '"text", "accounts", "when"\n"Hello, there", "alice", "now"\n')
    [plain] = read_text(tmp_path, 'text,accounts,when\n  "Hello" she said,alice,now\n')

    assert (["Hello, there"], ["alice"], "now") == (
        spaced.draft.spoken,
        spaced.draft.accounts,
        spaced.draft.when,
    )
    assert ['"Hello" she said'] == [one.strip() for one in plain.draft.spoken]


def test_a_time_that_a_spreadsheet_kept_as_a_share_of_its_day_is_read(tmp_path):
    """A time cell without a time's format, beside a day with one."""
    book = Workbook()
    book.active.append(["text", "accounts", "date", "time"])
    book.active.append(["Noon", "alice", date(2026, 12, 24), 0.5])
    book.active.append(["Evening", "alice", date(2026, 12, 24), 0.770833333333333])
    book.save(tmp_path / "posts.xlsx")

    rows = listed(tmp_path / "posts.xlsx", Told()).rows()

    assert ["2026-12-24 12:00:00", "2026-12-24 18:30:00"] == [row.draft.when for row in rows]


@pytest.mark.parametrize(("column", "meant"), [("Owner", None), ("My text", "text"), ("acounts", "accounts")])
def test_a_column_is_likened_only_to_what_it_may_mean(tmp_path, column, meant):
    """A name that merely shares letters with one of ours is no slip of it."""
    with pytest.raises(FileRefused) as refused:
        read_text(tmp_path, f"text@x,when,{column}\nHello,now,Ann\n")

    told = " ".join(one.remedy for one in refused.value.refusals)
    assert (f'"{meant}" was meant?' in told) == (meant is not None)
    assert "was meant" in told or meant is None
