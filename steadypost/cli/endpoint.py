"""Metrics and health over HTTP, for machines: on this machine's loopback only, in a process of its own.

    /metrics   for Prometheus
    /health    200 when the latest round of checks found everything well, else 503 with what is wrong
    /live      200: this very process answers

One thread reads the store, and it alone. A request waits for a reading that began after the question,
a second at the most: a store that hangs, or is gone, or a watch that has stopped, is an answer, and no
last value is ever given out as though it were today's. Publishing does not know that this process exists.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from steadypost import settings
from steadypost.domain.clock import Clock, now
from steadypost.domain.delivery import State
from steadypost.domain.figures import Figures, figures
from steadypost.domain.health import Verdict, overall
from steadypost.domain.incident import Incident
from steadypost.domain.observed import StoreSeen
from steadypost.domain.quota import Full
from steadypost.domain.span import Span
from steadypost.store import Standing, Store, StoreError
from steadypost.store import figures as figure_rows
from steadypost.store import incidents as incident_rows
from steadypost.store import reading as reading_rows

ANSWERS_WITHIN = timedelta(seconds=1)
"""How long a request is kept waiting: with a busy machine's own slowness on top, less than two seconds."""

FIGURES_EVERY = timedelta(minutes=1)
"""Figures of a whole day cost more than the rest together, and change slowly."""

