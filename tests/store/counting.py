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
