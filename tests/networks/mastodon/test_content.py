"""What a server wrote as HTML is read back to the text that somebody typed, and to nothing near it."""

import pytest

from steadypost.domain.likeness import Grade
from steadypost.networks.mastodon.content import said
from steadypost.networks.mastodon.likeness import as_kept, compare

LINK = (
    '<a href="https://example.com/{0}" target="_blank" rel="nofollow noopener noreferrer"><span class="invisible">'
    'https://</span><span class="ellipsis">example.com/a</span><span class="invisible">bc</span></a>'
)
BOB = (
    '<span class="h-card" translate="no"><a href="https://remote.example/@bob" class="u-url mention">'
    "@<span>bob</span></a></span>"
)
TAG = '<a href="https://here.example/tags/gruesse" class="mention hashtag" rel="tag">#<span>Grüße</span></a>'
MENTIONS = [{"url": "https://remote.example/@bob", "acct": "bob@remote.example", "username": "bob"}]
OWN = [{"url": "https://here.example/@alice", "acct": "alice", "username": "alice"}]
ALICE = '<a href="https://here.example/@alice" class="u-url mention">@<span>alice</span></a>'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<p>one</p>", "one"),
        ("<p>one<br />two</p>", "one\ntwo"),
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<p>one</p>\n<p>two<br />\nthree</p>\n", "one\n\ntwo\nthree"),
        ("<p>a &amp; b &lt;p&gt; &quot;c&quot; &#39;d&#39;</p>", "a & b <p> \"c\" 'd'"),
        ("<p>&amp;amp; stays</p>", "&amp; stays"),
        ("<p>two  spaces</p>", "two  spaces"),
        (f"<p>{TAG} #2</p>", "#Grüße #2"),
        ("<p>" + LINK.format("abc") + "</p>", "https://example.com/abc"),
        ('<p class="quote-inline">RE: <a href="https://x.example/1">x<br>y</a></p><p>mine</p>', "mine"),
        ('<span class="quote-inline">RE: <a href="https://x.example/1">x</a></span><p>mine</p>', "mine"),
        ("<p>:blobcat: 日本 👨‍👩‍👧‍👦</p>", ":blobcat: 日本 👨‍👩‍👧‍👦"),
        ("", ""),
    ],
)
def test_reads_what_was_typed(content, expected):
    assert expected == said(content).text


