"""What becomes of an error: one sentence for the user, and the details in a file for the developer."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from steadypost import private
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.domain.retention import kept


def stop_for(error: Exception, house: House | None) -> Stop:
    """Find the sentence for an error that a command did not foresee."""
    known = _of_the_domain(error) or _of_the_store(error) or _of_the_disk(error)
    if known is not None:
        return known
    written = _write_down(error, house)
    where = f"the details are in {written}" if written else "the details could not be written anywhere"
    name = type(error).__name__
    return Stop(
        Ending.DEFECT, "defect", f"this should not have happened ({name}); {where}", "please report it"
    )


def _of_the_domain(error: Exception) -> Stop | None:
    from steadypost.domain.delivery import ImpossibleMove  # noqa: PLC0415 - only on the way out

    if isinstance(error, ImpossibleMove):
        remedy = "look at it with 'steadypost show'"
        return Stop(Ending.REFUSED, "impossible_move", str(error), remedy)
    from steadypost.domain.word import WordNotTaken  # noqa: PLC0415 - only on the way out

    if isinstance(error, WordNotTaken):
        return Stop(Ending.REFUSED, "word_not_taken", error.why, error.remedy)
    return None


_REFUSALS = {
    "NotTogether": "not_together",
    "NothingToUndo": "not_found",
    "SeriesEnded": "series_ended",
    "NotSaidBy": "series_accounts",
    "CannotBeTakenDown": "not_live",
    "NeedsApproval": "not_approved",
    "NotACopy": "backup_damaged",
    "Unsealable": "tokens_unreadable",
}
"""Refusals of rooms of the store that most commands never load, by their names."""


def _of_the_store(error: Exception) -> Stop | None:
    from steadypost.store import errors  # noqa: PLC0415 - only on the way out

    not_found = errors.UnknownDelivery | errors.UnknownAccount | errors.UnknownSeries
    away = errors.StoreAway | errors.SchemaMismatch | errors.UnusableAddress
    if isinstance(error, not_found):
        return Stop(Ending.REFUSED, "not_found", _sentence(error), error.remedy)
    if isinstance(error, errors.MayBeLive):
        return Stop(Ending.REFUSED, "may_be_live", _sentence(error), error.remedy)
    if isinstance(error, errors.AlreadyStruck | errors.NotStruck | errors.UnknownChannel):
        return Stop(Ending.REFUSED, "strike", _sentence(error), error.remedy)
    if isinstance(error, errors.InHand):
        return Stop(Ending.REFUSED, "in_hand", _sentence(error), error.remedy)
    if isinstance(error, away):
        kinds = {errors.SchemaMismatch: "store_not_current", errors.UnusableAddress: "store_address"}
        return Stop(Ending.STORE, kinds.get(type(error), "store_away"), _sentence(error), error.remedy)
    # What a write missed is a defect of ours; all others say what is wrong, and what to do.
    if isinstance(error, errors.StoreError) and not isinstance(error, errors.WriteMissed):
        kind = _REFUSALS.get(type(error).__name__, "store_refused")
        return Stop(Ending.REFUSED, kind, _sentence(error), error.remedy)
    return None


_REMEDIES = {
    errno.ENOSPC: "free some space on that disk; 'steadypost retention' says what is kept, and for how long",
    errno.EDQUOT: "free some space, or have this user's quota raised",
    errno.EROFS: "name another folder, or have that disk mounted so that it can be written",
    errno.EACCES: "name another folder, or let this user write there",
    errno.ENOTDIR: "name another folder: a file is in the way",
}
"""What the machine's files and disks refuse, and what to do."""


def _of_the_disk(error: Exception) -> Stop | None:
    if not isinstance(error, OSError) or error.errno not in _REMEDIES:
        return None
    message = f"{error.filename or 'a file'}: {error.strerror}"
    return Stop(Ending.REFUSED, "disk", message, _REMEDIES[error.errno])


def _sentence(error: Exception) -> str:
    """Give a store's message without the remedy it ends with: that has a line of its own."""
    remedy = str(getattr(error, "remedy", ""))
    return str(error).removesuffix(remedy).rstrip(" .")


def _write_down(error: Exception, house: House | None) -> Path | None:
    """Keep the whole story where only this user can read it, and answer where."""
    story = _without_secrets("".join(traceback.format_exception(error)), house)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    for folder in _folders(house):
        try:
            private.folder(folder)
            _let_go_of_old(folder)
            opened = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(opened, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(story)
        except OSError:
            # Where the disk is full a file is made, and nothing fits into it.
            with contextlib.suppress(OSError):
                (folder / name).unlink(missing_ok=True)
            continue
        return folder / name
    return None


def _let_go_of_old(folder: Path) -> None:
    last = time.time() - kept("trouble").total_seconds()
    for file in folder.glob("*.txt"):
        if file.stat().st_mtime < last:
            file.unlink(missing_ok=True)


def _folders(house: House | None) -> list[Path]:
    elsewhere = Path(tempfile.gettempdir()) / f"steadypost-{os.getuid()}"
    try:
        return [house.settings.home / "trouble", elsewhere] if house else [elsewhere]
    except Stop:
        return [elsewhere]


def _without_secrets(story: str, house: House | None) -> str:
    """Take the store's password out, in every form in which it may have got in."""
    try:
        password = urlsplit(house.store_url).password if house else None
    except (Stop, ValueError):
        password = None
    for form in {password, unquote(password)} if password else ():
        story = story.replace(form, "***")
    return story
