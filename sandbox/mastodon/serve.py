"""Both ports of the local Mastodon server: its API and pages, and the control port."""

from __future__ import annotations

import secrets
from pathlib import Path

from sandbox.mastodon.control import make_control
from sandbox.mastodon.site import make_site
from sandbox.mastodon.world import Settings, World
from sandbox.running import listen, run, url_of


async def serve(
    settings: Settings,
    *,
    port: int = 0,
    control_port: int = 0,
    state_file: Path | None = None,
    tied: bool = False,
) -> None:
    """Run a server until it is told to end."""
    world, token = World(settings), secrets.token_urlsafe(24)
    site, control = listen(port), listen(control_port)
    world.address = url_of(site)
    state = {
        "url": world.address,
        "control_url": url_of(control),
        "control_token": token,
        "accounts": world.introduce(),
    }
    apps = [(make_site(world), site), (make_control(world, token), control)]
    await run(apps, state, state_file=state_file, tied=tied)
