"""Hashtags as twitter-text takes them."""

import pytest

from steadypost.domain.hashtags import hashtags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#हिन्दी दिवस", ["हिन्दी"]),
        ("＃東京 is here", ["東京"]),
        ("#2026 #1st #a1", ["1st", "a1"]),
        ("see https://example.com/#not and #yes", ["yes"]),
        ("example.com/page#not #yes", ["yes"]),
        ("mid#word &#39; ##double", []),
        ("#می‌خواهم", ["می‌خواهم"]),
        ("(#in) “#quoted”", ["in", "quoted"]),
        ("❤️#heart", ["heart"]),
        ("#tag://x", []),
    ],
)
def test_what_is_a_hashtag(text, expected):
    """In every script, and not within a link."""
    assert expected == list(hashtags(text))
