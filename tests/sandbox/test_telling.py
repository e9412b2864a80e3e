"""What a list tells of a post has the shape that public readers of such lists document."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest

from sandbox.shown import HANDLES, Picture, Said, tell
from sandbox.wording import as_stored, link_of, spans_of

LEGACY = {
    "bookmark_count",
    "bookmarked",
    "conversation_id_str",
    "created_at",
    "display_text_range",
    "entities",
    "favorite_count",
    "favorited",
    "full_text",
    "id_str",
    "is_quote_status",
    "lang",
    "quote_count",
    "reply_count",
    "retweet_count",
    "retweeted",
    "user_id_str",
}
"""What every post's `legacy` has, as an OpenAPI description of the web page's answers says."""

MEDIA = {
    "display_url",
    "expanded_url",
    "id_str",
    "indices",
    "media_key",
    "media_url_https",
    "original_info",
    "sizes",
    "type",
    "url",
}


def legacy(text, **how):
    return tell(Said(text, **how))["legacy"]


def text_of(told):
    """What the display range leaves of a text."""
    begins, ends = told["display_text_range"]
    return told["full_text"][begins:ends]


def test_every_post_has_what_is_documented():
    """Nothing that readers rely on is missing from the plainest post."""
    result = tell(Said("Good morning"))

    assert set(result["legacy"]) >= LEGACY
    assert set(result["legacy"]["entities"]) >= {"hashtags", "symbols", "urls", "user_mentions"}
    assert {"rest_id", "core", "edit_control", "views", "source"} <= set(result)
    assert result["edit_control"]["edit_tweet_ids"] == [result["rest_id"]]


@pytest.mark.parametrize(
    ("text", "told", "leads", "shown"),
    [
        ("visit example.com, today", "visit {}, today", "http://example.com", "example.com"),
        ("visit https://example.com/.", "visit {}.", "https://example.com/", "example.com"),
        ("(see https://example.com/a_(b)).", "(see {}).", "https://example.com/a_(b)", "example.com/a_(b)"),
        ("見てexample.comね", "見て{}ね", "http://example.com", "example.com"),
        ("www.example.com!", "{}!", "http://www.example.com", "example.com"),
        ("→https://example.com/?q=1#x", "→{}", "https://example.com/?q=1#x", "example.com/?q=1#x"),
        ("http://münchen.de/ä", "{}", "http://xn--mnchen-3ya.de/ä", "münchen.de/ä"),
        ("xn--mnchen-3ya.de", "{}", "http://xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("https://example.com:8080/x", "{}", "https://example.com:8080/x", "example.com:8080/x"),
        (
            "https://twitter.com/i/web/status/812345678901234567",
            "{}",
            "https://twitter.com/i/web/status/812345678901234567",
            "twitter.com/i/web/status/8…",
        ),
        (
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            "{}",
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            "youtube.com/watch?v=dQw4w9…",
        ),
    ],
)
def test_where_a_link_begins_and_ends(text, told, leads, shown):
    """As twitter-text draws its borders; the rest of the text stays, and the entity says what the link was."""
    found = legacy(text)

    [url] = found["entities"]["urls"]
    assert found["full_text"] == told.format(url["url"])
    assert (url["expanded_url"], url["display_url"]) == (leads, shown)
    assert found["full_text"][slice(*url["indices"])] == url["url"]


@pytest.mark.parametrize("text", ["visit a.example today", "me@example.com", "file.txt", "1.5", "e.g.this"])
def test_what_is_no_link(text):
    """Nothing is rewritten that twitter-text does not take for a link."""
    assert (legacy(text)["full_text"], legacy(text)["entities"]["urls"]) == (text, [])


def test_the_same_address_is_another_short_one_in_another_post():
    """A short address says nothing of what was typed; only the entity does."""
    one = legacy("https://example.com/one", post_id="1")["full_text"]
    other = legacy("https://example.com/one", post_id="2")["full_text"]

    assert one != other


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Tea & biscuits <3", "Tea &amp; biscuits &lt;3"),
        ("typed &amp; literally", "typed &amp;amp; literally"),
        ("<div> \"quoted\" 'n'", "&lt;div&gt; \"quoted\" 'n'"),
    ],
)
def test_three_signs_are_escaped_once(text, told):
    """`&`, `<` and `>`, and no other."""
    assert legacy(text)["full_text"] == told


def test_indices_count_code_points_of_the_escaped_text():
    """As whoever cuts the text by them has to."""
    found = legacy("👩‍🚀 & @bob #Grüße 🇩🇪 https://example.com/a")

    text, entities = found["full_text"], found["entities"]
    assert "@bob" == text[slice(*entities["user_mentions"][0]["indices"])]
    assert "#Grüße" == text[slice(*entities["hashtags"][0]["indices"])]
    assert text[slice(*entities["urls"][0]["indices"])].startswith("https://t.co/")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#हिन्दी दिवस", ["हिन्दी"]),
        ("＃日本語 #ภาษาไทย #العربية", ["日本語", "ภาษาไทย", "العربية"]),
        ("#1 #a1 a#b &#x #a#b #c://", ["a1"]),
        ("https://example.com/#one #two", ["two"]),
        ("#می\u200cخواهم #️⃣", ["می\u200cخواهم"]),
    ],
)
def test_tags_have_marks_and_joiners(text, tags):
    """Letters of any script with their marks; not digits alone, not inside a link."""
    assert [one["text"] for one in legacy(text)["entities"]["hashtags"]] == tags


def test_only_who_exists_is_named():
    """As the account writes its own name, whatever was typed."""
    named = legacy("@BOB, ＠carol: @nobody_here me@bob.com @bob@dora")["entities"]["user_mentions"]

    assert ["bob", "carol"] == [one["screen_name"] for one in named]


def test_a_text_is_kept_composed_and_without_space_at_its_ends():
    """And otherwise as it was sent: blank lines, double blanks, variation selectors."""
    assert "café\n\n\none  two ❤\ufe0f" == as_stored(" cafe\u0301\r\n\r\n\r\none  two ❤\ufe0f\n")
    assert unicodedata.is_normalized("NFC", legacy("cafe\u0301")["full_text"])


@pytest.mark.parametrize(
    ("text", "parent", "before"),
    [
        ("Yes", ("bob", "Well?"), "@bob "),
        ("Yes", ("bob", "Well, @carol and @alice?"), "@bob @carol "),
        ("Yes", ("alice", "My own"), ""),
        ("Yes", ("alice", "With @dora"), "@dora "),
        ("@bob Yes", ("bob", "Well?"), ""),
        ("@carol Yes", ("bob", "Well?"), "@bob "),
    ],
)
def test_names_before_a_reply(text, parent, before):
    """Whom it answers stands before a reply's text and outside its display range; nobody twice, nobody themselves."""
    found = legacy(text, reply_to=parent)

    assert found["full_text"] == before + text
    assert text_of(found) == text
    assert found["in_reply_to_screen_name"] == parent[0]
    assert found["conversation_id_str"] == found["in_reply_to_status_id_str"]


