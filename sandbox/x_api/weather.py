"""Faults made on purpose. A rule says what goes wrong, with which operation, and how often."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FAULTS: Mapping[str, str] = {
    "lost_before": "the line is cut before anything happens",
    "lost_after": "it happens, and the line is cut before the answer",
    "half_answer": "it happens, and the line is cut in the middle of the answer",
    "hang": "it happens (`happens`: false: it does not) and no answer comes for `seconds`",
    "gateway_timeout": "a proxy answers 504 with a page of its own; it happens unless `happens` is false",
    "server_error": "X answers `status` (500, 503); it happens only with `happens`",
    "payment_required": "402: no credit is left",
    "usage_capped": "429 of the type usage-capped: the spending limit is reached",
    "rate_limited": "429 until x-rate-limit-reset, `seconds` from now by X's clock",
    "daily_limit": "429 with x-user-limit-24hour-remaining 0, until `seconds` from now",
    "unauthorized": "401, though the token is good",
    "out_of_bounds": "401 with the number 135, and without a Date: the signature is dated off X's clock",
    "token_ends": "401, and the token is good no longer: somebody renewed it meanwhile",
    "duplicate": "403 duplicate content; with `happens` a proxy sent it twice, and this is the second answer",
    "closed": "403: X's rules do not let this account answer that post",
    "forbidden": "403 with the sentence `detail`, the problem's `type`, and whatever else is given",
    "rights": "403 of the type `type` (oauth1-permissions): the app may not do this",
    "errors_beside": "it happens, and `errors` stand beside `data`",
    "no_id": "it happens, and the answer has no id",
    "other_id": "it happens, and the answer has the id of another post",
    "media_fails": "X cannot use the file",
    "media_lost": "the post is made without its pictures",
    "invalid_grant": "the token endpoint refuses the refresh token",
    "page": "200 with a page of somebody else's: a captive portal",
}


class BadRule(ValueError):
    """A rule that is not valid."""


@dataclass
class Rule:
    """One rule."""

    fault: str
    on: str = "createPosts"
    """The operation's name in the contract, or ``token``."""
    account: str | None = None
    match: str = ""
    count: int | None = None
    skip: int = 0
    rate: float = 1.0
    params: Mapping[str, Any] = field(default_factory=dict)
    seen: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise BadRule(f"there is no fault {self.fault!r}: {', '.join(FAULTS)}")

    def strikes(self, on: str, account: str, text: str, chance: random.Random) -> bool:
        """Whether it is this request's turn."""
        if on != self.on or self.account not in {None, account} or not re.search(self.match, text):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.count is not None and self.hits >= self.count):
            return False
        if chance.random() >= self.rate:
            return False
        self.hits += 1
        return True


class Weather:
    """The rules in force."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - faults, not secrets
        self._lock = threading.Lock()
        self.rules: list[Rule] = []

    def put(self, *rules: Mapping[str, Any]) -> None:
        """Replace the rules."""
        made = [Rule(**one) for one in rules]
        with self._lock:
            self.rules = made

    def of(self, on: str, account: str, text: str) -> Rule | None:
        """Give the first rule that strikes a request."""
        with self._lock:
            return next((rule for rule in self.rules if rule.strikes(on, account, text, self._chance)), None)
