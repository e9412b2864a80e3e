"""`python -m sandbox`: start a local X."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from sandbox.ledger import DAY_MS
from sandbox.serve import CONNECTIONS, serve
from sandbox.variant import BadVariant, Variant, read_variant
from sandbox.world import Settings


@click.command(
    help="A local look-alike of X, with weather and a ledger. Prints one JSON line when it is ready."
)
@click.option("--port", default=0, show_default="a free one", help="Port of the page.")
@click.option(
    "--control-port", default=0, show_default="a free one", help="Port of the ledger and the weather."
)
@click.option("--seed", default=1, show_default=True, help="Seed of everything that happens by chance.")
@click.option(
    "--state-file", type=click.Path(path_type=Path), help="Also write the ready line here, mode 0600."
)
@click.option("--account", "accounts", multiple=True, default=("alice", "bob", "carol"), show_default=True)
@click.option("--premium", multiple=True, help="An account that may write long posts.")
@click.option(
    "--latency-ms", default=0.0, help="How long an answer to CreateTweet takes; the post is live before."
)
@click.option("--page-latency-ms", default=0.0, help="How long a page takes to open.")
@click.option("--lag-ms", default=0, help="How long timelines do not show a new post.")
@click.option(
    "--duplicate-window-s", default=DAY_MS // 1000, show_default=True, help="How long a text stays a copy."
)
@click.option(
    "--clock-offset", "clock_offset_s", default=0.0, help="Seconds by which the network's clock is ahead."
)
@click.option(
    "--clock-drift-ppm", default=0.0, help="How fast the network's clock runs away from the host's."
)
@click.option(
    "--variant",
    default="todays",
    show_default=True,
    help="The build of the page: todays, random, or axis=choice with commas between; README.md lists them.",
)
@click.option("--variant-seed", type=int, show_default="the seed", help="Seed of a random build.")
@click.option(
    "--connections",
    type=click.Choice(list(CONNECTIONS)),
    default="fresh",
    show_default=True,
    help="; ".join(f"{name}: {says}" for name, says in CONNECTIONS.items()),
)
@click.option("--exit-with-parent", is_flag=True, help="End when stdin closes.")
def main(
    *,
    port: int,
    control_port: int,
    seed: int,
    state_file: Path | None,
    accounts: tuple[str, ...],
    premium: tuple[str, ...],
    latency_ms: float,
    page_latency_ms: float,
    lag_ms: int,
    duplicate_window_s: int,
    clock_offset_s: float,
    clock_drift_ppm: float,
    variant: str,
    variant_seed: int | None,
    connections: str,
    exit_with_parent: bool,
) -> None:
    """Start a sandbox and stay until it is told to end."""
    settings = Settings(
        accounts=accounts,
        premium=premium,
        seed=seed,
        latency_ms=latency_ms,
        page_latency_ms=page_latency_ms,
        lag_ms=lag_ms,
        duplicate_window_ms=duplicate_window_s * 1000,
        clock_offset_s=clock_offset_s,
        clock_drift_ppm=clock_drift_ppm,
        variant=_variant(variant, seed if variant_seed is None else variant_seed),
        connections=connections,
    )
    asyncio.run(
        serve(settings, port=port, control_port=control_port, state_file=state_file, tied=exit_with_parent)
    )


def _variant(text: str, seed: int) -> Variant:
    try:
        return read_variant(text, seed=seed)
    except BadVariant as error:
        raise click.BadParameter(str(error), param_hint="--variant") from error


if __name__ == "__main__":
    sys.exit(main())
