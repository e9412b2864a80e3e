"""A file is read row by row; what is wrong is named by file, line, field, value and remedy."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.intake import Draft, import_file
from steadypost.intake.files import FileRefused, Row, rows

HEADER = "key,text,accounts,when\n"


@pytest.fixture
def written(tmp_path):
    def write(content, name="posts.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def read(written):
    """The rows of a file: drafts, or the fields that were refused."""

    def take(content, name="posts.csv"):
        return [
            (row.where, row.draft if isinstance(row.draft, Draft) else [one.field for one in row.draft])
            for row in rows(written(content, name))
        ]

    return take


@pytest.fixture
def refused(written):
    """The one refusal of a file that cannot be read."""

    def take(content, name="posts.csv"):
        with pytest.raises(FileRefused) as caught:
            list(rows(written(content, name)))
        [refusal] = caught.value.refusals
        assert refusal.why
        assert refusal.remedy
        return refusal

    return take


# -- CSV that is right


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_of_any_usual_making_is_read(read, delimiter, encoding, end):
    """However a spreadsheet saved it."""
    lines = [["key", "Text", "accounts", "when"], ["a", '"One, two; three\tfour ☀"', "alice|bob", "now"]]
    content = "".join(delimiter.join(cells) + end for cells in lines).encode(encoding)

    [(where, draft)] = read(content)

    assert "posts.csv:2" == where
    assert "One, two; three\tfour ☀" == draft.text
    assert ["alice", "bob"] == draft.accounts


def test_a_cell_of_many_lines_keeps_them_and_rows_are_counted_as_a_spreadsheet_does(read):
    """An empty row counts, a line break inside a cell does not."""
    content = HEADER + 'a,"One\nTwo\n\nThree",alice,now\n\n,,,\nb,"Say ""yes""",bob,now'

    found = read(content)

    assert ["posts.csv:2", "posts.csv:5"] == [where for where, _ in found]
    assert ["One\nTwo\n\nThree", 'Say "yes"'] == [draft.text for _, draft in found]


def test_a_thread_is_one_cell_parted_by_lines_of_three_dashes(read):
    """A dash inside a line parts nothing."""
    [(_, draft)] = read(HEADER + 'a,"First --- still first\r\n---\r\nSecond\n --- \nThird",alice,now')

    assert ["First --- still first", "Second", "Third"] == draft.parts
    assert "" == draft.text


def test_images_carry_their_words_and_their_part(read):
    """path::alt::part, several parted by a bar."""
    header = "text,accounts,when,images\n"
    [(_, draft)] = read(header + "Hi,alice,now,a.png|b.png::A sun :: rising|c.png::Sea::2")

    assert [
        ("a.png", "", 1),
        ("b.png", "A sun :: rising", 1),
        ("c.png", "Sea", 2),
    ] == [(one.path, one.alt, one.part) for one in draft.images]


def test_excels_hint_of_its_delimiter_is_understood(read):
    """No spreadsheet shows it as a row."""
    [(where, draft)] = read("sep=;\r\ntext;accounts;when\r\nHi;alice;now\r\n")

    assert ("posts.csv:2", "Hi") == (where, draft.text)


def test_empty_cells_are_defaults(read):
    """Only the moment has none: nothing goes out at once because a cell was forgotten."""
    header = "text,accounts,when,late_within,allow_repeat,zone\n"
    [(_, draft)] = read(header + "Hi,alice,,,yes,")

    assert ("", "6h", True) == (draft.when, draft.late_within, draft.allow_repeat)


def test_labels_are_parted_like_accounts(read):
    """Without the column there are none."""
    [(_, draft)] = read("text,accounts,when,labels\nHi,alice|bob,now, launch | #Summer |\n")
    assert ["launch", "#Summer"] == draft.labels

    [(_, plain)] = read("text,accounts,when\nHi,alice,now\n")
    assert [] == plain.labels


# -- CSV that is wrong


def test_a_ragged_row_is_refused_alone(read):
    """Which of its cells is which cannot be known; its neighbours are right."""
    found = read(HEADER + "a,One, two,alice,now\nb,Three,bob\nc,Four,bob,now")

    assert ("posts.csv:2", ["row"]) == found[0]
    assert "Four" == found[2][1].text


