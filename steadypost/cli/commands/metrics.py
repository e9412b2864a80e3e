"""``steadypost metrics``."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from datetime import timedelta

import click

from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.store import Store

PORT = 9464
"""The port that Prometheus knows for exporters of no other kind."""


@command("metrics")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="On 127.0.0.1; 0 takes any that is free.",
)
def metrics(house: House, *, port: int) -> Answer:
    """Serve /metrics for Prometheus and /health for monitors, until it is ended, on this machine only.

    It reads the store and changes nothing; publishing does not depend on it. /health answers within two seconds
    whatever the store does, and says 503 unless everything was found, lately, to be well.
    """
    from steadypost.cli.endpoint import Endpoint, Reader  # noqa: PLC0415 - only here

    known = house.settings
    reader = Reader(_opens(house), every=timedelta(seconds=known.watch_every), on_time=known.on_time)
    try:
        server = Endpoint(port, reader)
    except OSError as taken:
        told = f"port {port} of 127.0.0.1 cannot be used ({taken.strerror})"
        raise Stop(Ending.USAGE, "port", told, "choose another with --port") from None
    reader.start()
    speech.tell(speech.console(), f"http://127.0.0.1:{server.server_port}/metrics and /health")
    # A service manager ends it so; it holds nothing that would have to be put away first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), server:
        server.serve_forever()
    reader.stop()
    return Answer(document={"ended": True}, tell=lambda _: None)


def _opens(house: House) -> Callable[[], Store]:
    # Impatient: a request is not kept waiting longer than this either.
    return lambda: Store.open(house.store_url, patience=timedelta(seconds=1))


commands = {"metrics": metrics}
