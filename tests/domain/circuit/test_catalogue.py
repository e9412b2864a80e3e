"""What an outcome tells of which circuit, for every cause there is."""

from datetime import UTC, datetime, timedelta

import pytest

from steadypost.domain.causes import RULES, Fault
from steadypost.domain.circuit.catalogue import (
    SETTINGS,
    SIGN_IN_LOST,
    WAKES,
    Dependency,
    Kind,
    named_end,
    tells,
    tells_by_probe,
)
from steadypost.domain.outcome import (
    Cause,
    Deferred,
    NotSubmitted,
    Phase,
    Published,
    Refused,
    Scope,
    Unconfirmed,
)
from steadypost.networks.x.snowflake import id_at

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
OURS = {cause for cause, rule in RULES.items() if rule.fault is Fault.MACHINE}


def not_submitted(cause):
    return NotSubmitted(cause=cause, why="", phase=Phase.OPENED)


@pytest.mark.parametrize("cause", sorted(OURS | {Cause.STORE_AWAY, Cause.LEASE_LOST, Cause.WORKER_LOST}))
def test_a_fault_of_ours_never_counts_against_x(cause):
    """A browser that does not start, a disk, a name service: X has nothing to do with it."""
    assert cause.scope is Scope.HOST
    assert Kind.X_PAGE not in tells(not_submitted(cause))
    assert Kind.X_PAGE not in tells_by_probe(cause) or cause not in OURS


@pytest.mark.parametrize("cause", Cause)
def test_a_refusal_of_the_content_counts_nowhere(cause):
    """Too long, a duplicate, a target that is gone: however many, nothing opens."""
    assert {} == tells(Refused(cause=cause, code="-", why=""))


@pytest.mark.parametrize("cause", Cause)
def test_an_answer_that_never_came_counts_nowhere(cause):
    """It may well be live: half of all answers lost must not stop publishing."""
    assert {} == tells(Unconfirmed(cause=cause, why="", phase=Phase.CLICKED))


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause.scope is Scope.ITEM])
def test_a_deliverys_own_trouble_counts_nowhere(cause):
    """Content that kills the composer must run out of attempts by itself."""
    assert {} == tells(not_submitted(cause))


@pytest.mark.parametrize("cause", [Cause.RATE_LIMIT, Cause.DAILY_LIMIT, Cause.AUTOMATION_SUSPECTED])
def test_a_limit_is_a_pause_and_no_circuit(cause):
    """No look shows that X would take a post again: the instant it named ends it, and nobody probes."""
    assert {} == tells(Deferred(cause=cause, code="-", why="", until=NOW))


@pytest.mark.parametrize("cause", [Cause.PAGE_UNREACHABLE, Cause.SERVER_ERROR, Cause.UI_DRIFT])
def test_trouble_of_the_page_counts_against_the_page(cause):
    """And tells well of the browser that met it."""
    assert tells(not_submitted(cause)) == {Kind.X_PAGE: False, Kind.BROWSER: True}


@pytest.mark.parametrize("cause", sorted(SIGN_IN_LOST))
def test_a_lost_sign_in_counts_against_the_sign_in_only(cause):
    """The page came; it showed somebody else, or nobody."""
    expected = {Kind.X_PAGE: True, Kind.SIGN_IN: False, Kind.BROWSER: True}

    assert tells(not_submitted(cause)) == expected == tells_by_probe(cause)


def test_an_id_tells_well_of_all():
    """Everything it took has worked."""
    assert set(tells(Published(remote_id=id_at(NOW)))) == {Kind.X_PAGE, Kind.SIGN_IN, Kind.BROWSER}
    assert all(tells_by_probe(None).values())


@pytest.mark.parametrize("cause", Cause)
def test_a_probe_that_was_not_well_never_tells_well_of_everything(cause):
    """Whatever it met, at least what it was sent for is not taken for well."""
    assert tells_by_probe(cause) != tells_by_probe(None)


def test_where_x_asked_a_person_nobody_comes_near_for_long():
    """A challenge is not probed at growing seconds."""
    assert named_end(Cause.CHALLENGE, NOW) >= NOW + timedelta(hours=6)
    assert named_end(Cause.SIGNED_OUT, NOW) is None


def test_nothing_wakes_what_may_be_live():
    """A closing circuit shortens waits of what was provably never sent, by causes that say so."""
    told = {cause for causes in WAKES.values() for cause in causes}

    assert told.isdisjoint({Cause.NO_ANSWER, Cause.ODD_ANSWER, Cause.DUPLICATE, Cause.WORKER_LOST})


@pytest.mark.parametrize("kind", Kind)
def test_every_circuit_recovers_within_a_minute_of_its_dependency(kind):
    """But for a sign-in, which needs a person, and notices, which nobody waits for."""
    settings = SETTINGS[kind]

    if kind not in {Kind.SIGN_IN, Kind.NOTIFICATIONS}:
        assert settings.longest_open <= timedelta(seconds=45)
    assert settings.first_open <= timedelta(seconds=20)


def test_names_are_what_prefect_takes():
    """Lower case, digits and dashes."""
    assert "x-page-alice" == Dependency(Kind.X_PAGE, "alice").name
    assert "prefect-api" == Dependency(Kind.PREFECT).name
