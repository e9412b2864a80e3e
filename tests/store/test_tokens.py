"""Tokens of accounts: one refresher at a time, saved before use, and readable only with this machine's key."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import stat
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text

from steadypost.domain.token import Token, origin_of
from steadypost.store import Store, StoreAway
from steadypost.store.sealing import KEY_FILE, Seal, Unsealable
from steadypost.store.tokens import RefreshBusy, Tokens
from tests.store.people import MINUTE, NOON
from tests.store.racing import together

HOUR, SHORT = timedelta(hours=1), timedelta(seconds=2)


def token(n: int) -> Token:
    return Token(
        secret={"access": f"access-{n}", "refresh": f"refresh-{n}", "origin": origin_of("entered")},
        expires_at=NOON + n * HOUR,
    )


class SingleUse:
    """A network whose refresh tokens live once; a second use of one ends the family."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, old: Token | None) -> Token:
        spent = "first" if old is None else old.secret["refresh"]
        try:
            os.close(os.open(self.folder / spent, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            (self.folder / "family-ended").touch()
            raise
        return token(len(list(self.folder.iterdir())))

    @property
    def spent(self) -> list[str]:
        return sorted(one.name for one in self.folder.iterdir())


@pytest.fixture
def network(tmp_path):
    folder = tmp_path / "network"
    folder.mkdir()
    return SingleUse(folder)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def tokens(store, home):
    return store.tokens(home)


class Ticking:
    """Time that passes only when somebody waits."""

    def __init__(self, tokens: Tokens) -> None:
        self.passed = 0.0
        tokens._wait = self.wait
        tokens._elapsed = lambda: self.passed

    def wait(self, seconds: float) -> None:
        self.passed += seconds


def test_what_is_kept_comes_back_whole(tokens):
    """Every field, times to the microsecond, also by another process's eyes."""
    assert tokens.current("alice") is None

    tokens.put("alice", token(1))

    assert token(1) == tokens.current("alice")
    assert tokens.current("bob") is None
    tokens.forget("alice")
    assert tokens.current("alice") is None


def test_a_refresh_is_saved_before_it_is_seen(tokens, network):
    """Whoever gets a token may rely on its being in the store."""
    got = tokens.refresh("alice", network, NOON)

    assert (token(1), token(1)) == (got, tokens.current("alice"))


def test_a_token_that_cannot_be_saved_is_given_to_nobody(tokens, network, monkeypatch):
    """Used but not saved, it would end its family with the next refresh."""
    monkeypatch.setattr(tokens, "_save", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        tokens.refresh("alice", network, NOON)

    assert tokens.current("alice") is None


def test_who_was_slower_takes_what_the_faster_one_saved(tokens, network):
    """A token found stale by two is refreshed once."""
    tokens.put("alice", token(7))
    first = tokens.refresh("alice", network, NOON, stale=token(7))

    second = tokens.refresh("alice", network, NOON, stale=token(7))

    assert (first, ["refresh-7"]) == (second, network.spent)


def test_threads_at_once_refresh_once(tokens, network):
    """Without a token at all, too."""
    got = together(6, lambda _: tokens.refresh("alice", network, NOON, stale=None))

    assert ([token(1)] * 6, ["first"]) == (got, network.spent)


def refresh_together(url: str, home: Path, folder: Path, rounds: int, start: Barrier) -> list[str]:
    """Refresh so many times, each time what is kept then, and at the same moment as the others."""
    got = []
    with Store.open(url) as store:
        tokens = store.tokens(home)
        for _ in range(rounds):
            start.wait(60)
            got.append(tokens.refresh("alice", SingleUse(folder), NOON).secret["access"])
    return got


def test_processes_at_once_use_no_refresh_token_twice(url, home, network):
    """Processes that race from the key file on: no token is used twice, and the last one is kept."""
    spawn = multiprocessing.get_context("spawn")
    with Store.open(url) as store, spawn.Manager() as manager, spawn.Pool(4) as crew:
        work = [(url, home, network.folder, 6, manager.Barrier(4))] * 4
        got = crew.starmap(refresh_together, work, chunksize=1)

        assert "family-ended" not in network.spent
        assert token(len(network.spent)) == store.tokens(home).current("alice")
        assert {access for some in got for access in some} <= {
            token(n).secret["access"] for n in range(1, len(network.spent) + 1)
        }
        assert len(network.spent) >= 6


def die_in_mid_refresh(url: str, home: Path) -> None:
    """Take the lease, and end without a word."""
    with Store.open(url) as store:
        store.tokens(home).refresh("alice", lambda _: os._exit(1), NOON, lease=SHORT)


def test_the_lease_of_a_dead_holder_ends(url, store, tokens, home, network):
    """The next one waits for the lease and no longer, and refreshes."""
    dying = multiprocessing.get_context("spawn").Process(target=die_in_mid_refresh, args=(url, home))
    dying.start()
    dying.join(60)
    assert 1 == dying.exitcode
    time = Ticking(tokens)

    got = tokens.refresh("alice", network, NOON)

    assert token(1) == got
    assert 2 <= time.passed < 3


def test_a_refresh_that_takes_for_ever_is_not_waited_for_so_long(store, tokens, home, network):
    """The post that needed the token goes again later; nothing was sent."""
    Ticking(tokens)
    other = Tokens(store._database, lambda: Seal.at(home / KEY_FILE))
    other._take("alice", NOON, HOUR)

    with pytest.raises(RefreshBusy, match="alice"):
        tokens.refresh("alice", network, NOON, patience=timedelta(seconds=2))

    assert [] == network.spent


def test_a_store_that_comes_back_still_gets_the_token(tokens, network, monkeypatch):
    """The network has spent the old one: this one is tried again while the lease lasts."""
    save, away = tokens._save, [StoreAway("away", remedy="wait"), StoreAway("away", remedy="wait")]

    def saving(*what):
        if away:
            raise away.pop()
        return save(*what)

    monkeypatch.setattr(tokens, "_save", saving)

    Ticking(tokens)
    assert token(1) == tokens.refresh("alice", network, NOON)
    assert token(1) == tokens.current("alice")


def test_a_refused_refresh_is_read_once_more(store, tokens, home):
    """When somebody saved a token meanwhile, that one is good, and no person is told."""

    def refused(_: Token | None) -> Token:
        tokens.put("alice", token(2))
        raise ConnectionRefusedError

    assert token(2) == tokens.refresh("alice", refused, NOON)


def test_a_refused_refresh_gives_the_lease_back(tokens, network):
    """The refusal is its caller's, and nobody waits for a lease."""
    with pytest.raises(ZeroDivisionError):
        tokens.refresh("alice", lambda _: 1 / 0, NOON)

    Ticking(tokens)
    assert token(1) == tokens.refresh("alice", network, NOON)


def test_who_comes_late_drops_its_token(tokens):
    """A holder whose lease ended does not overwrite what was saved since."""

    def slow(_: Token | None) -> Token:
        tokens.put("alice", token(5))
        return token(2)

    assert (token(5), token(5)) == (tokens.refresh("alice", slow, NOON), tokens.current("alice"))


def test_nothing_secret_lies_readable_in_the_store(store, tokens):
    """Neither the access token nor the refresh token, nor anything they are encoded as."""
    tokens.put("alice", token(1))

    with store._database.reading() as connection:
        [row] = connection.execute(text("SELECT * FROM tokens")).mappings()

    assert not [one for one in token(1).secret.values() if one in json.dumps(dict(row), default=str)]


def test_nothing_secret_is_shown(tokens, home):
    """A log line of any of them is harmless."""
    tokens.put("alice", token(1))
    key = (home / KEY_FILE).read_text()
    shown = repr([token(1), tokens, Seal.at(home / KEY_FILE)])

    assert not [one for one in (*token(1).secret.values(), key) if one in shown]


def test_the_key_is_its_owner_s(tokens, home):
    """Made for its owner alone, and taken back from others when it was made looser."""
    assert tokens.current("alice") is None
    assert not home.exists()
    tokens.put("alice", token(1))
    key = home / KEY_FILE
    assert 0o600 == stat.S_IMODE(key.stat().st_mode)

    key.chmod(0o644)
    Seal.at(key)

    assert 0o600 == stat.S_IMODE(key.stat().st_mode)
    assert [KEY_FILE] == [one.name for one in home.iterdir()]


def test_another_key_opens_nothing(store, tokens, tmp_path):
    """A second machine without the key file is told to copy it, and not that there is no token."""
    tokens.put("alice", token(1))

    with pytest.raises(Unsealable, match="Copy the key file"):
        store.tokens(tmp_path / "elsewhere").current("alice")


def test_a_key_file_that_holds_no_key(tmp_path):
    """It is named, and not overwritten: what it once held may be in a copy."""
    broken = tmp_path / KEY_FILE
    broken.write_text("not a key")

    with pytest.raises(Unsealable, match=r"holds no key.*Restore it"):
        Seal.at(broken)

    assert "not a key" == broken.read_text()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_key_file_that_cannot_be_made_or_read_says_so(tmp_path, monkeypatch, number):
    """A full disk, one that cannot be written, a folder of somebody else's: the account rests, and no post is charged."""

    def opened(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", opened)
    with pytest.raises(Unsealable, match=rf"{os.strerror(number)}.*can be read and written"):
        Seal.at(tmp_path / KEY_FILE)


def test_a_row_copied_from_another_account_opens_nothing(store, tokens):
    """Who can write the table cannot make Bob publish as Alice."""
    tokens.put("alice", token(1))
    tokens.put("bob", token(2))
    with store._database.writing() as connection:
        connection.execute(
            text("UPDATE tokens SET sealed = (SELECT sealed FROM tokens WHERE account = 'alice')")
        )

    with pytest.raises(Unsealable, match="'bob' is another account's"):
        tokens.current("bob")


@pytest.mark.parametrize(("left", "expected"), [(10 * MINUTE, True), (9 * MINUTE, False)])
def test_whether_a_token_lasts(left, expected):
    """Long enough for what is about to be done with it; one without an end always does."""
    assert expected == Token(secret={}, expires_at=NOON + left).lasts(NOON, 10 * MINUTE)
    assert Token(secret={}).lasts(NOON, 10 * MINUTE)