FIGURES_OF = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the store said at one moment, or why it said nothing."""

    began: float
    """By the monotonic clock."""
    at: datetime
    away: str = ""
    """Why nothing could be read; empty when it could."""
    counts: dict[State, int] = field(default_factory=dict)
    seen: StoreSeen = field(default_factory=StoreSeen)
    standings: Sequence[Standing] = ()
    incidents: Sequence[Incident] = ()
    figures: dict[str, Figures] = field(default_factory=dict)
    every: timedelta = timedelta(seconds=60)
    """How often everything is checked."""


class Reader(threading.Thread):
    """Reads the store for each request. It alone may hang; no request waits for it longer than it wants to."""

    def __init__(
        self, opens: Callable[[], Store], *, every: timedelta, on_time: timedelta, clock: Clock = now
    ) -> None:
        super().__init__(name="reader", daemon=True)
        self._opens = opens
        self._every = every
        self._on_time = on_time
        self._clock = clock
        self._store: Store | None = None
        self._asked = threading.Event()
        self._news = threading.Condition()
        self._latest: Reading | None = None
        self._figures: dict[str, Figures] = {}
        self._figures_at = 0.0
        self._end = False

    def fresh(self, within: timedelta = ANSWERS_WITHIN) -> Reading | None:
        """Give a reading that began after this question; ``None`` when there is none in time."""
        asked = time.monotonic()
        self._asked.set()
        with self._news:
            self._news.wait_for(lambda: self._since(asked) is not None, timeout=within.total_seconds())
            return self._since(asked)

    def _since(self, asked: float) -> Reading | None:
        return self._latest if self._latest is not None and self._latest.began >= asked else None

    def stop(self) -> None:
        """Read no more."""
        self._end = True
        self._asked.set()

    def run(self) -> None:
        """Read, each time it was asked."""
        while True:
            self._asked.wait()
            if self._end:
                break
            # Before the reading begins: who asks while it is under way gets another one.
            self._asked.clear()
            reading = self._read()
            with self._news:
                self._latest = reading
                self._news.notify_all()
        if self._store is not None:
            self._store.close()

    def _read(self) -> Reading:
        began, moment = time.monotonic(), self._clock()
        try:
            store = self._store = self._store or self._opens()
            return Reading(
                began=began,
                at=moment,
                counts=store.read(reading_rows.counts),
                seen=store.observe(moment, claims_of=timedelta(hours=1)),
                standings=store.read(incident_rows.standings),
                incidents=store.read(incident_rows.still_open),
                figures=self._of_the_day(store, moment),
                every=self._every,
            )
        except StoreError as error:
            return Reading(began=began, at=moment, away=settings.without_password(str(error)))
        except Exception as error:  # noqa: BLE001 - a reader that died would look like a store that hangs
            return Reading(began=began, at=moment, away=f"it could not be read ({type(error).__name__})")

    def _of_the_day(self, store: Store, moment: datetime) -> dict[str, Figures]:
        if time.monotonic() - self._figures_at > FIGURES_EVERY.total_seconds() or not self._figures:
            day = Span(moment - max(FIGURES_OF.values()), moment)
            due_posts = store.read(figure_rows.due_posts, day, self._on_time)
            self._figures = {
                name: figures(
                    [one for one in due_posts if moment - length <= one.at],
                    Span(moment - length, moment),
                    now=moment,
                    within=self._on_time,
                )
                for name, length in FIGURES_OF.items()
            }
            self._figures_at = time.monotonic()
        return self._figures


# Health --------------------------------------------------------------------------------------------------


def health(reading: Reading | None) -> tuple[str, list[str]]:
    """Say how it is, in a word, and what is wrong. Only what was found out, lately, to be well is ``ok``."""
    if reading is None:
        return "degraded", [f"the store does not answer within {ANSWERS_WITHIN.total_seconds():g} s"]
    if reading.away:
        return "degraded", [reading.away]
    latest = max((one.at for one in reading.standings), default=None)
    if latest is None:
        return str(Verdict.UNKNOWN), ["nothing was ever checked: no run of 'watch' is on watch"]
    old = reading.at - latest
    if old > stale_after(reading.every):
        return str(Verdict.UNKNOWN), [f"the last round of checks was {old.total_seconds():.0f} s ago"]
    wrong = [one.check for one in reading.standings if one.check.verdict is not Verdict.OK]
    verdict = overall(one.check for one in reading.standings)
    return str(verdict), [f"{check.name}: {check.verdict}: {check.what}" for check in wrong]


def stale_after(every: timedelta) -> timedelta:
    """After how long a round of checks says nothing of today any more."""
    return 3 * every + timedelta(seconds=30)


# Metrics -------------------------------------------------------------------------------------------------


class Metrics(Collector):
    """What the latest reading tells Prometheus. Labels are names; no text of a post is ever one."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def describe(self) -> list[Metric]:
        """Promise nothing beforehand: to register must not wait for a store."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give everything, or, when the store does not answer, nothing but that."""
        reading = self._reader.fresh()
        there = reading is not None and not reading.away
        yield GaugeMetricFamily("steadypost_up", "Whether the store answers in time.", value=int(there))
        if reading is None or reading.away:
            return
        word, _ = health(reading)
        yield GaugeMetricFamily("steadypost_healthy", "Whether all is known to be well.", value=word == "ok")
        yield GaugeMetricFamily(
            "steadypost_read_timestamp_seconds", "When this was read.", value=reading.at.timestamp()
        )
        yield _by("deliveries", "Deliveries by state.", "state", reading.counts)
        yield from _of_accounts(reading)
        yield _by(
            "heartbeat_age_seconds",
            "How long ago each flow's run on watch was heard of.",
            "flow",
            {
                flow: (reading.at - heartbeat).total_seconds()
                for flow, heartbeat in reading.seen.heartbeats.items()
            },
        )
        yield from _of_checks(reading)
        yield _one(
            "notices_waiting", "Messages that have not reached a person.", reading.seen.notices_waiting
        )
        yield from _of_figures(reading)


def _one(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"steadypost_{name}", told, value=value)


def _by(name: str, told: str, label: str, values: Any) -> Metric:
    family = GaugeMetricFamily(f"steadypost_{name}", told, labels=[label])
    for of, value in values.items():
        family.add_metric([str(of)], float(value))
    return family


