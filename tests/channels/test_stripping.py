"""What leaves of a picture's file is the picture alone, with the very bytes that it came in."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from steadypost.channels.stripping import Malformed, stripped
from tests.channels.conftest import DOT

PLACE = b"48.8690 N 2.3310 E, Rue de la Paix"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + PLACE + b"</x:xmpmeta>"


def saved(form, picture=None, **how):
    out = io.BytesIO()
    (picture or noise()).save(out, form, **how)
    return out.getvalue()


def noise(size=(60, 40)):
    return Image.effect_noise(size, 90).convert("RGB")


def camera():
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    exif.get_ifd(0x8825)[2] = (48.0, 52.0, 8.4)
    return exif


def frames(form, **how):
    first, *rest = (noise() for _ in range(3))
    return saved(form, first, save_all=True, append_images=rest, duration=[40, 80, 120], loop=3, **how)


def segment(marker, told):
    return bytes([0xFF, marker]) + struct.pack(">H", len(told) + 2) + told


def chunk(name, told):
    return struct.pack(">I", len(told)) + name + told + struct.pack(">I", zlib.crc32(name + told))


def with_notes(jpeg):
    """Everything that writes of a place into a JPEG, and a second file behind its end, as some telephones leave one."""
    notes = (
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x22" + PLACE),
        segment(0xFE, PLACE),
        segment(0xE2, b"FPXR\0" + PLACE),
        segment(0xE0, b"JFXX\0\x10" + PLACE),
        segment(0xEB, b"JP\0\x01" + PLACE),
    )
    return jpeg[:2] + b"".join(notes) + jpeg[2:] + b"\xff\xd8\xff\xe1" + PLACE


def png_notes():
    info = PngImagePlugin.PngInfo()
    info.add_text("Location", PLACE.decode())
    info.add_text("Comment", PLACE.decode(), zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return info


NOTED = {
    "jpeg": ("image/jpeg", lambda: with_notes(saved("JPEG", exif=camera(), icc_profile=PROFILE))),
    "progressive jpeg": (
        "image/jpeg",
        lambda: with_notes(saved("JPEG", exif=camera(), icc_profile=PROFILE, progressive=True)),
    ),
    "jpeg of four inks": ("image/jpeg", lambda: with_notes(saved("JPEG", noise().convert("CMYK")))),
    "png": (
        "image/png",
        lambda: saved("PNG", exif=camera(), icc_profile=PROFILE, pnginfo=png_notes()) + PLACE,
    ),
    "moving png": ("image/png", lambda: frames("PNG", exif=camera(), pnginfo=png_notes()) + PLACE),
    "gif": ("image/gif", lambda: saved("GIF", comment=PLACE) + PLACE),
    "moving gif": ("image/gif", lambda: frames("GIF", comment=PLACE)),
    "webp": ("image/webp", lambda: saved("WEBP", exif=camera(), xmp=XMP, icc_profile=PROFILE)),
    "lossless webp": ("image/webp", lambda: saved("WEBP", exif=camera(), xmp=XMP, lossless=True)),
    "moving webp": ("image/webp", lambda: frames("WEBP", exif=camera(), xmp=XMP)),
}


def shown(content):
    """Every picture of a file as it is drawn, how long it stands, how often it plays, and its colours."""
    with Image.open(io.BytesIO(content)) as opened:
        pictures = []
        for n in range(1 if opened.format == "MPO" else getattr(opened, "n_frames", 1)):
            opened.seek(n)
            pictures.append((opened.convert("RGBA").tobytes(), opened.info.get("duration")))
        return pictures, opened.info.get("loop"), opened.info.get("icc_profile")


@pytest.mark.parametrize("name", NOTED)
def test_nothing_but_the_picture_leaves_and_it_is_drawn_the_same(name):
    kind, make = NOTED[name]
    content = make()
    bare = stripped(content, kind)

    assert PLACE in content
    assert PLACE not in bare
    assert shown(content) == shown(bare)
    with Image.open(io.BytesIO(bare)) as opened:
        assert not dict(opened.getexif())
        assert not {"exif", "xmp", "comment", "photoshop", "XML:com.adobe.xmp"} & set(opened.info)


@pytest.mark.parametrize("name", NOTED)
def test_what_is_stripped_has_nothing_left_to_strip(name):
    kind, make = NOTED[name]
    bare = stripped(make(), kind)

    assert bare == stripped(bare, kind)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image/jpeg", saved("JPEG", quality=90)),
        ("image/jpeg", saved("JPEG", progressive=True, icc_profile=PROFILE)),
        ("image/png", DOT),
        ("image/png", saved("PNG", noise().convert("P"), icc_profile=PROFILE)),
        ("image/gif", frames("GIF")),
        ("image/webp", saved("WEBP")),
        ("image/webp", frames("WEBP")),
    ],
)
def test_a_file_with_nothing_else_in_it_keeps_its_bytes(kind, content):
    assert content == stripped(content, kind)


def test_the_small_picture_in_a_jpegs_first_segment_does_not_leave():
    """It may show what was cut away."""
    plain = saved("JPEG", quality=90)
    before, behind = plain[:2], plain[2 + 18 :]
    small = b"JFIF\0\1\1\0\0\1\0\1\2\2" + bytes(range(12))

    assert plain == stripped(before + segment(0xE0, small) + behind, "image/jpeg")


def test_notes_between_a_pictures_scans_do_not_leave():
    plain = saved("JPEG", progressive=True)
    second = plain.index(b"\xff\xda", plain.index(b"\xff\xda") + 2)

    assert plain == stripped(plain[:second] + segment(0xE1, PLACE) + plain[second:], "image/jpeg")


@pytest.mark.parametrize("name", NOTED)
def test_a_file_that_is_cut_off_anywhere(name):
    """It is said to be malformed, and never gives half a picture or another error."""
    kind, make = NOTED[name]
    bare = stripped(make(), kind)
    if kind == "image/webp":  # its envelope says how long it is
        bare = bare[:4] + struct.pack("<I", len(bare) - 8) + bare[8:]

    for end in sorted({0, 1, 3, 7, 11, 13, 20, 33, 60, len(bare) // 2, len(bare) - 2, len(bare) - 1}):
        with pytest.raises(Malformed):
            stripped(bare[:end], kind)


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/gif", "image/webp"])
def test_another_kind_than_it_says(kind):
    with pytest.raises(Malformed):
        stripped(b"<svg>no picture of any of these kinds</svg>", kind)


def test_an_unknown_part_of_a_moving_webps_frame_does_not_leave():
    content = frames("WEBP")
    at = content.index(b"ANMF")
    length = struct.unpack_from("<I", content, at + 4)[0]
    noted = chunk_of_webp(b"ANMF", content[at + 8 : at + 8 + length] + chunk_of_webp(b"NOTE", PLACE))
    whole = content[12:at] + noted + content[at + 8 + length + length % 2 :]

    assert content == stripped(b"RIFF" + struct.pack("<I", len(whole) + 4) + b"WEBP" + whole, "image/webp")


def chunk_of_webp(name, told):
    return name + struct.pack("<I", len(told)) + told + b"\0" * (len(told) % 2)


def test_an_unknown_chunk_of_a_png_does_not_leave():
    plain = saved("PNG")

    assert plain == stripped(plain[:33] + chunk(b"gpSx", PLACE) + plain[33:], "image/png")
