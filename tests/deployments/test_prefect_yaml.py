"""prefect.yaml says what runs; these hold the code to its words."""

import inspect

import yaml

from deployments.apply import ON_WATCH, PREFECT_YAML, check, entrypoints
from deployments.automations import automation_name
from deployments.limits import WORK_POOL
from flows.compose import compose
from flows.publish import publish
from flows.reconcile import reconcile
from flows.resolve import resolve
from flows.watch import watch
from tasks.deliveries import deliver
from tasks.looks import look
from tasks.runs import DEPLOYMENT, POOL


def deployments():
    return yaml.safe_load(PREFECT_YAML.read_text())["deployments"]


def test_every_entrypoint_loads():
    """What prefect.yaml names is a flow that can be loaded by its dotted name."""
    assert check() == []
    assert all(":" not in entrypoint for entrypoint in entrypoints())


def test_every_flow_is_deployed():
    """A flow nobody deploys is a flow nobody runs."""
    assert {entrypoint.rpartition(".")[2] for entrypoint in entrypoints()} == {
        "publish",
        "reconcile",
        "canary",
        "plan",
        "watch",
        "compose",
        "resolve",
        "rollout",
        "import_posts",
    }


def test_the_pool_is_the_one_that_is_made():
    """A deployment in a pool that apply() does not create would wait for ever."""
    assert {deployment["work_pool"]["name"] for deployment in deployments()} == {WORK_POOL} == {POOL}
    assert {deployment["name"] for deployment in deployments()} == {DEPLOYMENT}


def test_what_stays_on_watch_is_relieved_before_it_would_leave():
    """Between two scheduled runs there is no gap: a run stays longer than the next one takes to come."""
    for deployment, flow in zip(deployments()[:3], (publish, reconcile, watch), strict=True):
        stay = inspect.signature(flow.fn).parameters["stay_minutes"].default.default

        assert stay * 60 > 2 * deployment["schedules"][0]["interval"]
        assert deployment["concurrency_limit"]["limit"] >= 2


def test_an_ask_has_no_retry_anywhere():
    """An ask is never repeated by machinery; a look may be."""
    assert deliver.retries == 0
    assert publish.retries == 0
    assert look.retries > 0


def test_the_form_of_compose_is_made_from_its_model():
    """Prefect's page can only draw a form for what the schema describes."""
    (fields,) = (
        one["properties"]
        for one in compose.parameters.definitions.values()
        if "accounts" in one["properties"]
    )

    assert {"text", "parts", "accounts", "when", "zone", "images", "reply_to"} <= set(fields)
    assert all(field.get("title") and field.get("description") for field in fields.values())


def test_the_form_of_resolve_is_made_from_its_model():
    """Every field says what it is for, and nothing but the delivery, a name and a reason must be filled in."""
    (fields,) = (one["properties"] for one in resolve.parameters.definitions.values())

    assert list(fields) == ["delivery", "live", "absent", "drop", "by", "why"]
    assert all(field.get("title") and field.get("description") for field in fields.values())


def test_every_watch_has_its_automation():
    """Three watches, three automations, with names of their own."""
    assert len({automation_name(name) for name in ON_WATCH}) == len(ON_WATCH) == 3
