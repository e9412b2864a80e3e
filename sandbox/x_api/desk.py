"""One request at a time: held to the contract, and answered."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.x_api import authorizing, contract, oauth
from sandbox.x_api.struck import Answer, struck
from sandbox.x_api.weather import Rule
from sandbox.x_api.world import Person, Refusal, written

if TYPE_CHECKING:
    from sandbox.x_api.serve import XApiSandbox


class Desk:
    """One request."""

    def __init__(
        self, sandbox: XApiSandbox, method: str, path: str, headers: dict[str, str], content: bytes
    ) -> None:
        self.sandbox = sandbox
        self.world = sandbox.world
        self.method = method
        self.parts = urlsplit(path)
        self.query = dict(parse_qsl(self.parts.query, keep_blank_values=True))
        self.headers = headers
        self.body = _body(headers.get("content-type", ""), content)
        self.person = oauth.who(self.world, method, f"{sandbox.url}{path}", headers)

    def answer(self) -> Answer:
        """Answer it, in this weather."""
        if self.parts.path == authorizing.AUTHORIZE:
            self.world.requests.append("authorize")
            return self.sandbox.authorizing.page(self.method, self.query, self.body)
        if self.parts.path == "/2/oauth2/token":
            return self._token()
        try:
            name, variables = contract.check_request(
                self.method, self.parts.path, self.query, self.body, self.headers.get("content-type", "")
            )
        except contract.Broken as broken:
            self.world.requests.append("broken")
            detail = "One or more parameters to your request was invalid."
            refusal = Refusal(
                400, "Invalid Request", detail, "invalid-request", errors=[{"message": str(broken)}]
            )
            return 400, refusal.body, {}
        self.world.requests.append(name)
        return self._in_weather(name, variables)

    def _in_weather(self, name: str, variables: dict[str, str]) -> Answer:
        account = self.person.handle if self.person else ""
        rule = self.sandbox.weather_rules.of(name, account, str(_text(self.body)))
        ask = self._note(name, account)
        answer = (
            struck(self, rule, lambda: self._do(name, variables, rule))
            if rule
            else self._do(name, variables, None)
        )
        if ask is not None:
            ask["status"] = answer[0]
        return answer

    def _note(self, name: str, account: str) -> dict[str, Any] | None:
        if name != "createPosts":
            return None
        ask = {"account": account, "body": self.body, "at_ms": self.sandbox.clock.now_ms(), "status": None}
        with self.world.lock:
            self.world.asks.append(ask)
        return ask

    def _do(self, name: str, variables: dict[str, str], rule: Rule | None) -> Answer:
        if self.person is None:
            return (
                401,
                {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
                {},
            )
        try:
            return OPERATIONS[name](self, self.person, variables, rule)
        except Refusal as refusal:
            return refusal.status, refusal.body, {}

    # -- the operations

    def create(self, person: Person, _: dict[str, str], rule: Rule | None) -> Answer:
        """Make a post."""
        post = self.world.create(
            person, self.body, without_media=rule is not None and rule.fault == "media_lost"
        )
        return 201, {"data": {"id": post.id, "text": post.text, "edit_history_post_ids": [post.id]}}, {}

    def remove(self, person: Person, variables: dict[str, str], _: Rule | None) -> Answer:
        """Take an own post down."""
        post = self.world.posts.get(variables["id"])
        if post is None or not post.live:
            detail = f"Could not find post with id: [{variables['id']}]."
            raise Refusal(404, "Not Found Error", detail, "resource-not-found", value=variables["id"])
        if post.author != person.handle:
            raise Refusal(403, "Forbidden", "You are not authorized to delete this post.")
        self.world.delete(post.id)
        return 200, {"data": {"deleted": True}}, {}

    def me(self, person: Person, _: dict[str, str], __: Rule | None) -> Answer:
        """Say who is signed in."""
        told = {"id": person.user_id, "name": person.handle.title(), "username": person.handle}
        return 200, {"data": told}, {"x-access-level": "read-write"}

    def timeline(self, _: Person, variables: dict[str, str], __: Rule | None) -> Answer:
        """List own posts."""
        person = self.world.by_user_id(variables["id"])
        if person is None:
            raise Refusal(
                404, "Not Found Error", "Could not find user.", "resource-not-found", value=variables["id"]
            )
        return 200, self._page(self.world.listed(person, self.query)), {}

    def _page(self, found: list[Any]) -> dict[str, Any]:
        begin = int(self.query.get("pagination_token", "p0")[1:])
        end = begin + int(self.query.get("max_results", "10"))
        shown = found[begin:end]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if end < len(found):
            meta["next_token"] = f"p{end}"
        if not shown:
            return {"meta": meta}
        return {
            "data": [written(self.world, post) for post in shown],
            "includes": self._includes(shown),
            "meta": meta,
        }

    def _includes(self, posts: list[Any]) -> dict[str, Any]:
        people = {post.author: self.world.people_by_handle(post.author) for post in posts}
        media = [self.world.files[one] for post in posts for one in post.media]
        told: dict[str, Any] = {
            "users": [
                {"id": one.user_id, "username": one.handle, "name": one.handle} for one in people.values()
            ]
        }
        if media:
            told["media"] = [
                {"media_key": one.key, "type": one.kind} | ({"alt_text": one.alt} if one.alt else {})
                for one in media
            ]
        return told

    def by_ids(self, _: Person, __: dict[str, str], ___: Rule | None) -> Answer:
        """Tell posts at their own addresses."""
        ids = self.query["ids"].split(",")
        found = [
            self.world.posts[one] for one in ids if one in self.world.posts and self.world.posts[one].live
        ]
        missing = [
            {
                "type": "https://api.x.com/2/problems/resource-not-found",
                "title": "Not Found Error",
                "detail": f"Could not find post with ids: [{one}].",
                "resource_type": "post",
                "resource_id": one,
                "parameter": "ids",
                "value": one,
            }
            for one in ids
            if one not in {post.id for post in found}
        ]
        told: dict[str, Any] = {"errors": missing} if missing else {}
        if found:
            told |= {"data": [written(self.world, one) for one in found], "includes": self._includes(found)}
        return 200, told, {}

    def upload(self, person: Person, _: dict[str, str], rule: Rule | None) -> Answer:
        """Take a whole file."""
        content = self.body["media"].encode("latin-1")
        made = self.world.upload(person, self.body["media_category"], len(content))
        made.digest = hashlib.sha256(content).hexdigest()
        self.world.finish(made)
        return 200, {"data": self._told(made, rule)}, {}

    def initialize(self, person: Person, _: dict[str, str], __: Rule | None) -> Answer:
        """Take the announcement of a file."""
        made = self.world.upload(person, self.body["media_category"], self.body["total_bytes"], done=False)
        return 200, {"data": {"id": made.id, "media_key": made.key, "expires_after_secs": 86400}}, {}

    def append(self, _: Person, variables: dict[str, str], __: Rule | None) -> Answer:
        """Take a piece of a file."""
        self._file(variables["id"]).pieces[int(self.body["segment_index"])] = self.body["media"].encode(
            "latin-1"
        )
        return 200, {"data": {"expires_at": int(time.time()) + 86400}}, {}

    def finalize(self, _: Person, variables: dict[str, str], rule: Rule | None) -> Answer:
        """End an upload in pieces."""
        made = self._file(variables["id"])
        content = b"".join(made.pieces[n] for n in sorted(made.pieces))
        if len(content) != made.size or sorted(made.pieces) != list(range(len(made.pieces))):
            raise Refusal(
                400,
                "Invalid Request",
                "Segments do not add up to provided total file size.",
                "invalid-request",
            )
        made.digest = hashlib.sha256(content).hexdigest()
        self.world.finish(made)
        return 200, {"data": self._told(made, rule)}, {}

    def status(self, _: Person, __: dict[str, str], rule: Rule | None) -> Answer:
        """Say how far X is with a file."""
        made = self._file(self.query["media_id"])
        made.polls -= 1
        made.state = "succeeded" if made.polls <= 0 else "in_progress"
        return 200, {"data": self._told(made, rule)}, {}

    def describe(self, _: Person, __: dict[str, str], ___: Rule | None) -> Answer:
        """Give a picture its words."""
        made = self._file(self.body["id"])
        made.alt = self.body["metadata"]["alt_text"]["text"]
        return 200, {"data": {"id": made.id, "associated_metadata": self.body["metadata"]}}, {}

    def _file(self, media_id: str) -> Any:
        found = self.world.files.get(media_id)
        if found is None:
            raise Refusal(400, "Invalid Request", "Your media IDs are invalid.", "invalid-request")
        return found

    def _told(self, made: Any, rule: Rule | None) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": made.id,
            "media_key": made.key,
            "size": made.size,
            "expires_after_secs": 86400,
        }
        if rule is not None and rule.fault == "media_fails":
            made.state = "failed"
        if made.category != "tweet_image" or made.state == "failed":
            waits = {} if made.state in {"succeeded", "failed"} else {"check_after_secs": 1}
            told["processing_info"] = {"state": made.state, "progress_percent": 50 if waits else 100, **waits}
        return told

    def _token(self) -> Answer:
        """Give the next token."""
        self.world.requests.append("token")
        refresh, client = str(self.body.get("refresh_token", "")), str(self.body.get("client_id", ""))
        rule = self.sandbox.weather_rules.of("token", "", refresh)
        refused: Answer = (
            400,
            {"error": "invalid_grant", "error_description": "Value passed for the token was invalid."},
            {},
        )

        def renewed() -> Answer:
            if self.body.get("grant_type") == "authorization_code":
                return self.sandbox.authorizing.exchange(self.body, self.headers.get("authorization", ""))
            told = self.world.renew(refresh, client)
            return (200, told, {}) if told else refused

        if rule is not None and rule.fault == "invalid_grant":
            return refused
        return struck(self, rule, renewed) if rule else renewed()


_Operation = Callable[[Desk, Person, dict[str, str], Rule | None], Answer]

OPERATIONS: dict[str, _Operation] = {
    "createPosts": Desk.create,
    "deletePosts": Desk.remove,
    "getUsersMe": Desk.me,
    "getUsersPosts": Desk.timeline,
    "getPostsByIds": Desk.by_ids,
    "mediaUpload": Desk.upload,
    "initializeMediaUpload": Desk.initialize,
    "appendMediaUpload": Desk.append,
    "finalizeMediaUpload": Desk.finalize,
    "getMediaUploadStatus": Desk.status,
    "createMediaMetadata": Desk.describe,
}


# -- bodies


def _body(content_type: str, content: bytes) -> Any:
    kind = content_type.partition(";")[0].strip()
    if kind == "application/json":
        try:
            return json.loads(content)
        except ValueError:
            return content
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(content.decode()))
    if kind == "multipart/form-data":
        return _multipart(content_type, content)
    return content or None


def _multipart(content_type: str, content: bytes) -> dict[str, Any]:
    """Read a form with files; a file becomes text, so that the contract can be held to it."""
    message = BytesParser(policy=HTTP).parsebytes(
        b"content-type: " + content_type.encode() + b"\r\n\r\n" + content
    )
    form: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        raw = part.get_payload(decode=True)
        if not isinstance(raw, bytes):
            continue
        if part.get_filename():
            form[str(name)] = raw.decode("latin-1")
        else:
            text = raw.decode()
            form[str(name)] = int(text) if name == "segment_index" and text.isdigit() else text
    return form


def _text(body: Any) -> str:
    return str(body.get("text", "")) if isinstance(body, dict) else ""
