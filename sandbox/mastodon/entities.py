"""The JSON of the API: accounts, posts, files, and what the server says of itself."""

from __future__ import annotations

from typing import Any

from sandbox.mastodon.ledger import Account, Media, Status
from sandbox.mastodon.markup import mentioned, page_of, render, tags
from sandbox.mastodon.world import KINDS, World


def account_entity(world: World, account: Account) -> dict[str, Any]:
    """An account as the API tells of it."""
    own = [one for one in world.ledger.statuses.values() if one.live and one.author == account.username]
    return {
        "id": account.id,
        "username": account.username,
        "acct": account.username,
        "display_name": account.username.title(),
        "locked": False,
        "bot": False,
        "url": f"{world.address}/@{account.username}",
        "statuses_count": len(own),
        "source": {"privacy": "public", "sensitive": False, "language": None},
    }


def media_entity(world: World, media: Media, *, is_ready: bool) -> dict[str, Any]:
    """A file as the API tells of it; one that is not processed yet has no address."""
    url = f"{world.address}/system/media_attachments/{media.id}"
    return {
        "id": media.id,
        "type": media.type,
        "url": url if is_ready else None,
        "preview_url": url,
        "remote_url": None,
        "meta": {},
        "description": media.description,
        "blurhash": None,
    }


def status_entity(world: World, status: Status, viewer: Account | None) -> dict[str, Any]:
    """A post as the API tells of it."""
    wish, here = status.wish, world.here
    author = world.ledger.account(status.author)
    shown = status if status.reblog_of is None else None
    return {
        "id": status.id,
        "created_at": world.iso(status.created_at),
        "edited_at": None if status.edited_at is None else world.iso(status.edited_at),
        "in_reply_to_id": wish.reply_to,
        "in_reply_to_account_id": _author_of(world, wish.reply_to),
        "sensitive": wish.sensitive,
        "spoiler_text": wish.warning,
        "visibility": wish.visibility,
        "language": wish.language,
        "uri": f"{world.address}/users/{status.author}/statuses/{status.id}",
        "url": f"{world.address}/@{status.author}/{status.id}",
        "content": render(wish.text, here) if shown else "",
        "reblog": None
        if shown
        else status_entity(world, world.ledger.statuses[str(status.reblog_of)], viewer),
        "account": account_entity(world, author),
        "media_attachments": [media_entity(world, one, is_ready=True) for one in status.media],
        "mentions": [
            {"id": f"p-{one.acct}", "username": one.username, "url": page_of(one, here), "acct": one.acct}
            for one in mentioned(wish.text, here)
        ],
        "tags": [{"name": one, "url": f"{world.address}/tags/{one}"} for one in tags(wish.text)],
        "emojis": [],
        "card": None,
        "poll": None,
        "pinned": viewer is not None and status.id in viewer.pinned,
    }


def _author_of(world: World, status_id: str | None) -> str | None:
    found = world.ledger.statuses.get(status_id or "")
    return world.ledger.account(found.author).id if found else None


def instance_entity(world: World) -> dict[str, Any]:
    """What the server says of itself."""
    limits = world.limits
    return {
        "domain": world.address.partition("://")[2],
        "title": "Sandbox",
        "version": "4.5.2",
        "api_versions": {"mastodon": 7},
        "configuration": {
            "statuses": {
                name: limits[name]
                for name in ("max_characters", "max_media_attachments", "characters_reserved_per_url")
            },
            "media_attachments": {
                "supported_mime_types": list(KINDS),
                **{
                    name: limits[name]
                    for name in (
                        "description_limit",
                        "image_size_limit",
                        "image_matrix_limit",
                        "video_size_limit",
                    )
                },
            },
        },
    }
