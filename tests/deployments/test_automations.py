"""What Prefect's server does by itself about a watch that is silent. That it does, ``bench recovery`` plays."""

from datetime import timedelta
from uuid import uuid4

from prefect.events.actions import RunDeployment, SendNotification
from prefect.events.schemas.automations import Posture

from deployments.automations import LATE, SHORTEST, _late, _reaches
from flows.watch import ROUND


def test_a_watch_whose_rounds_stay_away_is_started_again_and_somebody_is_told(monkeypatch):
    """After three rounds that did not come; by Prefect itself, since nobody else is left to."""
    monkeypatch.setenv("STEADYPOST_WATCH_EVERY", "60")
    deployment, way = uuid4(), uuid4()
    automation = _late(deployment, [way])

    assert (Posture.Proactive, {ROUND}) == (automation.trigger.posture, automation.trigger.expect)
    assert timedelta(minutes=3) == automation.trigger.within
    [run, tell] = automation.actions
    assert (RunDeployment, deployment) == (type(run), run.deployment_id)
    assert (SendNotification, way) == (type(tell), tell.block_document_id)
    assert LATE == automation.name


def test_in_a_drill_a_run_is_left_the_time_to_start(monkeypatch):
    """Rounds of two seconds do not make Python start faster."""
    monkeypatch.setenv("STEADYPOST_WATCH_EVERY", "2")

    assert SHORTEST == _late(uuid4(), []).trigger.within


def test_whoever_else_is_to_be_told_makes_it_anew():
    """An automation tells those who were on call when it was made, and starts what was deployed then; it is compared by
    both.
    """
    deployment, way = uuid4(), uuid4()

    assert {deployment, way} == _reaches(_late(deployment, [way]).actions)
    assert {deployment} == _reaches(_late(deployment, []).actions)
