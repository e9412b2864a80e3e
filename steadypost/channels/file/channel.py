"""The file as a channel: it appends, it looks posts up by name, and it needs nothing but a disk."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from steadypost.channels import executor
from steadypost.channels.port import (
    Access,
    Arm,
    Kind,
    LookRequest,
    Means,
    Needs,
    Order,
    Probe,
    Progress,
    RemoveReport,
)
from steadypost.domain import clock
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Appearance, SeenPost, Sighting
from steadypost.domain.likeness import plain
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Outcome, Phase, Published, Unconfirmed
from steadypost.domain.remote_id import RemoteId
from steadypost.networks.file import NETWORK, id_of

OURS = Offset(ahead=timedelta(0), within=timedelta(0))
"""A file has no clock but this machine's."""

ASK_AGAIN = 0.02
"""Seconds between two tries to have the file for oneself."""


class FileChannel:
    """A file of posts, opened for one attempt."""

    def __init__(self, name: str, *, now: clock.Clock = clock.now) -> None:
        self.executor = name
        self.offset: Offset | None = OURS
        self.appears = Appearance()
        self._now = now

    def ask(self, access: Access, order: Order, *, arm: Arm, deadline: float, progress: Progress) -> Answer:
        """Append the order's parts, all in one write."""
        phase = Phase.CLAIMED
        try:
            with _held(path_of(access), deadline) as file:
                progress(phase := Phase.OPENED)
                there = {line["id"] for line in _lines(file)}
                new = _written(access, order, self._now())
                progress(phase := Phase.COMPOSED)
                if time.monotonic() >= deadline:
                    return _ended(order, NotSubmitted(cause=Cause.DEADLINE, why=LATE, phase=phase))
                if (refused := _armed(arm, phase)) is not None:
                    return _ended(order, refused)
                progress(phase := Phase.ARMED)
                if time.monotonic() >= deadline:
                    return _ended(order, NotSubmitted(cause=Cause.DEADLINE, why=LATE, phase=phase))
                _append(file, [line for line in new if line["id"] not in there])
        except OSError as error:
            return _ended(order, _failed(error, phase))
        return Answer(
            outcomes=tuple(Published(remote_id=RemoteId(line["id"])) for line in new), first=order.first
        )

    def look(self, access: Access, request: LookRequest, *, deadline: float) -> Sighting:
        """Read the file: what is asked for by name, and everything else that stands in it."""
        moment = self._now()
        try:
            with _held(path_of(access), deadline) as file:
                lines = list(_lines(file))
        except OSError as error:
            return Sighting(
                account="", at=moment, trouble=Cause.PAGE_UNREACHABLE, why=_why(error), place=request.place
            )
        there = {RemoteId(line["id"]) for line in lines}
        return Sighting(
            account=access.handle,
            at=moment,
            posts=tuple(_seen(line) for line in reversed(lines)),
            reached_back_to=datetime.min.replace(tzinfo=moment.tzinfo),
            place=request.place,
            post=request.post,
            told=True,
            offset=OURS,
            missing=frozenset({request.post} - there) if request.post else frozenset(),
            named={name: found if (found := id_of(name)) in there else None for name in request.names},
        )

    def probe(self, access: Access, *, deadline: float) -> Probe:
        """See whether the file can be written to, and write nothing."""
        try:
            with _held(path_of(access), deadline):
                return Probe(well=True, handle=access.handle)
        except OSError as error:
            return Probe(well=False, handle="", cause=Cause.PAGE_UNREACHABLE, why=_why(error))

    def remove(self, access: Access, post: RemoteId, *, deadline: float) -> RemoveReport:
        """Blot a post's line out."""
        try:
            with _held(path_of(access), deadline) as file:
                _blot_out(file, post)
        except OSError as error:
            return RemoveReport(asked=True, cause=Cause.PAGE_UNREACHABLE, why=_why(error))
        return RemoveReport(asked=True)


LATE = "the deadline passed before anything was written"


