"""Being the account: keys dated by X's clock, and tokens renewed before an ask or after it, never within."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.x_api import desk
from steadypost.channels.wire import Answered
from steadypost.channels.x_api import secret
from steadypost.channels.x_api.answers import Asked, created
from steadypost.domain.clock import Offset
from steadypost.domain.outcome import Cause, Deferred, NotSubmitted, Published, Unconfirmed
from steadypost.domain.post import Part
from steadypost.domain.token import Token
from steadypost.domain.token import Unreadable as NoKey


def ages(alice, left):
    """Let the token that is kept end so soon."""
    kept = alice.tokens.kept["alice"]
    alice.tokens.kept["alice"] = Token(secret=kept.secret, expires_at=datetime.now(UTC) + left)


def test_the_first_token_is_asked_for_with_what_the_operator_entered(by_token, sandbox):
    """And saved, with the one it is renewed with."""
    assert isinstance(by_token.asks_one(), Published)

    person = sandbox.world.people["alice"]
    assert ["token", "getUsersMe", "createPosts"] == sandbox.requests
    assert (person.bearer, person.refresh) == tuple(
        by_token.tokens.kept["alice"].secret[one] for one in ("access_token", "refresh_token")
    )


def test_a_token_that_lasts_is_used_as_it_is(by_token, sandbox):
    """No renewal for each post."""
    by_token.asks_one("One")
    by_token.asks_one("Two")

    assert 1 == sandbox.world.people["alice"].renewals


def test_a_token_near_its_end_is_renewed_before_the_ask(by_token, sandbox):
    """So that it does not end within one."""
    by_token.asks_one("One")
    ages(by_token, timedelta(minutes=9))
    sandbox.requests.clear()

    assert isinstance(by_token.asks_one("Two"), Published)
    assert ["token", "getUsersMe", "createPosts"] == sandbox.requests


@pytest.mark.parametrize("fault", ["lost_before", "server_error"])
def test_a_token_that_still_lasts_serves_while_x_gives_no_new_one(by_token, sandbox, fault):
    """A post is not kept back for a renewal that can wait."""
    by_token.asks_one("One")
    ages(by_token, timedelta(minutes=9))
    sandbox.weather({"fault": fault, "on": "token"})

    assert isinstance(by_token.asks_one("Two"), Published)


def test_a_renewal_whose_answer_is_lost(by_token, sandbox):
    """X has spent the refresh token and nobody has its successor: the post waits, and a person signs in anew."""
    by_token.asks_one("One")
    ages(by_token, timedelta(minutes=2))
    sandbox.weather({"fault": "lost_after", "on": "token", "count": 1})

    first, second = by_token.asks_one("Two"), by_token.asks_one("Two")

    assert (NotSubmitted, Cause.NO_WAY_THERE) == (type(first), first.cause)
    assert (NotSubmitted, Cause.SIGNED_OUT) == (type(second), second.cause)


def test_a_renewal_that_is_refused_needs_a_person(by_token, sandbox):
    """It says what to do, and X is not asked for the post."""
    sandbox.weather({"fault": "invalid_grant", "on": "token"})

    outcome = by_token.asks_one()

    assert (NotSubmitted, Cause.SIGNED_OUT) == (type(outcome), outcome.cause)
    assert "sign it in again" in outcome.why
    assert [] == sandbox.asks()


@pytest.mark.parametrize("fault", ["lost_before", "server_error", "gateway_timeout"])
def test_a_renewal_without_an_answer_needs_nobody(by_token, sandbox, fault):
    """Only X's own word ends a sign-in."""
    sandbox.weather({"fault": fault, "on": "token"})

    outcome = by_token.asks_one()

    assert isinstance(outcome, NotSubmitted)
    assert not outcome.cause.needs_person


def test_a_family_that_was_ended(by_token, sandbox):
    """Somebody used an old refresh token: every token of the family is gone, until a person signs in anew."""
    by_token.asks_one("One")
    sandbox.world.renew(next(iter(sandbox.world.people["alice"].spent)), "")

    outcome = by_token.asks_one("Two")

    assert (Deferred, Cause.SIGNED_OUT) == (type(outcome), outcome.cause)
    by_token.secret = sandbox.grant("alice")
    assert isinstance(by_token.asks_one("Two"), Published)


def test_a_token_refused_in_mid_refresh_is_replaced_after_the_ask(by_token, sandbox):
    """Nothing was posted, the post goes again with the new token, and no person is told."""
    by_token.asks_one("One")
    sandbox.weather({"fault": "token_ends", "count": 1})
    sandbox.requests.clear()

    outcome = by_token.asks_one("Two")

    assert (Deferred, Cause.SIGN_IN_RENEWED) == (type(outcome), outcome.cause)
    assert ["createPosts", "token"] == sandbox.requests
    assert isinstance(by_token.asks_one("Two"), Published)


