"""A picture as it goes out: upright, without what a camera wrote into it, and within the network's limit."""

from __future__ import annotations

import contextlib
import io
import random
from dataclasses import replace

import pytest
from PIL import Image, ImageCms

from steadypost.channels.pictures import MOST_PIXELS, Missing, Unusable, prepare, ready
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Media, digest_of

LIMIT = 1_000_000
PLACE = b"Rue de la Paix 7, 48.8690 N 2.3310 E"


def saved(picture, form="JPEG", **how):
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()


def opened(prepared):
    return Image.open(io.BytesIO(prepared.content))


def photograph(width=600, height=400, *, seed=1):
    """Give something that does not compress well, as photographs do not."""
    noise = Image.effect_noise((width, height), 90 + seed)
    return Image.merge(
        "RGB", (noise, noise.rotate(90).resize(noise.size), noise.transpose(Image.Transpose.ROTATE_180))
    )


def camera(orientation):
    """Give what a camera writes: its orientation, the place, a thumbnail."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[2] = (48.0, 52.0, 8.4)
    return exif


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_the_way_the_camera_was_held(orientation):
    """A red corner at the top left of what people see is there in what goes out, whatever the file says."""
    upright = Image.new("RGB", (80, 40), "white")
    upright.paste("red", (0, 0, 20, 20))
    turns = {
        1: (),
        2: (Image.Transpose.FLIP_LEFT_RIGHT,),
        3: (Image.Transpose.ROTATE_180,),
        4: (Image.Transpose.FLIP_TOP_BOTTOM,),
        5: (Image.Transpose.TRANSPOSE,),
        6: (Image.Transpose.ROTATE_90,),
        7: (Image.Transpose.TRANSVERSE,),
        8: (Image.Transpose.ROTATE_270,),
    }
    held = upright
    for turn in turns[orientation]:
        held = held.transpose(turn)
    prepared = prepare(saved(held, quality=95, exif=camera(orientation)), LIMIT)

    assert (80, 40) == (prepared.width, prepared.height)
    red, green, _ = opened(prepared).convert("RGB").getpixel((5, 5))
    assert red > 200
    assert green < 60


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_a_camera_wrote_leaves(form):
    content = saved(photograph(), form, exif=camera(6))
    prepared = prepare(content, LIMIT)
    picture = opened(prepared)

    assert PLACE in content
    assert PLACE not in prepared.content
    assert not dict(picture.getexif())
    assert not {"exif", "xmp", "icc_profile", "comment", "photoshop"} & set(picture.info)


def test_words_in_a_drawing_file_do_not_leave_either():
    from PIL import PngImagePlugin  # noqa: PLC0415 - only this test writes them

    info = PngImagePlugin.PngInfo()
    info.add_text("Author", PLACE.decode())
    content = saved(Image.new("RGB", (9, 9)), "PNG", pnginfo=info)

    assert PLACE in content
    assert PLACE not in prepare(content, LIMIT).content


@pytest.mark.parametrize("limit", [500_000, 250_000, 80_000])
def test_it_fits_what_the_server_takes(limit):
    prepared = prepare(saved(photograph(1250, 850), quality=98), limit)

    assert len(prepared.content) <= limit
    assert abs(prepared.width / prepared.height - 1250 / 850) < 0.01
    assert opened(prepared).size == (prepared.width, prepared.height)


def test_a_picture_that_fits_is_not_made_smaller():
    prepared = prepare(saved(photograph(600, 400), quality=80), 2_000_000)

    assert (600, 400, "image/jpeg") == (prepared.width, prepared.height, prepared.kind)


def test_the_same_file_gives_the_same_bytes():
    """A later attempt describes the same record, and its name is its content's."""
    content = saved(photograph(1000, 750), exif=camera(6))

    assert prepare(content, 200_000) == prepare(content, 200_000)


def test_what_shines_through_still_does():
    picture = Image.new("RGBA", (50, 50), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (10, 10, 40, 40))
    prepared = prepare(saved(picture, "PNG"), LIMIT)

    assert "image/png" == prepared.kind
    assert 0 == opened(prepared).convert("RGBA").getpixel((0, 0))[3]


def test_a_photograph_with_an_empty_transparency_is_a_photograph():
    picture = photograph(900, 600).convert("RGBA")

    assert "image/jpeg" == prepare(saved(picture, "PNG"), LIMIT).kind


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_every_kind_of_pixels(mode):
    """However it has to be drawn anew."""
    picture, turned = Image.new("L", (30, 20), 200).convert("RGB"), camera(6)
    content = (
        saved(Image.new("I;16", (30, 20), 51_200), "PNG", exif=turned)
        if mode == "I;16"
        else saved(picture.convert(mode), "JPEG" if mode == "CMYK" else "PNG", exif=turned)
    )
    red = opened(prepare(content, LIMIT)).convert("RGB").getpixel((3, 3))[0]

    assert abs(red - (255 if mode == "1" else 200)) < 12


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colours_of_another_space_stay_the_colours_they_were(mode, orientation):
    """The profile that says what they mean goes with them."""
    picture = Image.new("RGB", (20, 20), (10, 200, 30))
    picture = picture.quantize(4) if mode == "P" else picture.convert(mode)
    if mode == "RGBA":
        picture.putpixel((3, 3), (0, 0, 0, 0))
    prepared = prepare(saved(picture, "PNG", icc_profile=PROFILE, exif=camera(orientation)), LIMIT)

    assert PROFILE == opened(prepared).info.get("icc_profile")
    assert (10, 200, 30) == opened(prepared).convert("RGB").getpixel((1, 1))


