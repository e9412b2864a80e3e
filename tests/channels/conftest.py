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
from steadypost.browser import BrowserRunner, LaunchSettings
from steadypost.channels.port import Access, LookRequest, Order
from steadypost.channels.x_web.channel import XWeb
from steadypost.channels.x_web.waiting import ANSWER_WITHIN
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Sighting, Wanted
from steadypost.domain.network import Place
from steadypost.domain.outcome import Answer, Outcome, Phase
from steadypost.domain.post import Media, Part
from steadypost.domain.weighing import judge
from steadypost.networks.x import NETWORK as X

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""The smallest picture."""


AGREED = Offset(ahead=timedelta(0), within=timedelta(seconds=1))
"""The sandbox's clock is this machine's, unless a test sets it."""


class Browsers:
    """One runner, and a new one when a test has killed it."""

    def __init__(self, run_dir: Path, settings: LaunchSettings | None = None) -> None:
        self._run_dir = run_dir
        self._settings = settings or LaunchSettings()
        self._runner: BrowserRunner | None = None

    @property
    def runner(self) -> BrowserRunner:
        """A runner that lives."""
        if self._runner is not None:
            # What a test left to be tidied up comes first: it may be what ends the runner.
            self._runner.settle()
        if self._runner is None or not self._runner.is_fit():
            self.close()
            self._runner = BrowserRunner.start(self._settings, self._run_dir, "tests")
        return self._runner

    @property
    def runner_at_work(self) -> BrowserRunner:
        """The runner as it is, also in the middle of a job."""
        assert self._runner is not None
        return self._runner

    def close(self) -> None:
        """End the runner."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None


@dataclass
class Person:
    """Somebody with an account, who posts through Steadypost."""

    sandbox: SandboxProcess
    browsers: Browsers
    access: Access
    channel: XWeb | None = None
    phases: list[Phase] = field(default_factory=list)
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    offset: Offset | None = AGREED
    """What was known of the sandbox's clock when it was armed."""
    asked: list[bool] = field(default_factory=list)
    """What the store said each time it was asked to arm."""

    def open(self, **how: float) -> XWeb:
        """The channel, opened on a living browser."""
        self.channel = XWeb(self.browsers.runner, **how)
        return self.channel

    def ask(
        self,
        *texts: str,
        reply_to: str | None = None,
        parts: tuple[Part, ...] = (),
        first: int = 0,
        arm: Callable[[], bool] = lambda: True,
        on: Callable[[Phase], None] = lambda _: None,
        within: float = 60.0,
        answer_within: float = ANSWER_WITHIN,
    ) -> Answer:
        """Ask once, noting how far it came."""
        order = Order(
            parts=parts or tuple(Part(text=text) for text in texts),
            key="0123456789abcdef" * 2,
            keyed_at=datetime.now(UTC),
            first=first,
            reply_to=reply_to,
        )
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
        within: float = 60.0,
    ) -> Sighting:
        """Read one of the account's lists."""
        request = LookRequest(place=place, back_to=datetime.now(UTC) - back, post=post)
        return self.open().look(self.access, request, deadline=time.monotonic() + within)

    def wanted(self, text: str, **more: object) -> Wanted:
        """The last ask, as something to be looked for."""
        return Wanted(
            network=X,
            delivery_id=1,
            n=0,
            handle=self.access.handle,
            text=text,
            began_at=self.began_at,
            ended_at=datetime.now(UTC),
            **{"offset": self.offset, **more},
        )

    def finds(self, text: str, *sightings: Sighting, **more: object) -> object:
        """What sightings say of the last ask."""
        wanted = self.wanted(text, **more)
        return judge([wanted], sightings)[wanted.key]

    def looks_everywhere(self, **how: object) -> list[Sighting]:
        """Read both of the account's lists."""
        return [self.look(place, **how) for place in (Place.PROFILE, Place.REPLIES)]

    def ledger(self) -> list[dict]:
        """What this account made live, without what it was given as a past."""
        return [post for post in self.sandbox.ledger(self.access.handle) if post["origin"] == "page"]

    def but(self, **changes: object) -> Person:
        """The same person with something else about their access."""
        return Person(self.sandbox, self.browsers, replace(self.access, **changes))


@pytest.fixture(scope="session")
def browsers(tmp_path_factory) -> Iterator[Browsers]:
    found = Browsers(tmp_path_factory.mktemp("browsers"))
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
    assert [] == running_sandbox.counts()["copies"]


@pytest.fixture
def alice(sandbox, browsers) -> Person:
    access = Access(
        account="alice-account",
        handle="alice",
        base_url=sandbox.url,
        secret=sandbox.accounts["alice"],
        rules_accepted=True,
    )
    return Person(sandbox, browsers, access)


def alice_at(sandbox: SandboxProcess, browsers: Browsers) -> Person:
    """Alice at a sandbox that is not everybody's, emptied: her account is called by its address, for each runner keeps a
    page for every account that it has seen.
    """
    sandbox.forget()
    access = Access(
        account=f"alice-at-{sandbox.url}",
        handle="alice",
        base_url=sandbox.url,
        secret=sandbox.accounts["alice"],
        rules_accepted=True,
    )
    return Person(sandbox, browsers, access)


@pytest.fixture
def picture(tmp_path) -> Media:
    path = tmp_path / "dot.png"
    path.write_bytes(DOT)
    return Media(path=path, kind="image/png", alt="A single dot, nothing else")
