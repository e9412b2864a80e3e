"""Everything that is wrong with a post is said at once, and nothing wrong comes in."""

import hashlib
import io
import os
from datetime import timedelta
from pathlib import Path

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.intake import Accepted, judge
from steadypost.intake.content import smell
from steadypost.intake.media import READ
from steadypost.networks.x.snowflake import id_at


@pytest.fixture
def judged(known, now, tmp_path):
    return lambda draft: judge(draft, known, now=now, folder=tmp_path, source="here:7")


def fields(refusals):
    return [one.field for one in refusals]


def test_a_right_draft_becomes_a_post(judged, draft, now, png):
    """Nothing is changed but line ends and the blank around it."""
    png("sun.png")
    images = [{"path": "sun.png", "alt": "A sun"}]

    accepted = judged(
        draft(text="  One.\r\nTwo.  ", images=images, accounts=["alice", "bob", "alice"], key=" k ")
    )

    assert isinstance(accepted, Accepted)
    assert "One.\nTwo." == accepted.post.parts[0].text
    assert "image/png" == accepted.post.parts[0].media[0].kind
    assert accepted.post.parts[0].media[0].path.is_absolute()
    assert ("alice", "bob") == accepted.accounts
    assert (accepted.due_at, accepted.late_after, accepted.key) == (now, timedelta(hours=6), "k")


def test_all_that_is_wrong_is_said_at_once(judged, draft):
    """Nobody corrects a row, imports it, and is told of the next mistake."""
    refusals = judged(
        draft(
            text="x" * 281,
            accounts=["alice", "alyce"],
            when="soon",
            zone="Nowhere",
            images=[{"path": "none.png"}],
            reply_to="them",
            late_within="later",
            repeat="every second tuesday",
            key="\x00",
        )
    )

    expected = ["accounts", "text", "images", "reply_to", "late_within", "key", "zone", "when", "repeat"]
    assert expected == fields(refusals)
    assert all(one.where == "here:7" and one.why and one.remedy for one in refusals)


def test_a_rule_that_cannot_be_read_is_told_together_with_the_zone_it_lacks(judged, draft):
    """The second mistake is not told only after the first was mended."""
    again = draft(when="+1d", zone="", repeat="every second tuesday")

    assert ["repeat"] == fields(judged(again))
    assert ["zone", "repeat"] == fields(
        judged(draft(when="2026-12-24 18:30", zone="Nowhere", repeat="now and then"))
    )


def test_an_unknown_account_is_answered_with_the_known_ones(judged, draft):
    """The nearest name comes first."""
    [refusal] = judged(draft(accounts=["@Alicce"]))

    assert '"alice" was meant?' in refusal.remedy
    assert "alice, bob, carol" in refusal.remedy


def test_a_premium_account_may_say_more_and_the_others_refuse(judged, draft):
    """The length is each account's own."""
    assert isinstance(judged(draft(text="word " * 100, accounts=["bob"])), Accepted)

    [refusal] = judged(draft(text="word " * 100, accounts=["bob", "alice"]))
    assert "alice may post 280" in refusal.why
    assert "shorten it by 219" in refusal.remedy


def test_a_thread_that_its_quota_can_never_take_is_refused(judged, draft):
    """Otherwise it would wait for ever."""
    [refusal] = judged(draft(text="", parts=["one fish", "two fish", "red fish"], accounts=["carol"]))

    assert "parts" == refusal.field
    assert "its quota allows 2" in refusal.why


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": "One", "parts": ["Two"]}, "text"),
        ({"text": "", "parts": []}, "text"),
        ({"text": "", "parts": ["Good", " \n\t "]}, "parts[2]"),
        ({"text": "", "parts": ["1/ The same", "2/ the  SAME"]}, "parts[2]"),
        ({"text": "", "parts": [f"Part number {n}" for n in range(26)]}, "parts"),
        ({"accounts": []}, "accounts"),
        ({"late_within": "0s"}, "late_within"),
        ({"late_within": "ever"}, "late_within"),
        ({"key": "k" * 401}, "key"),
        ({"labels": ["launch", "#"]}, "labels"),
        ({"labels": ["l" * 101]}, "labels"),
        ({"labels": ["a\x00b"]}, "labels"),
        ({"images": [{"path": "a.png", "part": 2}]}, "images"),
    ],
)
def test_what_does_not_fit_together_is_refused(judged, draft, changes, field):
    """Each by the field in which it can be put right."""
    assert [field] == fields(judged(draft(**changes)))


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "\u200b\u200b", "\u200d", "\ufe0f", "\u3000", "\u3164", "\u2800"]
)
def test_a_text_nobody_can_see_is_refused(judged, draft, text):
    """Nor could it be recognised when it has to be looked for."""
    assert ["text"] == fields(judged(draft(text=text)))


