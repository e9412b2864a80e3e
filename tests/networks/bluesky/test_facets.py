"""What of a text becomes a link, a mention or a tag, and where."""

from __future__ import annotations

import pytest

from steadypost.networks.bluesky.facets import Kind, facets, mentioned, spans

VECTOR = "Straße 👨‍👩‍👧‍👦 → https://example.com/ä_(b). #Grüße @bob.bsky.social (example.org)"

BOB = "did:plc:bobbobbobbobbobbobbobbob"


def found(text):
    """Name each span by its kind, its own words and its value."""
    raw = text.encode()
    return [(span.kind.value, raw[span.start : span.end].decode(), span.value) for span in spans(text)]


def test_the_vector():
    """The places of this text were told by the network's own client."""
    places = [(span.kind, span.start, span.end) for span in spans(VECTOR)]

    assert 105 == len(VECTOR.encode())
    assert places == [
        (Kind.LINK, 38, 64),
        (Kind.TAG, 66, 74),
        (Kind.MENTION, 75, 91),
        (Kind.LINK, 93, 104),
    ]


def test_facets_are_written_as_the_network_takes_them():
    written = facets(VECTOR, {"bob.bsky.social": BOB})

    assert {
        "index": {"byteStart": 38, "byteEnd": 64},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com/ä_(b)"}],
    } == written[0]
    assert [
        "link",
        "tag",
        "mention",
        "link",
    ] == [one["features"][0]["$type"].partition("#")[2] for one in written]
    assert written[2]["features"][0]["did"] == BOB


def test_a_mention_of_nobody_stays_plain_text():
    assert [] == [one["features"][0]["$type"] for one in facets("hello @bob.bsky.social", {})]


def test_a_mention_resolves_whatever_its_letters():
    assert ("bob.bsky.social",) == mentioned("@Bob.bsky.social and @bob.bsky.social")
    assert 1 == len(facets("@Bob.bsky.social", {"bob.bsky.social": BOB}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # links
        ("https://example.com", [("link", "https://example.com", "https://example.com")]),
        ("see example.com/a?b=c#d", [("link", "example.com/a?b=c#d", "https://example.com/a?b=c#d")]),
        ("(example.com/a)", [("link", "example.com/a", "https://example.com/a")]),
        ("(example.com/a_(b))", [("link", "example.com/a_(b))", "https://example.com/a_(b))")]),
        ("example.com.", [("link", "example.com", "https://example.com")]),
        ("example.com...", [("link", "example.com..", "https://example.com..")]),
        ("is it example.com?", [("link", "example.com", "https://example.com")]),
        ("example.com!)", [("link", "example.com!", "https://example.com!")]),
        ("example.com),", [("link", "example.com", "https://example.com")]),
        ("example.com;", [("link", "example.com", "https://example.com")]),
        ("a.com\nb.org", [("link", "a.com", "https://a.com"), ("link", "b.org", "https://b.org")]),
        ("a.com b.org", [("link", "a.com", "https://a.com"), ("link", "b.org", "https://b.org")]),
        ("httpbin.org", [("link", "httpbin.org", "https://httpbin.org")]),
        ("http://intranet/x", [("link", "http://intranet/x", "http://intranet/x")]),
        ("日本語 https://例え.jp/パス。", [("link", "https://例え.jp/パス。", "https://例え.jp/パス。")]),
        ("日本語example.com", []),
        ("example.notatld", []),
        ("readme.md", [("link", "readme.md", "https://readme.md")]),
        ("version 1.2.3", []),
        ("v1.2", []),
        ("mail me@example.com", []),
        ("my-site.com", []),
        ("https://", []),
        ("http://)", []),
        ("https://:80", []),
        ("ftp://example.com", []),
        ("e.g. this", []),
        # tags
        ("#tag", [("tag", "#tag", "tag")]),
        ("＃タグ", [("tag", "＃タグ", "タグ")]),
        ("#a #b", [("tag", "#a", "a"), ("tag", "#b", "b")]),
        ("#a#b", [("tag", "#a#b", "a#b")]),
        ("##a", [("tag", "##a", "#a")]),
        ("#2026", []),
        ("#2026er", [("tag", "#2026er", "2026er")]),
        ("#١٢٣", [("tag", "#١٢٣", "١٢٣")]),
        ("#tag!?.", [("tag", "#tag", "tag")]),
        ("#tag)", [("tag", "#tag", "tag")]),
        ("(#tag", []),
        ("a#tag", []),
        ("#", []),
        ("# tag", []),
        ("#️⃣ one", []),
        ("#हिन्दी दिवस", [("tag", "#हिन्दी", "हिन्दी")]),
        ("#Grüße,", [("tag", "#Grüße", "Grüße")]),
        ("#c++", [("tag", "#c++", "c++")]),
        ("#👨‍👩‍👧", [("tag", "#👨", "👨")]),
        ("#" + "a" * 64, [("tag", "#" + "a" * 64, "a" * 64)]),
        ("#" + "a" * 65, []),
        ("#" + "é" * 64, [("tag", "#" + "é" * 64, "é" * 64)]),
        ("#" + "𝒜" * 64, [("tag", "#" + "𝒜" * 64, "𝒜" * 64)]),
        ("#a\u200bb", [("tag", "#a", "a")]),
        # cashtags
        ("$AAPL up", [("tag", "$AAPL", "$AAPL")]),
        ("($aapl)", [("tag", "$aapl", "$AAPL")]),
        ("$TOOLONG", []),
        ("$5", []),
        ("a$AAPL", []),
        # mentions
        ("@bob.bsky.social", [("mention", "@bob.bsky.social", "bob.bsky.social")]),
        ("(@bob.bsky.social)", [("mention", "@bob.bsky.social", "bob.bsky.social")]),
        ("@bob.bsky.social.", [("mention", "@bob.bsky.social", "bob.bsky.social")]),
        ("@bob.bsky.social's", [("mention", "@bob.bsky.social", "bob.bsky.social")]),
        ("@bob.test", [("mention", "@bob.test", "bob.test")]),
        ("@a-b.example.com", [("mention", "@a-b.example.com", "a-b.example.com")]),
        ("@bob", []),
        ("@bob.notatld", []),
        ("x@bob.bsky.social", []),
        ("@bob.com_x", []),
        ("@bob.com.x_y", []),
        ("👋@bob.bsky.social", []),
        ("👋 @bob.bsky.social", [("mention", "@bob.bsky.social", "bob.bsky.social")]),
        ("\u3000@bob.bsky.social", [("mention", "@bob.bsky.social", "bob.bsky.social")]),
        ("", []),
    ],
)
def test_each_kind(text, expected):
    assert expected == found(text)


def test_places_are_bytes_whatever_stands_before():
    for before in ("", "ß ", "家族 ", "👨‍👩‍👧‍👦 ", "e\u0301 ", "𝒜 "):
        span = spans(f"{before}#tag")[0]

        assert (len(before.encode()), len(before.encode()) + 4) == (span.start, span.end)


def test_a_text_made_to_take_long_does_not():
    """Every rule is bounded by the length of a post."""
    for text in ("#" + "1" * 2999, "a." * 1500, "@" + "." * 2999, "#" + "!" * 2999, "(" * 3000, "$" * 3000):
        assert isinstance(spans(text), tuple)
