"""Attaching pictures to a part and describing them, in whichever way the page takes them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from playwright.sync_api import ElementHandle, FileChooser, FilePayload, Page
from playwright.sync_api import Error as PlaywrightError

from steadypost.browser.desk import Desk
from steadypost.channels.x_web.errand import Halt
from steadypost.channels.x_web.opening import click, time_for
from steadypost.channels.x_web.survey import Composer, Picture, Survey, Want, point, survey
from steadypost.domain.outcome import Cause
from steadypost.domain.post import Media
from steadypost.networks.x import ALLOWS, NETWORK

UPLOADED_WITHIN = 60.0
"""Seconds for the pictures of one part."""

DESCRIBED_WITHIN = 5.0
"""Seconds for the editor of descriptions to open, and for it to keep one."""

ASKS_WITHIN = 5.0
"""Seconds in which a click on a tool makes the page ask for files."""

SETTLES_WITHIN = 1.5
"""Seconds in which a part takes the caret."""

KEEP = 6.0
"""Seconds of the deadline that attaching leaves for the ask itself."""

MOST_STEPS = 4
"""How far it is from the first picture of a part to its last, and one more."""

IS_FOR_SEVERAL = "field => field.multiple"


def attach(desk: Desk, page: Page, n: int, media: Sequence[Media]) -> None:
    """Attach a part's pictures, before its text: attaching draws the part anew, and typed text can be lost."""
    files = [_file(item) for item in media]
    _to_part(page, n)
    shown = 0
    while shown < len(media):
        try:
            shown += _hand_over(page, n, files[shown:])
        except PlaywrightError:
            if page.is_closed():
                raise
            raise Halt(Cause.MEDIA_NOT_ATTACHED, f"part {n + 1} takes no pictures") from None
        limit = time_for(desk, UPLOADED_WITHIN, keep=KEEP)
        seen = survey(page, Want.ATTACHED, within=limit, focus=n, count=shown)
        if not seen.met or len(_attached(seen, n)) != shown:
            raise Halt(Cause.MEDIA_NOT_ATTACHED, f"part {n + 1} does not show its {shown} pictures")
    if len(files) > 1:
        _check_order(page, n, files)
    for number, item in enumerate(media):
        if item.alt:
            _describe(page, n, number, item.alt)
    _to_part(page, n)


DIGESTS = """sources => Promise.all(sources.map(async (source) => {
  try {
    const digest = await crypto.subtle.digest("SHA-256", await (await fetch(source)).arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch { return null; }
}))"""
"""Says which files the page shows. What it has drawn anew, or does not let be read, cannot be told."""


def _check_order(page: Page, n: int, files: Sequence[FilePayload]) -> None:
    """See that the page shows a part's pictures in the order in which they were given, as far as it can be told."""
    given = [sha256(file["buffer"]).hexdigest() for file in files]
    sources = [
        picture.source for picture in _attached(_to_part(page, n), n) if picture.source.startswith("blob:")
    ]
    shown = [given.index(one) for one in page.evaluate(DIGESTS, sources) if one in given]
    if shown != sorted(shown):
        raise Halt(Cause.MEDIA_NOT_ATTACHED, f"part {n + 1} shows its pictures in another order")


def _file(media: Media) -> FilePayload:
    """Give a picture as it goes out."""
    from steadypost.channels.pictures import Unusable, ready  # noqa: PLC0415 - most posts have no picture

    if media.is_video:
        raise Halt(
            Cause.MEDIA_REFUSED, f"{media.path.name}: a video goes through X's API, and not through its page"
        )
    try:
        file = ready(media, ALLOWS.takes[media.kind], moving=NETWORK.moving)
    except Unusable as error:
        raise Halt(error.cause, f"{media.path.name}: {error}") from error
    return FilePayload(name=file.name, mimeType=file.kind, buffer=file.content)


def _to_part(page: Page, n: int) -> Survey:
    """Put the caret into a part: its controls may only be there while it has it."""
    return survey(page, Want.BOXES, within=SETTLES_WITHIN, texts=[""] * (n + 1), focus=n)


def _attached(seen: Survey, n: int) -> tuple[Picture, ...]:
    parts = composer_in(seen).attached
    return parts[n] if n < len(parts) else ()


