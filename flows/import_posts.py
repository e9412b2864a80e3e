"""Take in a file of posts."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.house import open_store
from flows.refusal import refused
from steadypost import settings
from steadypost.domain.clock import now
from steadypost.intake.entry import import_file
from tasks.deadline import ended_within

ENDS_WITHIN = timedelta(minutes=30)
"""A hundred thousand rows take ten minutes. Only one import runs at a time: one that hangs holds up the next."""


@flow(name="import", flow_run_name="import {path}", retries=0)
def import_posts(
    path: str = Field(
        title="File",
        description=(
            "A CSV or JSON file on the worker's machine, such as examples/posts.csv of the repository. "
            "A relative path counts from that machine's STEADYPOST_HOME."
        ),
        examples=["/home/alice/posts.csv"],
    ),
    dry_run: bool = Field(default=False, title="Dry run", description="Check every row and take in none."),
) -> State[dict[str, object]]:
    """Take in every row that can be; each refusal names row, field, value and remedy."""
    machine = settings.read()
    with ended_within(ENDS_WITHIN):
        report = import_file(
            open_store(), machine.home / path, now=now(), zone=machine.zone_for_naive, dry_run=dry_run
        )
    told = report.as_dict()
    counts = ", ".join(f"{count} {name}" for name, count in told["counts"].items())
    refusals = [str(refusal) for entered in report.refused for refusal in entered.refusals]
    if report.refused and not (report.accepted or report.held or report.already):
        return refused([counts, *refusals])
    return Completed(name="Taken in", message="\n".join([counts, *refusals]), data=told)
