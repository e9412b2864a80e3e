"""Every fault the sandbox can make, as data; `tests/sandbox` holds each sentence to what is seen from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class BadWeather(ValueError):
    """A rule that asks for something the sandbox does not know."""


class Where(StrEnum):
    """The place where a fault strikes, and so how often it is asked."""

    CREATE = "create"
    """Each CreateTweet. The only place with a text to `match`."""

    DELETE = "delete"
    """Each request that takes a post down."""

    TIMELINE = "timeline"
    """Each answer that lists posts."""

    SESSION = "session"
    """Each page that is opened; the page's own requests then meet the same state."""

    UI = "ui"
    """Each page that is opened: the page is told by switches in its HTML."""

    PAGE = "page"
    """Each page that is opened: how its HTML travels."""

    ANY = "any"
    """Each answer of the kind that the rule names."""

    MEDIA = "media"
    """Each file that is uploaded, on networks with an API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One parameter: what it may be, and what it is when left out."""

    says: str
    kind: type | tuple[type, ...] = float
    default: Any = None
    required: bool = False
    choices: tuple[Any, ...] = ()
    least: float | None = None

    def check(self, fault: str, name: str, value: Any) -> Any:
        """The value, if it can be meant."""
        if value is None and not self.required:
            return self.default
        if not _is_a(value, self.kind):
            raise BadWeather(f"{fault}: {name} must be {_kind_name(self.kind)}, not {value!r}")
        if self.choices and value not in self.choices:
            raise BadWeather(
                f"{fault}: {name} must be one of {', '.join(map(str, self.choices))}, not {value!r}"
            )
        if self.least is not None and isinstance(value, int | float) and value < self.least:
            raise BadWeather(f"{fault}: {name} must be at least {self.least:g}, not {value!r}")
        return value

    def describe(self) -> dict[str, Any]:
        """The parameter as plain data, for people who ask the control port."""
        return {
            "says": self.says,
            "kind": _kind_name(self.kind),
            "default": self.default,
            "required": self.required,
            "choices": list(self.choices),
        }


@dataclass(frozen=True, slots=True)
class Kind:
    """One variety of a fault, and which of the fault's parameters mean something for it."""

    says: str
    takes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that can go wrong."""

    name: str
    where: Where
    says: str
    params: Mapping[str, Param] = field(default_factory=dict)
    decides: bool = False
    """Whether it decides the answer; the first such rule wins and later ones are not asked."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """Its varieties, by the value of the parameter `kind`."""

    def complete(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters with their defaults, refused if one is unknown, missing or of the wrong kind."""
        unknown = sorted(set(params) - set(self.params))
        if unknown:
            known = ", ".join(self.params) or "none"
            raise BadWeather(f"{self.name}: unknown parameter {', '.join(unknown)}; it takes {known}")
        missing = [name for name, param in self.params.items() if param.required and params.get(name) is None]
        if missing:
            raise BadWeather(f"{self.name}: needs {', '.join(missing)}")
        complete = {
            name: param.check(self.name, name, params.get(name)) for name, param in self.params.items()
        }
        if self.kinds:
            self._check_kind(str(complete["kind"]), params)
            self._check_how(str(complete["kind"]), complete)
        return complete

    def _check_kind(self, name: str, params: Mapping[str, Any]) -> None:
        kind = self.kinds[name]
        idle = sorted(set(params) - {"kind", *kind.takes, *kind.needs})
        if idle:
            known = ", ".join((*kind.needs, *kind.takes)) or "nothing else"
            raise BadWeather(f"{self.name} {name}: {', '.join(idle)} means nothing here; it takes {known}")
        missing = [need for need in kind.needs if params.get(need) is None]
        if missing:
            raise BadWeather(f"{self.name} {name}: needs {', '.join(missing)}")

    def _check_how(self, kind: str, params: dict[str, Any]) -> None:
        """Two kinds share the parameter `how`, and mean different things by it."""
        hows = HOWS.get(kind)
        if hows is None:
            return
        if params["how"] is None:
            params["how"] = hows[0]
        if params["how"] not in hows:
            raise BadWeather(
                f"{self.name} {kind}: how must be one of {', '.join(hows)}, not {params['how']!r}"
            )

    def describe(self) -> dict[str, Any]:
        """The fault as plain data."""
        params = {name: param.describe() for name, param in self.params.items()}
        return {
            "fault": self.name,
            "where": self.where.value,
            "says": self.says,
            "params": params,
            "kinds": {name: kind.says for name, kind in self.kinds.items()},
        }