def test_a_post_that_begins_with_a_name_answers_no_post():
    """It says to whom, and not what."""
    found = legacy("@bob good morning")

    assert "bob" == found["in_reply_to_screen_name"]
    assert "in_reply_to_status_id_str" not in found


def test_pictures_share_one_short_address_at_the_end():
    """Outside the display range, with what they are and how they are described."""
    found = legacy("Look", media=(Picture(alt="A loaf"), Picture(size=(3, 4), mime="image/gif")))

    first, second = found["extended_entities"]["media"]
    assert set(first) >= MEDIA
    assert found["full_text"] == f"Look {first['url']}"
    assert (text_of(found), first["url"]) == ("Look", second["url"])
    assert (
        "A loaf",
        False,
        "animated_gif",
    ) == (first["ext_alt_text"], "ext_alt_text" in second, second["type"])
    assert (3, 4) == (second["original_info"]["width"], second["original_info"]["height"])
    assert legacy("", media=(Picture(),))["full_text"].startswith("https://t.co/")


def test_a_long_text_is_cut_in_the_list_and_whole_in_its_note():
    """The note has its own entities and, unlike the list's text, no escaped signs."""
    stem = "Bread & butter < cake. " * 13
    one, other = (tell(Said(f"{stem}{end} https://example.com/{end}")) for end in ("one", "two"))

    note = one["note_tweet"]["note_tweet_results"]["result"]
    assert one["legacy"]["full_text"] == other["legacy"]["full_text"]
    assert one["legacy"]["full_text"].endswith("…")
    assert "&amp; butter &lt;" in one["legacy"]["full_text"]
    assert note["text"].startswith("Bread & butter < cake.")
    [url] = note["entity_set"]["urls"]
    assert note["text"][slice(*url["indices"])] == url["url"]
    assert "https://example.com/one" == url["expanded_url"]
    assert [] == one["legacy"]["entities"]["urls"]


