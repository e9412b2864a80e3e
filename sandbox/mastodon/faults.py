"""Every fault this server can make, as data. The sentence of each is a promise that its tests hold it to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.faults import Fault, Param, Where, jitter, seconds

_RESET = Param(says="the limit ends this far ahead; left out, no end is named", kind=float, least=0)
_STATUS = Param(says="HTTP status", kind=int, default=503, least=500)

CREATE: Final = (
    Fault(
        name="delay_before_create",
        where=Where.CREATE,
        says="The post becomes live only after this long, and the answer comes after that.",
        params={"seconds": seconds(), "jitter": jitter()},
    ),
    Fault(
        name="delay_after_create",
        where=Where.CREATE,
        says="The post is live at once, and the answer comes only after this long; its key is written down then.",
        params={"seconds": seconds(), "jitter": jitter()},
    ),
    Fault(
        name="drop_response",
        where=Where.CREATE,
        says="The post is live, and the connection is closed without an answer.",
        decides=True,
    ),
    Fault(
        name="reset_connection",
        where=Where.CREATE,
        says="The post is live, and the connection is reset.",
        decides=True,
    ),
    Fault(
        name="drop_request",
        where=Where.CREATE,
        says="Nothing is made, and the connection is closed without an answer.",
        decides=True,
    ),
    Fault(
        name="create_then_5xx",
        where=Where.CREATE,
        says="The post is live, and the answer is a server error.",
        params={"status": _STATUS},
        decides=True,
    ),
    Fault(
        name="reject_before_create",
        where=Where.CREATE,
        says="Nothing is made, and the answer is a server error.",
        params={"status": _STATUS},
        decides=True,
    ),
    Fault(
        name="proxy_504_after",
        where=Where.CREATE,
        says="The post is live, its key is not written down, and a proxy answers 504 with a page of its own.",
        decides=True,
    ),
    Fault(
        name="proxy_504_before",
        where=Where.CREATE,
        says="Nothing is made, and a proxy answers 504 with a page of its own.",
        decides=True,
    ),
    Fault(
        name="create_then_hang",
        where=Where.CREATE,
        says="The post is live, and the answer never comes.",
        decides=True,
    ),
    Fault(
        name="hang_before_create",
        where=Where.CREATE,
        says="Nothing is made, and no answer comes.",
        decides=True,
    ),
    Fault(
        name="create_late",
        where=Where.CREATE,
        says="The answer is a 504, and the post becomes live this long after the ask.",
        params={"seconds": seconds(), "jitter": jitter()},
        decides=True,
    ),
    Fault(
        name="refused",
        where=Where.CREATE,
        says="Nothing is made, and the answer is 422 with these words.",
        params={
            "words": Param(
                says="the server's words", kind=str, default="Validation failed: Text is not wanted"
            )
        },
        decides=True,
    ),
    Fault(
        name="too_many_posts",
        where=Where.CREATE,
        says="Nothing is made, and the answer is 429: this account has posted too much.",
        params={"reset_seconds": _RESET},
        decides=True,
    ),
    Fault(
        name="key_500",
        where=Where.CREATE,
        says="A key that was used before is answered with 500, and nothing more is made.",
    ),
    Fault(
        name="key_ignored",
        where=Where.CREATE,
        says="A key means nothing: the same one makes a second post.",
    ),
    Fault(
        name="key_races",
        where=Where.CREATE,
        says="Two asks with one key that come while the first is at work both make a post.",
    ),
    Fault(
        name="media_lost",
        where=Where.CREATE,
        says="The post is live without its files, and the answer is a success that says so.",
    ),
    Fault(
        name="media_gone",
        where=Where.CREATE,
        says="The server has lost the files before it makes the post, and refuses it.",
    ),
    Fault(
        name="media_unready",
        where=Where.CREATE,
        says="The server begins to process the files anew, and refuses the post.",
    ),
    Fault(
        name="shape",
        where=Where.CREATE,
        says="The post is live, and the answer is a success of a shape that nobody knows.",
        params={
            "kind": Param(
                says="which shape",
                kind=str,
                required=True,
                choices=("not_json", "empty", "no_id", "number_id", "other_account", "bare"),
            )
        },
        decides=True,
    ),
    Fault(
        name="vanish",
        where=Where.CREATE,
        says="The answer is a success, and the post is taken down at once.",
    ),
    Fault(
        name="limited_account",
        where=Where.CREATE,
        says="A public post of an account that moderators have limited becomes an unlisted one.",
    ),
    Fault(
        name="timeline_delay",
        where=Where.CREATE,
        says="The new post is live, and lists show it only after this long.",
        params={"seconds": seconds(), "jitter": jitter()},
    ),
)

MEDIA: Final = (
    Fault(
        name="slow_media",
        where=Where.MEDIA,
        says="A file is taken with 202, and is 206 until this long after.",
        params={"seconds": seconds(), "jitter": jitter()},
    ),
    Fault(
        name="media_breaks",
        where=Where.MEDIA,
        says="A file is taken with 202, and turns out not to be processable.",
    ),
    Fault(
        name="media_error",
        where=Where.MEDIA,
        says="A file is not taken, and the answer is an HTTP error.",
        params={"status": Param(says="HTTP status", kind=int, default=503, least=400)},
        decides=True,
    ),
    Fault(
        name="description_lost",
        where=Where.MEDIA,
        says="A file is taken, and its description is not.",
    ),
)

LISTS: Final = (
    Fault(
        name="timeline_stale",
        where=Where.TIMELINE,
        says="Lists show how things stood this long ago.",
        params={"seconds": seconds()},
    ),
    Fault(
        name="timeline_empty",
        where=Where.TIMELINE,
        says="Lists are empty, and say so without an error.",
    ),
    Fault(
        name="timeline_error",
        where=Where.TIMELINE,
        says="Lists answer with an HTTP error.",
        params={"status": Param(says="HTTP status", kind=int, default=503, least=400)},
        decides=True,
    ),
    Fault(
        name="timeline_omits",
        where=Where.TIMELINE,
        says="Lists leave out every post whose text this finds; at its own address it is there.",
        params={"text": Param(says="a regular expression", kind=str, required=True)},
    ),
)

DELETE: Final = (
    Fault(
        name="drop_delete_response",
        where=Where.DELETE,
        says="The post is taken down, and the connection is closed without an answer.",
        decides=True,
    ),
    Fault(
        name="refuse_delete",
        where=Where.DELETE,
        says="Nothing is taken down, and the answer is a server error.",
        params={"status": _STATUS},
        decides=True,
    ),
)

SESSION: Final = (
    Fault(
        name="token",
        where=Where.SESSION,
        says="The access token is not what it was, and every request that shows it is answered accordingly.",
        params={
            "state": Param(
                says="what became of it",
                kind=str,
                required=True,
                choices=("revoked", "disabled", "other_account", "read_only"),
            )
        },
        decides=True,
    ),
)

TRAVEL: Final = (
    Fault(
        name="throttled",
        where=Where.ANY,
        says="Requests of one kind are answered with 429 before anything looks at them.",
        params={
            "of": Param(
                says="which requests",
                kind=str,
                default="all",
                choices=("create", "media", "timeline", "account", "instance", "all"),
            ),
            "reset_seconds": _RESET,
            "by": Param(
                says="who answers: the server, with X-RateLimit-Reset, or a proxy, with Retry-After",
                kind=str,
                default="server",
                choices=("server", "proxy"),
            ),
        },
        decides=True,
    ),
    Fault(
        name="latency",
        where=Where.ANY,
        says="Answers of one kind take this much longer.",
        params={
            "ms": Param(says="milliseconds", kind=float, required=True, least=0),
            "jitter_ms": jitter(),
            "of": Param(
                says="which answers",
                kind=str,
                default="create",
                choices=("create", "media", "timeline", "account", "instance", "all"),
            ),
        },
    ),
)

FAULTS: Final[Mapping[str, Fault]] = {
    fault.name: fault for fault in (*CREATE, *DELETE, *MEDIA, *LISTS, *SESSION, *TRAVEL)
}
"""Every fault by its name."""
