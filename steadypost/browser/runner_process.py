"""The child: one Playwright, one Chromium, one job at a time. Few imports: each start pays for them.

Started as ``python -m steadypost.browser.runner_process --fd N --parent PID``.
"""

import argparse
import contextlib
import ctypes
import errno
import importlib
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from playwright._impl._errors import TargetClosedError  # the public API has no name for it
from playwright.sync_api import Browser, Playwright, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as PageTimeout

from steadypost.browser.desk import Desk, ParentGone
from steadypost.browser.launch import BrowserMissing, LaunchSettings, Reason, find_browser
from steadypost.browser.messages import Broke, Done, Fault, Hello, Idle, Order, Ready, Stop, Unavailable

FOLLOWS_WITHIN = 0.25
"""Seconds in which a job follows the last one at once; then what that left open is parked."""

PR_SET_PDEATHSIG = 1
WORST_FIRST = "300"


def main() -> int:
    """Serve jobs until the parent stops us or hangs up."""
    args = _arguments()
    if not _tied_to(args.parent):
        return 1
    _die_first_when_memory_ends()
    os.set_inheritable(args.fd, False)  # noqa: FBT003 - or the browser would keep our line open after our death
    line = Connection(args.fd)
    with contextlib.suppress(ParentGone, EOFError, BrokenPipeError, ConnectionResetError):
        _serve(line)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--name", help="only to be read in a list of processes")
    return parser.parse_args()


def _tied_to(parent: int) -> bool:
    """Have the kernel kill us with our parent *thread* (`runner._launcher`). A parent already dead is seen by its
    number; elsewhere than on Linux the closed line has to do.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    return os.getppid() == parent


def _die_first_when_memory_ends() -> None:
    """Let the browser die first when memory ends, and leave no core file, which would hold cookies."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(WORST_FIRST, encoding="ascii")


def _serve(line: Connection) -> None:
    hello: Hello = line.recv()
    with sync_playwright() as playwright:
        try:
            browser, ready = _launch(playwright, hello.settings)
        except (BrowserMissing, PlaywrightError, OSError) as error:
            line.send(_unavailable(error))
            return
        line.send(ready)
        _work(line, browser, hello.settings)
        browser.close()


def _launch(playwright: Playwright, settings: LaunchSettings) -> tuple[Browser, Ready]:
    executable = settings.executable_path or find_browser(
        playwright.chromium.executable_path, headless=settings.headless
    )
    if not os.access(executable, os.X_OK):
        raise BrowserMissing(f"No executable browser at {executable}.")
    browser = playwright.chromium.launch(
        executable_path=executable,
        headless=settings.headless,
        args=settings.chromium_args(),
        # Unless told so, Playwright turns the sandbox off.
        chromium_sandbox=os.geteuid() != 0,
        timeout=settings.launch_within * 1000,
        handle_sigint=False,  # an operator's Ctrl-C is the parent's to act on
    )
    pid = _pid_of(browser)
    return browser, Ready(pid, os.getpgid(pid), browser.version, executable)


def _pid_of(browser: Browser) -> int:
    session = browser.new_browser_cdp_session()
    listed = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return int(next(entry["id"] for entry in listed if entry["type"] == "browser"))


def _unavailable(error: Exception) -> Unavailable:
    """The first line says what failed; why, the browser says last, after a long list of arguments."""
    message = str(error)
    if len(message) > 2000:
        message = f"{message.partition(chr(10))[0][:200]} ... {message[-1800:]}"
    return Unavailable(_reason(error), message)


def _reason(error: Exception) -> Reason:
    if isinstance(error, BrowserMissing | FileNotFoundError):
        return Reason.MISSING
    if isinstance(error, PageTimeout):
        return Reason.TOO_SLOW
    if isinstance(error, OSError) and error.errno in (errno.EAGAIN, errno.ENOMEM):
        return Reason.NO_CAPACITY
    return Reason.CRASHED


def _work(line: Connection, browser: Browser, settings: LaunchSettings) -> None:
    """Do one job after another. The result is sent before anything is tidied: it must not depend on that."""
    desk = Desk(browser, line, keep=settings.contexts_kept)
    while isinstance(order := _hear(line, desk), Order | Broke):
        answer = _send(line, _do(desk, order) if isinstance(order, Order) else order, desk)
        line.send(Idle(fit=_tidy(desk, broke=isinstance(answer, Broke))))
        if desk.is_left_open and not line.poll(FOLLOWS_WITHIN):
            # What fails here is the browser, which the parent looks at.
            with contextlib.suppress(PlaywrightError):
                desk.park()


def _hear(line: Connection, desk: Desk) -> Order | Stop | Broke:
    """Hear what to do next. An order whose payload can not be built here breaks that job and nothing else."""
    try:
        heard: Order | Stop = line.recv()
    except (EOFError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - unpickling raises whatever the value's classes raise
        desk.open_for(deadline=0)
        return _broke(error, desk)
    return heard


def _do(desk: Desk, order: Order) -> Done | Broke:
    desk.open_for(order.deadline)
    try:
        return Done(_function(order.job.entry)(desk, order.job.payload))
    except ParentGone:
        raise
    except BaseException as error:  # noqa: BLE001 - a job's sys.exit() is not ours
        return _broke(error, desk)


def _function(entry: str) -> Callable[[Desk, Any], Any]:
    module, _, name = entry.partition(":")
    function: Callable[[Desk, Any], Any] = getattr(importlib.import_module(module), name)
    return function


def _broke(error: BaseException, desk: Desk) -> Broke:
    trace = "".join(traceback.format_exception(error))
    return Broke(_fault(error, desk), type(error).__name__, str(error), desk.last_step, trace)


def _fault(error: BaseException, desk: Desk) -> Fault:
    if isinstance(error, TargetClosedError) or not desk.browser.is_connected():
        return Fault.BROWSER_GONE
    if isinstance(error, PageTimeout):
        return Fault.PAGE_TIMEOUT
    if isinstance(error, PlaywrightError):
        return Fault.PLAYWRIGHT
    return Fault.JOB


def _send(line: Connection, answer: Done | Broke, desk: Desk) -> Done | Broke:
    """Send the answer; a result that can not travel is a break like any other."""
    try:
        line.send(answer)
    except OSError as error:
        raise ParentGone from error
    except Exception as error:  # noqa: BLE001 - pickling raises whatever the value's classes raise
        answer = _broke(error, desk)
        line.send(answer)
    return answer


def _tidy(desk: Desk, *, broke: bool) -> bool:
    try:
        desk.tidy(broke=broke)
    except Exception:  # noqa: BLE001 - a browser that can not be tidied is not lent again
        return False
    return desk.browser.is_connected()


if __name__ == "__main__":
    sys.exit(main())
