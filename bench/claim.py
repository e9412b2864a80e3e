"""How long a claim takes, and whether a long queue makes it longer."""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select

from steadypost.cli.up.postgres import NoPostgres, programs
from steadypost.domain.quota import Limits
from steadypost.store import AccountRecord, Store
from steadypost.store import accounts as account_rows
from steadypost.store.schema import deliveries, delivery_parts, post_parts, posts

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LEASE = timedelta(seconds=30)
SHORT, LONG = 1_000, 100_000
ACCOUNTS = 20
CLAIMS = 200


def measure(sizes: tuple[int, int] = (SHORT, LONG)) -> dict[str, Any]:
    """Measure claims over a short and a long queue, on every database there is."""
    found: dict[str, Any] = {}
    for database, fresh in _databases():
        with fresh() as url:
            for scene, filled in SCENES.items():
                name = f"{database}, {scene}"
                found[name] = compare(filled, {size: url() for size in sizes})
                print(_line(name, found[name]), file=sys.stderr)
    return found


def _line(name: str, figures: dict[str, Any]) -> str:
    told = "; ".join(
        f"{int(size):,} rows: p50 {ms['p50']:.2f} ms, p95 {ms['p95']:.2f} ms"
        for size, ms in figures["claim_ms"].items()
    )
    return f"claim on {name}: {told}; ratio {figures['ratio_p50']:.2f}"


