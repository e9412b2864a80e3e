"""A store with three accounts, a moment that stands still, and drafts that are right until a test bends them."""

from datetime import UTC, datetime

import pytest

from steadypost.domain.quota import Limits
from steadypost.intake import Draft, KnownAccount
from steadypost.store import AccountRecord, Store

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def known():
    return {
        "alice": KnownAccount(name="alice"),
        "bob": KnownAccount(name="bob", longest=25_000),
        "carol": KnownAccount(name="carol", limits=Limits(per_hour=2, per_day=10)),
    }


@pytest.fixture
def draft():
    def make(**changes):
        return Draft.model_validate({"text": "A good day.", "accounts": ["alice"], "when": "now", **changes})

    return make


@pytest.fixture
def store(tmp_path, now):
    with Store.create(f"sqlite:///{tmp_path / 'steadypost.db'}") as opened:
        for name in ("alice", "bob", "carol"):
            opened.put_account(AccountRecord(name=name, channel="x_web", handle=name), now)
        yield opened


@pytest.fixture
def png(tmp_path):
    """A file that begins as a PNG does, of any size."""

    def make(name="sun.png", size=200):
        path = tmp_path / name
        path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(max(0, size - 16)))
        return path

    return make