def _of_accounts(reading: Reading) -> Iterator[Metric]:
    accounts, at = reading.seen.accounts, reading.at
    yield _by(
        "due", "Deliveries that are due and not live.", "account", {a.name: a.waiting for a in accounts}
    )
    yield _by(
        "oldest_due_age_seconds",
        "How long the next in line has been due.",
        "account",
        {a.name: (at - a.head.due_at).total_seconds() if a.head else 0 for a in accounts},
    )
    yield _by(
        "paused",
        "Whether the account is left alone.",
        "account",
        {a.name: a.paused_until is not None and a.paused_until > at for a in accounts},
    )
    yield _by(
        "out_of_quota",
        "Whether its own limits leave no room for what is due.",
        "account",
        {a.name: isinstance(a.capacity, Full) for a in accounts},
    )


def _of_checks(reading: Reading) -> Iterator[Metric]:
    checks = GaugeMetricFamily(
        "steadypost_check", "The latest of each check: 1 at its verdict.", labels=["kind", "about", "verdict"]
    )
    ages = GaugeMetricFamily("steadypost_check_age_seconds", "How old that is.", labels=["kind", "about"])
    for one in reading.standings:
        for verdict in Verdict:
            checks.add_metric(
                [str(one.check.kind), one.check.about, str(verdict)], int(one.check.verdict is verdict)
            )
        ages.add_metric([str(one.check.kind), one.check.about], (reading.at - one.at).total_seconds())
    yield checks
    yield ages
    incidents = GaugeMetricFamily("steadypost_incidents_open", "What is wrong.", labels=["kind", "about"])
    for incident in reading.incidents:
        incidents.add_metric([str(incident.kind), incident.about], 1)
    yield incidents


def _of_figures(reading: Reading) -> Iterator[Metric]:
    """Tell availability and lateness. Of a window in which nothing was due nothing is said."""
    share = GaugeMetricFamily("steadypost_availability_ratio", "Good of what was due.", labels=["window"])
    lower = GaugeMetricFamily(
        "steadypost_availability_lower95_ratio",
        "What it is not below, with 95 % confidence.",
        labels=["window"],
    )
    burn = GaugeMetricFamily(
        "steadypost_error_budget_burn", "How fast the budget is spent.", labels=["window"]
    )
    late = GaugeMetricFamily(
        "steadypost_lateness_seconds", "How late posts became live.", labels=["window", "quantile"]
    )
    for window, told in reading.figures.items():
        if told.availability.ratio is not None and told.availability.lower_95 is not None:
            share.add_metric([window], told.availability.ratio)
            lower.add_metric([window], told.availability.lower_95)
            burn.add_metric([window], told.budget.burn or 0.0)
        spread = told.lateness
        for quantile, value in (
            ("0.5", spread.p50),
            ("0.9", spread.p90),
            ("0.95", spread.p95),
            ("1", spread.max),
        ):
            if value is not None:
                late.add_metric([window, quantile], value)
    yield from (share, lower, burn, late)


# HTTP ----------------------------------------------------------------------------------------------------


class Endpoint(http.server.ThreadingHTTPServer):
    """The server. Bound to loopback: to reach it from elsewhere, put a proxy in front that knows who may ask."""

    daemon_threads = True

    def __init__(self, port: int, reader: Reader) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.reader = reader
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(Metrics(reader))


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers one question."""

    server: Endpoint
    timeout = 5
    """A caller who does not finish its question in so many seconds is let go."""

    def do_GET(self) -> None:
        """Answer."""
        match self.path.partition("?")[0]:
            case "/metrics":
                self._answer(
                    HTTPStatus.OK, generate_latest(self.server.registry), "text/plain; version=0.0.4"
                )
            case "/health":
                word, wrong = health(self.server.reader.fresh())
                code = HTTPStatus.OK if word == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(code, json.dumps({"status": word, "wrong": wrong}).encode(), "application/json")
            case "/live":
                self._answer(HTTPStatus.OK, b'{"status": "ok"}', "application/json")
            case _:
                self._answer(HTTPStatus.NOT_FOUND, b"there are /metrics, /health and /live\n", "text/plain")

    def _answer(self, code: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing of every question."""
