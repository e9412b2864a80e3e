"""Sees to it that somebody is on watch: used when a worker starts, and harmless at any other time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.types._datetime import create_datetime_instance

from steadypost.domain.clock import now
from steadypost.store import Store

FRESH = timedelta(seconds=10)
"""A seat whose last beat is younger than this is held by somebody alive."""

SOON = timedelta(seconds=30)
"""A run that starts within this needs no other beside it."""


def ensure_on_watch(store: Store, deployments: tuple[str, ...]) -> Iterator[str]:
    """Start a run of each deployment that nobody is on watch for, nor about to be."""
    beats = {watch.flow: watch.beat_at for watch in store.watches()}
    with get_client(sync_client=True) as client:
        for name in deployments:
            flow = name.partition("/")[0]
            beat = beats.get(flow)
            if beat is not None and now() - beat < FRESH:
                yield f"on watch: {flow} was"
                continue
            deployment = client.read_deployment_by_name(name)
            if _starting(client, deployment):
                yield f"on watch: {flow} is about to be"
                continue
            client.create_flow_run_from_deployment(deployment.id)
            yield f"on watch: {flow} starts"


def _starting(client: SyncPrefectClient, deployment: DeploymentResponse) -> bool:
    """Whether a run of it is about to start. A run that says it is running without a beat is not believed."""
    runs = client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(
                type=FlowRunFilterStateType(any_=[StateType.SCHEDULED, StateType.PENDING])
            ),
            expected_start_time=FlowRunFilterExpectedStartTime(
                after_=_instant(now() - timedelta(minutes=2)), before_=_instant(now() + SOON)
            ),
        ),
        limit=1,
    )
    return bool(runs)


def _instant(moment: datetime) -> Any:
    """Give a time in the type that Prefect's filters take."""
    return create_datetime_instance(moment)
