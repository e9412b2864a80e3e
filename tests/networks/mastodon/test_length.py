"""A post is as long here as its server counts it."""

import pytest

from steadypost.networks.mastodon.length import graphemes, length, links


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("abc", 3),
        ("日本語", 3),
        ("👨‍👩‍👧‍👦", 1),
        ("🇩🇪", 1),
        ("e\N{COMBINING ACUTE ACCENT}", 1),
        ("https://example.com", 23),
        ("http://example.com/a/very/long/path/that/goes/on/and/on?with=much&more=still#end", 23),
        ("see https://example.com.", 4 + 23 + 1),
        ("(https://example.com/a_(b))", 1 + 23 + 1),
        ("example.com", 11),
        ("www.example.com/path", 20),
        ("https://localhost:3000/a", 24),
        ("ftp://example.com", 17),
        ("xhttps://example.com", 20),
        ("資料https://example.com/a/very/long/path/that/goes/on", 2 + 23),
        ("see:/https://example.com/a/very/long/path/that/goes/on", 5 + 23),
        ("https://wiki.internal/a/very/long/path/that/goes/on", 51),
        ("https://रत.भारत/a/very/long/path/that/goes/on", 23),
        ("@bob@remote.example hi", 4 + 3),
        ("@bob hi", 7),
        ("mail@remote.example", 19),
        ("https://remote.com/@bob@other.example/1", 23),
        ("https://bücher.de/ä", 23),
        ("https://例え.jp/道", 23),
    ],
)
def test_counts_as_the_server_does(text, expected):
    assert expected == length(text)


def test_the_warning_counts_too():
    assert 3 + 5 == length("abc", warning="Essen")


def test_a_link_counts_what_this_server_reserves():
    assert 30 == length("https://example.com", per_link=30)


def test_the_end_of_a_sentence_is_no_part_of_a_link():
    text = "Read https://example.com/a, then https://example.com/b?x=1! (https://example.com/c_(d))"

    assert ["https://example.com/a", "https://example.com/b?x=1", "https://example.com/c_(d)"] == [
        text[start:end] for start, end in links(text)
    ]


def test_a_reader_counts_a_family_as_one():
    assert 3 == graphemes("a👨‍👩‍👧‍👦b")
