"""A session chosen by mistake is refused, and nothing of it is shown: whatever its form, its name and its encoding."""

from __future__ import annotations

import pytest

from steadypost.intake.files import FileRefused, rows
from steadypost.intake.refusal import excerpt, refusal
from tests.domain.test_mistaken import AUTH, B64, CT0, POSTS, SESSIONS


def refused(path):
    with pytest.raises(FileRefused) as caught:
        list(rows(path))
    [told] = caught.value.refusals
    return told


def shows(told):
    return [secret for secret in (AUTH, AUTH[:16], CT0[:16], B64[:40], "Zq8vTn3LkW0p") if secret in str(told)]


@pytest.mark.parametrize("name", ["session.json", "session.csv", "session.txt", "session.jsonl", ".env"])
@pytest.mark.parametrize("which", SESSIONS)
def test_nothing_of_a_session_is_shown(tmp_path, which, name):
    """One refusal for the whole file, without a value, and with what to do."""
    path = tmp_path / name
    path.write_text(SESSIONS[which])

    told = refused(path)

    assert [] == shows(told)
    assert "" == told.value
    assert "looks like a session" in told.why


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-16-le"])
def test_whatever_it_was_saved_as(tmp_path, encoding):
    """Notepad's own encodings included."""
    path = tmp_path / "session.json"
    path.write_bytes(SESSIONS["storage state"].encode(encoding))

    assert "looks like a session" in refused(path).why


@pytest.mark.parametrize("which", ["a list", "posts", "a post on each line"])
def test_a_list_of_posts_is_read_as_before(tmp_path, which):
    """Also one that is about tokens."""
    path = tmp_path / ("posts.csv" if which == "a list" else "posts.json")
    path.write_text(POSTS[which])

    assert list(rows(path))


@pytest.mark.parametrize(
    "value",
    [f"auth_token={AUTH}", f'{{"name": "ct0", "value": "{CT0}"}}', B64, f"{'x' * 60} auth_token={AUTH}"],
)
def test_a_refused_value_is_shown_without_what_looks_like_a_secret(value):
    """In any field of any post; what is left is cut afterwards, for half a secret is not known as one."""
    assert [] == shows(refusal("text", value, "why", "remedy"))
    assert len(excerpt(value)) <= 80
