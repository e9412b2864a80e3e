"""CreateTweet answers as the network does, and the ledger writes down every ask."""

from __future__ import annotations

import time

import pytest

from sandbox.client import SandboxProcess
from sandbox.length import weighted_length
from sandbox.snowflake import time_of

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def code_of(answer):
    return answer.json()["errors"][0]["code"]


def id_of(answer):
    return answer.json()["data"]["create_tweet"]["tweet_results"]["result"]["rest_id"]


def test_a_post_is_live_under_the_id_in_the_answer(sandbox, alice):
    """The id is at its usual place, tells its own time, and is the ledger's."""
    before = time.time() * 1000

    answer = alice.ask("Good morning")

    [post] = sandbox.live("alice")
    assert post["id"] == id_of(answer)
    assert before - 5 <= time_of(post["id"]) <= time.time() * 1000 + 5
    assert "Good morning" == post["text"]


def test_the_first_rest_id_of_the_answer_is_the_authors(sandbox, alice):
    """Whoever takes the first id he sees takes the wrong one, here as there."""
    body = alice.ask("Good morning").text

    first = body.split('"rest_id":"', 1)[1].split('"', 1)[0]
    assert first == sandbox.user_ids["alice"]


def test_every_ask_is_written_down_with_its_end(sandbox, alice):
    """The ledger knows what was asked, what came of it, and that the answer left."""
    alice.ask("Once")
    alice.ask("Once")

    first, second = sandbox.asks("alice")
    assert ("Once", "created", True) == (first["text"], first["outcome"], first["delivered"])
    assert ("refused:187", None) == (second["outcome"], second["post"])


def test_without_session_or_csrf_nobody_posts(sandbox, alice, stranger):
    """A missing session is code 32; a CSRF header that does not match is 403 and code 353."""
    assert (401, 32) == (stranger.ask("hello").status_code, code_of(stranger.ask("hello")))
    alice.csrf = "something else"

    refused = alice.ask("hello")

    assert (403, 353) == (refused.status_code, code_of(refused))
    assert [] == sandbox.live()


@pytest.mark.parametrize("again", ["Same words", "Same  words ", "Same\nwords"])
def test_the_same_words_again_are_refused(sandbox, alice, again):
    """A text that is live is refused as a duplicate, whatever its white space."""
    alice.ask("Same words")

    refused = alice.ask(again)

    assert (200, 187) == (refused.status_code, code_of(refused))
    assert 1 == len(sandbox.live("alice"))


def test_the_same_words_are_free_for_others_and_after_deletion(sandbox, alice, bob):
    """The guard is about one author's live posts."""
    first = id_of(alice.ask("Same words"))
    assert bob.ask("Same words").json()["data"]

    sandbox.delete(first)

    assert id_of(alice.ask("Same words")) != first


def test_the_duplicate_guard_looks_back_only_so_far():
    """After its window the guard lets the same text pass: nobody may rely on it alone."""
    with SandboxProcess(accounts=("alice",), duplicate_window_s=0) as sandbox:
        sandbox.hand_post("alice", "Same words")
        sandbox.wait_until(
            lambda s: time.time() * 1000 > s.live()[0]["created_at"] + 2, description="a moment"
        )

        assert [] == sandbox.counts()["copies"]
        sandbox.hand_post("alice", "Same words")
        assert [{"account": "alice", "text": "Same words", "live": 2}] == sandbox.counts()["copies"]


def test_length_is_weighted(alice):
    """280 counts links as 23 and CJK as 2."""
    assert 280 == weighted_length("日" * 140)
    assert alice.ask("日" * 140).json()["data"]
    assert 186 == code_of(alice.ask("日" * 141))
    assert alice.ask("x" * 256 + " https://example.org/" + "y" * 200).json()["data"]


def test_long_posts_are_for_those_who_pay(sandbox, alice, carol):
    """CreateNoteTweet takes a long text of a premium account, and nobody else's."""
    text = "A long story. " * 60

    assert 186 == code_of(alice.ask(text, operation="CreateNoteTweet"))
    answer = carol.ask(text.strip(), operation="CreateNoteTweet").json()

    told = answer["data"]["notetweet_create"]["tweet_results"]["result"]
    assert told["legacy"]["full_text"].endswith("…")
    assert told["note_tweet"]["note_tweet_results"]["result"]["text"] == text.strip()
    assert sandbox.live("carol")[0]["text"] == text.strip()


def test_a_reply_needs_something_to_reply_to(sandbox, alice, bob):
    """A reply hangs on its parent; a parent that is gone is code 385."""
    parent = id_of(bob.ask("Any questions?"))
    reply = id_of(alice.ask("One", reply_to=parent))
    assert sandbox.live("alice")[0]["reply_to"] == parent

    sandbox.delete(parent)

    assert 385 == code_of(alice.ask("Another", reply_to=parent))
    assert [post["id"] for post in sandbox.live("alice")] == [reply]


def test_pictures_are_kept_by_hash_with_their_description(sandbox, alice, bob):
    """A picture arrives in steps, is described, and belongs to the post that names it."""
    upload = "/i/media/upload.json"
    name = alice.http.post(upload, params={"command": "INIT"}).json()["media_id_string"]
    alice.http.post(
        upload, params={"command": "APPEND", "media_id": name, "segment_index": 0}, files={"media": PNG}
    )
    media = alice.http.post(upload, params={"command": "FINALIZE", "media_id": name}).json()[
        "media_id_string"
    ]
    describe = {"media_id": media, "alt_text": {"text": "One grey pixel"}}
    assert 404 == bob.http.post("/1.1/media/metadata/create.json", json=describe).status_code
    assert 200 == alice.http.post("/1.1/media/metadata/create.json", json=describe).status_code

    alice.ask("Look", media=(media,))

    [kept] = sandbox.live("alice")[0]["media"]
    assert (kept["alt"], kept["bytes"], kept["mime"]) == ("One grey pixel", len(PNG), "image/png")
    assert alice.http.get(f"/media/{media}").content == PNG


def test_what_is_no_picture_is_not_taken(alice):
    """The network judges a picture by its bytes; an id it does not know is code 324."""
    assert 400 == alice.http.post("/i/media/upload.json", files={"media": b"MZ..."}).status_code
    assert 324 == code_of(alice.ask("Look", media=("123",)))


def test_a_person_posts_past_all_weather(sandbox, alice):
    """What somebody posts by hand is live, marked as theirs, and shown like everything else."""
    sandbox.weather({"fault": "error_code", "params": {"code": 226}})

    by_hand = sandbox.hand_post("alice", "From my phone")

    assert "hand" == sandbox.ledger("alice")[0]["origin"]
    assert alice.profile() == [by_hand]
    assert 0 == sandbox.counts()["asks"]
