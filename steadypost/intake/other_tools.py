"""The tables that other tools write, as of 2026: how each names its columns.

    Buffer      bulk upload: Text, Image URL, Tags, Posting Time
    Hootsuite   bulk composer: no header at all; date, message, link, and perhaps images
    Typefully   no table; the fields of its interface are content, scheduled_date, tags
    Publer      bulk scheduler: Date - Intl. format or prompt, Text, Link(s) - ..., Media URL(s) - ..., Label(s) - ...
    Sprout      bulk scheduling: date, time_24hr, message_text
    Postiz      no table; the fields of its interface are content, publishDate, integration, state, image
    Metricool   calendar's CSV: Text, Date, Time, Draft, a column for each network, Picture Url 1, Alt text picture 1

Later, Loomly, SocialBee, Sendible, HubSpot and CoSchedule call their columns what many do: ``column_words``.

Accounts are chosen in those tools' own pages, so their files name none: ``--account`` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

IGNORE = "ignore"
"""What ``--map`` says of a column that is to be passed over."""

NEXT_PART = re.compile(r"^[ \t]*---[ \t]*\r?$", re.MULTILINE)
"""A line that holds only this begins the next part of a thread."""


@dataclass(frozen=True, slots=True)
class Tool:
    """How one tool names its columns."""

    name: str
    sign: frozenset[str]
    """The columns by which its table is recognised."""
    fields: Mapping[str, str]
    ignored: frozenset[str] = frozenset()
    not_taken: frozenset[str] = frozenset()
    """Columns of its table that say something which cannot be taken: a row that has something there is refused."""
    next_part: re.Pattern[str] = NEXT_PART
    """What stands between the parts of a thread."""

    @property
    def has_networks(self) -> bool:
        """Whether its table has a column for each network: those of networks that are none here are passed over."""
        return any(means.startswith("on@") for means in self.fields.values())


TOOLS = (
    Tool(
        "Buffer",
        frozenset({"text", "posting_time"}),
        {"text": "text", "image_url": "images", "tags": "labels", "posting_time": "when", "link": "link"},
        frozenset({"board_name", "source_url", "title", "video_url", "channel_group"}),
    ),
    Tool(
        "Hootsuite",
        frozenset({"date", "message"}),
        {
            "date": "when",
            "message": "text",
            "link": "link",
            "url": "link",
            "image_url": "images",
            "image_urls": "images",
            "media": "images",
        },
    ),
    Tool(
        "Publer",
        frozenset({"date", "text", "media_url", "label"}),
        {
            "date": "when",
            "text": "text",
            "link": "link",
            "media_url": "images",
            "label": "labels",
            "alt_text": "alt",
        },
        frozenset(
            {"title", "cta", "reminder", "post_subtype", "pin_board,_fb_album,_or_google_category"}
            | {"video_thumbnail_url"}
        ),
        frozenset({"comment"}),
    ),
    Tool(
        "Sprout Social",
        frozenset({"date", "message_text"}),
        {
            "date": "date",
            "time_24hr": "time",
            "message_text": "text",
            "link": "link",
            "image": "images",
            "image_url": "images",
            "tags": "labels",
        },
    ),
    Tool(
        "Typefully",
        frozenset({"content", "scheduled_date"}),
        {
            "id": "key",
            "content": "text",
            "scheduled_date": "when",
            "tags": "labels",
            "status": "state",
            "published_on": IGNORE,
        },
        frozenset({"draft_title", "num_tweets", "share_url", "preview", "created_at", "updated_at"}),
        next_part=re.compile(r"(?:\r?\n){4,}"),
    ),
    Tool(
        "Metricool",
        frozenset({"text", "date", "time", "draft"}),
        {
            "text": "text",
            "date": "date",
            "time": "time",
            "draft": "draft",
            "twitter": "on@x",
            "bluesky": "on@bluesky",
            "mastodon": "on@mastodon",
        },
        frozenset({"document_title", "shortener", "brand_name", "video_thumbnail_url", "video_cover_frame"}),
        frozenset({"first_comment_text"}),
    ),
    Tool(
        "Postiz",
        frozenset({"content", "publishdate"}),
        {
            "id": "key",
            "content": "text",
            "publishdate": "when",
            "image": "images",
            "state": "state",
            "tags": "labels",
        },
        frozenset({"integration", "releaseurl", "releaseid", "group", "createdat", "updatedat", "title"}),
    ),
)

HOOTSUITE = ("when", "text", "link", "images")
"""What the columns of its table without a header are, in their order."""
