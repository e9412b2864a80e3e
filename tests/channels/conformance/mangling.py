"""Answers as no documentation has them: what a server said, with some of it made something else."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from steadypost.channels.wire import Answered, Heard, Wire

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1 << 62, 10**40, 1.5, float("inf"), "", "x", "\ud800", "\x00", "9" * 5000),
    *([], {}, [[]], [None], {"a": None}, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"),
)
"""What may stand where something else is expected."""

ODD_HEADERS = (
    *("", "x", "-1", "9" * 5000, "999999999999", "253402300800", "Fri, 31 Dec 9999 23:59:59 GMT"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "Thu, 01 Jan 2026 00:00:00 +99999999999999"),
)

HEADERS = (
    *("retry-after", "x-ratelimit-reset", "ratelimit-reset", "ratelimit-policy", "content-type"),
    *("x-rate-limit-reset", "x-user-limit-24hour-remaining", "x-user-limit-24hour-reset", "x-access-level"),
)

BODIES = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"<html>",
    b'{"id": "1',
    b"\xff\xfe",
    b"[" * 100_000,
    b"1" * 6000,
)


class Mangling:
    """Stands in for ``Wire.send`` and mangles what comes back, the same way for the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self._send = Wire.send
        self.statuses: tuple[int, ...] = ()
        """What a status may become instead; none: they stay."""

    def __get__(self, wire: Any, _: Any = None) -> Any:
        return lambda *given, **named: self.mangled(self._send(wire, *given, **named))

    def mangled(self, heard: Heard) -> Heard:
        """Give an answer with something of it changed, or as it was."""
        if not isinstance(heard, Answered) or self._dice.random() < 0.4:
            return heard
        headers = dict(heard.headers) | {
            name: self._dice.choice(ODD_HEADERS) for name in HEADERS if self._dice.random() < 0.3
        }
        status = heard.status
        if self.statuses and self._dice.random() < 0.3:
            status = self._dice.choice(self.statuses)
        return replace(heard, status=status, headers=headers, body=self._body(heard.body))

    def _body(self, body: bytes) -> bytes:
        if self._dice.random() < 0.15:
            return self._dice.choice(BODIES)
        try:
            told = json.loads(body)
        except ValueError:
            return body
        for _ in range(self._dice.randint(1, 3)):
            told = self._changed(told)
        return json.dumps(told).encode()

    def _changed(self, told: Any) -> Any:
        """Change one thing somewhere below."""
        dice = self._dice
        if isinstance(told, Mapping) and told and dice.random() < 0.9:
            name = dice.choice(list(told))
            if dice.random() < 0.15:
                return {other: value for other, value in told.items() if other != name}
            return {**told, name: self._changed(told[name])}
        if isinstance(told, list) and told and dice.random() < 0.9:
            at = dice.randrange(len(told))
            return [*told[:at], self._changed(told[at]), *told[at + 1 :]]
        return dice.choice(ODD)
