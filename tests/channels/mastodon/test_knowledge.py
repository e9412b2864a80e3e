"""A server is asked for its limits once a day, and every process of the machine knows what it said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.channels.mastodon.knowledge import FOLDER, Knowledge, knowledge_in
from steadypost.networks.mastodon.limits import USUAL, Limits, limits_of

NOW = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)
SERVER = "https://mastodon.example"
LONG = Limits(longest=5000, takes={"image/png": 10}, per_link=30)


class Asked:
    """A server that counts how often it is asked."""

    def __init__(self, told: Limits | None) -> None:
        self.told, self.times = told, 0

    def __call__(self) -> Limits | None:
        self.times += 1
        return self.told


@pytest.mark.parametrize(
    ("later", "times"), [(timedelta(hours=23), 1), (timedelta(hours=25), 2), (-timedelta(hours=1), 2)]
)
def test_it_is_asked_again_after_a_day(later, times):
    knowledge, ask = Knowledge(), Asked(LONG)
    knowledge.of(SERVER, NOW, ask)

    assert LONG == knowledge.of(SERVER, NOW + later, ask)
    assert times == ask.times


def test_what_it_said_serves_when_it_says_nothing_more():
    knowledge = Knowledge()
    knowledge.of(SERVER, NOW, Asked(LONG))

    assert LONG == knowledge.of(SERVER, NOW + timedelta(days=2), Asked(None))
    assert None is Knowledge().of(SERVER, NOW, Asked(None))


def test_another_process_knows_it_too(tmp_path):
    Knowledge(tmp_path).of(SERVER, NOW, Asked(LONG))
    ask = Asked(USUAL)

    assert LONG == Knowledge(tmp_path).of(SERVER, NOW + timedelta(hours=1), ask)
    assert (0, LONG) == (ask.times, Knowledge(tmp_path).last(SERVER))


def test_what_is_forgotten_is_asked_again(tmp_path):
    knowledge = Knowledge(tmp_path)
    knowledge.of(SERVER, NOW, Asked(LONG))
    knowledge.forget(SERVER)

    assert None is Knowledge(tmp_path).last(SERVER)
    assert USUAL == knowledge.of(SERVER, NOW, Asked(USUAL))


NO_LIMITS = [
    "",
    "[]",
    "{}",
    '{"at": "x", "limits": {}}',
    '{"at": "2026-11-29T20:00:00Z", "limits": {"a": 1}}',
]


@pytest.mark.parametrize("written", NO_LIMITS)
def test_a_file_that_is_not_ours_is_nothing(tmp_path, written):
    knowledge = Knowledge(tmp_path)
    knowledge.learn(SERVER, LONG, NOW)
    (path,) = tmp_path.glob("*.json")
    path.write_text(written)

    assert None is Knowledge(tmp_path).last(SERVER)


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path):
    (tmp_path / "file").write_text("")

    assert LONG == Knowledge(tmp_path / "file").of(SERVER, NOW, Asked(LONG))


def test_a_machine_has_one(tmp_path):
    knowledge_in(tmp_path).learn(SERVER, LONG, NOW)

    assert LONG == knowledge_in(tmp_path).last(SERVER)
    assert [tmp_path / FOLDER] == [path for path in tmp_path.iterdir() if path.is_dir()]


def test_what_a_server_does_not_tell_is_the_usual():
    told = limits_of({"configuration": {"statuses": {"max_characters": 5000, "max_media_attachments": True}}})

    assert (5000, USUAL.pictures, USUAL.takes) == (told.longest, told.pictures, dict(told.takes))
    assert None is limits_of({"uri": "x"})
    assert None is limits_of([])