def test_a_token_that_another_process_renewed_meanwhile(by_token, sandbox):
    """What is kept is newer than what was refused: nothing is renewed twice."""
    by_token.asks_one("One")
    kept = by_token.tokens.kept["alice"]

    def renew_elsewhere():
        told = sandbox.world.renew(kept.secret["refresh_token"], sandbox.world.people["alice"].client_id)
        secret = {**kept.secret, "access_token": told["access_token"], "refresh_token": told["refresh_token"]}
        by_token.tokens.kept["alice"] = Token(secret=secret, expires_at=kept.expires_at)
        return True

    outcome = by_token.asks_one("Two", arm=renew_elsewhere)

    assert Cause.SIGN_IN_RENEWED == outcome.cause
    assert 2 == sandbox.world.people["alice"].renewals
    assert isinstance(by_token.asks_one("Two"), Published)


def test_keys_that_were_revoked(alice, sandbox):
    """A person has to make new ones."""
    alice.asks_one("One")
    sandbox.world.people["alice"].revoked = True

    outcome = alice.asks_one("Two")

    assert (Deferred, Cause.SIGNED_OUT) == (type(outcome), outcome.cause)


def test_a_clock_that_is_off_is_no_reason_to_sign_in_again(alice, sandbox):
    """The first question is refused, dated anew by X's clock, and answered; the ask is signed right at once."""
    sandbox.clock.set(offset_s=-550)

    assert isinstance(alice.asks_one(), Published)
    assert ["getUsersMe", "getUsersMe", "createPosts"] == sandbox.requests


def test_a_clock_that_was_moved_before_the_ask_is_the_clock_s_trouble(alice, sandbox):
    """X refused the date and posted nothing: the account is well, and the next attempt is dated right."""
    alice.asks_one("One")

    def moved():
        sandbox.clock.set(offset_s=-550)
        return True

    outcome = alice.asks_one("Two", arm=moved)

    assert (Deferred, Cause.CLOCK_OFF) == (type(outcome), outcome.cause)
    assert "NTP" in outcome.why
    assert isinstance(alice.asks_one("Two"), Published)
    assert ["One", "Two"] == sorted(one["text"] for one in sandbox.live("alice"))


def test_keys_that_x_refuses_are_the_account_s_trouble_whatever_the_clock_says(alice, sandbox):
    """A date by X's own clock was refused: it is not the date."""
    sandbox.clock.set(offset_s=-550)
    sandbox.world.people["alice"].revoked = True

    outcome = alice.asks_one()

    assert (NotSubmitted, Cause.SIGNED_OUT) == (type(outcome), outcome.cause)
    assert Cause.SIGNED_OUT is alice.probes().cause


def test_a_token_has_no_date(by_token, sandbox):
    """Its refusal is no word about the clock, however far that is off."""
    by_token.asks_one("One")
    sandbox.weather({"fault": "token_ends", "count": 1})

    def moved():
        sandbox.clock.set(offset_s=-550)
        return True

    assert Cause.SIGN_IN_RENEWED is by_token.asks_one("Two", arm=moved).cause


@pytest.mark.parametrize("on", ["createPosts", "getUsersMe"])
def test_x_s_own_number_for_a_date_that_is_off(alice, sandbox, on):
    """It says so itself, in the form of its older interface, whether or not the answer tells the time."""
    sandbox.weather({"fault": "out_of_bounds", "on": on})

    outcome, probe = alice.asks_one(), alice.probes()

    assert Cause.CLOCK_OFF is outcome.cause
    assert [] == sandbox.live("alice")
    assert (on != "getUsersMe", None if on != "getUsersMe" else Cause.CLOCK_OFF) == (probe.well, probe.cause)


def test_a_file_whose_upload_was_dated_wrongly_is_brought_anew(alice, sandbox, picture):
    """What is no post may be sent again, dated by the clock that the refusal told."""
    alice.asks_one("One")
    sandbox.clock.set(offset_s=-550)

    assert isinstance(alice.asks_one(Part(text="Two", media=(picture(),))), Published)
    assert ["mediaUpload"] * 2 == [one for one in sandbox.requests if one == "mediaUpload"]


def test_nothing_secret_is_shown(alice, by_token, sandbox):
    """Neither in what an outcome says nor in what a log would print."""
    sandbox.weather({"fault": "unauthorized"})
    shown = ""
    for one in (alice, by_token):
        outcome = one.asks_one()
        shown += repr([outcome, one.access(), one.looks(), one.probes(), one.tokens.kept])

    secrets = {*alice.secret.values(), *by_token.secret.values()} - {by_token.secret["client_id"]}
    secrets |= set(by_token.tokens.kept["alice"].secret.values()) - {
        by_token.tokens.kept["alice"].secret["scope"]
    }
    assert not [one for one in secrets if one in shown]


def test_a_probe_says_what_the_account_may_do(alice, by_token, sandbox):
    """Who it is, and that it may post."""
    for one in (alice, by_token):
        probe = one.probes()

        assert (True, "alice", None) == (probe.well, probe.handle, probe.cause)
        assert "may post" in probe.why