def test_a_profile_for_greys_does_not_stay_with_what_has_become_coloured():
    grey = saved(Image.new("L", (20, 20), 100), "PNG", icc_profile=PROFILE, exif=camera(6))

    assert "icc_profile" not in opened(prepare(grey, LIMIT)).info


def moving(form="GIF", **how):
    frames = [Image.new("L", (9, 9), shade) for shade in (0, 100, 200)]
    return saved(frames[0], form, save_all=True, append_images=frames[1:], **how)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_what_moves_stays_what_it_is(form):
    """Even where a note says that it lies on its side: no player turns it, and drawn anew it would stand still."""
    content = moving(form) if form == "GIF" else moving(form, exif=camera(6))
    prepared = prepare(content, LIMIT)

    assert prepared.moves
    assert f"image/{form.lower()}" == prepared.kind
    assert 3 == opened(prepared).n_frames
    assert PLACE not in prepared.content


def test_what_moves_and_is_too_large_is_turned_down():
    with pytest.raises(Unusable, match="it moves, and does not fit"):
        prepare(moving(), 50)


@pytest.mark.parametrize(("form", "shown"), [("GIF", True), ("PNG", False), ("WEBP", False)])
def test_what_a_network_would_show_as_a_still_picture_is_turned_down(tmp_path, form, shown):
    """Also where it came in before that was known; the remedy names what moves there."""
    path = tmp_path / "a"
    path.write_bytes(moving(form))
    media = Media(path=path, kind=f"image/{form.lower()}")

    if shown:
        assert ready(media, LIMIT, moving={"image/gif"}).moves
    else:
        with pytest.raises(Unusable, match="would be shown as a still picture: save it as GIF"):
            ready(media, LIMIT, moving={"image/gif"})


def test_a_still_gif_is_a_picture():
    prepared = prepare(saved(Image.new("L", (9, 9)), "GIF"), LIMIT)

    assert ("image/gif", False) == (prepared.kind, prepared.moves)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_with_nothing_written_beside_it_is_sent_untouched(form):
    content = saved(photograph(), form)

    assert content == prepare(content, LIMIT).content


def test_an_upright_photograph_is_not_drawn_anew():
    """Drawn once more it would lose a little of itself each time it went through a program."""
    content = saved(photograph(), "JPEG", quality=97, exif=camera(1))
    prepared = prepare(content, LIMIT)

    assert PLACE in content
    assert PLACE not in prepared.content
    assert opened(prepared).tobytes() == Image.open(io.BytesIO(content)).tobytes()


@pytest.mark.parametrize(("size", "most"), [((400, 300), 30_000), ((300, 400), 30_000), ((401, 3), 1_000)])
def test_it_has_no_more_pixels_than_the_server_takes(size, most):
    prepared = prepare(saved(photograph(*size)), LIMIT, most)

    assert most * 0.5 < prepared.width * prepared.height <= most
    assert (prepared.width > prepared.height) is (size[0] > size[1])


# --- the file of a post


@pytest.fixture
def media(tmp_path):
    path = tmp_path / "Anna at home.jpg"
    path.write_bytes(saved(photograph(), exif=camera(1)))
    return Media(path=path, kind="image/jpeg", digest=digest_of(path))


def test_the_files_own_name_does_not_leave(media):
    assert "file.jpeg" == ready(media, LIMIT, moving=()).name


def test_a_file_that_was_changed_after_its_post_came_in_does_not_leave(media):
    """It is looked at where it is read: between a look and the reading it may be changed as well."""
    media.path.write_bytes(saved(photograph(seed=2)))

    with pytest.raises(Missing, match="was changed") as told:
        ready(media, LIMIT, moving=())
    assert Cause.MEDIA_MISSING is told.value.cause


def test_a_file_of_which_no_digest_was_taken_leaves(media):
    assert ready(replace(media, digest=""), LIMIT, moving=()).content


def test_a_file_that_is_gone_is_missing(media):
    media.path.unlink()

    with pytest.raises(Missing, match="cannot be read"):
        ready(media, LIMIT, moving=())


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_what_is_no_picture(content):
    with pytest.raises(Unusable):
        prepare(content, LIMIT)


def test_a_file_that_is_cut_off():
    with pytest.raises(Unusable, match="damaged"):
        prepare(saved(photograph())[:3000], LIMIT)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_damaged_file_is_a_picture_or_is_said_to_be_none(form):
    """Whatever stands in it: no other error comes of it."""
    dice = random.Random(7)  # noqa: S311 - repeatable
    content = moving(form) if form != "JPEG" else saved(photograph(60, 40))
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(dice.choice((1, 2, 8, 40))):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        with contextlib.suppress(Unusable):
            assert prepare(bytes(damaged[: dice.randrange(1, 2 * len(damaged))]), LIMIT).content


def test_a_small_file_with_a_giant_picture_is_not_decoded():
    content = saved(Image.new("1", (20_000, MOST_PIXELS // 20_000 + 1)), "PNG", optimize=True)

    assert len(content) < 100_000
    with pytest.raises(Unusable, match="pixels"):
        prepare(content, LIMIT)


def test_a_cameras_second_picture_does_not_move():
    """Many telephones write one beside the first, for another exposure or another eye."""
    content = saved(photograph(60, 40), "MPO", save_all=True, append_images=[photograph(60, 40)])

    assert (60, 40) == opened(prepare(content, LIMIT)).size


@pytest.mark.parametrize("form", ["EPS", "TGA", "PCX", "PPM", "ICNS", "JPEG2000"])
def test_only_pictures_of_the_web_are_read(form):
    """A page names the picture of its preview. Some forms are drawn by other programs, and all are a stranger's."""
    with pytest.raises(Unusable, match="not a picture that can be read"):
        prepare(saved(photograph(60, 40), form), LIMIT)
