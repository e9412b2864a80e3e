"""Showing, changing and explaining switches; what is not valid is refused before Prefect is troubled."""

from datetime import UTC, datetime, timedelta

import pytest

from blocks import Switch, Switches
from tasks import documents

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _address(monkeypatch):
    """Somebody has said where Prefect's API is; nothing is there."""
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")


@pytest.fixture
def prefect(monkeypatch):
    """What Prefect holds, in memory."""
    held = {"switches": Switches(publish=Switch(share=50, reason="trying it", by="carol", since=NOW))}

    def change(name, change):
        before = getattr(held["switches"], name)
        after = change(before)
        held["switches"] = held["switches"].model_copy(update={name: after})
        return before, after

    monkeypatch.setattr(documents, "switches", lambda: (held["switches"], ()))
    monkeypatch.setattr(documents, "change_switch", change)
    return held


def test_every_switch_is_listed_with_how_it_stands(prefect, call):
    """By whom and why, where it is not as it came."""
    out = call("switches").out
    told = {one["name"]: one for one in call("switches", "--json").json["switches"]}

    assert set(told) == set(Switches().each())
    assert "on for 50 %" == told["publish"]["stands"]
    assert ("carol", "trying it") == (told["publish"]["by"], told["publish"]["reason"])
    assert "on" == told["reconcile"]["stands"]
    assert "on for 50 %" in out


def test_one_is_explained_with_who_has_it(prefect, store, call):
    """What it does, what off means, since when, and whom it is on for now."""
    out = call("switches", "publish").out

    assert "Off: everything waits; nothing is lost." in out
    assert "by carol since" in out
    assert "on for: alice, bob\n" in out


def test_one_is_changed_with_a_reason_and_a_time(prefect, call):
    """Who, why, since when and until when are kept; the share goes."""
    before = datetime.now(UTC)
    done = call(
        "switches", "publish", "--off", "--for", "2h", "--why", "holiday", "--by", "dave", "--owner", "ops"
    )

    after = prefect["switches"].publish
    assert "publish is off; in force within five seconds.\n" == done.out
    assert (False, "holiday", "dave", "ops") == (after.on, after.reason, after.by, after.owner)
    assert before <= after.since <= datetime.now(UTC)
    assert after.until - after.since == timedelta(hours=2)

    call("switches", "publish", "--share", "25", "--why", "again")
    assert (True, 25) == (prefect["switches"].publish.on, prefect["switches"].publish.share)
    assert prefect["switches"].publish.until is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["publsh"], "publish was meant?"),
        (["zzz"], "there are: publish, reconcile"),
        (["publish", "--off"], "say why"),
        (["publish", "--off", "--on", "--why", "x"], "give one of --on, --off, --share"),
        (["publish", "--share", "101", "--why", "x"], "101"),
        (["publish", "--off", "--for", "ever", "--why", "x"], "write 30m, 2h or 3d"),
        (["--off", "--why", "x"], "which switch?"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(prefect, call, words, says):
    """The error says what to do instead."""
    before = prefect["switches"]

    done = call("switches", *words)

    assert 2 == done.code
    assert says in done.err
    assert prefect["switches"] == before


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (documents.ApiAway("ConnectError"), "the flows go on with the switches last read"),
        (documents.NoDocument("steadypost"), "python -m deployments"),
        (documents.ChangedMeanwhile("publish"), "that change is in force"),
    ],
)
def test_what_prefect_did_not_do_is_told(monkeypatch, call, trouble, says):
    """With what to do; never as though it were done."""

    def broken(*_):
        raise trouble

    monkeypatch.setattr(documents, "change_switch", broken)

    done = call("switches", "publish", "--off", "--why", "holiday")

    assert 1 == done.code
    assert says in done.err
    assert "" == done.out


def test_a_document_that_cannot_be_meant_is_told(monkeypatch, call):
    """With the field, and what serves until it is corrected."""
    monkeypatch.setattr(documents, "switches", lambda: (None, ("publish.share: no number",)))

    done = call("switches")

    assert 1 == done.code
    assert "publish.share: no number" in done.err
    assert "the last known ones serve" in done.err
