"""Every account block has the same limits, with its network's own defaults, and refuses what none can be."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from blocks import BlueskyAccount, FileAccount, MastodonAccount, XAccount, XApiAccount
from blocks.channels import CHANNELS
from steadypost.domain.delivery import OnAbsence

SESSION = '{"cookies": []}'
MADE = {
    "x": (XAccount, {"handle": "alice", "session": SESSION}),
    "x_api": (XApiAccount, {"handle": "alice"}),
    "mastodon": (
        MastodonAccount,
        {"handle": "alice", "base_url": "https://mastodon.example", "access_token": "t"},
    ),
    "bluesky": (BlueskyAccount, {"handle": "alice.example.org", "app_password": "p"}),
    "file": (FileAccount, {"handle": "me", "base_url": "file:///srv/posts.jsonl"}),
}
LIMITS = {"x": (10, 100, 60), "x_api": (10, 100, 60), "mastodon": (30, 300, 20), "bluesky": (60, 500, 10),
          "file": (None, None, 0)}  # fmt: skip
SHARED = ("per_hour", "per_day", "spacing_seconds", "on_absence", "settle_minutes", "approved_by")


def made(name, **more):
    kind, given = MADE[name]
    return kind(**given, **more)


def test_every_channel_s_block_is_here():
    assert {kind.block for kind in CHANNELS.values()} == {kind for kind, _ in MADE.values()}


@pytest.mark.parametrize("name", MADE)
def test_each_has_every_shared_field_with_a_title_and_a_description(name):
    fields = type(made(name)).model_fields

    assert all(fields[one].title and fields[one].description for one in SHARED)


@pytest.mark.parametrize("name", MADE)
def test_the_defaults_are_its_network_s(name):
    block = made(name)

    assert LIMITS[name] == (block.per_hour, block.per_day, block.spacing_seconds)
    assert OnAbsence.ASK_AGAIN is block.on_absence
    assert not block.approved_by


@pytest.mark.parametrize("name", MADE)
def test_the_limits_are_those_that_were_entered(name):
    limits = made(name, per_hour=3, per_day=7, spacing_seconds=90).limits()

    assert (3, 7, 90) == (limits.per_hour, limits.per_day, limits.spacing.total_seconds())


@pytest.mark.parametrize("name", MADE)
def test_an_empty_limit_is_none(name):
    limits = made(name, per_hour=None, per_day=None).limits()

    assert (None, None) == (limits.per_hour, limits.per_day)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize(
    ("field", "value"), [("per_hour", 0), ("per_day", 0), ("spacing_seconds", -1), ("settle_minutes", -1)]
)
def test_what_no_limit_can_be_is_refused_with_the_field(name, field, value):
    with pytest.raises(ValidationError, match=field):
        made(name, **{field: value})


@pytest.mark.parametrize("name", ["x", "x_api"])
@pytest.mark.parametrize(("longest", "taken"), [(1, True), (25_000, True), (0, False), (25_001, False)])
def test_the_longest_post_on_x(name, longest, taken):
    if taken:
        assert longest == made(name, longest=longest).allowance().longest
    else:
        with pytest.raises(ValidationError, match="longest"):
            made(name, longest=longest)


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("file:///srv/posts.jsonl", "file:///srv/posts.jsonl"),
        (" /srv/posts.jsonl ", "file:///srv/posts.jsonl"),
    ],
)
def test_a_file_is_named_by_its_whole_path(entered, kept):
    assert kept == FileAccount(handle="me", base_url=entered).base_url


def test_a_file_without_its_whole_path_is_refused_with_an_example():
    with pytest.raises(ValidationError, match=r"write the whole path: file:///path/to/posts\.jsonl"):
        FileAccount(handle="me", base_url="posts.jsonl")


@pytest.mark.parametrize("handle", ["", "  ", "two words", "@"])
def test_a_file_s_handle_is_one_word(handle):
    with pytest.raises(ValidationError, match="a handle is one word"):
        FileAccount(handle=handle, base_url="file:///srv/posts.jsonl")
