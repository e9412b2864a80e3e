"""A runner without a browser, for what is true of any runner."""

import itertools
import threading
import time

from steadypost.browser import BrowserUnavailable, Reason, RunnerOverran, StillAlive

numbers = itertools.count()


class FakeRunner:
    """Does whatever its job is: a function of the runner. Knows how many are at work in it."""

    def __init__(self):
        self.number = next(numbers)
        self.identity = None
        self.uses = 0
        self.broken = False
        self.memory = 100.0
        self.immortal = False
        self.seen_dead = False
        self.settles = 0
        self._busy = threading.Lock()

    def run(self, job, **_):
        """Call the payload with this runner."""
        assert not self.seen_dead, "a dead runner is at work"
        assert self._busy.acquire(blocking=False), "two jobs in one runner"
        try:
            self.uses += 1
            return job.payload(self) if job.payload else self.number
        finally:
            self._busy.release()

    def overrun(self):
        """What a job does that runs into its deadline."""
        self.kill()
        raise RunnerOverran("clicked")

    def settle(self):
        """Count it."""
        self.settles += 1

    def is_busy(self):
        """Say whether a job is running."""
        return self._busy.locked()

    def is_fit(self):
        """Say what the test decided."""
        return not self.broken

    def memory_mb(self):
        """Say what the test decided."""
        return self.memory

    def kill(self):
        """Die, unless the test decided otherwise."""
        self.broken = True
        if self.immortal:
            raise StillAlive([self.number])
        self.seen_dead = True

    def close(self):
        """Die."""
        self.kill()


class Factory:
    """Starts fake runners; can be told to fail or to take its time."""

    def __init__(self):
        self.started = []
        self.failing = False
        self.takes = 0.0
        self.starts = 0
        self._lock = threading.Lock()

    def __call__(self, _settings, _run_dir, _name, on_spawn):
        """Start one, as told."""
        with self._lock:
            self.starts += 1
        if self.failing:
            raise BrowserUnavailable(Reason.MISSING, "no browser today")
        runner = FakeRunner()
        on_spawn(runner)
        time.sleep(self.takes)
        if runner.broken:
            raise BrowserUnavailable(Reason.CRASHED, "killed on its way")
        with self._lock:
            self.started.append(runner)
        return runner

    def living(self):
        """Return the runners not seen dead."""
        return [runner for runner in self.started if not runner.seen_dead]
