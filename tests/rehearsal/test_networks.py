"""Each network's ledger is judged by the same rules, whatever form it has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rehearsal.audit import Audit, Row, compare
from rehearsal.networks import described, of_bluesky, of_x_api
from rehearsal.timelines import Timelines, timeline
from rehearsal.truth import Ledger, Made, digest
from rehearsal.verdict import Verdict
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer, Published
from steadypost.domain.post import Media, Part, Post, Variant
from steadypost.store import AccountRecord, Store, intake, settling
from steadypost.store import accounts as account_rows

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MS = int(NOON.timestamp() * 1000)
DID = "did:plc:dora"
FIRST, SECOND = (f"at://{DID}/app.bsky.feed.post/{key}" for key in ("3aaaaaaaaaaaa", "3bbbbbbbbbbbb"))


def entry(uri, text, **more):
    """One record, as Bluesky's ledger tells of it."""
    parent = more.pop("parent", None)
    alts = more.pop("alts", ())
    record = {"text": text}
    record |= {"reply": {"parent": {"uri": parent}}} if parent else {}
    record |= {"embed": {"images": [{"alt": alt} for alt in alts]}} if alts else {}
    told = {"uri": uri, "account": "dora.test", "record": record, "made_ms": MS, "by": "putRecord"}
    return {**told, "live": True, **more}


def ask(*keys):
    return {"account": "dora.test", "keys": list(keys), "at_ms": MS - 40}


def test_a_record_of_bluesky_is_what_its_ask_named():
    """Address, text, parent, descriptions, and when it was asked for."""
    ledger = [
        entry(FIRST, "One", alts=("a sun",)),
        entry(SECOND, "Two", parent=FIRST),
        entry("at://x/y/9", "Hand", by="hand"),
    ]

    one, two, hand = of_bluesky(ledger, [ask("3aaaaaaaaaaaa", "3bbbbbbbbbbbb")])

    assert (FIRST, "dora.test", "One", None, ("shows: a sun",)) == (
        one.id,
        one.author,
        one.text,
        one.reply_to,
        one.media,
    )
    assert one.asked_at == NOON - timedelta(milliseconds=40)
    assert two.reply_to == FIRST
    assert hand.by_hand


def test_a_post_of_x_s_api_is_by_hand_or_asked_for():
    """Its pictures by the hash of what was uploaded."""
    told = {"id": "9", "account": "dora", "text": "One", "reply_to": None, "media": ["hash"]}
    told |= {"made_at_ms": MS, "live": True}

    ours, hand = of_x_api([{**told, "by_hand": False}, {**told, "by_hand": True}])

    assert (NOON, ("hash",)) == (ours.asked_at, ours.media)
    assert hand.by_hand


@pytest.fixture
def store(tmp_path):
    with Store.create(f"sqlite:///{tmp_path}/store.db") as store:
        for name, channel, handle in (
            ("dora-bluesky", "bluesky", "dora.test"),
            ("alice", "x_web", "alice"),
        ):
            network = "x" if channel == "x_web" else channel
            store.write(
                account_rows.put,
                AccountRecord(name=name, channel=channel, handle=handle, network=network),
                now=NOON,
            )
        yield store


PICTURE_ALT = "a low sun"


@pytest.fixture
def published(store, tmp_path):
    """One post of two networks, each in its own words, and on Bluesky published as FIRST."""
    path = tmp_path / "sun.png"
    path.write_bytes(b"sun")
    picture = Media(path=path, kind="image/png", alt=PICTURE_ALT)
    own = Variant(network="bluesky", parts=(Part(text="For Bluesky", media=(picture,)),))
    post = Post(parts=(Part(text="Everywhere"),), variants=(own,))
    store.write(intake.add, post, accounts=["dora-bluesky", "alice"], due_at=NOON, now=NOON)
    (claim,) = store.claim(
        worker="w", accounts=["dora-bluesky"], now=NOON, lease=timedelta(minutes=2), at_most=1
    )
    assert store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON)
    store.write(
        settling.answered,
        claim.attempt_id,
        Answer(outcomes=(Published(remote_id=FIRST),)),
        now=NOON,
        jitter=0.5,
    )


def judged(store, *posts):
    ledger = Ledger(channel="bluesky", made=lambda: list(of_bluesky(posts, [])), picture=described)
    return compare(store, ledger)


