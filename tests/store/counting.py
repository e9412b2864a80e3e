"""What a piece of work asks of the database."""

import contextlib

from sqlalchemy import event


def statements(store):
    """Give the statements that are sent meanwhile, in their order."""
    return _noted(store, "before_cursor_execute", 2)


def built_statements(store):
    """Give the statements that are run meanwhile, as they were built: one that is built once is the same each time."""
    return _noted(store, "before_execute", 1)


@contextlib.contextmanager
def _noted(store, when, which):
    said = []

    def note(*given):
        said.append(given[which])

    event.listen(store._database.engine, when, note)
    try:
        yield said
    finally:
        event.remove(store._database.engine, when, note)
