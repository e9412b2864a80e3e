"""Columns are called as their owners and their tools call them; what two columns say is never lost."""

from dataclasses import replace
from datetime import datetime

import pytest
from openpyxl import Workbook

from steadypost.intake import Draft, Told, columns, import_file
from steadypost.intake.column_words import field_called
from steadypost.intake.files import FileRefused, listed

NOON = datetime.fromisoformat("2026-12-24 18:30")
ALICE = Told(accounts=("alice",))


@pytest.fixture
def read(tmp_path):
    """The rows of a CSV file."""

    def take(content, told=ALICE, encoding="utf-8"):
        path = tmp_path / "posts.csv"
        path.write_bytes(content.encode(encoding))
        return list(listed(path, told).rows())

    return take


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Datum;Uhrzeit;Text;Konto;Bild", "24.12.2026;18:30;Hello;alice;"),
        ("Beitrag;Kanal;Termin;Schlagwörter", "Hello;alice;24.12.2026 18:30;winter"),
        ("Date;Heure;Texte;Compte;Image", "24/12/2026;18h30;Hello;alice;"),
        ("Date de publication;Message;Comptes", "24/12/2026 18:30;Hello;alice"),
        ("Fecha;Hora;Texto;Cuenta;Imagen", "24/12/2026;18:30;Hello;alice;"),
        ("Data;Ora;Testo;Profilo;Immagine", "24/12/2026;18:30;Hello;alice;"),
        ("Data;Hora;Texto;Conta;Imagem", "24/12/2026;18:30;Hello;alice;"),
        ("Datum;Tijd;Tekst;Kanaal;Afbeelding", "24-12-2026;18:30;Hello;alice;"),
        ("日付;時刻;本文;アカウント;画像", "2026/12/24;18:30;Hello;alice;"),
        ("投稿内容;投稿日時;アカウント", "Hello;2026年12月24日(木) 午後6時30分;alice"),
        ("Caption;Media URL;Scheduled Date;Scheduled Time;Profile", "Hello;;2026-12-24;18:30;alice"),
        ("Post Date;Post Time;Post Copy;Link;Image URL;Labels", "12/24/2026;6:30 PM;Hello;;;x"),
        ("Content;Category;Link;Image URL;Date;Time", "Hello;Blog;;;2026-12-24;18:30"),
        ("Date (dd/mm/yyyy);Time (hh:mm);Message;Image URL;Link", "24/12/2026;18:30;Hello;;"),
        ("Message;Date;Time;Social Profile", "Hello;12/24/2026;6:30 PM;alice"),
        ("Publication Date;Text;Link;Image URL", "2026-12-24 18:30;Hello;;"),
        ("Text;Posting Time;Channel", "Hello;2026-12-24 18:30;alice"),
        ("Content;Category;Posting Date;Posting Time", "Hello;Blog;24/12/2026;18:30"),
        ("Text;Posting Time;Posting Date", "Hello;6:30 PM;2026-12-24"),
        ("Text;Account;Datum/Uhrzeit", "Hello;alice;24.12.2026 - 18:30"),
    ],
)
def test_a_table_says_the_same_whatever_its_columns_are_called(read, header, row):
    """Of Later, Loomly, SocialBee, Sendible, CoSchedule, Agorapulse, and of people in eight languages."""
    [found] = read(f"{header}\n{row}\n")

    assert isinstance(found.draft, Draft), found.draft
    assert ("Hello", ["alice"], "2026-12-24 18:30") == (
        found.draft.text,
        found.draft.accounts,
        found.draft.when.removesuffix(":00"),
    )


@pytest.mark.parametrize(("shown", "month"), [("dd/mm/yyyy", 6), ("MM/DD/YYYY", 5), ("TT.MM.JJJJ", 6)])
def test_a_column_may_say_in_its_name_how_its_dates_are_written(read, shown, month):
    """Then no date of it is ambiguous."""
    [found] = read(f"Date ({shown}),Time,Message\n05/06/2027,18:30,Hello\n")

    assert f"2027-{month:02}-{11 - month:02} 18:30:00" == found.draft.when


