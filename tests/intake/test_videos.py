"""A video comes in where its networks take it; each that does not says why, and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from steadypost.domain import videos
from steadypost.domain.post import Media, Part
from steadypost.intake import Accepted, KnownAccount, judge, known_accounts
from steadypost.intake.fetching import Fetched
from steadypost.intake.shelf import Shelf
from steadypost.networks import named
from steadypost.networks.file import NETWORK as FILE
from steadypost.networks.x import NETWORK as X
from steadypost.store import AccountRecord
from steadypost.store import accounts as account_rows
from tests.videos import box, video


@pytest.fixture
def known(known):
    return {
        **known,
        "page": KnownAccount(name="page", network=X, channel="x_web"),
        "tray": KnownAccount(name="tray", network=FILE),
    }


@pytest.fixture
def judged(known, draft, now, tmp_path):
    """Judge a post with these files for an account."""

    def judged(account, *names, **more):
        images = [{"path": name} if isinstance(name, str) else name for name in names]
        given = draft(accounts=[account], images=images, **more)
        return judge(given, known, now=now, folder=tmp_path, source="here:7")

    return judged


@pytest.fixture
def video_file(tmp_path):
    """Write a video, and say how its file is called."""

    def video_file(name="dawn.mp4", **how):
        (tmp_path / name).write_bytes(video(**how))
        return name

    return video_file


@pytest.mark.parametrize("account", ["alice", "mast", "tray"])
@pytest.mark.parametrize(
    ("brand", "kind"),
    [(b"isom", "video/mp4"), (b"mp42", "video/mp4"), (b"M4V ", "video/mp4"), (b"qt  ", "video/quicktime")],
)
def test_a_video_comes_in(judged, video_file, account, brand, kind):
    """Its kind by its first bytes, its length as its header says, its digest as a picture's."""
    name = video_file(seconds=2.5, brand=brand)

    accepted = judged(account, {"path": name, "alt": "Waves"})

    assert isinstance(accepted, Accepted)
    [media] = accepted.post.parts[0].media
    assert (kind, "Waves", 2.5, len(video(brand=brand))) == (media.kind, media.alt, media.seconds, media.size)
    assert 64 == len(media.digest)


def test_where_no_video_can_be_sent_it_is_refused(judged, video_file):
    [refusal] = judged("page", video_file())

    why = "X: no video can be sent to page from here"
    assert ("images", "dawn.mp4", why) == (refusal.field, refusal.value, refusal.why)
    assert "X's API" in refusal.remedy
    assert "images@NETWORK" in refusal.remedy


@pytest.mark.parametrize(
    ("how", "alt", "why"),
    [
        ({"brand": b"qt  "}, "Waves", "does not take video/quicktime"),
        ({"seconds": 180.5}, "Waves", "it lasts 180.5 s, and Bluesky takes at most 180 s"),
        ({"seconds": 0}, "Waves", "does not say how long it is"),
        ({}, "\N{BEER MUG}" * 1001, "Bluesky takes 1000 characters"),
        ({}, "e" + "\N{COMBINING ACUTE ACCENT}" * 5000, "10,000 bytes"),
    ],
)
def test_what_bluesky_does_not_take_of_a_video(judged, video_file, how, alt, why):
    [refusal] = judged("sky", {"path": video_file(**how), "alt": alt})

    assert why in refusal.why
    assert refusal.remedy


@pytest.mark.parametrize(("more", "taken"), [(0, True), (1, False)])
def test_a_video_for_bluesky_is_as_large_as_its_record_may_name(more, taken):
    media = Media(path=Path("dawn.mp4"), kind="video/mp4", size=100_000_000 + more, seconds=2.0)

    assert taken is not any(
        named("bluesky").objections((Part(text="x", media=(media,)),), named("bluesky").allows)
    )


def test_a_network_without_videos_may_have_a_picture_of_its_own(known, draft, now, tmp_path, video_file, png):
    png("sun.png")
    given = draft(
        accounts=["mast", "page"],
        images=[{"path": video_file()}],
        variants={"x": {"images": [{"path": "sun.png"}]}},
    )

    assert isinstance(judge(given, known, now=now, folder=tmp_path), Accepted)