def compare(filled: Callable[[Store, int], list[str]], urls: dict[int, str]) -> dict[str, Any]:
    """Claim from all queues in turn, so that whatever else the machine does, it does to all of them."""
    times: dict[int, list[float]] = {size: [] for size in urls}
    with contextlib.ExitStack() as stack:
        stores = {size: stack.enter_context(Store.create(url)) for size, url in urls.items()}
        names = {size: filled(store, size) for size, store in stores.items()}
        for _ in range(CLAIMS):
            for size, store in stores.items():
                times[size].append(_one_claim(store, names[size]))
    # The first ones open connections and prepare statements.
    ms = {str(size): _figures(of[CLAIMS // 10 :]) for size, of in times.items()}
    short, long = ms.values()
    return {"claim_ms": ms, "ratio_p50": round(long["p50"] / short["p50"], 2)}


def _one_claim(store: Store, names: list[str]) -> float:
    began = time.perf_counter()
    claims = store.claim(worker="bench", now=NOW, lease=LEASE, at_most=1, accounts=names)
    took = (time.perf_counter() - began) * 1000
    if len(claims) != 1:
        raise AssertionError(f"a claim brought {len(claims)} deliveries")
    return took


def _figures(times: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(times), 3), "p95": round(statistics.quantiles(times, n=20)[18], 3)}


def waiting(store: Store, size: int, accounts: int = ACCOUNTS) -> list[str]:
    """Almost everything is for later; what is due is spread over the accounts."""
    names = _accounts(store, accounts, Limits())
    fill(store, size, names, due=lambda i: NOW + timedelta(seconds=1 + i), late=None)
    fill(store, CLAIMS, names, due=lambda i: NOW - timedelta(seconds=CLAIMS - i), late=None)
    return names


def _full(store: Store, size: int) -> list[str]:
    """Nearly all accounts have used up their quota and have a long queue of what is due; one has room."""
    full = _accounts(store, ACCOUNTS, Limits(per_hour=1))
    fill(store, size, full, due=lambda i: NOW - timedelta(seconds=SHORT - i), late=timedelta(days=30))
    used = store.claim(worker="bench", now=NOW, lease=LEASE, at_most=ACCOUNTS, accounts=full)
    if len(used) != ACCOUNTS:
        raise AssertionError(f"{len(used)} accounts are full, not {ACCOUNTS}")
    store.write(account_rows.put, _account("free", Limits()), NOW)
    fill(store, CLAIMS, ["free"], due=lambda i: NOW - timedelta(milliseconds=CLAIMS - i), late=None)
    return [*full, "free"]


SCENES = {"scheduled for later": waiting, "due, behind full quotas": _full}


def _account(name: str, limits: Limits) -> AccountRecord:
    return AccountRecord(name=name, channel="x_web", handle=name, limits=limits)


def _accounts(store: Store, many: int, limits: Limits) -> list[str]:
    names = [f"account{i}" for i in range(many)]
    for name in names:
        store.write(account_rows.put, _account(name, limits), NOW)
    return names


def fill(
    store: Store, size: int, names: list[str], *, due: Callable[[int], datetime], late: timedelta | None
) -> None:
    """Write many deliveries the short way: intake's own checks are not what is measured here."""
    database = store._database  # noqa: SLF001 - see above
    some = min(size, SHORT)
    with database.writing() as connection:
        start = (connection.scalar(select(func.max(posts.c.id))) or 0) + 1
        rows = [
            _row(one, names[i % len(names)], due(i), late) for i, one in enumerate(range(start, start + some))
        ]
        connection.execute(insert(posts), [_post(row["id"]) for row in rows])
        connection.execute(insert(post_parts), [{"post_id": row["id"], "n": 0, "text": "x"} for row in rows])
        connection.execute(insert(deliveries), rows)
        connection.execute(insert(delivery_parts), [_part(row) for row in rows])
        for table, ids in MANIFOLD.items():
            for further in range(some, size, some):
                _again(connection, table, ids, further, start=start, many=some)
    _settle_down(store)


MANIFOLD = {
    posts: ("id",),
    post_parts: ("post_id",),
    deliveries: ("id", "post_id"),
    delivery_parts: ("delivery_id",),
}


def _again(
    connection: Connection, table: Table, ids: tuple[str, ...], further: int, *, start: int, many: int
) -> None:
    """Write the first rows once more, under further numbers."""
    columns = [column + further if column.name in ids else column for column in table.c]
    first = table.c[ids[0]]
    once_more = select(*columns).where(first >= start, first < start + many)
    connection.execute(insert(table).from_select(list(table.c), once_more))


def _post(one: int) -> dict[str, Any]:
    return {"id": one, "source": "", "fingerprint": f"{one:064}", "created_at": NOW}


def _part(row: dict[str, Any]) -> dict[str, Any]:
    return {"delivery_id": row["id"], "n": 0, "state": "waiting", "account": row["account"]}


def _row(one: int, account: str, due_at: datetime, late: timedelta | None) -> dict[str, Any]:
    return {
        "id": one,
        "post_id": one,
        "account": account,
        "state": "scheduled",
        "due_at": due_at,
        "next_at": due_at,
        "late_after_s": None if late is None else round(late.total_seconds()),
        "late_at": None if late is None else due_at + late,
        "units": 1,
        **dict.fromkeys(("attempts", "broken", "deferred", "looks", "fence"), 0),
        "why": "",
        "created_at": NOW,
        "updated_at": NOW,
    }


def _settle_down(store: Store) -> None:
    """Let PostgreSQL see what there is now, as it does by itself within a minute."""
    if not store._database.is_sqlite:  # noqa: SLF001 - the bench's own business
        with store._database.engine.connect() as connection:  # noqa: SLF001 - the same
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


def _databases() -> Iterator[tuple[str, Callable[[], contextlib.AbstractContextManager[Callable[[], str]]]]]:
    yield "SQLite", _sqlite
    try:
        programs()
    except NoPostgres as missing:
        print(f"claim on PostgreSQL: not measured ({missing})", file=sys.stderr)
    else:
        yield "PostgreSQL", _postgresql


@contextlib.contextmanager
def _sqlite() -> Iterator[Callable[[], str]]:
    with tempfile.TemporaryDirectory() as folder:
        yield lambda: f"sqlite:///{Path(folder) / f'{time.monotonic_ns()}.db'}"


@contextlib.contextmanager
def _postgresql() -> Iterator[Callable[[], str]]:
    from tests import postgres  # noqa: PLC0415 - only where the tests are

    with postgres.running() as server:
        yield server.fresh


if __name__ == "__main__":
    measure()
