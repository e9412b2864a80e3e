"""A store of which one question or one deed is answered by the test."""


def instead(monkeypatch, store, function, does):
    """Have ``does`` called where the store would call this function of a room, with what the caller hands in."""
    for door in ("read", "write"):
        monkeypatch.setattr(store, door, _Door(getattr(store, door), function, does))


class _Door:
    def __init__(self, door, function, does):
        self._door, self._function, self._does = door, function, does

    def __call__(self, function, *given, **named):
        if function is self._function:
            return self._does(*given, **named)
        return self._door(function, *given, **named)
