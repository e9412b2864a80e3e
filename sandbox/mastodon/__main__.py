"""`python -m sandbox.mastodon`: start a local Mastodon server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from sandbox.mastodon.serve import serve
from sandbox.mastodon.world import Settings


@click.command(
    help="A local look-alike of a Mastodon server, with weather and a ledger. Prints one JSON line when it is ready."
)
@click.option("--port", default=0, show_default="a free one", help="Port of the API.")
@click.option(
    "--control-port", default=0, show_default="a free one", help="Port of the ledger and the weather."
)
@click.option("--seed", default=1, show_default=True, help="Seed of everything that happens by chance.")
@click.option(
    "--state-file", type=click.Path(path_type=Path), help="Also write the ready line here, mode 0600."
)
@click.option("--account", "accounts", multiple=True, default=("alice", "bob", "carol"), show_default=True)
@click.option(
    "--latency-ms", default=0.0, help="How long an answer to an ask takes; the post is live before."
)
@click.option("--lag-ms", default=0, help="How long lists do not show a new post.")
@click.option(
    "--clock-offset", "clock_offset_s", default=0.0, help="Seconds by which the server's clock is ahead."
)
@click.option("--clock-drift-ppm", default=0.0, help="How fast the server's clock runs away from the host's.")
@click.option("--max-characters", default=500, show_default=True, help="How long a post may be.")
@click.option("--requests", default=300, show_default=True, help="Requests of an account in five minutes.")
@click.option("--exit-with-parent", is_flag=True, help="End when stdin closes.")
def main(
    *,
    port: int,
    control_port: int,
    state_file: Path | None,
    exit_with_parent: bool,
    seed: int,
    accounts: tuple[str, ...],
    latency_ms: float,
    lag_ms: int,
    clock_offset_s: float,
    clock_drift_ppm: float,
    max_characters: int,
    requests: int,
) -> None:
    """Start a server and stay until it is told to end."""
    settings = Settings(
        accounts=accounts,
        seed=seed,
        latency_ms=latency_ms,
        lag_ms=lag_ms,
        clock_offset_s=clock_offset_s,
        clock_drift_ppm=clock_drift_ppm,
        max_characters=max_characters,
        requests=requests,
    )
    asyncio.run(
        serve(settings, port=port, control_port=control_port, state_file=state_file, tied=exit_with_parent)
    )


if __name__ == "__main__":
    sys.exit(main())
