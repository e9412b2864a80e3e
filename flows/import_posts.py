"""Take in a file of posts."""

from __future__ import annotations

from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from flows.house import open_store
from steadypost import settings
from steadypost.domain.clock import now
from steadypost.intake.entry import import_file


@flow(name="import", flow_run_name="import {path}", retries=0)
def import_posts(
    path: str = Field(
        title="File",
        description="A CSV or JSON file on the worker's machine; see examples/posts.csv.",
        examples=["examples/posts.csv"],
    ),
    dry_run: bool = Field(default=False, title="Dry run", description="Check every row and take in none."),
) -> State[dict[str, object]]:
    """Take in every row that can be; each refusal names row, field, value and remedy."""
    report = import_file(
        open_store(), Path(path), now=now(), zone=settings.read().zone_for_naive, dry_run=dry_run
    )
    told = report.as_dict()
    counts = ", ".join(f"{count} {name}" for name, count in told["counts"].items())
    refusals = [str(refusal) for entered in report.refused for refusal in entered.refusals]
    message = "\n".join([counts, *refusals])
    if report.refused and not (report.accepted or report.held or report.already):
        return Failed(name="Refused", message=message)
    return Completed(name="Taken in", message=message, data=told)
