"""People who post, a sandbox they post to, and one living browser for all of them."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.client import SandboxProcess
from steadypost.browser import Lane, LaunchSettings
from steadypost.channels.port import Access, LookRequest, Order, Place
from steadypost.channels.x_web.channel import XWeb
from steadypost.channels.x_web.waiting import ANSWER_WITHIN
from steadypost.domain.evidence import Sighting, Wanted, judge
from steadypost.domain.outcome import Answer, Outcome, Phase
from steadypost.domain.post import Media, Part

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""The smallest picture."""


class Browsers:
    """One lane, and a new one when a test has killed it."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._lane: Lane | None = None

    @property
    def lane(self) -> Lane:
        """A lane that lives."""
        if self._lane is not None:
            # What a test left to be tidied up comes first: it may be what ends the lane.
            self._lane.settle()
        if self._lane is None or not self._lane.is_fit():
            self.close()
            self._lane = Lane.start(LaunchSettings(), self._run_dir, "tests")
        return self._lane

    @property
    def lane_at_work(self) -> Lane:
        """The lane as it is, also in the middle of a job."""
        assert self._lane is not None
        return self._lane

    def close(self) -> None:
        """End the lane."""
        if self._lane is not None:
            self._lane.close()
            self._lane = None


@dataclass
class Person:
    """Somebody with an account, who posts through Steadypost."""

    sandbox: SandboxProcess
    browsers: Browsers
    access: Access
    channel: XWeb | None = None
    phases: list[Phase] = field(default_factory=list)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    asked: list[bool] = field(default_factory=list)
    """What the store said each time it was asked to arm."""

    def open(self, **how: float) -> XWeb:
        """The channel, opened on a living browser."""
        self.channel = XWeb(self.browsers.lane, **how)
        return self.channel

    def ask(
        self,
        *texts: str,
        reply_to: str | None = None,
        parts: tuple[Part, ...] = (),
        first: int = 0,
        arm: Callable[[], bool] = lambda: True,
        on: Callable[[Phase], None] = lambda _: None,
        within: float = 30.0,
        answer_within: float = ANSWER_WITHIN,
    ) -> Answer:
        """Ask once, noting how far it came."""
        order = Order(parts=parts or tuple(Part(text=text) for text in texts), first=first, reply_to=reply_to)
        self.phases.clear()
        self.asked.clear()
        self.began_at = datetime.now(UTC)

        def noted() -> bool:
            self.asked.append(said := arm())
            return said

        def reached(phase: Phase) -> None:
            self.phases.append(phase)
            on(phase)

        return self.open(answer_within=answer_within).ask(
            self.access, order, arm=noted, deadline=time.monotonic() + within, progress=reached
        )

    def say(self, text: str, **how: object) -> Outcome:
        """Ask for a single post; its one outcome."""
        (outcome,) = self.ask(text, **how).outcomes
        return outcome

    def look(
        self,
        place: Place = Place.PROFILE,
        *,
        back: timedelta = timedelta(minutes=5),
        post: str | None = None,
        within: float = 30.0,
    ) -> Sighting:
        """Read one of the account's lists."""
        request = LookRequest(place=place, back_to=datetime.now(UTC) - back, post=post)
        return self.open().look(self.access, request, deadline=time.monotonic() + within)

    def wanted(self, text: str, **more: object) -> Wanted:
        """The last ask, as something to be looked for."""
        return Wanted(
            delivery_id=1,
            n=0,
            handle=self.access.handle,
            text=text,
            began_at=self.began_at,
            ended_at=datetime.now(UTC),
            **more,
        )

    def finds(self, text: str, sighting: Sighting) -> object:
        """What a sighting says of the last ask."""
        wanted = self.wanted(text)
        return judge([wanted], sighting)[wanted.key]

    def ledger(self) -> list[dict]:
        """What this account made live, without what it was given as a past."""
        return [post for post in self.sandbox.ledger(self.access.handle) if post["origin"] == "page"]

    def but(self, **changes: object) -> Person:
        """The same person with something else about their access."""
        return Person(self.sandbox, self.browsers, replace(self.access, **changes))


@pytest.fixture(scope="session")
def browsers(tmp_path_factory) -> Iterator[Browsers]:
    found = Browsers(tmp_path_factory.mktemp("lanes"))
    yield found
    found.close()


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(accounts=("alice", "bob", "carol")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox) -> Iterator[SandboxProcess]:
    """A sandbox in fair weather, where nobody has said anything; afterwards, nothing may be live twice."""
    running_sandbox.forget()
    yield running_sandbox
    assert running_sandbox.counts()["copies"] == []


@pytest.fixture
def alice(sandbox, browsers) -> Person:
    access = Access(
        account="alice-account",
        handle="alice",
        base_url=sandbox.url,
        session=sandbox.accounts["alice"],
        rules_accepted=True,
    )
    return Person(sandbox, browsers, access)


@pytest.fixture
def picture(tmp_path) -> Media:
    path = tmp_path / "dot.png"
    path.write_bytes(DOT)
    return Media(path=path, kind="image/png", alt="A single dot, nothing else")
