"""The unit is one that systemd takes, and what is to be done by hand is said."""

import getpass
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from steadypost.cli.commands import service
from steadypost.cli.up import units

ANALYZE = shutil.which("systemd-analyze")


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """A machine that systemd runs, which takes every word and remembers it."""
    said = tmp_path / "said.txt"
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("systemctl", "loginctl"):
        tool = tools / name
        tool.write_text(
            f'#!/bin/sh\necho "{name} $*" >> {said}\ncat {tmp_path}/answers-{name} 2>/dev/null\nexit 0\n'
        )
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.setattr(service, "RUNS", tmp_path)
    monkeypatch.setattr(units, "SYSTEM", tmp_path / "etc")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    said.touch()
    return said


@pytest.mark.skipif(ANALYZE is None, reason="this machine has no systemd-analyze to read a unit with")
@pytest.mark.parametrize("whole", [True, False], ids=["system", "user"])
def test_systemd_takes_the_unit(tmp_path, whole):
    """Every line of it: a word that it does not know would be passed over in silence."""
    python, home = Path(sys.executable), tmp_path / "a%home"
    home.mkdir()
    unit = (
        units.system(python=python, home=home, user=getpass.getuser())
        if whole
        else units.user(python=python, home=home, owner=tmp_path)
    )
    file = tmp_path / units.NAME
    file.write_text(unit.text)
    told = subprocess.run(
        [ANALYZE, "verify", "--man=no", *([] if whole else ["--user"]), str(file)],
        capture_output=True,
        text=True,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    about_it = [line for line in (told.stdout + told.stderr).splitlines() if units.NAME in line]

    assert [] == about_it

    file.write_text(unit.text.replace("KillMode=mixed", "KillMode=mixd"))
    wrong = subprocess.run(
        [ANALYZE, "verify", "--man=no", *([] if whole else ["--user"]), str(file)],
        capture_output=True,
        text=True,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert "mixd" in wrong.stdout + wrong.stderr, "the check would not see a wrong line"


def test_the_browsers_own_sandbox_is_left_to_it(tmp_path):
    """What would take namespaces or compiled code from it would have every browser fail."""
    for unit in (
        units.system(python=Path("/p"), home=tmp_path, user="me"),
        units.user(python=Path("/p"), home=tmp_path, owner=tmp_path),
    ):
        lines = unit.text.splitlines()
        assert not [one for one in lines if one.startswith(("RestrictNamespaces", "MemoryDenyWriteExecute"))]
        assert {"NoNewPrivileges=yes", "Restart=always", "UMask=0077"} <= set(lines)


def test_a_dry_run_prints_the_unit_and_does_nothing(call, systemd, home):
    """As it would be written, to be read and copied."""
    told = call("service", "install", "--user", "--dry-run")

    assert 0 == told.code
    assert f"\nEnvironment=STEADYPOST_HOME={home}\n" in told.out
    assert "\nExecStart=" in told.out
    assert "systemctl --user enable steadypost.service" in told.out
    assert "" == systemd.read_text()
    assert not (Path.home() / units.USER / units.NAME).exists()


def test_it_is_installed_and_taken_away_again(call, systemd, tmp_path):
    """Enabled, so that it starts with the machine; lingering, so that it does without anybody logged in."""
    (tmp_path / "answers-loginctl").write_text("yes\n")
    installed = call("service", "install", "--user", "--json")
    path = Path(installed.json["path"])

    assert (0, True) == (installed.code, installed.json["lingers"])
    assert "ExecStart=" in path.read_text()
    assert [
        "systemctl --user daemon-reload",
        "systemctl --user enable steadypost.service",
        "systemctl --user restart steadypost.service",
    ] == systemd.read_text().splitlines()[:3]

    removed = call("service", "uninstall", "--user")
    assert 0 == removed.code
    assert not path.exists()
    assert "systemctl --user disable --now steadypost.service" in systemd.read_text()


def test_it_says_whether_it_runs(call, systemd, tmp_path):
    """By its exit code as well."""
    (tmp_path / "answers-systemctl").write_text(
        "LoadState=loaded\nActiveState=failed\nSubState=failed\nUnitFileState=enabled\nNRestarts=3\n"
    )
    told = call("service", "status", "--user")

    assert 1 == told.code
    assert "does not run (failed, failed)" in told.out
    assert "started again 3 times" in told.out


def test_without_systemd_it_says_what_to_do(call, monkeypatch, tmp_path):
    """Nothing is written on a machine that would never read it."""
    monkeypatch.setattr(service, "RUNS", tmp_path / "nowhere")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    told = call("service", "install", "--user")

    assert 1 == told.code
    assert "steadypost up" in told.err
    assert not (tmp_path / "me").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--system", "--run-as", "nobody-of-this-name"], "no such user"),
        (["--system"], "--run-as NAME"),
        (["--user", "--run-as", "root"], "--system"),
    ],
)
def test_what_cannot_be_meant_is_refused(call, systemd, monkeypatch, words, says):
    """A service as root is nobody's default."""
    monkeypatch.delenv("SUDO_USER", raising=False)
    told = call("service", "install", *words)

    assert 2 == told.code
    assert says in told.err
    assert "" == systemd.read_text()
