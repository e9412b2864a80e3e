"""Pages in Prefect with a fixed address: one artifact each, written over (a new version would have a new address)."""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact
from prefect.settings import PREFECT_UI_URL

BOARD = "steadypost-board"
"""The key of the one that the watch writes."""

FORMER_WEEK = "steadypost-week"

NOT_YET = "Nothing was looked at yet: the watch writes this page within a minute of its first round."


def write(client: SyncPrefectClient, key: str, data: str, *, description: str) -> UUID:
    """Write a page over, or make it; versions of an older Steadypost are removed."""
    versions = _versions(client, key)
    if not versions:
        return client.create_artifact(
            ArtifactCreate(key=key, type="markdown", data=data, description=description)
        ).id
    kept, *older = versions
    # Not by the client's own method, which would put the whole page among Prefect's events each time.
    said = {"data": data, "description": description}
    client.request("PATCH", "/artifacts/{id}", path_params={"id": kept.id}, json=said)
    for one in older:
        client.delete_artifact(one.id)
    return kept.id


def find(client: SyncPrefectClient, key: str) -> UUID | None:
    """Find a page; ``None`` when it was not written yet."""
    versions = _versions(client, key)
    return versions[0].id if versions else None


def ensure_board(client: SyncPrefectClient) -> UUID:
    """Make the board unless it is there, so that links to it work from the first minute on."""
    for one in _versions(client, FORMER_WEEK):
        client.delete_artifact(one.id)
    return find(client, BOARD) or write(
        client, BOARD, f"# Steadypost\n\n{NOT_YET}", description="How everything stands now."
    )


def address(page: UUID) -> str:
    """Give the address at which people find a page."""
    return f"{(PREFECT_UI_URL.value() or '').rstrip('/')}/artifacts/artifact/{page}"


def board_address() -> str:
    """Give the address of the board; where it cannot be asked for, that of its versions."""
    try:
        with get_client(sync_client=True) as client:
            found = find(client, BOARD)
    except Exception:  # noqa: BLE001 - a link is not worth what it stands in
        found = None
    return address(found) if found else f"{(PREFECT_UI_URL.value() or '').rstrip('/')}/artifacts/key/{BOARD}"


def _versions(client: SyncPrefectClient, key: str) -> list[Artifact]:
    """List the versions of a page, the oldest, which may be linked, first."""
    found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return sorted(found, key=lambda one: str(one.created))
