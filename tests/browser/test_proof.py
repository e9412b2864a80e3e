"""That a browser starts is shown by starting one; where none does, it is said what is missing and what brings it."""

import os
import time

import psutil
import pytest

from steadypost.browser import find_browser, proof
from steadypost.browser.proof import NotProven, missing_libraries, prove, to_install
from tests.browser.support import alive, slowness


@pytest.fixture
def executable(tmp_path):
    def write(name, script):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def browser(executable, monkeypatch):
    """Put a program in the browser's place."""

    def be(script):
        path = executable("chromium", script)
        monkeypatch.setenv("STEADYPOST_CHROMIUM", str(path))
        return path

    return be


@pytest.fixture
def node(executable, monkeypatch):
    """Put a program in the place of Playwright's node."""

    def be(script):
        path = executable("node", script)
        monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(path))
        return path

    return be


@pytest.fixture
def linked(executable, monkeypatch, tmp_path):
    """Have ``ldd`` say what it says on a machine that lacks a library."""

    def lacking(*libraries):
        lines = "\n".join(f"\t{library} => not found" for library in libraries)
        executable("ldd", f"cat <<'END'\n\tlibc.so.6 => {tmp_path}/libc.so.6 (0x00007f)\n{lines}\nEND")
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return lacking


def refused(within=15.0):
    with pytest.raises(NotProven) as wrong:
        prove(within)
    assert wrong.value.remedy
    return wrong.value


def browsers():
    """Those of this process, other tests' runners included."""
    return {one.pid for one in psutil.Process().children(recursive=True) if "chrom" in one.name()}


@pytest.mark.browser
def test_a_browser_that_starts_is_named_with_its_version(monkeypatch):
    """It was started through Playwright and has drawn a page; then it is gone."""
    monkeypatch.setenv("STEADYPOST_CHROMIUM", find_browser())
    before = browsers()

    proven = prove(60)

    assert proven.executable == find_browser()
    assert proven.version.split(".")[0].isdigit()
    assert browsers() <= before


@pytest.mark.browser
def test_a_browser_that_ends_at_once(browser):
    """What it said last is told."""
    path = browser("echo nothing to draw on >&2; exit 3")

    wrong = refused()

    assert "ends as soon as it is started (nothing to draw on)" in wrong.what
    assert str(path) in wrong.remedy


@pytest.mark.browser
def test_a_browser_that_hangs(browser, tmp_path):
    """It is given its time and no more, and ended."""
    browser(f"echo $$ > {tmp_path}/pid; exec sleep 600")
    began, within = time.monotonic(), 3 * slowness()

    wrong = refused(within)

    assert "after its start" in wrong.what
    assert time.monotonic() - began < 2 * within
    assert not alive([int((tmp_path / "pid").read_text())])


@pytest.mark.browser
def test_a_browser_that_lacks_a_library(browser, linked):
    """The package that brings it is named."""
    browser("exit 127")
    linked("libnss3.so", "libgbm.so.1")

    wrong = refused()

    assert "the browser lacks libgbm.so.1, libnss3.so" == wrong.what
    assert "apt-get install libgbm1 libnss3" == wrong.remedy


def test_a_node_that_lacks_a_library(node, linked):
    """As on a minimal Debian: no browser could start, whichever there is."""
    node("echo 'node: error while loading shared libraries: libatomic.so.1: cannot open' >&2; exit 127")
    linked("libatomic.so.1")

    wrong = refused()

    assert "Playwright's node does not start" in wrong.what
    assert "libatomic.so.1" in wrong.what
    assert "apt-get install libatomic1" == wrong.remedy


def test_a_library_is_known_by_what_the_loader_says(node):
    """Where there is nothing to ask ``ldd`` about."""
    node("echo 'node: error while loading shared libraries: libodd.so.9: cannot open' >&2; exit 127")

    assert "install the packages that bring libodd.so.9" == refused().remedy


def test_a_node_that_hangs(node, monkeypatch):
    """It is only asked for its version."""
    monkeypatch.setattr(proof, "PATIENCE", 0.5)
    node("exec sleep 600")

    assert "node hangs" in refused().what


def test_a_node_that_is_not_there(monkeypatch, tmp_path):
    """Somebody named another that is none."""
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(tmp_path / "gone"))

    assert "cannot be run" in refused().what


@pytest.mark.browser
def test_no_browser_at_all(monkeypatch, tmp_path):
    """The one that was named is not there."""
    monkeypatch.setenv("STEADYPOST_CHROMIUM", str(tmp_path / "gone"))

    wrong = refused()

    assert str(tmp_path / "gone") in wrong.what
    assert "STEADYPOST_CHROMIUM" in wrong.remedy


@pytest.mark.browser
def test_a_sandbox_that_may_not_be_used(browser):
    """A kernel without namespaces for ordinary users, and no helper that runs as root."""
    browser("echo 'FATAL: No usable sandbox! If you are running on Ubuntu' >&2; exit 1")

    assert "chromium-sandbox" in refused().remedy


def test_what_brings_a_library():
    """One that is not in the table is named itself."""
    assert "apt-get install libatomic1" == to_install(["libatomic.so.1"])
    assert "apt-get install libnss3" == to_install(["libnss3.so", "libsmime3.so"])
    assert ("apt-get install libatomic1, and install the packages that bring libodd.so.9") == to_install(
        ["libatomic.so.1", "libodd.so.9"]
    )
    assert "" == to_install([])


def test_a_program_that_is_not_linked_lacks_nothing(executable):
    """A script, for instance: Debian's browser is started by one."""
    assert [] == missing_libraries(executable("script", "true"))