METRICOOL = (
    "Text,Date,Time,Draft,Facebook,Twitter,LinkedIn,Bluesky,Picture Url 1,Picture Url 2,Alt text picture 1,"
    "Alt text picture 2,Document title,Shortener,Pinterest Board\n"
    "Both,2026-12-24,18:30:00,FALSE,TRUE,TRUE,FALSE,TRUE,https://e.com/a.png,https://e.com/b.png,,A moon,,FALSE,\n"
    "One,2026-12-24,19:30:00,FALSE,FALSE,FALSE,FALSE,TRUE,,,,,,FALSE,\n"
    "None,2026-12-24,20:30:00,FALSE,TRUE,FALSE,FALSE,FALSE,,,,,,FALSE,\n"
    "Draft,2026-12-24,21:30:00,TRUE,FALSE,TRUE,FALSE,TRUE,,,,,,FALSE,\n"
)


def test_metricools_table_says_for_which_networks_a_row_is(read):
    """An account on a network that is not ticked is left out; a row for none of them, or a draft, is told."""
    told = Told(accounts=("alice", "bea"), networks={"alice": "x", "bea": "bluesky"})

    both, one, none, draft = read(METRICOOL, told)

    assert (["alice", "bea"], ["bea"]) == (both.draft.accounts, one.draft.accounts)
    assert [("https://e.com/a.png", ""), ("https://e.com/b.png", "A moon")] == [
        (image.path, image.alt) for image in both.draft.images
    ]
    assert ("it is for other networks there", "it is a draft there") == (none.passed_over, draft.passed_over)


def test_an_import_knows_on_which_network_each_account_is(store, now, tmp_path):
    """All three are on X: the row for Bluesky alone is for none of them."""
    path = tmp_path / "metricool.csv"
    path.write_text(METRICOOL.replace("https://e.com/a.png", "").replace("https://e.com/b.png,,A moon", ",,"))

    report = import_file(store, path, now=now, zone="UTC", told=Told(accounts=("alice",)))

    assert (1, 3) == (report.counts["accepted"], report.counts["passed_over"])


PLAN = "Text,accounts,when,Status,Owner,Campaign\nHi,alice,2026-12-24 18:30,ready,Eve,X\n"


def test_all_that_says_nothing_here_is_passed_over_at_once(read):
    """A table of six columns needs one word, and the refusal says which; a slip of a known name is still told."""
    with pytest.raises(FileRefused) as refused:
        read(PLAN)
    assert '--map "*=ignore"' in str(refused.value)

    [found] = read(PLAN, Told(mapping={"*": "ignore"}))
    assert ("Hi", ["alice"]) == (found.draft.text, found.draft.accounts)

    with pytest.raises(FileRefused) as slipped:
        read(PLAN.replace("Status", "lables"), Told(mapping={"*": "ignore"}))
    assert '"labels" was meant?' in str(slipped.value)


def test_a_table_with_a_column_for_each_network_is_known_by_that(read, monkeypatch):
    """Whatever the tool is called: columns of networks that are none here are passed over in it."""
    [metricool] = [tool for tool in columns.TOOLS if tool.name == "Metricool"]
    monkeypatch.setattr(columns, "TOOLS", (replace(metricool, name="Another"),))

    rows = read(METRICOOL, Told(accounts=("bea",), networks={"bea": "bluesky"}))

    assert ["bea"] == rows[1].draft.accounts


@pytest.mark.parametrize(
    ("alt", "images", "shown"),
    [
        ("A sun", "a.png", ["A sun"]),
        ("A sun||A moon", "a.png|b.png", ["A sun", "A moon"]),
        ("|A moon", "a.png|b.png", ["", "A moon"]),
        ("other words", "a.png::A sun", ["A sun"]),
    ],
)
def test_what_an_image_shows_may_stand_in_a_column_of_its_own(read, alt, images, shown):
    """One for each image, in their order; what stands beside its path goes first."""
    [found] = read(f"Text;Account;Date;Image;Alt text\nHello;alice;2026-12-24 18:30;{images};{alt}\n")

    assert shown == [image.alt for image in found.draft.images]


def test_a_description_without_an_image_is_not_lost(read):
    """It is refused with what to do."""
    [found] = read("Text,Account,Date,Image,Alt text\nHello,alice,2026-12-24 18:30,,A sun\n")

    assert "name the image" in str(found.draft[0])


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Text,Message,accounts,when", "columns A (Text) and B (Message) both say it"),
        ("Text,accounts,when,Datum", "columns C (when) and D (Datum) both say it"),
        ("text,text,accounts,when", "keep one of them"),
        ("Bild 1,Image 1,Text,when", "columns A (Bild 1) and B (Image 1)"),
    ],
)
def test_two_columns_for_one_thing_are_refused_with_both(read, header, told):
    """One of them would be lost in silence."""
    with pytest.raises(FileRefused) as refused:
        read(f"{header}\na,b,c,d\n")

    assert told in str(refused.value)


