"""What leaves of a video's file is the video alone: nothing moves, and no place or owner is left in it."""

from __future__ import annotations

import struct

import pytest

from steadypost.channels.pictures import Unusable, ready
from steadypost.channels.stripping import Malformed
from steadypost.channels.videos import bare, seconds_of, shape_of
from steadypost.domain.post import Media
from tests.videos import FRAMES, PLACE, box, header, table, track, video

XMP = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"


def head(across, down_by, across_by, down, width, height):
    """Give the head of a track whose pictures are turned by this matrix."""
    matrix = (across, down_by, 0, across_by, down, 0, 0, 0, 0x40000000)
    return box(b"tkhd", bytes(40), struct.pack(">9i2I", *matrix, width << 16, height << 16))


@pytest.mark.parametrize(
    ("turned", "expected"),
    [
        (head(0x10000, 0, 0, 0x10000, 640, 360), (640, 360)),
        (head(0, 0x10000, -0x10000, 0, 640, 360), (360, 640)),
        (head(-0x10000, 0, 0, -0x10000, 640, 360), (640, 360)),
        (box(b"tkhd", bytes(84)), (0, 0)),
        (box(b"tkhd", bytes(20)), (0, 0)),
        (b"", (0, 0)),
    ],
)
def test_a_turned_video_has_the_shape_people_see(turned, expected):
    """A telephone that was held upright writes its pictures lying, and how they are to be turned."""
    movie = track(b"vide", 0, 0).replace(box(b"tkhd", bytes(84)), turned)
    size = struct.pack(">I", len(movie))

    assert expected == shape_of(box(b"moov", header(2), size + movie[4:]))


@pytest.mark.parametrize(
    "notes",
    [
        {"in_moov": box(b"udta", box(b"\xa9xyz", PLACE))},
        {"in_moov": box(b"meta", bytes(4), PLACE)},
        {"in_moov": box(b"uuid", XMP, PLACE)},
        {"in_moov": box(b"udta", PLACE) + bytes(4)},
        {"in_trak": box(b"udta", box(b"name", PLACE))},
        {"in_trak": box(b"meta", PLACE)},
        {"behind": box(b"uuid", XMP, PLACE)},
        {"behind": box(b"meta", PLACE)},
        {"behind": box(b"free", PLACE)},
        {"behind": struct.pack(">I4sQ", 1, b"uuid", 16 + len(PLACE)) + PLACE},
        {"behind": struct.pack(">I4s", 0, b"sefd") + PLACE},
        {"noted": PLACE},
    ],
)
def test_no_note_is_left_in_it_and_nothing_moves(notes):
    """A telephone's place, a camera's track of places, a program's words; its offsets count bytes of its file."""
    came = video(**notes)
    assert PLACE in came

    sent = bare(came)

    assert len(came) == len(sent)
    assert PLACE not in sent
    for kept in (FRAMES, header(2), b"tkhd", b"vide", b"stco"):
        assert came.index(kept) == sent.index(kept)
    assert sent == bare(sent)


def test_a_video_without_notes_keeps_its_bytes():
    assert video() == bare(video())


@pytest.mark.parametrize("wide", [False, True])
def test_it_says_how_long_it_is(wide):
    """In a header of either width."""
    came = video(seconds=140.5)
    if wide:
        told = struct.pack(">B3xQQIQ", 1, 0, 0, 1000, 140_500)
        came = came.replace(header(140.5), box(b"mvhd", told, bytes(100 - len(told))))

    assert 140.5 == seconds_of(came)


def test_a_video_in_fragments_may_say_it_elsewhere():
    """And one that is still being made when it is written does not say it at all."""
    whole = video(seconds=0, in_moov=box(b"mvex", table(b"mehd", 9000)))
    assert 9 == seconds_of(whole)
    assert 0 == seconds_of(video(seconds=0, in_moov=box(b"mvex")))


@pytest.mark.parametrize("left", [*range(0, 120, 7), 200, -1, -8, -100])
def test_of_which_only_the_beginning_is_left_is_malformed(left):
    with pytest.raises(Malformed):
        bare(video()[:left])


@pytest.mark.parametrize(
    "damaged",
    [
        video().replace(b"moov", b"moot"),
        video().replace(b"vide", b"soun"),
        video().replace(b"mvhd", b"free"),
        video().replace(b"stco", b"stcx"),
        video().replace(table(b"stco", 1, 28), table(b"stco", 1, 1 << 30)),
        video().replace(table(b"stco", 1, 28), table(b"stco", 1 << 30, 28)),
        video().replace(table(b"stsc", 1, 1, 1, 1), table(b"stsc", 0, 1, 1, 1)),
        video().replace(struct.pack(">II", 1000, 2000) + bytes(80), struct.pack(">II", 0, 2000) + bytes(80)),
        video(noted=PLACE, in_moov=box(b"mvex")),
        video(in_moov=b"".join([track(b"meta", 0, 400)] * 9)),
        video() + b"junk",
        b"",
    ],
)
def test_what_is_not_built_as_its_kind_says_is_malformed(damaged):
    assert video() != damaged
    with pytest.raises(Malformed):
        bare(damaged)


@pytest.fixture
def media(tmp_path):
    def make(content, kind="video/mp4"):
        path = tmp_path / "dawn.mp4"
        path.write_bytes(content)
        return Media(path=path, kind=kind)

    return make


@pytest.mark.parametrize(("kind", "name"), [("video/mp4", "file.mp4"), ("video/quicktime", "file.mov")])
def test_what_goes_out_is_without_notes_and_its_file_is_left_alone(media, kind, name):
    came = video(in_moov=box(b"udta", PLACE))
    one = media(came, kind)

    sent = ready(one, 10_000, moving=())

    assert (bare(came), kind, name) == (sent.content, kind, sent.name)
    assert came == one.path.read_bytes()


@pytest.mark.parametrize(
    ("content", "limit", "why"), [(video(), 100, "at most 100"), (video()[:-9], 10_000, "damaged")]
)
def test_what_its_network_would_not_take_does_not_go_out(media, content, limit, why):
    with pytest.raises(Unusable, match=why):
        ready(media(content), limit, moving=())


def test_x_s_page_is_given_none(media):
    """Intake refuses it; one that came in by another way is refused before the page is touched."""
    from steadypost.channels.x_web.errand import REFUSES, Halt  # noqa: PLC0415 - of this channel alone
    from steadypost.channels.x_web.pictures import attach  # noqa: PLC0415 - as above

    with pytest.raises(Halt) as halted:
        attach(None, None, 0, [media(video())])
    assert halted.value.cause in REFUSES