def test_cells_missing_at_the_end_are_empty(read):
    """Google leaves them out; empty columns without a name are Excel's."""
    [(_, short), (_, long)] = read("text,accounts,when,labels,,\nOne,alice,now\nTwo,bob,now,,,,\n")

    assert ("now", [], "Two") == (short.when, short.labels, long.text)


def test_a_cell_under_no_name_is_not_lost(read):
    """Its column is named as the spreadsheet shows it."""
    [(where, fields)] = read("text,accounts,when,\nOne,alice,now,what is this\n")

    assert ("posts.csv:2", ["row"]) == (where, fields)


def test_an_unknown_column_is_named_with_its_nearest(refused):
    """A column nobody reads would be lost in silence."""
    refusal = refused("text,accounts,whem\nHi,alice,now\n")

    assert ("posts.csv:1", "header", "whem") == (refusal.where, refusal.field, refusal.value)
    assert '"when" was meant?' in refusal.remedy


def test_all_that_is_wrong_with_a_header_is_named_at_once(written):
    """Whoever mends a file mends it once. What a slip stands for is not called missing as well."""
    with pytest.raises(FileRefused) as caught:
        list(rows(written("text,acounts,colour,key,key\nHi,alice,red,a,a\n")))

    assert [
        ("acounts", "no column has this name (column B)"),
        ("colour", "no column has this name (column C)"),
        ("key", "this column is there twice"),
        ("when", "this column is missing"),
    ] == [(one.value, one.why) for one in caught.value.refusals]
    assert {"posts.csv:1"} == {one.where for one in caught.value.refusals}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("", "file"),
        ("\n\n", "file"),
        ("Hi,alice,now\n", "file"),
        ("text,accounts\nHi,alice\n", "header"),
        ("text,accounts,when,text\nHi,alice,now,Ho\n", "header"),
        (HEADER + 'a,"never closed,alice,now\nb,Two,bob,now\n', "file"),
        (HEADER + 'a,"One"two,alice,now\n', "file"),
        (HEADER + "a,One\0,alice,now\n", "file"),
        ((HEADER + "a,Привет всем,alice,now\n").encode("cp1251"), "file"),
        ((HEADER + "a,Καλημέρα,alice,now\n").encode("cp1253"), "file"),
        ((HEADER + "a,日本語のテキスト,alice,now\n").encode("shift-jis"), "file"),
        ((HEADER + "a,Grüße,alice,now\n").encode() + "b,Grüße,alice,now\n".encode("cp1252"), "file"),
        (HEADER + f"a,{'x' * 200_000},alice,now\n", "file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "file"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_is_refused_whole(refused, content, field):
    """What stands behind the damage is not known."""
    assert field == refused(content).field


def test_a_line_in_another_encoding_is_named(refused):
    """Also when it is not the first."""
    refusal = refused(HEADER.encode() + b"a,One,alice,now\nb,Gr\x81\xfc\xdfe,alice,now\n")

    assert "posts.csv:3" == refusal.where
    assert "UTF-8" in refusal.remedy


def test_a_missing_file_and_an_unknown_kind_are_refused(tmp_path, written):
    """By their names."""
    for path in (tmp_path / "none.csv", tmp_path, written("x", "posts.xlsx"), Path()):
        with pytest.raises(FileRefused) as caught:
            list(rows(path))
        assert caught.value.refusals[0].where


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    """Nobody may ever write into it, and what is read once is gone."""
    os.mkfifo(tmp_path / "posts.csv")

    with pytest.raises(FileRefused):
        list(rows(tmp_path / "posts.csv"))


def test_a_field_beside_the_posts_is_not_called_a_slip_of_the_pen(refused):
    """It is JSON all right; only nobody would read it."""
    refusal = refused('{"posts": [], "more": 1}', "posts.json")

    assert "beside the posts" in refusal.why
    assert '{"posts": [...]}' in refusal.remedy


def test_a_field_no_image_has_is_held_against_an_images_own(written):
    """The fields of a post would be no help there."""
    post = {
        "text": "Hi",
        "accounts": ["alice"],
        "when": "now",
        "images": [{"path": "a.png", "colour": "red"}],
    }
    [row] = rows(written(json.dumps([post]), "posts.json"))

    [refusal] = row.draft
    assert "images[1].colour" == refusal.field
    assert "the fields are path, alt, part" == refusal.remedy


@given(st.binary(max_size=300))
def test_no_bytes_confuse_the_reader(tmp_path_factory, content):
    """Whatever the file, it ends in rows or in a sentence."""
    folder = tmp_path_factory.getbasetemp()
    for name in ("any.csv", "any.json", "any.jsonl", "any.xlsx", "any.txt"):
        (folder / name).write_bytes(b"text,accounts,when\n" + content if name == "any.csv" else content)
        try:
            found = list(rows(folder / name))
        except FileRefused as caught:
            found = [Row(one.where, [one]) for one in caught.refusals]
        assert all(row.where.startswith(name) for row in found)


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=60
)


