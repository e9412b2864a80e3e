"""Every remedy that is carried out by Prefect's server has its effect there."""

from datetime import timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Pending, Running

from deployments.pools import POOL_TYPE, WORK_POOL
from rehearsal.stack import up
from steadypost.domain import clock
from tasks import remedies
from tasks import runs as all_runs
from tasks.remedies import remedy
from tasks.slots import PrefectSlots

pytestmark = [pytest.mark.prefect, pytest.mark.slow, pytest.mark.timeout(600)]

MANY = 605
"""With the last, more limits than three pages hold."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A Prefect server that knows the deployments, without a worker: what is started stays where it is."""
    with (
        up(tmp_path_factory.mktemp("remedies") / "home") as stack,
        temporary_settings({PREFECT_API_URL: stack.api_url}),
    ):
        with get_client(sync_client=True) as client:
            client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type=POOL_TYPE))
            for flow in ("publish", "canary"):
                flow_id = client.create_flow_from_name(flow)
                client.create_deployment(
                    flow_id=flow_id, name=all_runs.DEPLOYMENTS[flow], concurrency_limit=2
                )
        yield stack


@pytest.fixture
def api(stack, house, monkeypatch):
    """Its client, beside a house whose clock goes right."""
    monkeypatch.setenv("STEADYPOST_HOME", str(stack.home))
    house.clock = clock.now
    with get_client(sync_client=True) as client:
        yield client
        for run in client.read_flow_runs():
            client.delete_flow_run(run.id)


def dead(api, flow):
    """Make a run that holds a place of its deployment, and that nothing carries out."""
    deployment = api.read_deployment_by_name(all_runs.deployment_of(flow))
    run = api.create_flow_run_from_deployment(deployment.id)
    api.set_flow_run_state(run.id, Pending())
    api.set_flow_run_state(run.id, Running())
    return run.id


def taken(api, flow):
    """Count the places of a deployment that are taken."""
    deployment = api.read_deployment_by_name(all_runs.deployment_of(flow))
    found = api.read_global_concurrency_limit_by_name(f"deployment:{deployment.id}")
    return found.active_slots


def states(api, flow):
    """Tell in which states the runs of a flow are."""
    deployment = api.read_deployment_by_name(all_runs.deployment_of(flow))
    runs = [
        run for run in api.read_flow_runs() if run.deployment_id == deployment.id and not run.auto_scheduled
    ]
    return sorted(run.state_type for run in runs)


def test_slots_that_leaked_are_given_back_whatever_page_they_are_on(api):
    """Of a limit that is full all slots are free afterwards; the others keep theirs, and so does anybody else's."""
    slots = PrefectSlots()
    for n in range(MANY):
        slots.create(f"steadypost-look-account-{n:04}", 2)
    slots.create("steadypost-z-last", 2)
    api.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="somebody-else", limit=1))
    full, half = "steadypost-z-last", "steadypost-look-account-0001"
    assert slots.acquire([full], 2, 300.0)
    assert slots.acquire([half], 1, 300.0)
    assert slots.acquire(["somebody-else"], 1, 300.0)

    effect = remedy.fn("give_back_slots", "slots", "")

    standing = slots.read()
    slots.close()
    assert f"the places of {full} were given back" == effect
    assert (0, 1, 1) == tuple(standing[name].taken for name in (full, half, "somebody-else"))


def test_a_flow_is_revived(api):
    """What is dead is over and holds no place, and another run is there to be started."""
    dead(api, "publish")
    dead(api, "publish")
    assert 2 == taken(api, "publish")

    effect = remedy.fn("revive_flow", "on_watch", "publish")

    assert "2 runs of publish were ended" in effect
    assert [StateType.CANCELLED, StateType.CANCELLED, StateType.SCHEDULED] == states(api, "publish")
    assert 0 == taken(api, "publish")


def test_runs_that_do_nothing_are_ended(api, monkeypatch):
    """Their places are free; nothing else is started."""
    monkeypatch.setattr(remedies, "SILENT", timedelta(0))
    dead(api, "canary")

    effect = remedy.fn("end_runs", "runs", "")

    assert "1 runs that do nothing were ended" == effect
    assert [StateType.CANCELLED] == states(api, "canary")
    assert 0 == taken(api, "canary")


def test_browsers_are_renewed_by_another_run(api):
    """One is ordered, and no second one beside it."""
    assert "was started" in remedy.fn("renew_browsers", "due", "")
    assert "about to start" in remedy.fn("renew_browsers", "due", "")

    assert [StateType.SCHEDULED] == states(api, "publish")
