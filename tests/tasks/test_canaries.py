"""The canary: publishing rests while X's page has changed, nothing is charged, and a person sees why."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from blocks import Switches, XAccount
from blocks.switches import Switch
from flows.canary import look_round
from steadypost.channels.port import Probe
from steadypost.domain.delivery import State
from steadypost.domain.outcome import Answer, Cause, NotSubmitted, Phase, Published
from steadypost.networks.x.snowflake import id_at
from steadypost.store import accounts as account_rows
from steadypost.store import notices as notice_rows
from steadypost.store import reading
from tasks import documents
from tasks.canaries import DRIFT_RESTS, probe, to_probe
from tasks.deliveries import deliver
from tasks.documents import Documents
from tasks.house import LEASE

WELL = Probe(well=True, handle="alice")
DRIFTED = Probe(
    well=False,
    handle="alice",
    cause=Cause.UI_DRIFT,
    why="not on the page: submit",
    picture=b"jpeg",
    page="<p>5f3a9c1e5f3a9c1e5f3a9c1e5f3a9c1e5f3a9c1e</p>",
)
SIGNED_OUT = Probe(well=False, handle="", cause=Cause.SIGNED_OUT, why="the page led to /i/flow/login")


@pytest.fixture
def house(house, monkeypatch, tmp_path):
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    monkeypatch.setattr("flows.canary.probe", probe.fn)
    return house


def resting(house):
    return {
        record.name: record.pause_cause
        for record in house.store.read(account_rows.every)
        if record.is_paused(house.clock())
    }


def test_a_changed_page_lets_its_accounts_rest_and_a_good_one_ends_it(house, channel, time):
    """Within one round; all accounts that see it, one notice for each, and the page is kept."""
    channel.on_probe = lambda _: DRIFTED
    look_round(house)
    assert resting(house) == {"alice": Cause.UI_DRIFT, "bob": Cause.UI_DRIFT}

    time.pass_by(seconds=15)
    look_round(house)
    notices = house.store.read(notice_rows.every)
    assert 2 == len(notices)
    assert "snapshots" in notices[0].body

    channel.on_probe = lambda _: WELL
    look_round(house)
    assert {} == resting(house)


def test_the_page_is_kept_without_secrets(house, channel, tmp_path):
    """For its owner's eyes, once for each time that it changes."""
    channel.on_probe = lambda _: DRIFTED
    look_round(house)
    pages = sorted((tmp_path / "snapshots").glob("*.html"))

    assert [page.read_text() for page in pages] == ["<p>[removed]</p>"] * 2
    assert {0o600} == {path.stat().st_mode & 0o777 for path in (tmp_path / "snapshots").iterdir()}


def test_whoever_sees_the_old_page_goes_on(house, channel):
    """X shows a new page to some before it shows it to all."""
    channel.on_probe = lambda one: DRIFTED if one == "alice" else WELL
    for _ in range(2):
        look_round(house)
    house.clock.pass_by(seconds=300)  # it is the other one's turn
    look_round(house)

    assert resting(house) == {"alice": Cause.UI_DRIFT}


def test_while_it_rests_nothing_is_claimed_and_nothing_charged(house, channel, claimed, time):
    """What broke before the canary saw it is given back uncharged, and is then not tried again and again."""
    drifted = NotSubmitted(cause=Cause.UI_DRIFT, why="no composer", phase=Phase.OPENED)
    channel.on_ask = lambda *_: Answer(outcomes=(drifted,))
    claim = claimed("One.")
    house.take(claim)
    deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
    channel.on_probe = lambda _: DRIFTED
    look_round(house)
    time.pass_by(minutes=5)

    assert [] == house.store.claim(worker="w", now=time(), lease=LEASE, at_most=9, accounts=["alice", "bob"])
    delivery = house.store.read(reading.show, claim.delivery_id).delivery
    assert (delivery.state, delivery.broken) == (State.SCHEDULED, 0)


def test_when_nobody_probes_any_more_publishing_tries_by_itself(house, channel, time):
    """A canary that died must not keep an account resting for ever."""
    channel.on_probe = lambda _: DRIFTED
    look_round(house)
    time.pass_by(seconds=DRIFT_RESTS.total_seconds() + 1)

    assert {} == resting(house)