@pytest.mark.parametrize(
    ("text", "is_note"),
    [
        ("a" * 280, False),
        ("a" * 281, True),
        ("パ" * 140, False),
        ("パ" * 140 + "a", True),
        ("👩‍🚀" * 140, False),
        ("a" * 256 + " https://example.com/" + "x" * 100, False),
    ],
)
def test_a_note_begins_over_the_limit(text, is_note):
    """At 280 weighted a text is whole: letters of CJK and emoji are two, a link is 23."""
    assert ("note_tweet" in tell(Said(text))) == is_note


def test_a_link_to_a_post_quotes_it(sandbox, alice):
    """The quoted post comes along, but not what that one quotes; a deleted one leaves a tombstone."""
    first = sandbox.hand_post("carol", "The very first")
    second = sandbox.hand_post("bob", f"Second https://x.com/carol/status/{first}")
    third = sandbox.hand_post("alice", f"Third https://twitter.com/bob/status/{second}?s=20")

    def told():
        return alice.look("TweetResultByRestId", tweetId=third).json()["data"]["tweetResult"]["result"]

    assert told()["legacy"]["quoted_status_id_str"] == second
    assert told()["legacy"]["quoted_status_permalink"]["url"] in told()["legacy"]["full_text"]
    quoted = told()["quoted_status_result"]["result"]
    assert (quoted["rest_id"], "quoted_status_result" in quoted) == (second, False)
    assert quoted["quotedRefResult"]["result"]["rest_id"] == first
    sandbox.delete(second)
    assert "TweetTombstone" == told()["quoted_status_result"]["result"]["__typename"]


def test_some_links_have_a_card():
    """Not beside pictures, and not every site has one."""
    card = tell(Said("Read https://blog.example.com/one"))["card"]
    [url] = legacy("Read https://blog.example.com/one")["entities"]["urls"]

    assert (card["rest_id"], card["legacy"]["url"]) == (url["url"], url["url"])
    assert "card" not in tell(Said("Read https://example.com/one"))
    assert "card" not in tell(Said("Read https://blog.example.com/one", media=(Picture(),)))


def test_spans_do_not_overlap():
    """What stands in a link is only a link."""
    spans = spans_of("https://example.com/@bob/#tag @bob #tag $BRED example.com/$X")

    assert ["url", "mention", "hashtag", "symbol", "url"] == [one.kind for one in spans]
    assert all(one.end <= other.start for one, other in pairwise(spans))


def test_the_root_slash_is_not_shown():
    """As recorded answers have it."""
    assert (
        "example.com",
        "example.com/a/",
    ) == (link_of("https://example.com/").display, link_of("https://example.com/a/").display)


def test_whoever_says_something_here_exists():
    """The people of `sandbox.shown` are those that texts can name."""
    named = legacy(" ".join(f"@{handle}" for handle in HANDLES))["entities"]["user_mentions"]

    assert tuple(one["screen_name"] for one in named) == HANDLES
