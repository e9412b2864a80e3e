"""The service for videos, on a port of its own: it takes a file, processes it, and leaves it with the account's server.

Its answers have the forms that the real one's have, which are not all those of its lexicons: an upload is answered with
the job itself, and only a question about it with the job in a field.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.bluesky.replies import Wrong, bearer, instead, read_params
from sandbox.bluesky.repos import Repo
from sandbox.bluesky.sessions import BadToken
from sandbox.bluesky.weather import DECIDED_BEFORE
from sandbox.bluesky.world import World
from sandbox.wire import HangUp

LARGEST: Final = 100_000_000
KIND: Final = "video/mp4"
METHODS: Final = {"getUploadLimits": "GET", "uploadVideo": "POST", "getJobStatus": "GET"}


def did_web(url: str) -> str:
    """The name of a server by its address: a port is written with its colon encoded."""
    return "did:web:" + urlsplit(url).netloc.replace(":", "%3A")


@dataclass(slots=True)
class Job:
    """One video that was handed in."""

    id: str
    repo: Repo
    content: bytes
    token: str
    left: int
    """How many questions are still answered with "in process"."""
    failure: str = ""
    """The code with which it fails."""

    @property
    def state(self) -> str:
        """What the service calls it."""
        if self.left > 0:
            return "JOB_STATE_ENCODING"
        return "JOB_STATE_FAILED" if self.failure else "JOB_STATE_COMPLETED"


class VideoService:
    """Takes videos of accounts of both servers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def app(self) -> Starlette:
        """Everything this port answers."""
        return Starlette(routes=[Route("/xrpc/{name}", self.answer, methods=["GET", "POST"])])

    async def answer(self, request: Request) -> Response:
        """Answer one method, in the weather that there is."""
        full = str(request.path_params["name"])
        short = full.removeprefix("app.bsky.video.")
        self._world.requests[short] = self._world.requests.get(short, 0) + 1
        if METHODS.get(short) != request.method:
            return Wrong(501, "MethodNotImplemented", full).answer()
        try:
            content = await request.body()
        except ClientDisconnect:
            return HangUp()
        gust = self._world.weather.gust(short, self._account(request), "") or {"fault": ""}
        if gust["fault"] in DECIDED_BEFORE:
            return instead(gust, self._world.clock.now_ms())
        if "seconds" in gust:
            await asyncio.sleep(gust["seconds"])
        response = self._answered(request, short, content, gust)
        response.headers["date"] = self._world.clock.date()
        response.headers["connection"] = "close"
        return response

    def _answered(self, request: Request, short: str, content: bytes, gust: dict[str, Any]) -> Response:
        if gust["fault"] == "unauthorized":
            return Wrong(401, "AuthMissing", "Authentication Required").answer()
        try:
            if short == "getUploadLimits":
                return JSONResponse(self._limits(request, gust))
            if short == "getJobStatus":
                return JSONResponse({"jobStatus": self._status(request)})
            told = self._upload(request, content, gust)
            return HangUp() if gust["fault"] == "upload_lost" else told
        except Wrong as error:
            return error.answer()
        except BadToken as error:
            return Wrong(401, error.name, str(error)).answer()

    # --- who it is

    def _account(self, request: Request) -> str | None:
        """Whose request it seems to be, for the weather."""
        job = self._world.jobs.get(request.query_params.get("jobId", ""))
        repo = job.repo if job else self._world.repos.find(request.query_params.get("did", ""))
        return repo.handle if repo else None

    def _whose(self, request: Request, method: str, *, home: bool) -> Repo:
        """For whom a token speaks that is for this method: of this service, or of the account's own server."""
        told = self._vouched(bearer(request))
        repo = self._world.repos.all[told["iss"]]
        audience = did_web(self._world.urls[repo.host] if home else self._world.video_url)
        if (told["aud"], told.get("lxm")) != (audience, method):
            raise Wrong(401, "BadJwtAudience", f"the token is for {told.get('lxm')} at {told['aud']}")
        return repo

    def _vouched(self, token: str) -> dict[str, Any]:
        first, second = self._world.sessions
        try:
            return first.vouched(token)
        except BadToken:
            return second.vouched(token)

    # --- the methods

    def _limits(self, request: Request, gust: dict[str, Any]) -> dict[str, Any]:
        repo = self._whose(request, "app.bsky.video.getUploadLimits", home=False)
        videos, size = self._world.video_day
        ours = [one for one in self._world.jobs.values() if one.repo is repo]
        videos, size = videos - len(ours), size - sum(len(one.content) for one in ours)
        if gust["fault"] == "over_the_day":
            videos, size = int(gust["videos"]), int(gust["bytes"])
        told = {
            "canUpload": videos > 0 and size > 0,
            "remainingDailyVideos": videos,
            "remainingDailyBytes": size,
        }
        if gust["fault"] == "not_allowed":
            return {
                "canUpload": False,
                "error": "uploads_forbidden",
                "message": "User is not allowed to upload videos",
            }
        return told if told["canUpload"] else {**told, "message": "User has exceeded daily upload limits"}

    def _upload(self, request: Request, content: bytes, gust: dict[str, Any]) -> Response:
        repo = self._whose(request, "com.atproto.repo.uploadBlob", home=True)
        params = request.query_params
        if request.headers.get("content-type") != KIND or not params.get("name", "").endswith(".mp4"):
            raise Wrong(400, "invalid_video", "only MP4 is taken")
        if params.get("did") != repo.did:
            raise Wrong(401, "AuthMissing", "the token is another account's")
        if len(content) > LARGEST:
            raise Wrong(413, "file_too_large", "the video is too large")
        if gust["fault"] == "unconfirmed_email":
            told = {"jobId": "", "did": "", "state": "", "error": "unconfirmed_email"}
            return JSONResponse({"jobStatus": told}, 400)
        name = hashlib.sha256(repo.did.encode() + content).hexdigest()[:20]
        job = self._world.jobs.get(name)
        if job is not None and not job.failure:
            told = {"jobId": job.id, "did": repo.did, "state": job.state, "error": "already_exists"}
            return JSONResponse({**told, "message": "Video already processed"}, 409)
        failure = str(gust["code"]) if gust["fault"] == "job_fails" else ""
        left = int(gust["questions"]) if gust["fault"] == "job_slow" else 1
        self._world.jobs[name] = Job(name, repo, content, bearer(request), left, failure)
        return JSONResponse({"jobId": name, "did": repo.did, "state": "JOB_STATE_CREATED"})

    def _status(self, request: Request) -> dict[str, Any]:
        read_params("app.bsky.video.getJobStatus", dict(request.query_params))
        job = self._world.jobs.get(request.query_params["jobId"])
        if job is None:
            raise Wrong(400, "InvalidRequest", "Job not found")
        told: dict[str, Any] = {"jobId": job.id, "did": job.repo.did, "state": job.state}
        if job.left > 0:
            job.left -= 1
            return {**told, "progress": 50}
        if job.failure:
            return {**told, "error": "Failed to process video", "failureCode": job.failure}
        self._vouched(job.token)  # with which it is left with the account's server
        return {**told, "blob": self._world.repos.upload(job.repo, KIND, job.content)}