def test_only_the_accounts_of_a_network_are_held_against_its_ledger_and_by_their_own_words(store, published):
    """What X is to say is none of Bluesky's."""
    found = judged(store, entry(FIRST, "For Bluesky", alts=(PICTURE_ALT,)))

    assert [] == found.wrong
    assert ["dora-bluesky"] == [row.account for row in found.rows]
    assert ["For Bluesky"] == [row.text for row in found.rows]
    assert found.is_right()


@pytest.mark.parametrize(
    ("posts", "says"),
    [
        ((), "is not live"),
        ((entry(FIRST, "Everywhere", alts=(PICTURE_ALT,)),), "says something else"),
        ((entry(FIRST, "For Bluesky"),), "has other pictures"),
        ((entry(FIRST, "For Bluesky", alts=(PICTURE_ALT,), parent=SECOND),), "does not answer"),
        (
            (
                entry(FIRST, "For Bluesky", alts=(PICTURE_ALT,)),
                entry(SECOND, "For Bluesky", alts=(PICTURE_ALT,)),
            ),
            "2 live copies",
        ),
    ],
)
def test_what_differs_on_a_network_is_found_there(store, published, posts, says):
    """A copy, another text, other pictures, another parent, nothing at all."""
    found = judged(store, *posts)

    assert not found.is_right()
    assert says in "; ".join(found.wrong)


def test_a_picture_is_named_by_its_content_or_where_it_is_made_anew_by_its_words(tmp_path):
    path = tmp_path / "sun.png"
    path.write_bytes(b"sun")
    media = Media(path=path, kind="image/png", alt="a sun")

    assert digest(media) != described(media) == "shows: a sun"


# --- the verdict


def row(n, state=State.PUBLISHED, **more):
    return Row(id=n, account="dora-x", state=state, text="Hello", live=(str(n),), late_s=0.1, **more)


FOUND = row(1, was_unconfirmed=True, was_found=True)


def verdict(*rows, lost=1, refused=()):
    return Verdict(channels={"x_api": Audit(rows=list(rows))}, lost={"x_api": lost}, refused=refused)


def test_every_channel_has_its_figures():
    found = verdict(FOUND, row(2), row(3, State.HELD))

    assert {
        "due": 2,
        "published": 2,
        "duplicates": 0,
        "false_status": 0,
        "answers_lost": 1,
        "settled_by_a_look": 1,
    } == found.figures()["x_api"]
    assert found.is_right()


@pytest.mark.parametrize(
    "wrong",
    [
        verdict(FOUND, lost=0),
        verdict(row(1)),
        verdict(row(1, was_unconfirmed=True)),
        verdict(FOUND, lost=2),
        verdict(FOUND, row(2, State.UNCONFIRMED)),
        verdict(row(1, State.HELD)),
    ],
)
def test_a_channel_without_a_lost_answer_that_a_look_settled_is_not_right(wrong):
    """Weather that never struck proves nothing; neither does a post that nobody looked for."""
    assert not wrong.is_right()


def test_each_that_did_not_go_out_is_said_with_its_reason():
    found = verdict(FOUND, row(2, State.MISSED, why="two hours late"), refused=["networks.csv:8: too long"])

    assert [
        "delivery 2 as dora-x: missed: two hours late",
        "refused at intake: networks.csv:8: too long",
    ] == found.not_out()


# --- the pages


def made(n, text, **more):
    return Made(id=str(n), author="dora", text=text, reply_to=None, at=NOON + timedelta(seconds=n), **more)


def test_a_timeline_shows_what_is_live_the_newest_first_and_nothing_of_it_as_html():
    page = timeline("mastodon", [made(1, "Older"), made(2, "<b>Newer</b>"), made(3, "Gone", live=False)])

    assert "2 live" in page
    assert page.index("&lt;b&gt;Newer") < page.index("Older")
    assert "Gone" not in page
    assert "<b>" not in page


def test_there_is_a_page_for_each_ledger_and_none_for_what_is_not_there():
    with Timelines([Ledger(channel="mastodon", made=lambda: [made(1, "Hello")])]) as pages:
        assert "Hello" in pages.page("/mastodon")
        assert "/mastodon" in pages.page("/")
        assert pages.page("/../etc/passwd") is None
        assert pages.of("mastodon") == f"{pages.url}/mastodon"
