"""The work pools: processes for runs on watch, and containers for what a person starts (``STEADYPOST_AD_HOC=docker``).

An operator who edits a pool is obeyed: ``apply`` only makes what is missing.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from tasks import runs

WORK_POOL = "steadypost"
"""The pool of what stays on watch, and of everything else unless it runs in containers."""

POOL_TYPE = "process"
"""Runs on watch are processes of one machine: they end and replace each other, and keep their outbox there."""

AD_HOC_POOL = "steadypost-ad-hoc"
"""The pool of what a person starts, each run in a container of its own."""

TEMPLATE = Path(__file__).with_name("docker.json")


class PoolRefused(Exception):
    """A work pool of the name is there and is of another type."""

    def __init__(self, name: str, found: str, wanted: str) -> None:
        super().__init__(
            f"work pool: {name} is of the type {found}, and {wanted} is needed. Delete it in Prefect's pages (its "
            "deployments are made anew), then run this again"
        )


def template() -> dict[str, Any]:
    """Give the base job template of the containers' pool."""
    told: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    return told


def ensure_pools(client: SyncPrefectClient, ad_hoc: str) -> Iterator[str]:
    """Make the pools that are missing; answers what was done, a line each."""
    yield _ensure(client, WorkPoolCreate(name=WORK_POOL, type=POOL_TYPE))
    if ad_hoc != POOL_TYPE:
        yield _ensure(client, WorkPoolCreate(name=AD_HOC_POOL, type=ad_hoc, base_job_template=template()))


def _ensure(client: SyncPrefectClient, wanted: WorkPoolCreate) -> str:
    try:
        client.create_work_pool(wanted)
    except ObjectAlreadyExists:
        found = client.read_work_pool(wanted.name).type
        if found != wanted.type:
            raise PoolRefused(wanted.name, found, wanted.type) from None
        return f"work pool: {wanted.name} was there"
    return f"work pool: {wanted.name} ({wanted.type})"


def is_ad_hoc(deployment: Mapping[str, Any]) -> bool:
    """Whether only a person starts it: it has no schedule, and stays on watch in no run."""
    return not deployment["schedules"]


def for_this_machine(publish: Mapping[str, Any], host: str) -> dict[str, Any]:
    """Make the publishers' deployment a machine's own: its runs wait in that machine's queue for its worker."""
    found: dict[str, Any] = deepcopy(dict(publish))
    found["name"] = f"{publish['name']}{runs.ON}{host}"
    found["description"] = (
        f"Publishes from {host} for its share of the accounts, where another machine has the watch."
    )
    found["work_pool"]["work_queue_name"] = host
    found["parameters"] = {"machine": host}
    for schedule in found["schedules"]:
        # Between two reliefs of the one on watch.
        schedule["anchor_date"] = "2026-01-01T00:15:00+00:00"
    return found


def placed(told: Mapping[str, Any], *, ad_hoc: str, image: str, host: str) -> dict[str, Any]:
    """Put the deployments of prefect.yaml into the pools that there are, and add this machine's own."""
    found: dict[str, Any] = deepcopy(dict(told))
    publish = next(one for one in found["deployments"] if one["name"] == runs.DEPLOYMENTS["publish"])
    found["deployments"].append(for_this_machine(publish, host))
    if ad_hoc == POOL_TYPE:
        return found
    for deployment in filter(is_ad_hoc, found["deployments"]):
        variables = {**deployment["work_pool"].get("job_variables", {}), "image": image}
        deployment["work_pool"] = {"name": AD_HOC_POOL, "job_variables": variables}
    return found


@contextlib.contextmanager
def prefect_file(path: Path, *, ad_hoc: str, image: str, host: str) -> Iterator[Path]:
    """Give a prefect.yaml that says where each deployment runs here."""
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="steadypost-") as folder:
        file = Path(folder) / path.name
        file.write_text(yaml.safe_dump(placed(told, ad_hoc=ad_hoc, image=image, host=host)), encoding="utf-8")
        yield file