@given(st.lists(CELLS, min_size=1, max_size=5), st.sampled_from(",;\t"))
def test_what_is_written_by_the_rules_is_read_back(tmp_path_factory, texts, delimiter):
    """No text makes its neighbour another one."""
    path = tmp_path_factory.getbasetemp() / "back.csv"
    quoted = ["x" + text.replace('"', '""') for text in texts]
    lines = [f'"{text}"{delimiter}alice{delimiter}now\n' for text in quoted]
    path.write_text(f"text{delimiter}accounts{delimiter}when\n" + "".join(lines), newline="")

    spoken = [row.draft.spoken for row in rows(path)]

    assert len(spoken) == len(texts)
    # A line of dashes begins the next part of a thread.
    for read, text in zip(spoken, texts, strict=True):
        assert "---" in text or [f"x{text}"] == read


# -- JSON

POST = {"text": "Hi", "accounts": ["alice"], "when": "now"}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (json.dumps([POST, POST]), "posts.json"),
        (json.dumps({"posts": [POST, POST]}), "posts.json"),
        (json.dumps([POST, POST], indent=1), "posts.json"),
        (f"{json.dumps(POST)}\n{json.dumps(POST)}\n", "posts.json"),
        (f"{json.dumps(POST)}\n\n{json.dumps(POST)}\n", "posts.jsonl"),
        ("\ufeff" + json.dumps([POST, POST]), "posts.json"),
    ],
)
def test_every_form_of_json_is_read(read, content, name):
    """A list, a wrapped list, or one post on each line."""
    assert ["Hi", "Hi"] == [draft.text for _, draft in read(content, name)]


def test_a_post_in_json_is_named_by_its_line(read):
    """Also in a list over many lines."""
    content = '[\n {"text": "Hi",\n  "accounts": ["alice"], "when": "now"},\n\n {"text": 5}\n]'

    assert ("posts.json:5", ["text", "accounts", "when"]) == read(content, "posts.json")[1]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"txt": "Hi"}, "txt"),
        ({"reply_to": 1988888888888888888}, "reply_to"),
        ({"accounts": "alice"}, "accounts"),
        ({"accounts": [1]}, "accounts[1]"),
        ({"images": [{"file": "a.png"}]}, "images[1].path"),
        ({"allow_repeat": "perhaps"}, "allow_repeat"),
        ({"when": None}, "when"),
        ({"parts": [["nested"]]}, "parts[1]"),
    ],
)
def test_a_field_that_cannot_be_meant_is_named(read, changes, field):
    """An id as a number has lost its last digits already, so it is refused too."""
    [(_, fields)] = read(json.dumps([POST | changes]), "posts.json")

    assert field in fields


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[",
        '[{"text": "Hi"',
        "[1,]",
        "[] []",
        '{"posts": {}}',
        "{'text': 1}",
        '{"posts": [], "x": 1}',
        "[" * 5000,
    ],
)
def test_broken_json_enters_nothing(written, store, now, content):
    """Nor is it an error of ours."""
    report = import_file(store, written(content, "posts.json"), now=now)

    assert report.as_dict()["counts"] | {"refused": 0} == dict.fromkeys(report.as_dict()["counts"], 0)
    assert ["file"] == [one.field for entered in report.refused for one in entered.refusals]


def test_a_wrong_line_of_json_lines_concerns_nobody_else(read):
    """Its ends are certain, unlike a broken list's."""
    twice = '{"text": "Hi", "text": "Ho", "accounts": ["alice"], "when": "now"}'
    found = read(f"{json.dumps(POST)}\n{{oops\n[]\n{twice}\n{json.dumps(POST)}\n", "posts.jsonl")

    assert [["line"], ["row"], ["text"]] == [fields for _, fields in found[1:4]]
    assert "Hi" == found[4][1].text
