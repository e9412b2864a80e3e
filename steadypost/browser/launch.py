"""Which browser is launched, and how."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Keeps Chromium from talking to anything but the page. Measured on a closed network."""

SEPARATE = ("--enable-features=PartitionConnectionsByNetworkIsolationKey",)
"""Keeps connections of one network partition from another (decision 0027); off by default without a window."""

HEADLESS_ON_PATH = ("chromium-headless-shell",)
"""Chromium's build without a window: draws the same with a fifth less memory and processor time."""

ON_PATH = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

HEADLESS_DOWNLOADS = (
    "chromium_headless_shell-*/chrome-*/chrome-headless-shell",
    "chromium_headless_shell-*/chrome-*/headless_shell",
)
"""Where `playwright install chromium` leaves that build, by its releases' names for it."""

DOWNLOADS = ("chromium-*/chrome-*/chrome",)

REMEDY = (
    "set STEADYPOST_CHROMIUM to an executable, or run `playwright install chromium`, "
    "or install the system's chromium"
)


class Reason(StrEnum):
    """Why there is no browser."""

    MISSING = "missing"
    """No executable where one should be."""

    NO_CAPACITY = "no_capacity"
    """The machine refused a new process: out of memory or of processes."""

    CRASHED = "crashed"
    """It was started and ended, or refused to be driven."""

    TOO_SLOW = "too_slow"
    """It was started and not ready in time; it was killed and seen dead."""


class BrowserMissing(Exception):
    """No executable browser was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchSettings:
    """How a runner launches its browser."""

    executable_path: str | None = None
    """None: found anew at every start (`find_browser`), so an installed browser needs no restart."""

    headless: bool = True

    args: tuple[str, ...] = (*QUIET, *SEPARATE)

    launch_within: float = 30.0
    """Seconds from process to answering browser: under two when idle, several times that on a loaded machine."""

    js_heap_mb: int | None = 512
    """Where a page's script heap ends: a page that leaks crashes alone, before the machine runs out."""

    contexts_kept: int = 8
    """How many accounts' contexts a runner keeps open; the one unused longest goes first."""

    extra_path: tuple[str, ...] = ()
    """Folders put before PYTHONPATH, for jobs that are not installed."""

    environment: dict[str, str] = field(default_factory=dict)
    """Variables added to the runner's environment."""

    def chromium_args(self) -> list[str]:
        """Return the arguments for Chromium. Only root gives up its sandbox: there it refuses to start."""
        heap = [f"--js-flags=--max-old-space-size={self.js_heap_mb}"] if self.js_heap_mb else []
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        return [*self.args, *heap, *root]


def find_browser(playwrights_own: str | None = None, *, headless: bool = True) -> str:
    """Return the browser: the configured one, else Playwright's, else the system's; without a window where none is
    needed.

    A missing configured browser is an error: another version must not post from the account.
    """
    configured = os.environ.get("STEADYPOST_CHROMIUM")
    if configured:
        return _existing(configured)
    downloaded = _downloaded([*HEADLESS_DOWNLOADS, *DOWNLOADS] if headless else DOWNLOADS)
    if playwrights_own and _is_executable(playwrights_own):
        # Of its revision, the one that this Playwright was tested with.
        same = [path for path in downloaded if _revision(path) == _revision(Path(playwrights_own))]
        return next(map(str, same), playwrights_own)
    for found in (*downloaded, *_on_path([*HEADLESS_ON_PATH, *ON_PATH] if headless else ON_PATH)):
        return str(found)
    raise BrowserMissing(f"No Chromium found: {REMEDY}.")


def _existing(path: str) -> str:
    if not _is_executable(path):
        raise BrowserMissing(f"No executable browser at {path}: {REMEDY}.")
    return path


def _is_executable(path: str) -> bool:
    return os.access(path, os.X_OK) and Path(path).is_file()


def _downloaded(where: Iterable[str]) -> list[Path]:
    """What `playwright install` has left in its usual place, newest first; of one revision, in this order."""
    root = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    cache = Path(root) if root and root != "0" else Path.home() / ".cache" / "ms-playwright"
    found = [path for each in where for path in cache.glob(each) if _is_executable(str(path))]
    return sorted(found, key=_revision, reverse=True)


def _revision(path: Path) -> int:
    number = path.parents[1].name.partition("-")[2]
    return int(number) if number.isdigit() else 0


def _on_path(names: Iterable[str]) -> list[str]:
    return [found for name in names if (found := shutil.which(name))]