def _is_a(value: Any, kind: type | tuple[type, ...]) -> bool:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds) or (float in kinds and isinstance(value, int))


def _kind_name(kind: type | tuple[type, ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(
        {"float": "number", "str": "text", "int": "whole number"}.get(k.__name__, k.__name__) for k in kinds
    )


def seconds(default: float | None = None, says: str = "how long") -> Param:
    """A duration."""
    return Param(says=says, kind=float, default=default, required=default is None, least=0)


def jitter() -> Param:
    """How much longer it may take, by chance."""
    return Param(says="up to this much longer, by chance", kind=float, default=0.0, least=0)


VIEWS: Final = ("profile", "replies", "home", "status", "post")

ERROR_CODES: Final[Mapping[int, str]] = {
    32: "Could not authenticate you.",
    37: "Authorization: Your account is suspended and is not permitted to access this feature. (37)",
    64: "Authorization: Your account is suspended and is not permitted to access this feature. (64)",
    88: "Rate limit exceeded.",
    141: "Authorization: Your account is suspended and is not permitted to access this feature. (141)",
    185: "Authorization: User is over daily status update limit. (185)",
    186: "Authorization: Tweet needs to be a bit shorter. (186)",
    187: "Authorization: Status is a duplicate. (187)",
    226: (
        "Authorization: This request looks like it might be automated. To protect our users from spam and "
        "other malicious activity, we can't complete this action right now. Please try again later. (226)"
    ),
    324: "BadRequest: The validation of media ids failed. (324)",
    326: (
        "Denied by access control: To protect our users, this account is temporarily locked. "
        "Please log in to unlock. (326)"
    ),
    344: (
        "Authorization: You have reached your daily limit for sending Tweets and messages. "
        "Please try again later. (344)"
    ),
    353: "This request requires a matching csrf cookie and header.",
    366: "Authorization: To take this action, please verify your e-mail address. (366)",
    385: "Authorization: You attempted to reply to a Tweet that is deleted or not visible to you. (385)",
    433: "Authorization: The original Tweet author restricted who can reply to this Tweet. (433)",
}
"""The network's refusals, in its own words."""

CREATE_FAULTS: Final = (
    Fault(
        name="delay_before_create",
        where=Where.CREATE,
        says="The post becomes live only after this long, and the answer comes after that.",
        params={"seconds": seconds(), "jitter": jitter()},
    ),
    Fault(
        name="delay_after_create",
        where=Where.CREATE,
        says="The post is live at once, and the answer comes only after this long.",
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
        name="refuse_stream",
        where=Where.CREATE,
        says=(
            "The post is live, and over HTTP/2 its stream is refused or the connection says goodbye before it, "
            "as if nothing had been looked at; over HTTP/1.1 the connection is reset."
        ),
        params={
            "by": Param(
                says="how the server takes it back", kind=str, default="stream", choices=("stream", "goodbye")
            )
        },
        decides=True,
    ),
    Fault(
        name="length_required",
        where=Where.CREATE,
        says="An ask that does not say how long it is makes nothing, and is answered 411.",
    ),
    Fault(
        name="misdirect",
        where=Where.CREATE,
        says="The post is live, and the answer is 421, as if its connection had been meant for another server.",
        decides=True,
    ),
    Fault(
        name="create_then_5xx",
        where=Where.CREATE,
        says="The post is live, and the answer is a server error.",
        params={"status": Param(says="HTTP status", kind=int, default=503, least=500)},
        decides=True,
    ),
    Fault(
        name="create_then_hang",
        where=Where.CREATE,
        says="The post is live, and the answer never comes.",
        decides=True,
    ),
    Fault(
        name="create_then_drip",
        where=Where.CREATE,
        says="The post is live, and its answer trickles in over this long.",
        params={"seconds": seconds()},
        decides=True,
    ),
    Fault(
        name="reject_before_create",
        where=Where.CREATE,
        says="Nothing is made, and the answer is a server error.",
        params={"status": Param(says="HTTP status", kind=int, default=503, least=500)},
        decides=True,
    ),
    Fault(
        name="hang_before_create",
        where=Where.CREATE,
        says="Nothing is made, and no answer comes.",
        decides=True,
    ),
    Fault(
        name="no_create_200_empty",
        where=Where.CREATE,
        says="Nothing is made, and the answer is a success with an empty result.",
        decides=True,
    ),
    Fault(
        name="error_code",
        where=Where.CREATE,
        says="Nothing is made, and the answer carries the network's error code, by default with HTTP 200.",
        params={
            "code": Param(
                says="the network's code",
                kind=int,
                required=True,
                choices=tuple(sorted(set(ERROR_CODES) - {353, 385})),
            ),
            "status": Param(says="HTTP status; by default 200, and 429 for code 88", kind=int, least=200),
            "reset_seconds": Param(
                says="`x-rate-limit-reset` this far ahead; left out, there is no such header"
            ),
        },
        decides=True,
    ),
    Fault(
        name="http_status",
        where=Where.CREATE,
        says="Nothing is made, and the answer is a bare HTTP status.",
        params={
            "status": Param(says="HTTP status", kind=int, required=True, least=400),
            "reset_seconds": Param(
                says="`x-rate-limit-reset` this far ahead; left out, there is no such header"
            ),
        },
        decides=True,
    ),
    Fault(
        name="shape",
        where=Where.CREATE,
        says="The post is live, and the answer has a shape of another day.",
        params={
            "kind": Param(
                says="which shape",
                kind=str,
                required=True,
                choices=(
                    "result",
                    "result_wrapper",
                    "legacy_only",
                    "errors_and_data",
                    "not_json",
                    "moved_id",
                ),
            )
        },
    ),
    Fault(
        name="empty_result",
        where=Where.CREATE,
        says="The post is live, and the answer is a success with an empty result.",
        decides=True,
    ),
    Fault(
        name="create_twice",
        where=Where.CREATE,
        says="One ask takes effect twice; with the duplicate guard on, the second is refused.",
        params={"guard": Param(says="whether the duplicate guard sees it", kind=bool, default=True)},
    ),
    Fault(
        name="no_duplicate_guard",
        where=Where.CREATE,
        says="A text that is already live is accepted again.",
    ),
    Fault(
        name="daily_limit",
        where=Where.CREATE,
        says="An account that made this many posts in a day is refused with code 344.",
        params={"limit": Param(says="posts in 24 hours", kind=int, required=True, least=0)},
    ),
    Fault(
        name="replies_refused",
        where=Where.CREATE,
        says="An ask that answers a post is refused with code 433: its author lets nobody answer.",
        params={"of": Param(says="only this post, by its id", kind=str)},
    ),
    Fault(
        name="vanish",
        where=Where.CREATE,
        says="The answer is a success, and the post is taken down at once.",
    ),
    Fault(
        name="create_late",
        where=Where.CREATE,
        says="The answer is none or tells nothing, and the post becomes live this long after the ask.",
        params={
            "seconds": seconds(),
            "jitter": jitter(),
            "answer": Param(
                says="what the asker gets at once",
                kind=str,
                default="hang up",
                choices=("hang up", "silence", "503", "empty"),
            ),
            "guard": Param(says="whether the duplicate guard sees it by then", kind=bool, default=False),
        },
        decides=True,
    ),
    Fault(
        name="edited_after",
        where=Where.CREATE,
        says="The post is edited this long after it was made: another text, and an id of its own in lists.",
        params={
            "seconds": seconds(),
            "jitter": jitter(),
            "text": Param(says="the new text; by default the old one, marked", kind=str),
        },
    ),
    Fault(
        name="timeline_delay",
        where=Where.CREATE,
        says="The new post is live, and timelines show it only after this long.",
        params={"seconds": seconds(), "jitter": jitter()},
    ),
)

_VIEW = Param(says="only in this view", kind=str, choices=VIEWS)

_WHICH_POSTS: Final[Mapping[str, Param]] = {
    "id": Param(says="this post", kind=str),
    "text": Param(says="every post whose text this regular expression finds", kind=str),
    "which": Param(
        says="neither given: one of the newest ten by chance, or the newest",
        kind=str,
        default="chance",
        choices=("chance", "newest"),
    ),
    "author": Param(says="only posts of this account", kind=str),
}
"""How a fault about single posts says which."""

TIMELINE_FAULTS: Final = (
    Fault(
        name="timeline_stale",
        where=Where.TIMELINE,
        says="Timelines show how things stood this long ago.",
        params={
            "seconds": seconds(),
            "cached": Param(says="whether it says that a cache on the way kept it", kind=bool, default=False),
            "view": _VIEW,
        },
    ),
    Fault(
        name="timeline_cut",
        where=Where.TIMELINE,
        says="Timelines end after this many posts.",
        params={"n": Param(says="how many posts", kind=int, required=True, least=0), "view": _VIEW},
    ),
    Fault(
        name="timeline_empty",
        where=Where.TIMELINE,
        says="Timelines are empty, and say so without an error.",
        params={"view": _VIEW},
    ),
    Fault(
        name="timeline_partial",
        where=Where.TIMELINE,
        says="Every n-th post is missing from timelines.",
        params={"every": Param(says="leave out every n-th", kind=int, default=2, least=1), "view": _VIEW},
    ),
    Fault(
        name="timeline_error",
        where=Where.TIMELINE,
        says="Timelines answer with an HTTP error, and the page offers to retry.",
        params={"status": Param(says="HTTP status", kind=int, default=503, least=400), "view": _VIEW},
        decides=True,
    ),
    Fault(
        name="timeline_login_wall",
        where=Where.TIMELINE,
        says="Timelines ask to sign in, although the session is good.",
        params={"view": _VIEW},
        decides=True,
    ),
    Fault(
        name="timeline_promoted",
        where=Where.TIMELINE,
        says="Every n-th place on a timeline is somebody's advertisement, the first place included.",
        params={"every": Param(says="how often", kind=int, default=4, least=1), "view": _VIEW},
    ),
    Fault(
        name="timeline_omits",
        where=Where.TIMELINE,
        says="Timelines leave one post out, for no reason anybody could see; at its own address it is there.",
        params={**_WHICH_POSTS, "view": _VIEW},
    ),
    Fault(
        name="address_tombstone",
        where=Where.TIMELINE,
        says="At one post's own address stands a notice, whether it is live or was deleted; lists are as always.",
        params={
            "id": Param(says="of this post", kind=str, required=True),
            "kind": Param(
                says="what stands there",
                kind=str,
                default="tombstone",
                choices=("tombstone", "limited"),
            ),
            "view": _VIEW,
        },
    ),
    Fault(
        name="timeline_tombstone",
        where=Where.TIMELINE,
        says="In place of one post timelines have a notice, or nothing; at its own address it is there.",
        params={
            **_WHICH_POSTS,
            "kind": Param(
                says="what stands there",
                kind=str,
                default="tombstone",
                choices=("tombstone", "limited", "unavailable", "empty"),
            ),
            "view": _VIEW,
        },
    ),
    Fault(
        name="timeline_lag",
        where=Where.TIMELINE,
        says="Timelines show a post only this long after it was made, each tab by a rule of its own.",
        params={"seconds": seconds(), "view": _VIEW},
    ),
    Fault(
        name="thread_cut",
        where=Where.TIMELINE,
        says="Of a thread, timelines show this many parts, and then a way to the rest.",
        params={"n": Param(says="how many parts", kind=int, required=True, least=1), "view": _VIEW},
    ),
    Fault(
        name="public_list",
        where=Where.TIMELINE,
        says="Profiles are what strangers get, although the session is good: popular posts, and no replies.",
        params={"view": _VIEW},
    ),
    Fault(
        name="timeline_shape",
        where=Where.TIMELINE,
        says="Every n-th post of a timeline, or the timeline itself, has a shape of another day.",
        params={
            "kind": Param(
                says="which shape", kind=str, required=True, choices=("wrapped", "lean", "timeline_v2")
            ),
            "every": Param(says="how often, but for timeline_v2", kind=int, default=1, least=1),
            "view": _VIEW,
        },
    ),
    Fault(
        name="show_more_at",
        where=Where.TIMELINE,
        says="Texts are cut to this many characters on timelines, with a Show more link.",
        params={"n": Param(says="how many characters", kind=int, required=True, least=1), "view": _VIEW},
    ),
)

SESSION_FAULTS: Final = (
    Fault(
        name="login",
        where=Where.SESSION,
        says="The session is not what it was: the page leads elsewhere, and asks are refused accordingly.",
        params={
            "state": Param(
                says="what became of it",
                kind=str,
                required=True,
                choices=("expired", "challenge", "locked", "suspended", "consent", "other_account"),
            ),
            "handle": Param(says="who is signed in instead, for other_account", kind=str),
        },
        decides=True,
    ),
)

VEIL_FAULTS: Final = (
    Fault(
        name="nobody_signed_in",
        where=Where.SESSION,
        says="Public pages show nobody signed in and no way to do so, and lists are those for strangers; asks work.",
        decides=True,
    ),
)

UI_KINDS: Final[Mapping[str, Kind]] = {
    "renamed_testid": Kind(
        "An element carries another data-testid; without `to` it carries none.",
        takes=("to",),
        needs=("from",),
    ),
    "overlay": Kind("Something lies over the whole page, the Post button included.", takes=("dismissable",)),
    "disabled_button": Kind("The Post button stays disabled.", takes=("unless_typed",)),
    "leftover_draft": Kind("The dialog opens with a text in it.", takes=("text",)),
    "dropped_characters": Kind(
        "The composer loses every n-th character, or one sequence, of inserted text.",
        takes=("every", "characters", "bulk_only"),
    ),
    "autocomplete": Kind("The composer adds a mention by itself.", takes=("text",)),
    "slow_composer": Kind("The dialog stays empty for a while.", needs=("seconds",)),
    "no_composer": Kind("There is no composer."),
    "reply_context_dropped": Kind("A composer loses what it replies to.", takes=("when",)),
    "keeps_text_after_success": Kind("After success the composer stays open with its text."),
    "toast_generic_error": Kind("After every answer the page says that something went wrong."),
    "silent_after_click": Kind("After an answer the page says nothing and stays as it is."),
    "page_error": Kind(
        "The page throws an exception nobody catches, when it opens and when Post is clicked."
    ),
    "click_twice": Kind("One click on Post sends the ask twice."),
    "dead_button": Kind("A click on Post does nothing."),
    "closes_after_click": Kind("The page leaves for /home after Post was clicked.", takes=("seconds",)),
    "late_suggestions": Kind(
        "A while after a word under @, # or $ a list opens whose first entry Enter would take.",
        takes=("seconds",),
    ),
    "covered_at_click": Kind(
        "Something slips over the Post button whenever a pointer reaches it, for good or for a while.",
        takes=("seconds", "times"),
    ),
    "redrawn": Kind(
        "The first box is replaced by an empty one: when Post is clicked, while a sheet stands after the click, or "
        "instead of a part being added.",
        needs=("how",),
        takes=("times",),
    ),
    "sheet": Kind(
        "A sheet that nobody asked for comes: with the dialog, while somebody writes, or after the click.",
        needs=("which",),
        takes=("when", "times"),
    ),
    "replies_limited": Kind(
        "The page lets nobody answer a post: its button is off, or a sheet or the dialog says so.",
        takes=("how", "of"),
    ),
    "retries_by_itself": Kind(
        "The page sends an ask again by itself when no answer or a server error came.", takes=("times",)
    ),
    "sends_by": Kind("The page sends its ask by XHR, or from a worker.", needs=("how",)),
    "operation_name": Kind("The ask goes to an operation of another name.", needs=("name",)),
}
"""What can differ in the page itself."""

OPERATION_NAMES: Final = ("CreateTweetV2", "CreateTweet_lite", "useComposerQuery", "TweetDetailCompose")
"""What else CreateTweet is called on a day of `operation_name`; some of these look like looks."""

SHEETS: Final = (
    "describe_pictures",
    "drop_draft",
    "premium",
    "public",
    "notifications",
    "shortcuts",
    "challenge",
)
"""The sheets that come by themselves. `challenge` is the network asking for a person: it may not be closed."""

HOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "redrawn": ("click", "sheet", "add"),
    "replies_limited": ("dialog", "button", "sheet"),
    "sends_by": ("fetch", "xhr", "worker"),
}
"""What `how` may be, by the kind that it belongs to. For `replies_limited` it may be left out."""

UI_FAULTS: Final = (
    Fault(
        name="ui",
        where=Where.UI,
        says="The page itself differs: see its kinds.",
        kinds=UI_KINDS,
        params={
            "kind": Param(says="what differs", kind=str, required=True, choices=tuple(UI_KINDS)),
            "from": Param(says="renamed_testid: the usual data-testid", kind=str),
            "to": Param(says="renamed_testid: the new data-testid", kind=str),
            "dismissable": Param(says="overlay: whether it can be taken away", kind=bool, default=True),
            "unless_typed": Param(says="disabled_button: accept key by key typing", kind=bool, default=False),
            "text": Param(says="leftover_draft, autocomplete: the text", kind=str),
            "every": Param(says="dropped_characters: lose every n-th character", kind=int, least=1),
            "characters": Param(says="dropped_characters: lose this sequence", kind=str),
            "bulk_only": Param(says="dropped_characters: keep typed keys", kind=bool, default=True),
            "seconds": Param(
                says=(
                    "slow_composer, closes_after_click: how long; late_suggestions: 0 is by chance, from 0.2 to 2; "
                    "covered_at_click: 0 is for good"
                ),
                kind=float,
                default=0.0,
                least=0,
            ),
            "times": Param(
                says="covered_at_click, redrawn, sheet, retries_by_itself: how often on one page",
                kind=int,
                default=1,
                least=1,
            ),
            "which": Param(says="sheet: which one", kind=str, choices=SHEETS),
            "how": Param(
                says="redrawn, replies_limited, sends_by: in which way",
                kind=str,
                choices=tuple(dict.fromkeys(how for hows in HOWS.values() for how in hows)),
            ),
            "of": Param(says="replies_limited: only this post, by its id", kind=str),
            "name": Param(says="operation_name: the name", kind=str, choices=OPERATION_NAMES),
            "when": Param(
                says="reply_context_dropped, sheet: when",
                kind=str,
                default="open",
                choices=("open", "typing", "click"),
            ),
        },
    ),
)

PAINT_KINDS: Final[Mapping[str, Kind]] = {
    "translated": Kind("Texts are painted in another language, and say so; lists tell the original."),
    "card_only": Kind("A text that ends in a link is painted as the card alone, without any words."),
    "quote_only": Kind("A text that quotes a post is painted as the quoted post alone, without any words."),
    "wide_signs": Kind("Tags and names are painted with full-width signs."),
}
"""What can differ between a text and what is painted of it."""

PAINT_FAULTS: Final = (
    Fault(
        name="painted",
        where=Where.UI,
        says="The page paints less than a text, or something else: see its kinds. Lists are as always.",
        kinds=PAINT_KINDS,
        params={
            "kind": Param(says="what differs", kind=str, required=True, choices=tuple(PAINT_KINDS)),
        },
    ),
)

_OF = Param(says="which answers", kind=str, default="create", choices=("create", "page", "timeline", "all"))

TRAVEL_FAULTS: Final = (
    Fault(
        name="page_delay",
        where=Where.PAGE,
        says="The page's HTML comes only after this long.",
        params={"seconds": seconds(), "jitter": jitter()},
    ),
    Fault(
        name="page_drip",
        where=Where.PAGE,
        says="The page's HTML trickles in over this long.",
        params={"seconds": seconds()},
    ),
    Fault(
        name="page_error_status",
        where=Where.PAGE,
        says="The page's HTML is an error page.",
        params={"status": Param(says="HTTP status", kind=int, default=503, least=400)},
        decides=True,
    ),
    Fault(
        name="page_reset",
        where=Where.PAGE,
        says="The connection is reset when a page is opened.",
        decides=True,
    ),
    Fault(
        name="latency",
        where=Where.ANY,
        says="Answers of one kind take this much longer.",
        params={
            "ms": Param(says="milliseconds", kind=float, required=True, least=0),
            "jitter_ms": jitter(),
            "of": _OF,
        },
    ),
)

FAULTS: Final[Mapping[str, Fault]] = {
    fault.name: fault
    for fault in (
        *CREATE_FAULTS,
        *TIMELINE_FAULTS,
        *SESSION_FAULTS,
        *VEIL_FAULTS,
        *UI_FAULTS,
        *PAINT_FAULTS,
        *TRAVEL_FAULTS,
    )
}
"""Every fault by its name."""
