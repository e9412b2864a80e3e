"""What a person says of an unconfirmed delivery, as the form in Prefect's own pages hands it in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from steadypost.intake.fields import Number


class Resolution(BaseModel):
    """What you found out about one delivery."""

    model_config = ConfigDict(extra="forbid", title="Word")

    delivery: Number = Field(
        title="Delivery",
        description="Its number, as the queue and the messages name it.",
        json_schema_extra={"position": 0},
    )
    live: list[str] = Field(
        default_factory=list,
        title="Live as",
        description=(
            "The addresses or ids of the posts that are its parts, in their order; "
            "for part 2 alone write 2=address. Empty: you say of nothing that it is live."
        ),
        json_schema_extra={"position": 1},
    )
    absent: bool = Field(
        default=False,
        title="The rest is absent",
        description="You looked at the account, and what else was asked for is not there.",
        json_schema_extra={"position": 2},
    )
    drop: bool = Field(
        default=False,
        title="Drop the rest",
        description="What is not live is not to be sent. While it may be live, only if it is absent.",
        json_schema_extra={"position": 3},
    )
    by: str = Field(
        title="Your name",
        description="Kept with the delivery.",
        json_schema_extra={"position": 4},
    )
    why: str = Field(
        title="Why",
        description="What you saw; kept with the delivery.",
        json_schema_extra={"position": 5},
    )
