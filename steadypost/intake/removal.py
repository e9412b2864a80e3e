"""Taking a live post down, as the form in Prefect's own pages hands it in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from steadypost.intake.fields import Number


class RemovalOrder(BaseModel):
    """A person's order to take a delivery's posts down from their network."""

    model_config = ConfigDict(extra="forbid", title="Removal")

    delivery: Number = Field(
        title="Delivery",
        description="Its number, as the queue names it. All of its parts are taken down, the last one first.",
        json_schema_extra={"position": 0},
    )
    sure: bool = Field(
        default=False,
        title="Take it down, for everybody",
        description="Off: nothing is taken down, and the run says what would be.",
        json_schema_extra={"position": 1},
    )
    by: str = Field(
        title="Your name",
        description="It is kept with what you do.",
        json_schema_extra={"position": 2},
    )
    why: str = Field(
        title="Why",
        description="Kept with the change.",
        json_schema_extra={"position": 3},
    )
