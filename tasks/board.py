"""The status board, written into Prefect's artifacts: how everything stands, and the week as a picture.

Nothing depends on it: whatever fails here is logged and left, and the round that asked for it goes on.
"""

from __future__ import annotations

import base64
from datetime import timedelta

from prefect import task
from prefect.artifacts import create_image_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from steadypost import settings
from steadypost.domain.board import Board, page, week
from steadypost.domain.delivery import FOR_A_PERSON, State
from steadypost.domain.figures import SILENCE, figures
from steadypost.domain.observed import BlocksSeen
from steadypost.domain.span import Span
from steadypost.domain.standstill import Facts, sentence
from tasks.house import House, here
from tasks.journal import redact

EVERY = timedelta(minutes=5)
"""How often it is written anew."""

BOARD, WEEK = "steadypost-board", "steadypost-week"
"""The keys of the two artifacts."""

KEPT = 1
"""How many versions of each are kept: whoever opens it sees the latest, and nobody reads yesterday's board."""

WINDOWS = {"last hour": timedelta(hours=1), "last day": timedelta(days=1), "last 7 days": timedelta(days=7)}


@task(name="board", task_run_name="board", retries=0, cache_policy=NO_CACHE, persist_result=False)
def board(blocks: BlocksSeen | None = None) -> bool:
    """Write the board; ``False`` when it could not be, which is nobody's trouble but the board's."""
    house = here()
    try:
        written, drawn = compose(house, blocks)
        create_markdown_artifact(written, key=BOARD, description="How everything stands now.")
        picture = base64.b64encode(drawn.encode()).decode()
        create_image_artifact(
            f"data:image/svg+xml;base64,{picture}", key=WEEK, description="The week, by the hour."
        )
        _thin_out()
    except Exception as error:  # noqa: BLE001 - a board that cannot be written must not be noticed anywhere else
        house.log.warning("the board could not be written (%s)", type(error).__name__)
        return False
    return True


def compose(house: House, blocks: BlocksSeen | None) -> tuple[str, str]:
    """Read everything, and give the page and the picture, without secrets."""
    machine, now = settings.read(), house.clock()
    seen = house.store.observe(now, claims_of=timedelta(days=1))
    counts = house.store.counts()
    known = blocks or BlocksSeen()
    facts = Facts(
        at=now,
        store=seen,
        publish_off=known.off.get("publish"),
        closed={name: one.closed for name, one in known.sign_ins.items() if one.closed},
        circuits=known.open_circuits,
        under_way=counts[State.SENDING],
        next_due=min(
            (
                (one.name, one.next_due_at)
                for one in seen.accounts
                if one.next_due_at and one.next_due_at > now
            ),
            key=lambda one: one[1],
            default=None,
        ),
        for_a_person=sum(counts[state] for state in FOR_A_PERSON),
    )
    longest = Span(now - max(WINDOWS.values()), now + timedelta(days=2))
    owed = house.store.owed(longest, machine.on_time)
    outages = house.store.outages(Span(longest.since - SILENCE, now))
    told = {
        name: figures(
            [one for one in owed if now - length <= one.at],
            Span(now - length, now),
            now=now,
            within=machine.on_time,
            outages=outages,
        )
        for name, length in WINDOWS.items()
    }
    shown = Board(
        at=now,
        zone=machine.zone,
        sentence=sentence(facts),
        checks=[one.check for one in house.store.standings()],
        accounts=seen.accounts,
        counts=counts,
        circuits=known.open_circuits,
        incidents=house.store.open_incidents(),
        figures=told,
    )
    return redact(page(shown)), week(owed, now=now, within=machine.on_time, zone=machine.zone)


def _thin_out() -> None:
    """Keep the latest: every writing makes a version of its own."""
    with get_client(sync_client=True) as client:
        for key in (BOARD, WEEK):
            versions = client.read_artifacts(
                artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
            )
            for old in sorted(versions, key=lambda one: str(one.created), reverse=True)[KEPT:]:
                client.delete_artifact(old.id)
