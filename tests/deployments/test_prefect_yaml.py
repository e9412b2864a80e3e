"""prefect.yaml says what runs; these hold the code to its words."""

import importlib
import inspect

import yaml

from deployments.apply import ON_WATCH, PREFECT_YAML, check, entrypoints
from deployments.automations import automation_name
from deployments.pools import WORK_POOL
from flows.compose import compose
from flows.publish import publish
from flows.reconcile import reconcile
from flows.resolve import resolve
from flows.watch import watch
from tasks.deliveries import deliver
from tasks.forms import AUTHOR, BOARD_LINK, HOUSE
from tasks.looks import look
from tasks.runs import DEPLOYMENTS, POOL


def deployments():
    return yaml.safe_load(PREFECT_YAML.read_text())["deployments"]


def test_every_entrypoint_loads():
    """What prefect.yaml names is a flow that can be loaded by its dotted name."""
    assert [] == check()
    assert all(":" not in entrypoint for entrypoint in entrypoints())


def test_every_flow_is_deployed():
    """A flow nobody deploys is a flow nobody runs."""
    assert {
        "publish",
        "reconcile",
        "canary",
        "plan",
        "watch",
        "compose",
        "change",
        "resolve",
        "delete",
        "rollout",
        "import_posts",
    } == {entrypoint.rpartition(".")[2] for entrypoint in entrypoints()}


def test_the_pool_is_the_one_that_is_made():
    """A deployment in a pool that apply() does not create would wait for ever."""
    assert {deployment["work_pool"]["name"] for deployment in deployments()} == {WORK_POOL} == {POOL}


def test_deployments_are_named_by_what_they_do_and_found_by_that_name():
    """What starts and ends runs asks for them by flow; Prefect's pages show the name first."""
    names = {
        getattr(
            importlib.import_module(entrypoint.rpartition(".")[0]), entrypoint.rpartition(".")[2]
        ).name: one["name"]
        for one in deployments()
        if (entrypoint := one["entrypoint"])
    }

    assert names == DEPLOYMENTS


def test_what_an_author_starts_can_be_told_from_what_goes_on_by_itself():
    """By one tag of two: a list of runs is filtered by it. Whatever has a schedule is the house's own."""
    for one in deployments():
        assert {AUTHOR, HOUSE} & set(one["tags"]) == ({HOUSE} if one["schedules"] else {AUTHOR})


def test_the_house_does_not_outnumber_its_authors():
    """Each run on watch is relieved twice an hour; that nobody sits there is seen by the others within seconds."""
    every = {one["name"]: [each["interval"] for each in one["schedules"]] for one in deployments()}

    assert 20 > sum(3600 / seconds for intervals in every.values() for seconds in intervals)


def test_what_is_in_a_form_is_refused_by_the_run_in_words():
    """Prefect's own refusal names no remedy, and its lists are as old as the last round of the watch."""
    taken = {one["entrypoint"] for one in deployments() if one.get("enforce_parameter_schema") is False}

    assert {"flows.compose.compose", "flows.change.change", "flows.import_posts.import_posts"} == taken


def test_every_form_says_where_the_board_is():
    """Whoever starts something looks for what became of it."""
    forms = [one for one in deployments() if AUTHOR in one["tags"]]

    assert forms
    assert all(BOARD_LINK in one["description"] for one in forms)


def test_what_stays_on_watch_is_relieved_before_it_would_leave():
    """Between two scheduled runs there is no gap: a run stays longer than the next one takes to come."""
    for deployment, flow in zip(deployments()[:3], (publish, reconcile, watch), strict=True):
        stay = inspect.signature(flow.fn).parameters["stay_minutes"].default.default

        assert stay * 60 > 2 * deployment["schedules"][0]["interval"]
        assert deployment["concurrency_limit"]["limit"] >= 2


def test_an_ask_has_no_retry_anywhere():
    """An ask is never repeated by machinery; a look may be."""
    assert 0 == deliver.retries
    assert 0 == publish.retries
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

    assert ["delivery", "live", "absent", "drop", "by", "why"] == list(fields)
    assert all(field.get("title") and field.get("description") for field in fields.values())


def test_every_watch_has_its_automation():
    """Three watches, three automations, with names of their own."""
    assert len({automation_name(name) for name in ON_WATCH}) == len(ON_WATCH) == 3
