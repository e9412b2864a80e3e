"""What a piece of work asks of the database."""

import contextlib

from sqlalchemy import event


@contextlib.contextmanager
def statements(store):
    """Give the statements that are sent meanwhile, in their order."""
    said = []

    def note(*given):
        said.append(given[2])

    event.listen(store._database.engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(store._database.engine, "before_cursor_execute", note)


@contextlib.contextmanager
def built_statements(store):
    """Give the statements that are run meanwhile, as they were built: one that is built once is the same each time."""
    ran = []

    def note(*given):
        ran.append(given[1])

    event.listen(store._database.engine, "before_execute", note)
    try:
        yield ran
    finally:
        event.remove(store._database.engine, "before_execute", note)
