"""A page that was not as it should be is kept: for its owner only, few, not for long, and without secrets."""

from datetime import UTC, datetime, timedelta

from tasks.page_snapshots import LONGEST, MOST, REMOVED, keep, without_secrets

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
TOKEN = "5f3a9c1e" * 5
PAGE = f"""<a href="/alice">Alice</a> <i title="{TOKEN}"></i> <b>u%3D1566077826414841856</b>
alice@example.org +49 170 1234567 Bearer AAAAAAAAAAAAAAAAAAAAANRILgAAAAAAnNwIzUejRCOuH5E6I8xnZz4puTs
<button data-testid="tweetButton">Post</button>"""


def test_only_its_owner_can_read_it(tmp_path):
    """The folder and both files, from the first moment."""
    snapshot = keep(tmp_path / "snapshots", "alice: ui drift", picture=b"jpeg", page="<p>", now=NOW)

    assert (b"jpeg", "<p>") == (snapshot.picture.read_bytes(), snapshot.page.read_text())
    assert [
        0o600,
        0o600,
        0o700,
    ] == [path.stat().st_mode & 0o777 for path in (snapshot.picture, snapshot.page, snapshot.page.parent)]


def test_few_are_kept(tmp_path):
    """A page that stays broken for a day fills no disk."""
    for n in range(MOST + 10):
        keep(tmp_path, "alice", picture=b"", page=str(n), now=NOW + timedelta(minutes=n))

    assert len(list(tmp_path.iterdir())) == 2 * MOST
    assert {page.read_text() for page in tmp_path.glob("*.html")} == {str(n) for n in range(10, MOST + 10)}


def test_none_is_kept_for_long(tmp_path):
    """What nobody looked at within two weeks is of no use any more."""
    keep(tmp_path, "alice", picture=b"", page="old", now=NOW)
    keep(tmp_path, "alice", picture=b"", page="new", now=NOW + LONGEST + timedelta(minutes=1))

    assert ["new"] == [page.read_text() for page in tmp_path.glob("*.html")]


def test_nothing_secret_is_in_it():
    """The session's own values, also as they stand in an address, and what looks like anybody's."""
    shown = without_secrets(PAGE, ['"u=1566077826414841856"', "u=1566077826414841856", "short"])

    for secret in (TOKEN, "1566077826414841856", "alice@example.org", "1234567", "AAAAAAAAA"):
        assert secret not in shown
    assert 5 == shown.count(REMOVED)
    assert '<a href="/alice">Alice</a>' in shown
    assert 'data-testid="tweetButton"' in shown


def test_a_value_that_says_nothing_is_not_taken_out_of_words():
    """A cookie that holds "en" would take the letters out of half the page."""
    assert "<b>open the window</b>" == without_secrets("<b>open the window</b>", ["en", ""])
