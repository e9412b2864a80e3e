"""Everything a drill can let go wrong, as data: weather of the sandbox, or done by ``rehearsal.drill.hands``.

What takes hours (a daily limit, a suspension) is in the simulation, whose clock can be set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Rule = Mapping[str, Any]


class Place(StrEnum):
    """Where a trouble sits: the class by which recovery is told."""

    ANSWER = "x_answer"
    """X takes a post, or does not, and its answer is not what it should be."""
    LIMIT = "x_limit"
    """X says: not now."""
    LIST = "x_list"
    """X's lists of posts do not show what there is."""
    SIGN_IN = "x_sign_in"
    """The session is not what it was; a person puts in a new one."""
    PAGE = "x_page"
    """X's page differs from yesterday's."""
    AWAY = "x_away"
    """X, or the way to it, is gone for all."""
    BROWSER = "browser"
    """Browsers die, or hang."""
    WORKER = "worker"
    """Workers and their runs die, hang, wake up late, or are two."""
    STORE = "store"
    """The store is down, hangs, or takes no writes."""
    PREFECT = "prefect"
    """Prefect's server is gone."""
    CLOCK = "clock"
    """The network's clock jumps."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One thing that can go wrong."""

    name: str
    place: Place
    rules: tuple[Rule, ...] = ()
    """The weather, without the account."""
    hand: str = ""
    """What is done to the host, by the name of its act in ``rehearsal.drill.hands``."""
    lasts: tuple[float, float] = (8.0, 16.0)
    """Between how many seconds it is there."""
    for_all: bool = False
    """Whether it strikes every account."""
    person: bool = False
    """Whether it ends only when a person puts in a new session."""
    stores: frozenset[str] = frozenset({"sqlite", "postgresql"})
    """With which stores it can be played."""
    guarded: bool = False
    """Whether X's own guard against a second copy is on meanwhile: what sends one click twice, we cannot prevent."""


def _weather(place: Place, name: str, fault: str, **params: Any) -> Kind:
    return Kind(name=name, place=place, rules=({"fault": fault, "params": params},))


def _page(kind: str, **params: Any) -> Kind:
    return Kind(
        name=f"page: {kind}",
        place=Place.PAGE,
        rules=({"fault": "ui", "params": {"kind": kind, **params}},),
        guarded=kind == "click_twice",
    )


def _signed_out(state: str, **params: Any) -> Kind:
    return Kind(
        name=f"sign-in: {state}",
        place=Place.SIGN_IN,
        rules=({"fault": "login", "params": {"state": state, **params}},),
        person=True,
    )


ANSWERS = (
    _weather(Place.ANSWER, "answer dropped", "drop_response"),
    _weather(Place.ANSWER, "connection reset after the post", "reset_connection"),
    _weather(Place.ANSWER, "server error after the post", "create_then_5xx"),
    _weather(Place.ANSWER, "answer never comes", "create_then_hang"),
    _weather(Place.ANSWER, "server error, nothing made", "reject_before_create"),
    _weather(Place.ANSWER, "nothing made, no answer", "hang_before_create"),
    _weather(Place.ANSWER, "nothing made, empty success", "no_create_200_empty"),
    _weather(Place.ANSWER, "empty success", "empty_result"),
    _weather(Place.ANSWER, "late post", "delay_before_create", seconds=5.0, jitter=15.0),
    _weather(Place.ANSWER, "late answer", "delay_after_create", seconds=5.0, jitter=15.0),
    _weather(Place.ANSWER, "id moved in the answer", "shape", kind="moved_id"),
    _weather(Place.ANSWER, "answer is no JSON", "shape", kind="not_json"),
    _weather(Place.ANSWER, "errors and data in one answer", "shape", kind="errors_and_data"),
    _weather(Place.ANSWER, "wrapped answer", "shape", kind="result_wrapper"),
    _weather(Place.ANSWER, "one ask takes effect twice, seen by X", "create_twice", guard=True),
)

LIMITS = (
    _weather(
        Place.LIMIT, "rate limit with its end named", "error_code", code=88, status=429, reset_seconds=12
    ),
    _weather(Place.LIMIT, "too many requests", "http_status", status=429, reset_seconds=10),
    _weather(Place.LIMIT, "service unavailable", "http_status", status=503),
)

LISTS = (
    _weather(Place.LIST, "post shows late", "timeline_delay", seconds=8.0, jitter=20.0),
    Kind(
        name="answers dropped, and lists are 20 s old",
        place=Place.LIST,
        rules=({"fault": "drop_response"}, {"fault": "timeline_stale", "params": {"seconds": 20.0}}),
    ),
    Kind(
        name="answers dropped, and lists end early",
        place=Place.LIST,
        rules=({"fault": "drop_response"}, {"fault": "timeline_cut", "params": {"n": 2}}),
    ),
    Kind(
        name="answers dropped, and lists are empty",
        place=Place.LIST,
        rules=({"fault": "drop_response"}, {"fault": "timeline_empty"}),
    ),
    Kind(
        name="answers dropped, and lists leave out every second",
        place=Place.LIST,
        rules=({"fault": "drop_response"}, {"fault": "timeline_partial", "params": {"every": 2}}),
    ),
    Kind(
        name="answers dropped, and lists cut texts",
        place=Place.LIST,
        rules=({"fault": "drop_response"}, {"fault": "show_more_at", "params": {"n": 20}}),
    ),
    Kind(
        name="answers dropped, and lists hold advertisements",
        place=Place.LIST,
        rules=({"fault": "drop_response"}, {"fault": "timeline_promoted", "params": {"every": 2}}),
    ),
    Kind(
        name="lists away for all",
        place=Place.LIST,
        rules=({"fault": "timeline_error"}, {"fault": "drop_response", "rate": 0.5}),
        for_all=True,
    ),
    Kind(
        name="lists ask to sign in",
        place=Place.LIST,
        rules=({"fault": "timeline_login_wall"}, {"fault": "drop_response", "rate": 0.5}),
    ),
)

