"""Everybody who judges runs on watch means the same flows, and nobody acts before those inside have had their turn."""

from datetime import timedelta

import yaml

from deployments import apply, health
from steadypost.domain import silence, watched
from steadypost.domain.checks import on_watch
from steadypost.domain.clock import now
from steadypost.domain.health import Tolerances
from tasks import runs


def test_every_flow_on_watch_is_replaced():
    assert set(watched.FLOWS) == set(watched.REPLACED_AFTER)


def test_the_watch_judges_all_but_itself():
    assert {*watched.FLOWS} - {watched.WATCH} == {*watched.JUDGED}
    assert {*watched.JUDGED} == {*on_watch.EXPLAINS_OF}


def test_every_flow_on_watch_has_a_deployment():
    deployed = {one["name"] for one in yaml.safe_load(apply.PREFECT_YAML.read_text())["deployments"]}

    assert {runs.deployment_of(flow).partition("/")[2] for flow in watched.FLOWS} <= deployed
    assert apply.ON_WATCH == tuple(runs.deployment_of(flow) for flow in watched.FLOWS)


def test_what_was_replaced_does_not_look_well_until_the_next_one_is_there():
    assert Tolerances().heartbeat_within <= min(watched.REPLACED_AFTER.values())


def test_those_outside_wait_for_those_inside():
    replaced = max(watched.REPLACED_AFTER.values())

    assert watched.FAILING_AFTER <= watched.SUSPECTED_AFTER
    assert replaced <= watched.SUSPECTED_AFTER < watched.UNHEALTHY_AFTER


def test_a_container_names_each_flow_that_is_silent_for_too_long():
    moment = now()
    heard = dict.fromkeys(watched.FLOWS, moment - watched.UNHEALTHY_AFTER)

    assert [] == list(health.silent(heard, moment))
    assert len(watched.FLOWS) == len(list(health.silent(heard, moment + timedelta(seconds=1))))


def test_the_dead_man_check_hears_each_flow():
    said = silence.listen({}, now(), within=timedelta(minutes=1)).said

    assert [f"{flow} has never sent a heartbeat" for flow in (watched.WATCH, *watched.JUDGED)] == list(said)
