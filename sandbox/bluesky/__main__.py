"""`python -m sandbox.bluesky`: start a local Bluesky."""

from __future__ import annotations

import asyncio
import sys

import click

from sandbox.bluesky.serve import serve
from sandbox.bluesky.world import Settings


@click.command(
    help="A local look-alike of Bluesky, with weather and a ledger. Prints one JSON line when it is ready."
)
@click.option("--port", default=0, show_default="a free one", help="Port of the first server.")
@click.option("--control-port", default=0, show_default="a free one", help="Port of ledger and weather.")
@click.option("--seed", default=1, show_default=True, help="Seed of everything that happens by chance.")
@click.option("--account", "accounts", multiple=True, default=("alice.test", "bob.test"), show_default=True)
@click.option("--clock-offset", "clock_offset_s", default=0.0, help="Seconds by which the network is ahead.")
@click.option("--exit-with-parent", is_flag=True, help="End when stdin closes.")
def main(
    *,
    port: int,
    control_port: int,
    seed: int,
    accounts: tuple[str, ...],
    clock_offset_s: float,
    exit_with_parent: bool,
) -> None:
    """Start a sandbox and stay until it is told to end."""
    settings = Settings(accounts=accounts, seed=seed, clock_offset_s=clock_offset_s)
    asyncio.run(serve(settings, port=port, control_port=control_port, tied=exit_with_parent))


if __name__ == "__main__":
    sys.exit(main())
