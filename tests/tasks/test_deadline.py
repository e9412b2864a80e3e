"""A run that hangs is ended at its deadline, in whatever it hangs; one that does not is left alone."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

HANGS = {
    "in Python": "while True: pass",
    "in a socket": "import socket; a, b = socket.socketpair(); a.recv(1)",
    "in C, with the interpreter's lock": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
    "in a thread it waits for": """
        import threading
        one = threading.Thread(target=time.sleep, args=(60,))
        one.start()
        one.join()""",
    "in what swallows every exception": """
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass""",
}

PROGRAM = """
import time
from datetime import timedelta
from tasks.deadline import ended_within
SECRET = "auth_token=6f1d2c"
with ended_within(timedelta(seconds=60)):
    with ended_within(timedelta(seconds=1)):
        print("hangs", flush=True)
        {hang}
"""


@pytest.mark.parametrize("how", HANGS)
def test_whatever_it_hangs_in(how):
    """The process is gone, with a code that says that it did not end well, and says where it was."""
    began = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(hang=HANGS[how])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ("hangs\n", 1) == (done.stdout, done.returncode)
    assert time.monotonic() - began < 30
    assert "Timeout" in done.stderr
    assert "most recent call first" in done.stderr
    # Functions and lines, and no value of anything.
    assert "6f1d2c" not in done.stderr


def test_what_is_left_in_time_goes_on():
    """And when an inner deadline was kept, the outer one holds again."""
    program = """
import time
from datetime import timedelta
from tasks.deadline import ended_within
with ended_within(timedelta(seconds=1)):
    pass
with ended_within(timedelta(seconds=3)):
    with ended_within(timedelta(seconds=1)):
        pass
    time.sleep(1.5)
    print("went on", flush=True)
    time.sleep(60)
"""

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )

    assert ("went on\n", 1) == (done.stdout, done.returncode)


def test_a_loop_has_so_long_for_each_cycle():
    """A loop that goes round lives on; one whose cycle hangs is ended, as far into it as the deadline says."""
    program = """
import time
from datetime import timedelta
from tasks.deadline import ended_within
with ended_within(timedelta(seconds=2)) as cycle:
    for _ in range(8):
        time.sleep(0.5)
        cycle.again()
    print("went round", flush=True)
    time.sleep(60)
"""

    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )

    assert "went round\n" == done.stdout
    assert 1 == done.returncode
    assert time.monotonic() - began >= 4 + 1