def test_a_probe_of_keys_that_only_read(alice, monkeypatch):
    """Before any post fails for it, with the remedy."""
    told = {"data": {"id": "1001", "name": "A", "username": "alice"}}
    monkeypatch.setitem(desk.OPERATIONS, "getUsersMe", lambda *_: (200, told, {"x-access-level": "read"}))

    probe = alice.probes()

    assert (False, Cause.SESSION_UNUSABLE) == (probe.well, probe.cause)
    assert "Read and write" in probe.why


def test_a_probe_of_a_sign_in_without_pictures(by_token, sandbox):
    """What was not allowed at the sign-in is named."""
    by_token.probes()
    kept = by_token.tokens.kept["alice"]
    by_token.tokens.kept["alice"] = Token(
        secret={**kept.secret, "scope": "tweet.read tweet.write users.read offline.access"},
        expires_at=kept.expires_at,
    )

    probe = by_token.probes()

    assert not probe.well
    assert "media.write" in probe.why


class Unreadable:
    """A place for tokens whose key is lost, or whose store is away."""

    def current(self, account):
        raise OSError(account)

    refresh = current


def test_tokens_that_cannot_be_read_are_an_answer_and_no_exception(by_token, sandbox):
    """Nothing was asked; the look and the probe say so too, each as a value."""
    by_token.tokens = Unreadable()
    outcome, seen, probe = by_token.asks_one(), by_token.looks(), by_token.probes()

    assert (NotSubmitted, Cause.STORE_AWAY) == (type(outcome), outcome.cause)
    assert (Cause.STORE_AWAY, False, Cause.STORE_AWAY) == (seen.trouble, probe.well, probe.cause)
    assert [] == sandbox.requests


def test_a_lost_key_is_a_persons_matter_and_the_remedy_is_told(by_token, sandbox):
    """Waiting for the store would wait for ever, and the block's own token was used."""

    class Locked:
        def current(self, _account):
            raise NoKey("the key is lost. Sign it in again: 'steadypost account add'")

        refresh = current

    by_token.tokens = Locked()
    outcome = by_token.asks_one()

    assert (NotSubmitted, Cause.SESSION_UNUSABLE) == (type(outcome), outcome.cause)
    assert "'steadypost account add'" in outcome.why
    assert [] == sandbox.requests


class AwayAfterwards:
    """A place for tokens that gives the first one, and cannot be reached any more after that."""

    def __init__(self, tokens):
        self._tokens, self.refreshes = tokens, 0

    def current(self, account):
        return self._tokens.current(account)

    def refresh(self, account, using, now, *, stale=None, patience=None):
        self.refreshes += 1
        if self.refreshes > 1:
            raise OSError
        return self._tokens.refresh(account, using, now, stale=stale)


def test_a_token_that_cannot_be_replaced_after_the_ask_costs_no_id(by_token, sandbox):
    """What is live stays known when X refuses the second part's token and the store is away."""
    by_token.tokens = AwayAfterwards(by_token.tokens)
    sandbox.weather({"fault": "token_ends", "skip": 1})
    first, second = by_token.asks("One", "Two").outcomes

    assert isinstance(first, Published)
    assert (Deferred, Cause.STORE_AWAY) == (type(second), second.cause)


@pytest.mark.parametrize("lasts", [10**12, 10**40, True, -1, "7200", None, 1.5])
def test_a_new_pair_is_kept_however_long_it_lasts(lasts):
    """The old one is used up: a time that no calendar has must not cost the sign-in."""
    grant = secret.Grant(client_id="a", refresh_token="old")
    told = {"access_token": "new", "refresh_token": "next", "expires_in": lasts}

    token = secret.token_of(told, grant, "old", datetime.now(UTC))

    assert ("new", "next") == (token.secret["access_token"], token.secret["refresh_token"])
    assert token.lasts(datetime.now(UTC), timedelta(0))


UNAUTHORIZED = b'{"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}'


@pytest.mark.parametrize(
    ("body", "ahead", "is_dated", "kind", "cause"),
    [
        (UNAUTHORIZED, 550, True, Deferred, Cause.CLOCK_OFF),
        (UNAUTHORIZED, -550, True, Deferred, Cause.CLOCK_OFF),
        (UNAUTHORIZED, 5, True, Deferred, Cause.SIGNED_OUT),
        (UNAUTHORIZED, 550, False, Deferred, Cause.SIGNED_OUT),
        (UNAUTHORIZED, None, True, Deferred, Cause.SIGNED_OUT),
        (b'{"errors": [{"code": 135, "message": "..."}]}', None, True, Deferred, Cause.CLOCK_OFF),
        (b"<html>401 Authorization Required</html>", 550, True, Unconfirmed, Cause.ODD_ANSWER),
    ],
)
def test_what_a_401_to_an_ask_says(body, ahead, is_dated, kind, cause):
    """What a machine in between answers proves nothing of the post, whatever its clock says."""
    offset = None if ahead is None else Offset(ahead=timedelta(seconds=ahead), within=timedelta(seconds=1))
    now = datetime.now(UTC)

    outcome = created(
        Answered(status=401, headers={}, body=body, offset=offset),
        Asked(armed_at=now, is_dated=is_dated),
        now,
    )

    assert (kind, cause) == (type(outcome), outcome.cause)
