"""As whom and how each channel asks is known when it arms, and is what its looks tell again."""

from __future__ import annotations

import pytest

from steadypost.channels.bluesky.options import Options
from steadypost.channels.x_api import requests
from steadypost.channels.x_api.reading import page_of
from steadypost.networks.mastodon.manner import manner


@pytest.mark.parametrize(
    ("options", "usual", "expected"),
    [
        ({}, "", {"warning": ""}),
        ({}, "private", {"warning": "", "visibility": "private"}),
        ({"visibility": "unlisted"}, "public", {"warning": "", "visibility": "unlisted"}),
        (
            {"warning": " Food ", "language": "pt-BR", "sensitive": True},
            "",
            {"warning": "Food", "language": "pt", "sensitive": "yes"},
        ),
    ],
)
def test_mastodon(options, usual, expected):
    """Where the block leaves the visibility open, it is the account's own."""
    assert expected == manner(options).wanted(usual)


def test_bluesky():
    """The order in which languages are named says nothing."""
    told = Options.read({"languages": "en,de", "labels": "nudity"}).shown()

    assert {"languages": "de,en", "labels": "nudity"} == told


@pytest.mark.parametrize(("asked", "told"), [(None, "everyone"), ("following", "followers")])
def test_x(asked, told):
    """Whether everybody may answer is compared; the narrower circles have two names each."""
    page = page_of(
        {
            "data": [{"id": "1996000000000000123", "text": "Hello", "reply_settings": told}],
            "meta": {"result_count": 1},
        },
        "alice",
    )

    assert requests.shown_options({"reply_settings": asked} if asked else {}) == page.posts[0].options