@pytest.mark.parametrize(
    "name", ["ID", "Nummer", "Title", "Owner", "Notes", "Status", "Campaign", "Text 2", "Betreff", "1"]
)
def test_what_may_mean_anything_means_nothing(name):
    """Its owner says what it is, with --map."""
    assert field_called(name) is None


@pytest.mark.parametrize(
    ("text", "encoding", "remedy"),
    [
        ("Über Möglichkeiten für Städte", "mac_roman", "--encoding mac_roman (it says 'Über' then)"),
        ("À bientôt, l’été où ça ira", "mac_roman", "--encoding mac_roman (it says 'À' then)"),
        ("Zażółć gęślą jaźń", "cp1250", "--encoding cp1250 (it says 'Zażółć' then)"),
        ("Привет, мир", "cp1251", "--encoding cp1251 (it says 'Привет' then)"),
        ("こんにちは世界", "cp932", "--encoding cp932 (it says 'こんにちは世界' then)"),
        ("你好世界", "gb18030", "--encoding gb18030 (it says '你好世界' then)"),
    ],
)
def test_an_encoding_that_cannot_be_told_is_shown_with_what_it_would_say(read, text, encoding, remedy):
    """Which one is right, a person sees; nothing is guessed."""
    with pytest.raises(FileRefused) as refused:
        read(f"text,accounts,when\n{text},alice,2026-12-24T18:30Z\n", encoding=encoding)

    assert remedy in str(refused.value)


def test_a_table_separated_by_bars_and_one_with_an_old_mark_at_its_end_are_read(read):
    """Only a header tells that a bar separates cells."""
    [barred] = read("text|accounts|when\nHello|alice|now\n")
    [marked] = read("text,accounts,when\nHello,alice,now\n\x1a")
    [kept] = read("text,accounts,when\nHello | there | you,alice|bob,now\n")

    assert ("Hello", "Hello", ["alice", "bob"]) == (barred.draft.text, marked.draft.text, kept.draft.accounts)


def test_a_workbook_by_the_name_of_a_csv_is_called_one(read):
    """And not a text with a strange sign."""
    with pytest.raises(FileRefused, match=r"name it \.xlsx"):
        read("PK\x03\x04aaaa\x00")


# -- workbooks


@pytest.fixture
def book(tmp_path):
    """A workbook with the usual header, and the way to read it."""
    made = Workbook()
    made.active.append(["Text", "Account", "Date", "Link"])

    def read_back():
        made.save(tmp_path / "posts.xlsx")
        return list(listed(tmp_path / "posts.xlsx", Told()).rows())

    return made.active, read_back


def test_a_row_that_is_hidden_or_filtered_out_is_told_and_not_taken(book):
    """Its owner does not see it: it would be published all the same."""
    sheet, read_back = book
    for text in ("Seen", "Hidden", "Seen too"):
        sheet.append([text, "alice", NOON])
    sheet.row_dimensions[3].hidden = True

    rows = read_back()

    assert ["", True, ""] == [row.passed_over and "hidden" in row.passed_over for row in rows]


def test_words_shown_for_a_link_are_not_posted_as_one(book):
    """The address is what is meant; without it nothing goes in."""
    sheet, read_back = book
    sheet.append(["Hello", "alice", NOON, "Read more"])
    sheet["D2"].hyperlink = "https://example.org/one"
    sheet.append(["Hello", "alice", NOON, "example.org/one"])

    words, address = read_back()

    assert "write the address itself" in str(words.draft[0])
    assert "Hello example.org/one" == address.draft.text


def test_the_codes_of_a_workbook_are_read_as_what_they_stand_for(book):
    """Other tools keep line ends of Windows so; a text that looks like a code keeps its own."""
    sheet, read_back = book
    sheet.append(["One_x000D_\nTwo", "alice", NOON])
    sheet.append(["_x005F_x0041_", "alice", NOON])

    assert ["One\r\nTwo", "_x0041_"] == [row.draft.text for row in read_back()]
