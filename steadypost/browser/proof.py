"""Whether a browser starts and draws a page here; if not, which library is missing, and its Debian package."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from steadypost.browser.errors import BrowserError, BrowserUnavailable
from steadypost.browser.launch import REMEDY, BrowserMissing, LaunchSettings, Reason, find_browser
from steadypost.browser.messages import Job
from steadypost.browser.runner import BrowserRunner

if TYPE_CHECKING:
    from steadypost.browser.desk import Desk

WITHIN = 15.0
"""Seconds for a browser to start and draw. Under two when idle; an answer is due within twenty in all."""

PATIENCE = 5.0
"""Seconds for a program that is only asked for its version, or for its libraries."""

PACKAGES = {
    "libatomic.so.1": "libatomic1",
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libnss3.so": "libnss3",
    "libnssutil3.so": "libnss3",
    "libsmime3.so": "libnss3",
    "libnspr4.so": "libnspr4",
    "libdbus-1.so.3": "libdbus-1-3",
    "libatk-1.0.so.0": "libatk1.0-0",
    "libatk-bridge-2.0.so.0": "libatk-bridge2.0-0",
    "libatspi.so.0": "libatspi2.0-0",
    "libcups.so.2": "libcups2",
    "libdrm.so.2": "libdrm2",
    "libgbm.so.1": "libgbm1",
    "libasound.so.2": "libasound2",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libX11.so.6": "libx11-6",
    "libXcomposite.so.1": "libxcomposite1",
    "libXdamage.so.1": "libxdamage1",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXrandr.so.2": "libxrandr2",
    "libxcb.so.1": "libxcb1",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libcairo.so.2": "libcairo2",
    "libexpat.so.1": "libexpat1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libudev.so.1": "libudev1",
}
"""Debian's package for each library that Playwright's node or downloaded browser needs."""

NOT_FOUND = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)

SAID_BY_BROWSER = re.compile(r"\[err\] (.+)")
"""What the browser itself said, in Playwright's account of a launch that failed."""

NO_SANDBOX = "No usable sandbox"

PAGE = "data:text/html,<p>A%20good%20day.</p>"


@dataclass(frozen=True, slots=True)
class Proven:
    """What was started, and came up."""

    executable: str
    version: str


class NotProven(Exception):
    """No browser starts here."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}: {remedy}")
        self.what = what
        self.remedy = remedy


def prove(within: float = WITHIN) -> Proven:
    """Start a browser, have it draw a page, and end it. Raises `NotProven`, with nothing left running."""
    ends = time.monotonic() + within
    _prove_node()
    with tempfile.TemporaryDirectory(prefix="steadypost-proof-") as folder:
        try:
            return _start(Path(folder), ends)
        except BrowserUnavailable as unavailable:
            raise _why(unavailable, within) from unavailable
        except BrowserError as broke:
            raise NotProven(f"the browser starts, and draws no page ({broke})", _by_hand()) from broke


def draws(desk: Desk, _: None) -> bool:
    """A runner's job: whether a page comes out as it was written."""
    page = desk.page("proof")
    page.goto(PAGE)
    return bool(page.inner_text("p") == "A good day.")


def missing_libraries(program: Path) -> list[str]:
    """Name the shared libraries that a program is linked with and this machine lacks."""
    try:
        done = subprocess.run(
            ["ldd", str(program)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return sorted(set(NOT_FOUND.findall(done.stdout)))


def to_install(libraries: list[str]) -> str:
    """Say what brings these libraries; one that is not known is named itself."""
    known = sorted({PACKAGES[one] for one in libraries if one in PACKAGES})
    unknown = [one for one in libraries if one not in PACKAGES]
    said = [f"apt-get install {' '.join(known)}"] if known else []
    said += [f"install the packages that bring {', '.join(unknown)}"] if unknown else []
    return ", and ".join(said)


def _start(folder: Path, ends: float) -> Proven:
    runner = BrowserRunner.start(
        LaunchSettings(launch_within=max(0.1, ends - time.monotonic())), folder, "proof"
    )
    try:
        # A slow start leaves the page less time, but never none.
        runner.run(Job("steadypost.browser.proof:draws"), deadline=max(ends, time.monotonic() + PATIENCE / 2))
    finally:
        runner.close()
    if runner.ready is None:
        raise BrowserUnavailable(Reason.CRASHED, "the browser never said that it was up")
    return Proven(runner.ready.executable, runner.ready.browser_version)


def _prove_node() -> None:
    """Run the program that drives the browser: without it, whatever browser there is does not start."""
    node = _node()
    if node is None:
        raise NotProven("Playwright is not installed here", "run `make setup`")
    try:
        done = subprocess.run(
            [node, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotProven(f"Playwright's node hangs ({node})", f"start it by hand: {node} --version") from None
    except OSError as error:
        raise NotProven(f"Playwright's node cannot be run ({error})", "install playwright anew") from error
    if done.returncode:
        lacks = missing_libraries(node) or re.findall(r"shared libraries: ([^\s:]+)", done.stderr)
        remedy = to_install(lacks) or f"start it by hand: {node} --version"
        raise NotProven(f"Playwright's node does not start ({_last(done.stderr.splitlines())})", remedy)


def _node() -> Path | None:
    """Find it as Playwright does, without loading Playwright."""
    named = os.environ.get("PLAYWRIGHT_NODEJS_PATH")
    if named:
        return Path(named)
    found = importlib.util.find_spec("playwright")
    return Path(found.origin).parent / "driver" / "node" if found and found.origin else None


def _why(unavailable: BrowserUnavailable, within: float) -> NotProven:
    if unavailable.reason is Reason.MISSING:
        what, _, _ = unavailable.message.partition(": ")
        return NotProven(what.rstrip("."), REMEDY)
    if unavailable.reason is Reason.TOO_SLOW:
        return NotProven(f"the browser is not up {within:g} s after its start", _by_hand())
    lacks = missing_libraries(Path(_executable()))
    if lacks:
        return NotProven(f"the browser lacks {', '.join(lacks)}", to_install(lacks))
    said = SAID_BY_BROWSER.findall(unavailable.message) or unavailable.message.splitlines()
    if NO_SANDBOX in unavailable.message:
        remedy = "apt-get install chromium-sandbox, or allow unprivileged user namespaces on this machine"
        return NotProven("the browser finds no sandbox that it may use", remedy)
    return NotProven(f"the browser ends as soon as it is started ({_last(said)})", _by_hand())


def _by_hand() -> str:
    return f"see what it says by hand: {_executable()} --headless --dump-dom about:blank; or {REMEDY}"


def _executable() -> str:
    try:
        return find_browser()
    except BrowserMissing:
        return "chromium"


def _last(lines: list[str]) -> str:
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "it says nothing")
