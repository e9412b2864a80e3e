"""A book that can do what Prefect's blocks can, and no more, in memory; and can be away."""

import threading

from tasks.circuit_book import RevisionsAway


class MemoryBook:
    """Shared by several breakers, as Prefect is by several processes."""

    def __init__(self):
        self.revisions = {}
        self.calls = 0
        self.away = False
        self.loses_answers = False
        self._lock = threading.Lock()

    def create(self, circuit, revision):
        self._called()
        with self._lock:
            self.revisions.setdefault(circuit, {}).setdefault(revision.number, revision)
        if self.loses_answers:
            raise RevisionsAway("its answer got lost")

    def read(self, circuit):
        self._called()
        with self._lock:
            return list(self.revisions.get(circuit, {}).values())

    def remove(self, circuit, numbers):
        self._called()
        with self._lock:
            for number in numbers:
                self.revisions[circuit].pop(number, None)

    def all(self):
        with self._lock:
            return {circuit: list(revisions.values()) for circuit, revisions in self.revisions.items()}

    def _called(self):
        self.calls += 1
        if self.away:
            raise RevisionsAway("it is away")