def _picture(page: Page, n: int, number: int) -> Picture:
    pictures = _attached(_to_part(page, n), n)
    if number >= len(pictures):
        raise Halt(Cause.MEDIA_NOT_ATTACHED, f"part {n + 1} does not show its picture {number + 1} any more")
    return pictures[number]


def _describe(page: Page, n: int, number: int, alt: str) -> None:
    """Say in words what a picture shows, and see that the page has it so."""
    before = _picture(page, n, number)
    opener = point(page, "describer", part=n, source=before.source)
    _click(page, opener, Cause.MEDIA_NOT_ATTACHED, "describing a picture")
    _to_picture(page, before.source)
    field = _field(page)
    if field is None:
        raise Halt(Cause.MEDIA_NOT_ATTACHED, "the page has no field for the description of a picture")
    try:
        field.fill(alt, timeout=DESCRIBED_WITHIN * 1000)
        _click(page, point(page, "save"), Cause.MEDIA_NOT_ATTACHED, "saving a description")
        _until_kept(page)
    except PlaywrightError:
        if page.is_closed():
            raise
        raise Halt(Cause.MEDIA_NOT_ATTACHED, "the description of a picture was not taken") from None
    after = _picture(page, n, number)
    if " ".join(after.alt.split()) not in {" ".join(alt.split()), " ".join(before.alt.split())}:
        raise Halt(Cause.MEDIA_NOT_ATTACHED, "the page shows another description than the picture's own")


def _field(page: Page) -> ElementHandle | None:
    """The field for a description, once it is there."""
    survey(page, Want.DESCRIBING, within=DESCRIBED_WITHIN)
    return point(page, "field")


def _to_picture(page: Page, source: str) -> None:
    """Go to this picture in an editor that serves several. One that shows none is that of its own picture."""
    tried = 0
    while True:
        editor = survey(page, Want.DESCRIBING, within=DESCRIBED_WITHIN).editor
        if editor is None or editor.source in {None, source}:
            return
        step = point(page, "forth") if tried < MOST_STEPS else None
        if step is None:
            raise Halt(Cause.MEDIA_NOT_ATTACHED, "the editor of descriptions shows another picture")
        tried += 1
        _click(page, step, Cause.MEDIA_NOT_ATTACHED, "going to the next picture")


def _until_kept(page: Page) -> None:
    """Wait until the editor has closed or has kept what was written; close one that lies over the page."""
    seen = survey(page, Want.KEPT, within=DESCRIBED_WITHIN)
    if not seen.met:
        raise Halt(Cause.MEDIA_NOT_ATTACHED, "the description of a picture was not taken")
    if seen.editor is None or not seen.editor.apart:
        return
    closer = point(page, "close")
    if closer is not None:
        _click(page, closer, Cause.MEDIA_NOT_ATTACHED, "closing the editor of descriptions")
    if not survey(page, Want.PUT_AWAY, within=DESCRIBED_WITHIN).met:
        raise Halt(Cause.MEDIA_NOT_ATTACHED, "the editor of descriptions does not close")


def _hand_over(page: Page, part: int, files: Sequence[FilePayload]) -> int:
    """Give a part as many of these as it takes at once, and say how many that were.

    Raises ``Halt`` where there is nowhere to give them, and Playwright's own error where they are not taken.
    """
    field = point(page, "file", part=part)
    if field is not None:
        given = list(files if field.evaluate(IS_FOR_SEVERAL) else files[:1])
        field.set_input_files(given)
        return len(given)
    tool = point(page, "chooser", part=part)
    if tool is None:
        raise Halt(Cause.MEDIA_NOT_ATTACHED, f"part {part + 1} has no field for pictures")
    chooser = _asked_for(page, tool)
    given = list(files if chooser.is_multiple() else files[:1])
    chooser.set_files(given)
    return len(given)


def _asked_for(page: Page, tool: ElementHandle) -> FileChooser:
    with page.expect_file_chooser(timeout=ASKS_WITHIN * 1000) as asked:
        tool.click(timeout=ASKS_WITHIN * 1000)
    return asked.value


def composer_in(seen: Survey) -> Composer:
    """Give the composer that was seen, or raise."""
    if seen.composer is None:
        raise Halt(Cause.COMPOSER_DIFFERS, "the composer closed by itself")
    return seen.composer


def _click(page: Page, what: ElementHandle | None, cause: Cause, doing: str) -> None:
    if what is None:
        raise Halt(cause, f"{doing} did not work: there is no button for it")
    click(page, what, cause, doing)
