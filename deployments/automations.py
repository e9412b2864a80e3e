"""Prefect's automations: replace a run on watch that died, restart a silent watch, and tell who is on call of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from prefect.automations import Automation, EventTrigger, Posture, RunDeployment
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events.actions import SendNotification
from prefect.exceptions import ObjectNotFound

from flows.watch import ROUND
from steadypost import settings
from tasks import documents, runs

WATCH = runs.deployment_of("watch")
LATE = "steadypost: start watch again when its rounds stay away"

ROUNDS_MISSED = 3
"""After so many rounds that did not come, the watch is late."""

SHORTEST = timedelta(seconds=60)
"""A run takes its time to start; it is not replaced meanwhile."""


def ensure_automations(deployments: tuple[str, ...]) -> Iterator[str]:
    """Make every automation exist; answers what was done, a line each."""
    with get_client(sync_client=True) as client:
        ids = {name: client.read_deployment_by_name(name).id for name in deployments}
        wanted = [_restart(automation_name(name), id_) for name, id_ in ids.items()]
        if WATCH in ids:
            wanted.append(_late(ids[WATCH], list(_ways(client))))
        for one in wanted:
            yield _ensure(client, one)


def automation_name(deployment: str) -> str:
    """Name the automation that starts a deployment again."""
    return f"steadypost: start {runs.flow_of(deployment)} again when it dies"


def _ensure(client: SyncPrefectClient, wanted: Automation) -> str:
    """Create it, or make it anew where it tells or starts something else. What an operator turned off stays off."""
    existing = client.read_automations_by_name(wanted.name)
    if not existing:
        wanted.create()
        return f"automation: {wanted.name}"
    if _reaches(existing[0].actions) == _reaches(wanted.actions):
        return f"automation: {wanted.name} was there"
    client.delete_automation(existing[0].id)
    wanted.enabled = existing[0].enabled
    wanted.create()
    return f"automation: {wanted.name}, made anew"


def _reaches(actions: object) -> set[UUID | None]:
    """Name the blocks that an automation tells, and the deployments that it starts."""
    found = actions if isinstance(actions, list) else []
    tells = {action.block_document_id for action in found if isinstance(action, SendNotification)}
    return tells | {action.deployment_id for action in found if isinstance(action, RunDeployment)}


def _ways(client: SyncPrefectClient) -> Iterator[UUID]:
    """Find the notification blocks that the on-call block names."""
    for way in documents.on_call().blocks:
        kind, _, name = way.partition("/")
        try:
            yield client.read_block_document_by_name(name, kind).id
        except ObjectNotFound:
            continue


def _restart(name: str, deployment_id: UUID) -> Automation:
    """Start a run as soon as one of this deployment has crashed or failed; a finished one was relieved."""
    return Automation(
        name=name,
        description="A run on watch that died is replaced at once, not at the next relief.",
        trigger=EventTrigger(
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related={
                "prefect.resource.id": f"prefect.deployment.{deployment_id}",
                "prefect.resource.role": "deployment",
            },
            expect={"prefect.flow-run.Crashed", "prefect.flow-run.Failed", "prefect.flow-run.TimedOut"},
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=[_run(deployment_id)],
    )


def _late(deployment_id: UUID, ways: list[UUID]) -> Automation:
    """Start the watch when its rounds stay away, however its last run believes to be."""
    within = max(SHORTEST, ROUNDS_MISSED * timedelta(seconds=settings.read().watch_every))
    return Automation(
        name=LATE,
        description="Nothing watches over the watch but this, and 'steadypost deadman' outside.",
        trigger=EventTrigger(
            match={"prefect.resource.id": "steadypost.watch"},
            expect={ROUND},
            posture=Posture.Proactive,
            threshold=1,
            within=within,
        ),
        actions=[_run(deployment_id), *(_tell(way, within) for way in ways)],
    )


def _run(deployment_id: UUID) -> RunDeployment:
    return RunDeployment(deployment_id=deployment_id, source="selected", parameters=None, job_variables=None)


def _tell(way: UUID, within: timedelta) -> SendNotification:
    return SendNotification(
        block_document_id=way,
        subject="Steadypost's watch is silent",
        body=(
            f"No round of checks has come for {within.total_seconds():.0f} s. Another run was started; if this comes "
            "again, no checks are made: see docs/runbooks/watch.md"
        ),
    )