def test_a_person_called_by_x_is_not_disturbed(house, channel, time):
    """An account that rests for a challenge is not probed, and a drift does not shorten its rest."""
    until = time() + timedelta(hours=6)
    house.store.write(
        account_rows.pause,
        "alice",
        until=until,
        cause=Cause.CHALLENGE,
        why="-",
        session_mark="mark-1",
        now=time(),
    )
    channel.on_probe = lambda _: DRIFTED
    look_round(house)

    assert ["bob"] == to_probe(["alice", "bob"], house.store.read(account_rows.every), time(), turn=0)
    assert house.store.read(account_rows.one, "alice").paused_until == until
    channel.on_probe = lambda _: WELL
    look_round(house)
    assert resting(house) == {"alice": Cause.CHALLENGE}


def test_it_is_one_accounts_turn_after_the_other(house):
    """One composer a round is enough while all is well."""
    turns = [
        to_probe(["alice", "bob"], house.store.read(account_rows.every), house.clock(), turn=n)
        for n in range(3)
    ]

    assert [["alice"], ["bob"], ["alice"]] == turns


def test_a_fall_back_is_told_once_and_stops_nothing(house, channel):
    """X has renamed something and we still find it: somebody should know before the last way is gone."""
    channel.on_probe = lambda _: Probe(well=True, handle="alice", drift=("submit: tweetButtonInline",))
    for _ in range(3):
        look_round(house)

    assert ["The page of 127.0.0.1:1 has changed, and is still understood"] == [
        notice.title for notice in house.store.read(notice_rows.every)
    ]
    assert {} == resting(house)


def test_with_the_switch_off_nobody_probes(house, channel):
    """Each post finds out by itself."""
    house.switches = Switches(canary=Switch(on=False))

    assert [] == look_round(house)
    assert [] == channel.probed


# --- sign-in lost

SESSION = """{"cookies": [
    {"name": "auth_token", "value": "%s", "domain": "127.0.0.1", "path": "/"},
    {"name": "ct0", "value": "b", "domain": "127.0.0.1", "path": "/"}
]}"""


@pytest.fixture
def block(house, monkeypatch):
    """Alice's block, with a session that can be replaced."""

    def paste(token):
        alice = XAccount(
            handle="alice",
            session=SecretStr(SESSION % token),
            rules_accepted=True,
            base_url="http://127.0.0.1:1",
            spacing_seconds=0,
        )
        monkeypatch.setattr(
            documents, "read", lambda: Documents(accounts={"alice": alice}, switches=Switches())
        )

    paste("first")
    house.refresh(at_once=True)
    return paste


def test_a_lost_sign_in_stops_before_any_click_and_resumes_with_a_new_session(
    house, channel, claimed, block, time
):
    """No click, no retry burnt, one notice however often it is seen; a new session in the block and it goes on
    within one cycle, without a restart.
    """
    clicks = []
    lost = NotSubmitted(cause=Cause.SIGNED_OUT, why="the page led to /i/flow/login", phase=Phase.OPENED)
    channel.on_ask = lambda *_: Answer(outcomes=(lost,))
    claim = claimed("One.")
    house.take(claim)
    deliver.fn(claim.attempt_id, claim.delivery_id, claim.account)
    for _ in range(3):
        time.pass_by(minutes=31)
        house.refresh(at_once=True)
        (again,) = house.store.claim(
            worker=house.worker, now=time(), lease=LEASE, at_most=1, accounts=["alice"]
        )
        house.take(again)
        deliver.fn(again.attempt_id, again.delivery_id, again.account)
    delivery = house.store.read(reading.show, claim.delivery_id).delivery
    assert (delivery.state, delivery.broken) == (State.SCHEDULED, 0)
    assert ["alice rests: signed_out"] == [notice.title for notice in house.store.read(notice_rows.every)]

    block("second")
    house.refresh(at_once=True)
    channel.on_ask = lambda _, arm: (
        clicks.append(arm()) or Answer(outcomes=(Published(remote_id=id_at(time() + timedelta(seconds=1))),))
    )
    assert house.store.read(account_rows.one, "alice").paused_until is None
    (again,) = house.store.claim(worker=house.worker, now=time(), lease=LEASE, at_most=1, accounts=["alice"])
    house.take(again)
    deliver.fn(again.attempt_id, again.delivery_id, again.account)

    assert [True] == clicks
    assert house.store.read(reading.show, claim.delivery_id).delivery.state is State.PUBLISHED


def test_the_canary_finds_a_lost_sign_in_before_a_post_does(house, channel):
    """The account rests, and a person hears of it, before anything of it is due."""
    channel.on_probe = lambda _: SIGNED_OUT
    look_round(house)

    assert Cause.SIGNED_OUT in resting(house).values()
    assert 1 == len(house.store.read(notice_rows.every))
