"""``account record``: files of what the page is made of, or a sentence why there are none."""

import contextlib

import pytest

from steadypost.channels.port import Access
from steadypost.channels.x_web.channel import XWeb
from steadypost.channels.x_web.errand import Recording
from steadypost.cli import opening
from steadypost.cli.endings import Ending
from steadypost.domain.outcome import Cause


@pytest.fixture
def records(monkeypatch, store):
    """Have the recorder bring this."""

    def bring(recording):
        class Channel(XWeb):
            def __init__(self):
                """It brings what it is told to, and needs no browser."""

            def record(self, access, *, deadline):
                return recording

        access = Access(
            account="alice", handle="alice_x", base_url="https://x.com", secret={}, rules_accepted=True
        )
        opened = contextlib.nullcontext((Channel(), access))
        monkeypatch.setattr(opening, "opened", lambda *_: opened)

    return bring


def test_each_page_is_a_file(call, records, tmp_path):
    records(Recording(pages={"composer": "<html>1</html>", "post": "<html>2</html>"}))
    done = call("account", "record", "alice", "--out", str(tmp_path), "--json")

    files = sorted(tmp_path.glob("x.com-*.html"))
    assert (Ending.OK, [str(file) for file in files]) == (done.code, sorted(done.json["files"]))
    assert ["<html>1</html>", "<html>2</html>"] == [file.read_text() for file in files]


@pytest.mark.parametrize("group", ["account", "service"])
def test_what_a_group_can_do_is_said_to_the_end(call, group):
    """Click itself would cut it after a few words."""
    _, _, listed = call(group, "--help").out.partition("Commands:")

    assert (True, False) == (bool(listed), "..." in listed)


def test_what_was_not_recorded_is_said(call, records, tmp_path):
    records(Recording(pages={}, cause=Cause.SIGNED_OUT, why="X asks to sign in"))
    done = call("account", "record", "alice", "--out", str(tmp_path))

    assert (Ending.REFUSED, True, []) == (
        done.code,
        "X asks to sign in" in done.err,
        list(tmp_path.glob("*.html")),
    )


def test_a_folder_that_is_not_there_is_refused_before_anything_is_opened(call, monkeypatch):
    monkeypatch.setattr(opening, "opened", lambda *_: pytest.fail("a browser was opened"))

    assert Ending.USAGE == call("account", "record", "alice", "--out", "/nowhere").code