SIGN_INS = (
    _signed_out("expired"),
    _signed_out("consent"),
    _signed_out("challenge"),
    _signed_out("other_account"),
    _signed_out("locked"),
)

PAGES = (
    _page("overlay"),
    _page("overlay", dismissable=False),
    _page("renamed_testid", **{"from": "tweetButton"}),
    _page("disabled_button"),
    _page("leftover_draft", text="half a thought from yesterday"),
    _page("dropped_characters", every=7),
    _page("autocomplete", text="@bobby "),
    _page("slow_composer", seconds=6.0),
    _page("no_composer"),
    _page("keeps_text_after_success"),
    _page("toast_generic_error"),
    _page("silent_after_click"),
    _page("page_error"),
    _page("click_twice"),
    _page("dead_button"),
    _page("closes_after_click", seconds=0.3),
    _page("reply_context_dropped", when="typing"),
)

AWAY = (
    Kind(name="X frozen", place=Place.AWAY, hand="freeze_network", for_all=True, lasts=(8.0, 15.0)),
    Kind(name="X resets every page", place=Place.AWAY, rules=({"fault": "page_reset"},), for_all=True),
    Kind(name="X answers 503", place=Place.AWAY, rules=({"fault": "page_error_status"},), for_all=True),
    Kind(
        name="X is slow",
        place=Place.AWAY,
        rules=(
            {"fault": "page_delay", "params": {"seconds": 2.0, "jitter": 3.0}},
            {"fault": "latency", "params": {"ms": 2000, "jitter_ms": 3000}},
        ),
        for_all=True,
    ),
    Kind(
        name="X trickles",
        place=Place.AWAY,
        rules=({"fault": "page_drip", "params": {"seconds": 8.0}},),
        for_all=True,
    ),
)

HOST = (
    Kind(name="browsers killed", place=Place.BROWSER, hand="kill_browsers", for_all=True, lasts=(1.0, 1.0)),
    Kind(
        name="browsers killed again and again",
        place=Place.BROWSER,
        hand="keep_killing_browsers",
        for_all=True,
    ),
    Kind(
        name="a browser hangs",
        place=Place.BROWSER,
        hand="stop_a_browser",
        for_all=True,
        lasts=(20, 30),
    ),
    Kind(name="worker killed", place=Place.WORKER, hand="kill_worker", for_all=True, lasts=(1.0, 1.0)),
    Kind(name="publisher killed", place=Place.WORKER, hand="kill_publisher", for_all=True, lasts=(1.0, 1.0)),
    Kind(name="publisher hangs", place=Place.WORKER, hand="stop_publisher", for_all=True, lasts=(35, 40)),
    Kind(
        name="an old publisher wakes", place=Place.WORKER, hand="old_publisher", for_all=True, lasts=(45, 50)
    ),
    Kind(name="two workers", place=Place.WORKER, hand="second_worker", for_all=True, lasts=(30, 40)),
    Kind(
        name="store down",
        place=Place.STORE,
        hand="store_down",
        for_all=True,
        lasts=(12, 20),
        stores=frozenset({"postgresql"}),
    ),
    Kind(name="store hangs", place=Place.STORE, hand="store_hangs", for_all=True, lasts=(12, 20)),
    Kind(name="store takes no writes", place=Place.STORE, hand="store_full", for_all=True, lasts=(12, 20)),
    Kind(
        name="Prefect's server killed", place=Place.PREFECT, hand="prefect_down", for_all=True, lasts=(10, 25)
    ),
    Kind(name="X's clock jumps", place=Place.CLOCK, hand="jump_clock", for_all=True, lasts=(5.0, 10.0)),
)

X_SIDE = (*ANSWERS, *LIMITS, *LISTS, *SIGN_INS, *PAGES, *AWAY)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """One trouble of one programme: what, when, and for whom."""

    n: int
    kind: Kind
    at: float
    """Seconds from the beginning of the drill."""
    lasts: float
    accounts: tuple[str, ...]
    """Whom it strikes."""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name it, with its number and whom it strikes."""
        whom = "all" if self.kind.for_all else ", ".join(self.accounts)
        return f"{self.n}. {self.kind.name} ({whom})"

    def rules(self) -> list[dict[str, Any]]:
        """Give its weather, for these accounts."""
        if self.kind.for_all:
            return [dict(rule) for rule in self.kind.rules]
        return [{**rule, "account": account} for rule in self.kind.rules for account in self.accounts]