@pytest.mark.parametrize("letter", ["\ufeff", "\uffff", "\ufffe", "\x00", "\x1b", "\t", "\ufffd", "\x85"])
def test_a_character_that_cannot_be_sent_is_refused(judged, draft, letter):
    """X refuses some, a text field loses others, and a lost character is a sign of a wrong encoding."""
    assert ["text"] == fields(judged(draft(text=f"good{letter}day")))


def test_half_a_character_is_refused(judged, draft):
    """JSON can say it, and no store can keep it."""
    assert ["text"] == fields(judged(draft(text="good\ud83dday")))


@pytest.mark.parametrize(
    "text",
    [
        '[{"text": "a"}, {"text": "b"}]',
        '{"tweet": "hello"}',
        '["one", "two',
        "```json\n{}\n```",
        "<p>Hello</p>",
        "Hello<br>there",
        "Fish &amp; chips",
        "Hello {{name}}!",
        "Hello ${NAME}",
        "Hi [Insert name here]",
        "{% if x %}",
        "As an AI language model, I cannot",
        "I'm sorry, but I can't help with that.",
        "Sure! Here is a tweet about frogs:",
        "Here's your tweet: frogs",
        "undefined",
        "None",
        '=HYPERLINK("https://example.org")',
        "=CONCAT(A2;B2)",
    ],
)
def test_what_a_broken_generator_may_have_said_is_held_for_its_authors_yes(judged, draft, text):
    """It may be meant: nobody but its author can know, and whoever says so gets it in."""
    assert judged(draft(text=text)).concern.startswith("it may not be meant as it is")
    assert "" == judged(draft(text=text, as_is=True)).concern
    # What comes again would go out again and again.
    assert ["text"] == fields(judged(draft(text=text, repeat="daily", zone="UTC")))


@pytest.mark.parametrize(
    "text",
    [
        "[1/4] A thread about boats",
        "{ is my favourite bracket",
        "As an AI researcher I knit a lot.",
        "I love you <3 <3",
        "a < b and b > c",
        "R&D; and other letters",
        "Sure, here we go again.",
        "I can't help it: I like rain.",
        "He's sorry, but I can't swim.",
        "None of the above.",
        "= 2 more days",
        "=Fun (with friends)",
        "Price: $5 {or so}",
        "I'm sorry, but I can't stop looking at this sky.",
        "I can't write today, my pen is frozen.",
        "Sure, here is the place: under the oak.",
        "👨‍👩‍👧‍👦",
    ],
)
def test_what_people_say_comes_in(judged, draft, text):
    """A gate that refuses people is worse than none."""
    assert isinstance(judged(draft(text=text)), Accepted)


@given(st.text(max_size=300))
def test_no_text_confuses_the_gate(text):
    """Whatever it is given, it answers."""
    found = smell(text)

    assert found is None or (found.why and found.remedy)


@pytest.mark.parametrize(
    "written",
    [
        "1988888888888888888",
        "https://x.com/bob/status/1988888888888888888",
        "http://www.twitter.com/bob/status/1988888888888888888?s=20",
        "x.com/i/status/1988888888888888888",
        "https://mobile.twitter.com/i/web/status/1988888888888888888/photo/1",
    ],
)
def test_a_reply_knows_its_target_by_address_or_id(judged, draft, written):
    """However it was copied."""
    # Half a year after the target was made.
    assert "1988888888888888888" == judged(draft(reply_to=written)).post.reply_to


