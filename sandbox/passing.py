"""What takes time in a sandbox: delays of the weather, and what happens later by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from sandbox.weather import Gust, Weather


class Passing:
    """Waits, and what is still to come."""

    weather: Weather

    def __init__(self) -> None:
        self._later: set[asyncio.Task[None]] = set()

    async def wait(self, gusts: Iterable[Gust]) -> None:
        """Sit through the delays among these gusts."""
        await asyncio.sleep(sum(self.duration(gust) for gust in gusts))

    def duration(self, gust: Gust) -> float:
        """How long a gust that takes time takes, in seconds, jitter included."""
        if gust.name == "latency":
            return float(gust["ms"] + self.weather.longer(gust["jitter_ms"])) / 1000
        return float(gust["seconds"]) + self.weather.longer(gust.params.get("jitter", 0.0))

    def after(self, seconds: float, what: Callable[[], object]) -> None:
        """Do something later, also when the asker has hung up by then."""

        async def wait_and_do() -> None:
            await asyncio.sleep(seconds)
            what()

        task = asyncio.get_running_loop().create_task(wait_and_do())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def forget_later(self) -> None:
        """Drop what is still to come."""
        for task in self._later:
            task.cancel()
