"""What is sent to X, as values. Nothing here sends; the tests hold every one of them to X's own OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from steadypost.domain.post import Media, Part
from steadypost.domain.remote_id import RemoteId

CREATE = POSTS = "/2/tweets"
ME = "/2/users/me"
UPLOAD = "/2/media/upload"
INITIALIZE = "/2/media/upload/initialize"
DESCRIBE = "/2/media/metadata"
TOKEN = "/2/oauth2/token"  # noqa: S105 - an address

REPLY_SETTINGS = ("following", "mentionedUsers", "subscribers", "verified")
"""Who may answer; without it everybody may."""

FLAGS = ("made_with_ai", "paid_partnership")

PAGE = 100
"""Posts of one page: the most X gives. Only those newer than the look reaches back are told, and charged."""


def append_path(media_id: str) -> str:
    """Where a piece of a large upload goes."""
    return f"/2/media/upload/{media_id}/append"


def finalize_path(media_id: str) -> str:
    """Where a large upload ends."""
    return f"/2/media/upload/{media_id}/finalize"


def post_path(post: RemoteId) -> str:
    """Where one post is, for taking it down."""
    return f"/2/tweets/{post}"


def timeline_path(user_id: str) -> str:
    """Where an account's own posts are read."""
    return f"/2/users/{user_id}/tweets"


def create_body(
    part: Part,
    media_ids: Sequence[str],
    reply_to: RemoteId | None,
    options: Mapping[str, str | bool],
) -> dict[str, Any]:
    """Write a part as X takes it. The schema is closed: an unknown field is refused."""
    body: dict[str, Any] = {"text": part.text}
    if media_ids:
        body["media"] = {"media_ids": list(media_ids)}
    if reply_to is not None:
        body["reply"] = {"in_reply_to_tweet_id": reply_to}
    settings = options.get("reply_settings")
    if settings in REPLY_SETTINGS:
        body["reply_settings"] = settings
    return body | {flag: True for flag in FLAGS if options.get(flag) is True}


REPLIES = "replies"
"""Who may answer, as posts are told by it and compared."""

EVERYBODY = "everyone"


def shown_options(options: Mapping[str, str | bool]) -> dict[str, str]:
    """Say what X tells of a post that goes out with these options."""
    return {REPLIES: answerable("" if options.get("reply_settings") in REPLY_SETTINGS else EVERYBODY)}


def answerable(told: str) -> str:
    """Say whether everybody may answer. For the narrower circles X's answers have other words than its requests."""
    return "everybody" if told == EVERYBODY else "not everybody"


WHOLE_POST: Mapping[str, str] = {
    "post.fields": "attachments,conversation_id,created_at,display_text_range,entities,note_post,reply_settings",
    "expansions": "attachments.media_keys,author_id,edit_history_post_ids,referenced_posts",
    "media.fields": "alt_text,media_key,type",
    "user.fields": "username",
}
"""All that tells one post from another."""


def post_query(post: RemoteId) -> dict[str, str]:
    """Ask for one post at its own address."""
    return {"ids": post, **WHOLE_POST}


def timeline_query(since: datetime, following: str | None, *, replies: bool) -> dict[str, str]:
    """Ask for own posts made since then."""
    start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = {"max_results": str(PAGE), "start_time": start, **WHOLE_POST}
    if not replies:
        query["exclude"] = "replies"
    if following:
        query["pagination_token"] = following
    return query


def category_of(media: Media) -> str:
    """Say what X has to make of a file."""
    if media.kind == "image/gif":
        return "tweet_gif"
    return "tweet_video" if media.kind.startswith("video/") else "tweet_image"


def initialize_body(media: Media, size: int) -> dict[str, Any]:
    """Announce a large upload."""
    return {"media_category": category_of(media), "media_type": media.kind, "total_bytes": size}


def describe_body(media_id: str, alt: str) -> dict[str, Any]:
    """Give a picture its words."""
    return {"id": media_id, "metadata": {"alt_text": {"text": alt}}}


def status_query(media_id: str) -> dict[str, str]:
    """Ask how far X is with a file."""
    return {"media_id": media_id, "command": "STATUS"}


def renewal_form(client_id: str, refresh_token: str) -> dict[str, str]:
    """Ask for the next token."""
    return {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