@pytest.mark.parametrize(
    "written",
    [
        "bob",
        "12",
        "https://x.com/bob",
        "https://evil.example/x.com/bob/status/1988888888888888888",
        "9" * 20,
        "1e18",
    ],
)
def test_a_reply_to_anything_else_is_refused(judged, draft, written):
    """A reply must not become a post of its own."""
    assert ["reply_to"] == fields(judged(draft(reply_to=written)))


def test_a_reply_to_the_future_is_refused(judged, draft, now):
    """An id tells when its post was made."""
    assert ["reply_to"] == fields(judged(draft(reply_to=id_at(now + timedelta(days=3)))))


def test_never_means_never_too_late(judged, draft):
    """The word stands in the form, and the form says what it means."""
    assert judged(draft(late_within="never")).late_after is None
    assert judged(draft(late_within="")).late_after == timedelta(hours=6)


# -- images


def test_an_image_is_known_by_its_content(judged, draft, tmp_path):
    """A name proves nothing."""
    (tmp_path / "sun.png").write_text("#!/bin/sh\n")
    (tmp_path / "telephone.png").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(300))

    for name in ("sun.png", "telephone.png"):
        [refusal] = judged(draft(images=[{"path": name}]))
        assert "by its content" in refusal.why


def test_what_an_image_holds_as_it_comes_in_is_kept(judged, draft, png):
    """What is put in its place later is known to be something else."""
    path = png("sun.png")
    [image] = judged(draft(images=[{"path": "sun.png"}])).post.parts[0].media
    assert image.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not image.was_changed

    png("sun.png", size=300)
    assert image.was_changed
    path.unlink()
    assert not image.was_changed


def test_a_picture_over_a_networks_limit_comes_in(judged, draft, png):
    """It is made smaller when it goes out, by what its network takes; this file is over the limits of all of them."""
    png("sun.png", size=20 * 1024 * 1024)

    for account in ("alice", "mast", "sky"):
        assert isinstance(judged(draft(accounts=[account], images=[{"path": "sun.png"}])), Accepted)


def test_a_file_that_would_fill_the_memory_is_not_read(judged, draft, png):
    png("sun.png", size=READ + 1)

    [refusal] = judged(draft(images=[{"path": "sun.png"}]))
    assert ("images", "make it smaller") == (refusal.field, refusal.remedy)


def test_more_pixels_than_are_decoded_are_refused_with_how_many_are(judged, draft, tmp_path):
    """As many as can be made smaller on the way out, and no more: what comes in goes out."""
    for side, taken in ((8_900, True), (9_000, False)):
        PIL.Image.new("1", (side, 8_950)).save(tmp_path / "a.png")
        found = judged(draft(images=[{"path": "a.png"}]))
        assert taken == isinstance(found, Accepted)

    [refusal] = found
    assert "9000 x 8950 pixels, and at most 80,000,000 are decoded" in refusal.why
    assert "fewer pixels" in refusal.remedy


def moving(path, form):
    """Three frames."""
    frames = [PIL.Image.effect_noise((99, 99), shade) for shade in (50, 70, 90)]
    frames[0].save(path, form, save_all=True, append_images=frames[1:], duration=90)


@pytest.mark.parametrize(
    ("form", "account", "why"),
    [
        ("GIF", "alice", None),
        ("PNG", "alice", "X: it moves, and would be shown as a still picture"),
        ("WEBP", "alice", "X: it moves, and would be shown as a still picture"),
        ("GIF", "mast", None),
        ("PNG", "mast", None),
        ("WEBP", "mast", None),
        ("GIF", "sky", "Bluesky: it moves, and would be shown as a still picture"),
        ("PNG", "sky", "Bluesky: it moves, and would be shown as a still picture"),
        ("WEBP", "sky", "Bluesky: it moves, and would be shown as a still picture"),
    ],
)
def test_what_moves_is_not_made_a_still_picture(judged, draft, tmp_path, form, account, why):
    """Found at intake, and not by the readers of a first frame."""
    moving(tmp_path / f"a.{form.lower()}", form)

    found = judged(draft(accounts=[account], images=[{"path": f"a.{form.lower()}"}]))
    if why is None:
        assert isinstance(found, Accepted)
    else:
        [refusal] = found
        assert refusal.why.startswith(why)
        assert "still picture" in refusal.remedy


