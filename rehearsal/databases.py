"""Prefect's own database: on PostgreSQL, as production has it. On SQLite its server may hang for minutes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from sqlalchemy import make_url

from steadypost.cli.up.postgres import NoPostgres
from tests.postgres import Server, running

ON_SQLITE = (
    "Prefect's server is on SQLite, where it may hang for a minute: publishing does not wait for it, edits do. "
    "To have it on PostgreSQL: tools/setup.sh tests"
)


def for_prefect(server: Server) -> Mapping[str, str]:
    """Make a database for Prefect beside the store's, and give the settings by which its server finds it."""
    url = make_url(server.fresh()).set(drivername="postgresql+asyncpg")
    return {"PREFECT_SERVER_DATABASE_CONNECTION_URL": url.render_as_string(hide_password=False)}


@contextlib.contextmanager
def prefects_own(say: Callable[[str], None]) -> Iterator[Mapping[str, str]]:
    """Give the settings of a throw-away PostgreSQL for Prefect; of none, saying so, where none starts."""
    with contextlib.ExitStack() as open_:
        try:
            settings = for_prefect(open_.enter_context(running()))
        except (NoPostgres, OSError):
            say(ON_SQLITE)
            settings = {}
        yield settings
