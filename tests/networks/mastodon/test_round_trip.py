"""Whatever is typed, a server's HTML of it is read back as the same text; and no other text is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.mastodon.ledger import REMOTE, Person
from sandbox.mastodon.markup import Here, mentioned, page_of, quoting, render
from steadypost.domain.likeness import Grade
from steadypost.networks.mastodon.content import said
from steadypost.networks.mastodon.likeness import as_kept, compare

ALICE = Person(username="alice", domain=None)


def whom(name: str, domain: str | None) -> Person | None:
    at = None if domain in {None, "here.example"} else str(domain).casefold()
    return next(
        (p for p in (ALICE, *REMOTE) if p.username.casefold() == name.casefold() and p.domain == at), None
    )


HERE = Here(address="https://here.example", person=whom)

PIECES = st.sampled_from(
    [
        "plain words",
        "日本語のテキスト",
        "👨‍👩‍👧‍👦",
        "#Grüße",
        "#2026",
        "@bob@remote.example",
        "@Grete@bücher.example",
        "@alice",
        "@alice@here.example",
        "@nobody",
        "mail@remote.example",
        "https://example.com",
        "https://example.com/ä_(b)?x=1&y=2#end",
        "https://www.example.com/a/very/long/path/that/is/hidden/from/the/eye",
        "a < b && c > d",
        "&amp;",
        "<p>",
        "\"quoted\" 'so'",
        "\n",
        "\n\n",
        "\n\n\n",
        " ",
        "  ",
        ".",
        ")",
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=8).map("".join)


def shown(text: str):
    people = [{"url": page_of(one, HERE), "acct": one.acct} for one in mentioned(text, HERE)]
    return said(quoting("https://here.example/@bob/1") + render(text.strip(), HERE), people)


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_reads_back_what_was_typed(text):
    assert Grade.SAME == compare(text, shown(text))


@given(TEXTS, TEXTS)
@settings(max_examples=150, deadline=None)
def test_another_text_is_not_the_same(one, other):
    if _meant(one) != _meant(other):
        assert Grade.SAME != compare(one, shown(other))


def _meant(text: str) -> str:
    """Give what a text says here: the server's own name may be left out of a mention."""
    return as_kept(text).replace("@alice@here.example", "@alice")