def test_what_moves_and_is_too_large_is_refused_at_once(judged, draft, tmp_path):
    """It cannot be made smaller without stopping it."""
    moving(tmp_path / "a.gif", "GIF")
    head, frame, frames = (tmp_path / "a.gif").read_bytes().partition(b"\x21\xf9\x04")
    long = (frame + frames[:-1]) * (16 * 1024 * 1024 // len(frames))
    (tmp_path / "a.gif").write_bytes(head + long + b";")

    [refusal] = judged(draft(images=[{"path": "a.gif"}]))
    assert refusal.why.startswith("X: it moves, and does not fit into 15,728,640 bytes")


@pytest.mark.parametrize(
    ("account", "length", "taken"),
    [
        ("alice", 1000, True),
        ("alice", 1001, False),
        ("mast", 1500, True),
        ("mast", 1501, False),
        ("sky", 2000, True),
    ],
)
def test_a_description_is_as_long_as_its_network_takes(judged, draft, png, account, length, taken):
    png("sun.png")

    found = judged(draft(accounts=[account], images=[{"path": "sun.png", "alt": "a" * length}]))
    assert taken == isinstance(found, Accepted)


def test_a_gif_stands_alone(judged, draft, png, tmp_path):
    """X takes one GIF, or several pictures."""
    drawn = io.BytesIO()
    PIL.Image.new("P", (1, 1)).save(drawn, "GIF")
    (tmp_path / "a.gif").write_bytes(drawn.getvalue())
    png("sun.png")

    [refusal] = judged(draft(images=[{"path": "a.gif"}, {"path": "sun.png"}]))

    assert "X takes one GIF alone" in refusal.why


def test_an_image_of_which_only_the_beginning_is_left_is_refused(judged, draft, tmp_path):
    """It has the right kind, and would fail in every composer."""
    drawn = io.BytesIO()
    PIL.Image.effect_noise((64, 64), 50).convert("RGB").save(drawn, "JPEG")
    (tmp_path / "half.jpg").write_bytes(drawn.getvalue()[: len(drawn.getvalue()) // 2])

    [refusal] = judged(draft(images=[{"path": "half.jpg"}]))
    assert "cannot be decoded to its end" in refusal.why


def test_what_is_no_readable_file_is_refused(judged, draft, tmp_path):
    """Missing, empty, a folder, a pipe, a device, nonsense: each is a sentence, and none is waited for."""
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe.png")

    for path in ("none.png", "empty.png", "folder", "pipe.png", "/dev/zero", "a\x00b", " ", "x" * 5000):
        assert ["images"] == fields(judged(draft(images=[{"path": path}])))


def test_a_part_has_at_most_four_images_and_a_description_a_thousand_characters(judged, draft, png):
    """Counted for each part of a thread."""
    png("sun.png")
    four = [{"path": "sun.png", "part": 2}] * 4
    thread = {"text": "", "parts": ["One", "Two"]}

    assert 4 == len(judged(draft(**thread, images=four)).post.parts[1].media)
    assert ["images"] == fields(judged(draft(**thread, images=[*four, four[0]])))
    assert ["images"] == fields(judged(draft(images=[{"path": "sun.png", "alt": "a" * 1001}])))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_image_that_may_not_be_read_is_refused(judged, draft, png):
    """It is found out now, not at the composer."""
    Path(png("sun.png")).chmod(0)

    assert ["images"] == fields(judged(draft(images=[{"path": "sun.png"}])))


@pytest.mark.parametrize("written", ["alice, bob", "alice;bob", "alice bob"])
def test_several_names_in_one_are_told_by_what_separates_them(judged, draft, written):
    """No account has this name, and its author would look for a slip."""
    [problem] = judged(draft(accounts=[written]))

    assert 'write "alice|bob" in a file' in problem.remedy
