"""A book that can do what Prefect's blocks can, and no more, in memory; and can be away."""

import threading

from tasks.circuits import PagesAway


class MemoryBook:
    """Shared by several breakers, as Prefect is by several processes."""

    def __init__(self):
        self.pages = {}
        self.calls = 0
        self.away = False
        self.loses_answers = False
        self._lock = threading.Lock()

    def create(self, circuit, page):
        self._called()
        with self._lock:
            self.pages.setdefault(circuit, {}).setdefault(page.number, page)
        if self.loses_answers:
            raise PagesAway("its answer got lost")

    def read(self, circuit):
        self._called()
        with self._lock:
            return list(self.pages.get(circuit, {}).values())

    def remove(self, circuit, numbers):
        self._called()
        with self._lock:
            for number in numbers:
                self.pages[circuit].pop(number, None)

    def all(self):
        with self._lock:
            return {circuit: list(pages.values()) for circuit, pages in self.pages.items()}

    def _called(self):
        self.calls += 1
        if self.away:
            raise PagesAway("it is away")