@pytest.mark.parametrize(("seconds", "taken"), [(140, True), (140.5, False)])
def test_a_video_is_as_long_as_x_takes(judged, video_file, seconds, taken):
    name = video_file(seconds=seconds)

    found = judged("alice", name)
    assert taken == isinstance(found, Accepted)
    if not taken:
        [refusal] = found
        assert "it lasts 140.5 s, and X takes at most 140 s" == refusal.why
        assert "make it shorter by 0.5 s" == refusal.remedy
    assert isinstance(judged("mast", name), Accepted)


def test_a_video_that_does_not_say_how_long_it_is_goes_where_that_is_not_asked(judged, video_file):
    name = video_file(seconds=0, in_moov=box(b"mvex"))

    [refusal] = judged("alice", name)
    assert "does not say how long it is" in refusal.why
    assert isinstance(judged("mast", name), Accepted)


@pytest.mark.parametrize("account", ["alice", "mast", "sky", "tray"])
def test_a_video_stands_alone(judged, video_file, png, account):
    """Beside a picture or another video; in another part of a thread it may."""
    png("sun.png")
    name, other = video_file(), video_file("dusk.mp4")

    for names in ([name, "sun.png"], [name, other]):
        [refusal] = judged(account, *names)
        assert ("images", "2 files") == (refusal.field, refusal.value)
        assert "takes a video only alone" in refusal.why
    apart = [{"path": name, "part": 1}, {"path": "sun.png", "part": 2}]
    assert isinstance(judged(account, *apart, text="", parts=["One", "Two"]), Accepted)


def test_a_video_is_as_large_as_its_network_takes(known, draft, now, tmp_path, video_file):
    """The size is its file's; what it would be made is its author's business."""
    name = video_file(size=2_000_000)
    less = replace(X, allows=replace(X.allows, takes={"video/mp4": 1024 * 1024}))
    known = {"alice": KnownAccount(name="alice", network=less)}

    [refusal] = judge(draft(images=[{"path": name}]), known, now=now, folder=tmp_path)
    assert "it has 1.9 MB, and X takes at most 1 MB" == refusal.why


def test_what_is_too_large_for_anybody_is_not_read(judged, video_file, tmp_path):
    name = video_file()
    with (tmp_path / name).open("ab") as opened:
        opened.truncate(videos.LARGEST + 1)  # a hole, which takes no room

    [refusal] = judged("mast", name)
    assert "at most 100 MB are read" in refusal.why


@pytest.mark.parametrize("content", [video()[:-20], video().replace(b"moov", b"moot"), video()[:24]])
def test_a_video_that_is_not_whole_is_refused(judged, tmp_path, content):
    (tmp_path / "dawn.mp4").write_bytes(content)

    [refusal] = judged("mast", "dawn.mp4")
    assert ("images", "dawn.mp4") == (refusal.field, refusal.value)
    assert "it is damaged" in refusal.why


@pytest.mark.parametrize("brand", [b"heic", b"avif", b"M4A ", b"3gp4"])
def test_what_only_looks_like_a_video_is_none(judged, video_file, brand):
    """Other files are built in the same boxes."""
    [refusal] = judged("mast", video_file(brand=brand))

    assert "by its content it is" in refusal.why
    assert "MP4 or MOV video" in refusal.remedy


@pytest.mark.parametrize(
    ("content", "called", "taken"),
    [
        (video(), "video/mp4", True),
        (video(), "application/octet-stream", True),
        (video(brand=b"qt  "), "video/quicktime", True),
        (video(), "image/png", False),
        (video()[:-20], "video/mp4", False),
    ],
)
def test_a_video_by_address_is_kept_as_a_picture_is(draft, known, now, tmp_path, content, called, taken):
    shelf = Shelf(tmp_path / "shelf", fetch=lambda _: Fetched(content, called))
    given = draft(accounts=["alice"], images=[{"path": "https://a.example/dawn"}])

    found = judge(given, known, now=now, folder=tmp_path, shelf=shelf)

    assert taken == isinstance(found, Accepted)
    if isinstance(found, Accepted):
        [media] = found.post.parts[0].media
        assert (content, 2.0) == (media.path.read_bytes(), media.seconds)
        assert media.path.stem == media.digest
    else:
        assert ["images"] == [one.field for one in found]


def test_x_s_page_sends_none_and_its_api_does(store, now):
    """Both are accounts on X; the channel makes the difference."""
    store.write(account_rows.put, AccountRecord(name="paid", channel="x_api", handle="paid"), now)

    known = known_accounts(store)

    assert [False, True] == [any(map(is_video, known[one].allows.takes)) for one in ("alice", "paid")]


def is_video(kind):
    return kind.startswith("video/")
