"""The control port: the truth, a person's hands, and the weather. What is tested has no token for it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request

from sandbox.controlling import BadRequest, Common, application, body_of
from sandbox.faults import FAULTS
from sandbox.ledger import Post
from sandbox.length import links_in
from sandbox.uploads import mime_of
from sandbox.variant import AXES, read_variant
from sandbox.world import World

DOT: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""The smallest picture."""


def with_another_link(text: str, link: str) -> str:
    """Give a text with its last link replaced; at the end of a text that has none."""
    links = links_in(text)
    if not links:
        return f"{text} {link}"
    return text[: links[-1].start] + link + text[links[-1].end :]


class Control(Common[World]):
    """Everything a person, a test or a demo may do to this sandbox."""

    def __init__(self, world: World) -> None:
        super().__init__(world, FAULTS)
        self._ledger = world.ledger

    # -- the truth

    async def error_logs(self, _request: Request) -> Any:
        """What pages reported about rejected asks."""
        return self._ledger.error_logs

    async def sheets(self, _request: Request) -> Any:
        """What was answered to the sheets that came by themselves."""
        return self._ledger.sheets

    # -- the build of the page

    async def variant(self, _request: Request) -> Any:
        """Today's build."""
        return self._world.variant.describe()

    async def build(self, request: Request) -> Any:
        """Ship another build, to every page that is opened from now on."""
        body = await body_of(request, "variant")
        seed = body.get("seed", self._world.settings.seed)
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise BadRequest(f"seed must be a whole number, not {seed!r}")
        self._world.variant = read_variant(body["variant"], seed=seed)
        return self._world.variant.describe()

    async def axes(self, _request: Request) -> Any:
        """Every axis with its choices, today's first."""
        return {name: {"says": axis.says, "choices": dict(axis.choices)} for name, axis in AXES.items()}

    # -- a person's hands

    async def hand_post(self, request: Request) -> Any:
        """Post as a person would from elsewhere, past all weather and limits."""
        body = await body_of(request, "account", "text")
        return {"id": self._post_by_hand(body["account"], body["text"], body).id}

    async def hand_again(self, request: Request) -> Any:
        """Say what a post says once more: with another link, under another post, or both."""
        body = await body_of(request, "id")
        post = self._ledger.live(body["id"])
        text = post.text if body.get("link") is None else with_another_link(post.text, str(body["link"]))
        by = body.get("account", post.author)
        return {"id": self._post_by_hand(by, text, {"reply_to": post.reply_to, **body, "id": None}).id}

    def _post_by_hand(self, account: str, text: str, more: Mapping[str, Any]) -> Post:
        reply_to = more.get("reply_to")
        if reply_to is not None:
            self._ledger.live(reply_to)
        owner = self._ledger.account(account).handle
        media = [self._picture(owner, one) for one in more.get("media") or []]
        return self._ledger.create(
            owner, text, reply_to=reply_to, media=media, origin="hand", post_id=more.get("id")
        )

    def _picture(self, owner: str, told: Any) -> str:
        """Take in a picture: `{"alt", "content"}`, the content in base64; without content it is a dot of its own."""
        if not isinstance(told, Mapping):
            raise BadRequest('media must be a list of {"alt", "content"}')
        try:
            content = base64.b64decode(told["content"], validate=True) if told.get("content") else DOT
        except ValueError as error:
            raise BadRequest("media: content must be base64") from error
        mime = mime_of(content)
        if mime is None:
            raise BadRequest("media: content is no picture that the network takes")
        return self._ledger.keep_media(owner, content, mime, alt=told.get("alt")).id

    async def edit(self, request: Request) -> Any:
        """Say something else in a post; the id of the new version."""
        body = await body_of(request, "id", "text")
        return {"id": self._ledger.edit(body["id"], body["text"]).id}

    async def pin(self, request: Request) -> Any:
        """Pin a post; without an id, unpin."""
        body = await body_of(request, "account")
        self._ledger.pin(body["account"], body.get("id"))
        return {}

    async def repost(self, request: Request) -> Any:
        """Show another's post on an account's timeline."""
        body = await body_of(request, "account", "id")
        return {"id": self._ledger.repost(body["account"], body["id"]).id}

    async def seed(self, request: Request) -> Any:
        """Give an account a past."""
        body = await body_of(request, "account", "count")
        timing = {key: float(body[key]) for key in ("every_s", "youngest_s") if key in body}
        return {"ids": [post.id for post in self._ledger.seed(body["account"], int(body["count"]), **timing)]}

    async def sign_in(self, request: Request) -> Any:
        """A new session, as after a person signed in again."""
        return self._world.storage_state((await body_of(request, "account"))["account"])


def make_control(world: World, token: str) -> Starlette:
    """The application of the control port."""
    control = Control(world)
    routes = {
        **control.routes(),
        ("GET", "/error-logs"): control.error_logs,
        ("GET", "/sheets"): control.sheets,
        ("GET", "/variant"): control.variant,
        ("PUT", "/variant"): control.build,
        ("GET", "/axes"): control.axes,
        ("POST", "/hand-post"): control.hand_post,
        ("POST", "/hand-again"): control.hand_again,
        ("POST", "/edit"): control.edit,
        ("POST", "/pin"): control.pin,
        ("POST", "/repost"): control.repost,
        ("POST", "/seed"): control.seed,
        ("POST", "/sessions"): control.sign_in,
    }
    return application(routes, token)
