"""The drill is started as a program of its own, where it is installed; elsewhere the command says where it is."""

import json
import subprocess
from types import SimpleNamespace

import pytest

from steadypost.cli.commands import drill


@pytest.fixture
def program(monkeypatch, tmp_path):
    """What the drill's own program would be started with; it leaves a report."""
    started = SimpleNamespace(words=None, ends=0)

    def run(words, **_):
        started.words = words
        (tmp_path / "report.json").write_text(json.dumps({"good": 9, "due": 10, "duplicates": 0, "lost": 0}))
        return SimpleNamespace(returncode=started.ends)

    monkeypatch.setattr(subprocess, "run", run)
    return started


def test_it_is_handed_over_word_by_word(program, call, tmp_path):
    """Seed, length, weather, store and the other half; the answer is its report."""
    done = call(
        "drill",
        "--seed",
        "3",
        "--minutes",
        "2",
        "--weather",
        "host",
        "--control",
        "--off",
        "repair",
        "--off",
        "circuits",
        "--out",
        str(tmp_path),
        "--json",
    )

    assert ["-m", "rehearsal.drill"] == program.words[1:3]
    told = program.words[3:]
    assert [
        "3",
        "2.0",
        "host",
    ] == [told[told.index(name) + 1] for name in ("--seed", "--minutes", "--weather")]
    assert "--control" in told
    assert ["repair", "circuits"] == [told[n + 1] for n, word in enumerate(told) if word == "--off"]
    assert "--simulate" not in told
    assert (0, 9) == (done.code, done.json["report"]["good"])


def test_days_are_simulated(program, call, tmp_path):
    """By the same command."""
    call("drill", "--simulate", "28", "--out", str(tmp_path))

    assert ["--simulate", "28.0"] == program.words[-2:]


def test_what_must_never_happen_is_an_exit_code(program, call, tmp_path):
    """It was played, and something did not hold."""
    program.ends = 1

    done = call("drill", "--out", str(tmp_path))

    assert 4 == done.code
    assert "9 of 10 good" in " ".join(done.out.split())


def test_one_that_was_not_played_has_no_report(program, call, tmp_path):
    """Whatever lay there from before."""
    program.ends = 2

    done = call("drill", "--out", str(tmp_path))

    assert 2 == done.code
    assert "" == done.out


def test_without_the_rehearsal_the_command_says_where_it_is(monkeypatch, call, tmp_path):
    """A wheel does not hold the sandbox."""
    monkeypatch.setattr(drill, "REHEARSAL", "no_such_package.drill")

    done = call("drill", "--out", str(tmp_path))

    assert 2 == done.code
    assert "not part of this installation" in done.err
    assert "make drill" in done.err
