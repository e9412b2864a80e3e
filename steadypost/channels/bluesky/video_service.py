"""A video, brought to the service that processes it and leaves it with the account's server. That does not publish it.

The account's server vouches for it there. The service's troubles are this post's alone: what has no video goes on.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from steadypost.channels.bluesky import limits, xrpc
from steadypost.channels.bluesky.session import Session
from steadypost.channels.bluesky.trouble import Later, Never, NotReady, account_cause, unanswered
from steadypost.channels.bluesky.xrpc import Odd, Reply, Result, Wrong
from steadypost.channels.wire import NotSent, Unknown, Wire
from steadypost.domain.clock import Clock
from steadypost.domain.outcome import Cause
from steadypost.networks.bluesky.record import is_blob

KIND: Final = "video/mp4"

VOUCHED_FOR: Final = timedelta(minutes=30)
"""How long the service may act for the account: it leaves the video with the server when it has processed it. Servers
allow an hour, so that a clock may be off by half of one."""

DAY_OVER: Final = timedelta(hours=1)
"""When a day's limit is asked about again: the service does not say when its day begins."""

KEEP: Final = 15.0
"""Seconds of the deadline that are kept for the ask itself."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds between two questions whether a video is processed; the pause grows by half each time."""

USELESS: Final = frozenset({"validation_failure", "encoding_failure", "pds_upload_unsupported_blob_size"})
"""Codes of a failure that the same file meets again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoService:
    """Brings the videos of one attempt. Raises ``NotReady``."""

    service: Wire
    address: str
    """Where the service is."""
    server: Wire
    """The account's own server."""
    session: Session
    now: Clock
    deadline: float
    wait: Callable[[float], object] = time.sleep
    tell: Callable[[], object] = lambda: None
    """Called each time the service says how far it is."""

    def bring(self, content: bytes, what: str) -> Mapping[str, Any]:
        """Have a video processed; give the blob that a record refers to."""
        self._check_day(len(content), what)
        job = self._uploaded(content, what)
        self.tell()
        return self._processed(job, what)

    # --- what is left of the day

    def _check_day(self, size: int, what: str) -> None:
        method = "app.bsky.video.getUploadLimits"
        token = self._token(did_web(self.address), method, what)
        reply = xrpc.query(self.service, method, deadline=self._until, token=token)
        if not isinstance(reply, Result):
            raise self._trouble(what, reply)
        videos, left = (_number(reply.data.get(f"remainingDaily{one}")) for one in ("Videos", "Bytes"))
        if (videos is not None and videos < 1) or (left is not None and left < size):
            why = (
                f"{what}: Bluesky takes no more videos of this account today ({_told(videos)} videos and {_told(left)} "
                f"bytes are left, and it has {size:,}); it is tried again within the hour. To post without it: "
                "'steadypost edit' with another image"
            )
            raise Later(Cause.MEDIA_NOT_ATTACHED, why, self.now() + DAY_OVER)
        if reply.data.get("canUpload") is False:
            said = reply.text("message") or reply.text("error") or "it does not say why"
            raise NotReady(
                Cause.MEDIA_NOT_ATTACHED,
                f"{what}: Bluesky takes no videos of this account: {said[:200]}. Upload one in Bluesky's own app to "
                "see what it wants",
            )

    # --- the upload

    def _uploaded(self, content: bytes, what: str) -> Mapping[str, Any]:
        """Hand the file in, and give its job. One that is there already is answered with the job that it had."""
        reply = xrpc.upload(
            self.service,
            content,
            KIND,
            method="app.bsky.video.uploadVideo",
            params={"did": self.session.did, "name": f"{hashlib.sha256(content).hexdigest()[:24]}.mp4"},
            deadline=self._until,
            token=self._token(
                did_web(self.session.server), "com.atproto.repo.uploadBlob", what, lasts=VOUCHED_FOR
            ),
        )
        job = _job(reply)
        if job.get("error") == "unconfirmed_email":
            why = f"{what}: the account's mail address is not confirmed: confirm it in Bluesky's settings, and retry"
            raise Never(Cause.MEDIA_REFUSED, why)
        is_taken = isinstance(reply, Result) or (isinstance(reply, Wrong) and reply.status == 409)
        if not is_taken or not _word(job, "jobId"):
            raise self._trouble(what, reply)
        return job

    def _token(self, aud: str, method: str, what: str, *, lasts: timedelta | None = None) -> str:
        """Have the account's server vouch for it, for one method of one service."""
        params: dict[str, Any] = {"aud": aud, "lxm": method}
        if lasts is not None:
            offset = self.server.offset
            ends = self.now() + lasts + (offset.ahead if offset else timedelta(0))
            params["exp"] = int(ends.timestamp())
        reply = xrpc.query(
            self.server,
            "com.atproto.server.getServiceAuth",
            deadline=self._until,
            token=self.session.access,
            params=params,
        )
        if _is_no(reply):
            why = f"{what}: the account's server does not vouch for it at the service for videos: it says {reply}"
            raise NotReady(Cause.MEDIA_NOT_ATTACHED, why)
        if not isinstance(reply, Result) or not reply.text("token"):
            raise unanswered(f"{what}: asking for leave to upload it", reply)
        return reply.text("token")

    # --- its processing

    def _processed(self, job: Mapping[str, Any], what: str) -> Mapping[str, Any]:
        """Ask until the video is processed, or has failed, or the time is over. A question may be lost."""
        name, pause = _word(job, "jobId"), FIRST_PAUSE
        while True:
            blob = job.get("blob")
            if is_blob(blob):
                return dict(blob)
            if _word(job, "state") == "JOB_STATE_FAILED":
                raise _failed(job, what)
            if time.monotonic() + pause >= self._until:
                why = f"{what}: Bluesky did not finish processing it in time"
                raise NotReady(Cause.MEDIA_NOT_ATTACHED, why)
            self.wait(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
            reply = xrpc.query(
                self.service, "app.bsky.video.getJobStatus", deadline=self._until, params={"jobId": name}
            )
            if isinstance(reply, Wrong) and reply.status < 500:
                raise self._trouble(what, reply)
            if isinstance(reply, Result):
                job = _job(reply)
                self.tell()

    @property
    def _until(self) -> float:
        return self.deadline - KEEP

    def _trouble(self, what: str, reply: Reply) -> NotReady:
        """Say why the service did not do it: one that is away or busy is waited for."""
        cause = Cause.MEDIA_NOT_ATTACHED
        match reply:
            case Wrong(status=429, headers=headers) | Odd(status=429, headers=headers):
                until = limits.until(headers, self.service.offset, self.now())
                return Later(cause, f"{what}: the service for videos takes no more for now", until)
            case Wrong(status=status) if status < 500:
                return NotReady(cause, f"{what}: the service for videos says {reply}")
            case NotSent(cause=Cause.DEADLINE):
                return NotReady(Cause.DEADLINE, f"{what}: too little time was left to upload it")
            case Wrong():
                return Later(cause, f"{what}: the service for videos says {reply}")
            case Odd(why=why) | NotSent(why=why) | Unknown(why=why):
                return Later(cause, f"{what}: the service for videos: {why}")
            case Result():
                return Later(cause, f"{what}: the answer of the service for videos lacks what it has to hold")


def _is_no(reply: Reply) -> bool:
    """Whether a server said that it does not vouch, or not at all, and said so of this and not of the account."""
    if not isinstance(reply, Wrong) or account_cause(reply.name) is not None or reply.status == 429:
        return False
    return reply.status < 500 or reply.name == "MethodNotImplemented"


def did_web(address: str) -> str:
    """Name a server by its address."""
    parts = urlsplit(address)
    return f"did:web:{parts.hostname}" + (f"%3A{parts.port}" if parts.port else "")


def _job(reply: Reply) -> Mapping[str, Any]:
    """Read a job; the service tells it with a field around it, or without."""
    data = reply.data if isinstance(reply, (Result, Wrong)) else {}
    inside = data.get("jobStatus")
    return inside if isinstance(inside, dict) else data


def _failed(job: Mapping[str, Any], what: str) -> NotReady:
    code = _word(job, "failureCode")
    said = code or _word(job, "message") or _word(job, "error") or "no reason was given"
    why = f"{what}: Bluesky could not process it ({said[:200]})"
    if code in USELESS:
        return Never(Cause.MEDIA_REFUSED, f"{why}: save it again as an ordinary MP4 (H.264), or smaller")
    return NotReady(Cause.MEDIA_NOT_ATTACHED, why)


def _word(job: Mapping[str, Any], name: str) -> str:
    value = job.get(name)
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _told(value: int | None) -> str:
    return "an unknown number of" if value is None else f"{value:,}"
