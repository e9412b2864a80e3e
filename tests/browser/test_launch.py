"""A browser that can not start is said to be so: never a timeout, and nothing is left of the attempt."""

import os
import time

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from steadypost.browser import (
    BrowserRunner,
    BrowserUnavailable,
    LaunchSettings,
    Reason,
    find_browser,
    runner_process,
)
from steadypost.browser.launch import BrowserMissing
from tests.browser.support import alive, slowness


def executable(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without any browser."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "downloaded"))
    monkeypatch.delenv("STEADYPOST_CHROMIUM", raising=False)
    (tmp_path / "bin").mkdir()
    return tmp_path


def test_the_configured_browser_comes_first(bare, monkeypatch):
    """Whoever names a browser gets that one."""
    executable(bare / "bin" / "chromium", "true")
    named = executable(bare / "mine", "true")
    monkeypatch.setenv("STEADYPOST_CHROMIUM", named)

    assert find_browser() == named


def test_a_configured_browser_that_is_missing_is_not_replaced(bare, monkeypatch):
    """Another browser than the one named would post with another face."""
    executable(bare / "bin" / "chromium", "true")
    monkeypatch.setenv("STEADYPOST_CHROMIUM", str(bare / "gone"))

    with pytest.raises(BrowserMissing, match="gone"):
        find_browser()


def test_playwrights_own_comes_before_the_systems(bare):
    """The newest download is preferred: it is the one that Playwright was tested with."""
    executable(bare / "bin" / "chromium", "true")
    for revision in ("chromium-999", "chromium-1200"):
        (bare / "downloaded" / revision / "chrome-linux").mkdir(parents=True)
        executable(bare / "downloaded" / revision / "chrome-linux" / "chrome", "true")

    assert "chromium-1200" in find_browser()
    assert find_browser(playwrights_own=str(bare / "bin" / "chromium")).startswith(str(bare / "bin"))


def test_the_systems_browser_is_found_on_the_path(bare):
    """Debian's chromium will do; its build without a window is the lighter one, for whoever needs none."""
    found = executable(bare / "bin" / "chromium", "true")
    assert find_browser() == found

    lighter = executable(bare / "bin" / "chromium-headless-shell", "true")

    assert find_browser() == lighter
    assert find_browser(headless=False) == found


@pytest.mark.parametrize(
    "lies_at", ["chrome-headless-shell-linux64/chrome-headless-shell", "chrome-linux/headless_shell"]
)
def test_playwrights_own_build_without_a_window_is_that_of_its_revision(bare, lies_at):
    """Playwright downloads both; another revision's is none that this Playwright was tested with."""
    for where in ("1200/chrome-linux64/chrome", "1300/chrome-linux64/chrome"):
        path = bare / "downloaded" / f"chromium-{where}"
        path.parent.mkdir(parents=True)
        executable(path, "true")
    own = str(bare / "downloaded" / "chromium-1200" / "chrome-linux64" / "chrome")
    assert find_browser(playwrights_own=own) == own
    path = bare / "downloaded" / "chromium_headless_shell-1200" / lies_at
    path.parent.mkdir(parents=True)
    lighter = executable(path, "true")

    assert find_browser(playwrights_own=own) == lighter
    assert find_browser(playwrights_own=own, headless=False) == own
    assert "chromium-1300" in find_browser()


def test_no_browser_at_all_comes_with_its_remedy(bare):
    """The message says what to do."""
    with pytest.raises(BrowserMissing, match="playwright install chromium"):
        find_browser()


def test_only_root_gives_up_the_sandbox(monkeypatch):
    """Chromium refuses to run as root otherwise; nobody else goes without."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--no-sandbox" not in LaunchSettings().chromium_args()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--no-sandbox" in LaunchSettings().chromium_args()


@pytest.mark.parametrize(("user", "given_up"), [(1000, False), (0, True)])
def test_what_really_is_started_has_its_sandbox(tmp_path, monkeypatch, user, given_up):
    """Playwright adds arguments of its own, and among them that one unless it is told otherwise."""
    said = tmp_path / "said"
    named = executable(tmp_path / "browser", f'printf "%s\\n" "$@" >{said}; exit 1')
    monkeypatch.setattr(os, "geteuid", lambda: user)

    with sync_playwright() as playwright, pytest.raises(PlaywrightError):
        runner_process._launch(playwright, LaunchSettings(executable_path=named))

    assert given_up is ("--no-sandbox" in said.read_text().splitlines())


def refused(settings, run_dir):
    with pytest.raises(BrowserUnavailable) as unavailable:
        BrowserRunner.start(settings, run_dir)
    assert not list(run_dir.glob("*"))
    return unavailable.value


@pytest.mark.browser
def test_a_missing_browser_is_unavailable_and_then_found(tmp_path):
    """The moment the browser is there, the next start has it."""
    path = tmp_path / "chromium"
    settings = LaunchSettings(executable_path=str(path))
    assert refused(settings, tmp_path / "browsers").reason is Reason.MISSING

    path.symlink_to(find_browser())
    runner = BrowserRunner.start(settings, tmp_path / "browsers")

    assert runner.is_fit()
    runner.close()


@pytest.mark.browser
def test_a_browser_that_crashes_at_once_is_unavailable(tmp_path):
    """Started and ended: the reason says so, and the message what it said."""
    crashing = executable(tmp_path / "chromium", "echo no such library >&2; exit 127")
    unavailable = refused(LaunchSettings(executable_path=crashing), tmp_path / "browsers")

    assert unavailable.reason is Reason.CRASHED
    assert "no such library" in unavailable.message


@pytest.mark.browser
def test_a_browser_that_never_comes_up_is_ended(tmp_path):
    """A start has its own deadline, and leaves no process behind."""
    pid_file = tmp_path / "pid"
    hanging = executable(tmp_path / "chromium", f"echo $$ > {pid_file}; exec sleep 600")
    began = time.monotonic()
    unavailable = refused(LaunchSettings(executable_path=hanging, launch_within=5.0), tmp_path / "browsers")

    assert unavailable.reason is Reason.TOO_SLOW
    assert time.monotonic() - began < 8 * slowness()
    assert not alive([int(pid_file.read_text())])


@pytest.mark.browser
def test_a_runner_that_can_not_begin_says_why(tmp_path):
    """Without Playwright's driver there is no runner; its last words reach the operator."""
    (tmp_path / "playwright").mkdir()
    (tmp_path / "playwright" / "__init__.py").write_text("raise ImportError('no driver today')")
    unavailable = refused(LaunchSettings(extra_path=(str(tmp_path),)), tmp_path / "browsers")

    assert unavailable.reason is Reason.CRASHED
    assert "no driver today" in unavailable.message
