"""A setting is meant as it stands, or refused by name, value and remedy; it is never replaced by a default."""

from datetime import timedelta
from pathlib import Path

import pytest

from steadypost.settings import SettingsRefused, read, unknown_names, without_password


def refused(**environment):
    with pytest.raises(SettingsRefused) as caught:
        read(environment)
    return caught.value.wrong


def test_without_any_setting_the_defaults_hold(monkeypatch, tmp_path):
    """Everything in one folder of the person's own, times in UTC, and no zone for times without one."""
    monkeypatch.chdir(tmp_path)

    settings = read({})

    assert settings.home == Path.home() / ".steadypost"
    assert settings.store_url == f"sqlite:///{Path.home()}/.steadypost/steadypost.db"
    assert settings.run_dir == Path.home() / ".steadypost" / "run"
    assert (
        "UTC",
        None,
        2,
        None,
    ) == (settings.zone, settings.zone_for_naive, settings.browsers, settings.chromium)


@pytest.mark.parametrize("where", ["file/under", "file/deep/under", "dangling", "dangling/under"])
def test_a_home_that_cannot_be_made_is_refused(tmp_path, where):
    """Below a file, or behind a link that leads nowhere."""
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")

    [wrong] = refused(STEADYPOST_HOME=str(tmp_path / where))

    assert ("STEADYPOST_HOME", str(tmp_path / where)) == (wrong.name, wrong.value)
    assert str(tmp_path / where.partition("/")[0]) in wrong.remedy


@pytest.mark.parametrize("where", ["there", "link", "link/new/deep", "new/deep"])
def test_a_home_that_can_be_made_is_taken(tmp_path, where):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")

    assert tmp_path / where == read({"STEADYPOST_HOME": str(tmp_path / where)}).home


def test_what_is_given_is_taken(tmp_path):
    """Each of the seven."""
    settings = read(
        {
            "STEADYPOST_HOME": str(tmp_path / "home"),
            "STEADYPOST_STORE_URL": "postgresql+psycopg://u:p@h/d",
            "STEADYPOST_ZONE": "Europe/Berlin",
            "STEADYPOST_CHROMIUM": "/elsewhere/chromium",
            "STEADYPOST_BROWSERS": "16",
            "STEADYPOST_RUN_DIR": "/run/steadypost",
            "STEADYPOST_ON_TIME": "90s",
        }
    )

    assert (
        "Europe/Berlin",
        16,
        "/elsewhere/chromium",
    ) == (settings.zone_for_naive, settings.browsers, settings.chromium)
    assert settings.run_dir == Path("/run/steadypost")
    assert settings.on_time == timedelta(seconds=90)
    assert "u:p@" not in repr(settings)


@pytest.mark.parametrize("value", ["", "5", "soon", "0m", "-5m"])
def test_a_length_that_cannot_be_meant_is_refused(value):
    """What "on time" means is in every figure: nobody guesses it."""
    [wrong] = refused(STEADYPOST_ON_TIME=value)

    assert ("STEADYPOST_ON_TIME", value) == (wrong.name, wrong.value)
    assert "5m" in wrong.remedy


@pytest.mark.parametrize("value", ["0.6", "", "abc", "-1", "0", "17", "1e1", " 2", "２", "2\n"])
def test_a_number_of_browsers_that_is_not_valid_is_refused(value):
    """A half-read number would starve the machine, or stop it."""
    [wrong] = refused(STEADYPOST_BROWSERS=value)

    assert (wrong.name, wrong.value) == ("STEADYPOST_BROWSERS", value)
    assert "1 to 16" in wrong.remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STEADYPOST_HOME", ""),
        ("STEADYPOST_HOME", "/etc/hostname"),
        ("STEADYPOST_RUN_DIR", " "),
        ("STEADYPOST_ZONE", ""),
        ("STEADYPOST_ZONE", "Europe/Berln"),
        ("STEADYPOST_ZONE", "../etc"),
        ("STEADYPOST_CHROMIUM", ""),
        ("STEADYPOST_STORE_URL", ""),
        ("STEADYPOST_STORE_URL", "steadypost.db"),
        ("STEADYPOST_STORE_URL", "mysql://h/d"),
        ("STEADYPOST_STORE_URL", "sqlite://"),
        ("STEADYPOST_STORE_URL", "sqlite:///"),
        ("STEADYPOST_STORE_URL", "postgresql://h"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(name, value):
    """Also an empty one: whoever set it wanted something."""
    [wrong] = refused(**{name: value})

    assert wrong.name == name
    assert wrong.remedy


def test_all_that_is_wrong_is_said_at_once():
    """Nobody restarts a worker once for each mistake."""
    wrong = refused(STEADYPOST_BROWSERS="x", STEADYPOST_ZONE="x", STEADYPOST_STORE_URI="sqlite:////x.db")

    assert {"STEADYPOST_BROWSERS", "STEADYPOST_ZONE", "STEADYPOST_STORE_URI"} == {one.name for one in wrong}


def test_a_slip_in_a_name_is_refused_and_a_stranger_is_told_of():
    """A misspelt store address would mean another store, silently. Steadypost's own marks are no strangers."""
    [wrong] = refused(STEADYPOST_BROWSER="3")
    assert "STEADYPOST_BROWSERS" in wrong.remedy

    theirs = {
        "STEADYPOST_COLOUR": "blue",
        "STEADYPOST_RUNNER": "1",
        "STEADYPOST_REHEARSAL": "x",
        "PATH": "/bin",
    }
    assert 2 == read(theirs).browsers
    assert ["STEADYPOST_COLOUR"] == [one.name for one in unknown_names(theirs)]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret@h/d",
        "postgresql://u:s3cr@s3cret:@h/d",
        "postgresql://h/d?user=u&password=s3cret&x=1",
        "postgresql://u:s3cret@h/d is away, ask admin",
        "mysql://:s3cret@h",
    ],
)
def test_a_password_is_cut_out_wherever_it_hides(url):
    """A refused address is shown too, and may be anything."""
    assert "s3cret" not in without_password(url)
    assert "***" in without_password(url)