def path_of(access: Access) -> Path:
    """Say which file it is."""
    return Path(access.base_url.removeprefix("file://"))


def _armed(arm: Arm, phase: Phase) -> NotSubmitted | None:
    try:
        return None if arm() is True else NotSubmitted(cause=Cause.LEASE_LOST, why="not armed", phase=phase)
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing has been written
        why = f"arming failed ({type(error).__name__}), so nothing was written"
        return NotSubmitted(cause=Cause.STORE_AWAY, why=why, phase=phase)


def _failed(error: OSError, phase: Phase) -> NotSubmitted | Unconfirmed:
    if phase.is_armed:
        return Unconfirmed(cause=Cause.NO_ANSWER, why=_why(error), phase=phase)
    cause = Cause.DEADLINE if isinstance(error, TimeoutError) else Cause.PAGE_UNREACHABLE
    return NotSubmitted(cause=cause, why=_why(error), phase=phase)


def _why(error: OSError) -> str:
    return f"the file cannot be used ({error.strerror or type(error).__name__})"


def _ended(order: Order, outcome: Outcome) -> Answer:
    return Answer.same_for_all(outcome, order.first + len(order.parts), order.first)


# --- the file


@contextlib.contextmanager
def _held(path: Path, deadline: float) -> Iterator[BinaryIO]:
    """Have the file for oneself among all processes, or raise ``TimeoutError`` when the deadline comes first."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0) as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise TimeoutError from None
                time.sleep(ASK_AGAIN)
        yield file


def _lines(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Read what is whole. A line without an end is what a crash left of one: it is no post."""
    file.seek(0)
    for line in file.read().split(b"\n")[:-1]:
        with contextlib.suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict) and "id" in told:
                yield told


def _append(file: BinaryIO, lines: list[dict[str, Any]]) -> None:
    """Write all lines at once, over what a crash left of one, and wait until the disk has them."""
    if not lines:
        return
    file.seek(0)
    file.truncate(file.read().rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)
    left = memoryview("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode())
    while left:
        left = left[os.write(file.fileno(), left) :]
    os.fsync(file.fileno())


def _blot_out(file: BinaryIO, post: RemoteId) -> None:
    """Write over a post's lines, each with as many bytes as it has.

    So no other line moves, and a crash half way leaves a line that is no post either.
    """
    file.seek(0)
    at = 0
    for line in file.read().splitlines(keepends=True):
        told = None
        with contextlib.suppress(ValueError):
            told = json.loads(line)
        if isinstance(told, dict) and told.get("id") == post:
            gone = json.dumps({"removed": post}, ensure_ascii=False).encode()
            file.seek(at)
            file.write(gone.ljust(len(line.rstrip(b"\n"))))
        at += len(line)
    os.fsync(file.fileno())


def _written(access: Access, order: Order, moment: datetime) -> list[dict[str, Any]]:
    above, lines = order.reply_to, list[dict[str, Any]]()
    for index, part in enumerate(order.parts):
        given = id_of(order.name(index))
        lines.append(
            {
                "id": given,
                "at": moment.isoformat(),
                "handle": access.handle,
                "text": part.text,
                "reply_to": above,
                "pictures": [{"file": str(one.path), "alt": one.alt} for one in part.media],
            }
        )
        above = given
    return lines


def _seen(line: dict[str, Any]) -> SeenPost:
    return SeenPost(
        id=RemoteId(line["id"]),
        author=line["handle"],
        said=plain(line["text"]),
        reply_to=line["reply_to"],
        media=tuple(one["alt"] for one in line["pictures"]),
        made=datetime.fromisoformat(line["at"]),
    )


@contextlib.contextmanager
def _opened(means: Means) -> Iterator[FileChannel]:
    with executor.acting() as name:
        yield FileChannel(name, now=means.now)


KIND = Kind(
    name="file",
    network=NETWORK,
    open=_opened,
    needs=Needs(ask=timedelta(seconds=5), look=timedelta(seconds=5), probe=timedelta(seconds=5)),
    may_still_act=executor.may_still_act,
)