@pytest.mark.parametrize(
    ("typed", "content", "expected"),
    [
        ("see https://example.com/abc now", f"<p>see {LINK.format('abc')} now</p>", Grade.SAME),
        ("see https://example.com/abd now", f"<p>see {LINK.format('abc')} now</p>", Grade.OTHER),
        ("hi @bob@remote.example!", f"<p>hi {BOB}!</p>", Grade.SAME),
        ("hi @Bob@Remote.example!", f"<p>hi {BOB}!</p>", Grade.SAME),
        ("hi @bob@other.example!", f"<p>hi {BOB}!</p>", Grade.UNCLEAR),
        ("hi @bob!", f"<p>hi {BOB}!</p>", Grade.OTHER),
        ("hi @bob@remote.example!", '<p>hi <a href="https://remote.example/@bob">Bob</a>!</p>', Grade.SAME),
        ("#Grüße an alle", f"<p>{TAG} an alle</p>", Grade.SAME),
        ("#lamp on", '<p><a href="https://x.example/tags/lamp" rel="tag">#lamp</a> on</p>', Grade.SAME),
        (
            "https://bü.example/ä",
            '<a href="https://b%C3%BC.example/%C3%A4">https://bü.example/ä</a>',
            Grade.SAME,
        ),
        (
            "https://bö.example/ä",
            '<a href="https://b%C3%BC.example/%C3%A4">https://bü.example/ä</a>',
            Grade.OTHER,
        ),
        ("one\n\n\n\ntwo", "<p>one</p><p>two</p>", Grade.SAME),
        ("one\ntwo", "<p>one</p><p>two</p>", Grade.UNCLEAR),
        ("one", "<p>one.</p>", Grade.OTHER),
        ("cafe\N{COMBINING ACUTE ACCENT}", "<p>café</p>", Grade.SAME),
        ("a *b* c", "<p>a <em>b</em> c</p>", Grade.UNCLEAR),
        ("a b c", "<p>a <em>b</em> c</p>", Grade.UNCLEAR),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>", Grade.UNCLEAR),
        ("Nice :-) we <3 it", "<p>Nice 🙂 we 💗 it</p>", Grade.UNCLEAR),
        ("Nice :-) we <3 it", "<p>Nice 🙂 we 💗 that</p>", Grade.OTHER),
        ("Nice :-) we <3 it", "<p>Nice 🙂</p>", Grade.OTHER),
        ("Nice :-) we <3 it", "<p>🙂</p>", Grade.OTHER),
        (":-)", "<p>🙂</p>", Grade.UNCLEAR),
        ('a -- "b"...', "<p>a – “b”…</p>", Grade.UNCLEAR),
        ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>", Grade.UNCLEAR),
        ("1. one\n2. two", "<ol><li>two</li><li>one</li></ol>", Grade.OTHER),
        ("```sh\nmake\n```", "<pre><code>make</code></pre>", Grade.UNCLEAR),
        ("&copy; <b>we</b>", "<p>© <b>we</b></p>", Grade.UNCLEAR),
        ("see [it](https://b.example/1)!", '<p>see <a href="https://b.example/1">it</a>!</p>', Grade.UNCLEAR),
        ("see [it](https://b.example/1)!", '<p>see <a href="https://b.example/1">us</a>!</p>', Grade.OTHER),
        ("b.example/1", '<p><a href="http://b.example/1">b.example/1</a></p>', Grade.SAME),
        ("- one\n- three", "<ul><li>one</li><li>two</li></ul>", Grade.OTHER),
        ("AT&amp;T", "<p>AT&amp;T</p>", Grade.OTHER),
        ("Hello", "<p>hello</p>", Grade.UNCLEAR),
        ("part 1", "<p>part 2</p>", Grade.OTHER),
    ],
)
def test_same_only_when_nothing_was_taken_away(typed, content, expected):
    assert expected == compare(typed, said(content, MENTIONS))


@pytest.mark.parametrize("typed", ["@alice hi", "@Alice hi", "@alice@here.example hi"])
def test_an_account_of_the_server_is_named_with_or_without_it(typed):
    assert Grade.SAME == compare(typed, said(f"<p>{ALICE} hi</p>", OWN))


def test_who_is_mentioned_is_told_by_the_address_and_not_by_the_name_that_shows():
    elsewhere = [{"url": "https://evil.example/@bob", "acct": "bob@evil.example"}]
    content = BOB.replace("remote.example", "evil.example")

    # Unclear, not other: one server may have two names, and writes an account with the one it prefers.
    assert Grade.UNCLEAR == compare("hi @bob@remote.example", said(f"<p>hi {content}</p>", elsewhere))
    assert Grade.OTHER == compare("hi @eve@remote.example", said(f"<p>hi {content}</p>", elsewhere))


def test_a_text_is_kept_with_single_empty_lines():
    assert "a\n\nb\nc" == as_kept(" a\r\n\r\n\r\nb\nc \n")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("hi @bob!", Grade.SAME),
        ("hi @Bob!", Grade.SAME),
        ("hi @bob@remote.example!", Grade.UNCLEAR),
        ("hi @bobby@remote.example!", Grade.OTHER),
        ("oh @bob@remote.example!", Grade.OTHER),
    ],
)
def test_a_name_of_which_the_server_does_not_say_whom_it_means_may_be_of_any_server(typed, expected):
    """It shows the name alone, whatever server was typed behind it."""
    assert expected == compare(typed, said(f"<p>hi {BOB}!</p>"))
