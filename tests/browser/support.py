"""What these tests share: waiting with a reason, and looking at the world afterwards."""

import http.server
import os
import socket
import threading
import time
from contextlib import contextmanager

import psutil

from steadypost.browser import Job

SECRET = "cookie-of-alice-5f3a"


def job(name, payload=None):
    return Job(f"tests.browser.browser_jobs:{name}", payload)


def slowness():
    """How many times slower than a quiet machine this one is: what is measured in seconds must allow for it."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def soon(seconds=10.0):
    return time.monotonic() + seconds * slowness()


def wait_until(condition, description, within=10.0):
    """Wait for something to become true; say what it was if it does not."""
    within *= slowness()
    until = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"did not happen within {within:.1f} s: {description}")
        time.sleep(0.01)
    return value


def alive(pids):
    """Return those of these processes that could still act."""
    return [pid for pid in pids if psutil.pid_exists(pid) and _acts(pid)]


def _acts(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def process_tree(runner):
    """Return the numbers of everything that belongs to a runner now: node, Chromium and its children too."""
    pids = [process.pid for process in runner.process_tree.living()]
    assert len(pids) > 4
    return pids


@contextmanager
def site(answer):
    """Serve one answer on a port of its own: a function of the request handler."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = answer(self).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent_site():
    """Take connections and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def state_with_cookie(url, value):
    host = url.split("//")[1].split(":")[0]
    cookie = {
        "name": "who", "value": value, "domain": host, "path": "/", "expires": -1,
        "httpOnly": False, "secure": False, "sameSite": "Lax",
    }  # fmt: skip
    return {"cookies": [cookie], "origins": []}
