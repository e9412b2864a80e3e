"""The forms that authors fill in: their lists hold the accounts there are now. A list only draws; runs judge by the
store.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse

from steadypost import settings
from steadypost.intake.fields import CHOICES
from tasks.pages import BOARD

AUTHOR, HOUSE = "author", "house"
"""The tags of what a person starts, and of what goes on by itself: a list of runs is filtered by them."""

BOARD_LINK = f"/artifacts/key/{BOARD}"
"""Where descriptions in prefect.yaml point: the page itself has an address that only its server knows."""


def keep(client: SyncPrefectClient, accounts: Sequence[str], board: object) -> list[str]:
    """Bring every form up to date; answers the names of the deployments whose form changed."""
    changed = []
    for one in _forms(client):
        update = _update(one, _lists(accounts), f"/artifacts/artifact/{board}")
        if update is not None:
            client.update_deployment(one.id, update)
            changed.append(one.name)
    return changed


def _forms(client: SyncPrefectClient) -> list[DeploymentResponse]:
    wanted = DeploymentFilter(tags=DeploymentFilterTags(all_=[AUTHOR]))
    return client.read_deployments(deployment_filter=wanted, limit=50)


def _update(
    one: DeploymentResponse, lists: Mapping[str, Mapping[str, Any]], board: str
) -> DeploymentUpdate | None:
    """Say what is to be changed of a deployment; ``None`` when it is as it should be."""
    schema = one.parameter_openapi_schema or {}
    wanted = drawn(schema, lists)
    told = (one.description or "").replace(BOARD_LINK, board)
    update: dict[str, Any] = {}
    if wanted != schema:
        update["parameter_openapi_schema"] = wanted
    if told != (one.description or ""):
        update["description"] = told
    return DeploymentUpdate(**update) if update else None


def _lists(accounts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give the values for each marked field, by its mark."""
    machine = settings.read()
    names = sorted(accounts)
    some = {"enum": names} if names else {}
    return {
        "accounts": {"items": {"type": "string", **some}},
        "account": {"enum": ["", *names]},
        "zones": {"enum": _zones(), **({"default": machine.zone} if machine.zone_is_given else {})},
    }


def _zones() -> list[str]:
    """List the zones by which people know their clocks: places, and UTC."""
    places = (
        one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "SystemV/", "US/"))
    )
    return ["UTC", *sorted(places)]


_TITLES = {
    "by": "Your name",
    "path": "File",
    "refused_to": "Refused rows",
    "watch_hours": "Watch (hours)",
    "word": "Delivery",
    "removal": "Post",
}
"""Titles for parameters whose name says too little."""


def drawn(schema: Mapping[str, Any], lists: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give a schema with its marked fields filled in, and without defaults that no list or calendar has."""
    made: dict[str, Any] = copy.deepcopy(dict(schema))
    for field in _fields(made):
        field.update(copy.deepcopy(dict(lists.get(field.get(CHOICES, ""), {}))))
        is_chosen = "format" in field or ("enum" in field and "" not in field["enum"])
        if "$ref" in field or (is_chosen and field.get("default") == ""):
            field.pop("default", None)
    for name, field in made.get("properties", {}).items():
        # Prefect titles the parameters of a flow by their names in the code, whatever they are called there.
        if field.get("title") == name:
            field["title"] = _TITLES.get(name, name.replace("_", " ").capitalize())
    return made


def _fields(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from schema.get("properties", {}).values()
    for one in schema.get("definitions", {}).values():
        yield from one.get("properties", {}).values()
