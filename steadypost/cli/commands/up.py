"""``steadypost up``: everything that publishes, in the foreground, until it is told to end."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import click
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from steadypost import prefect_address, private, settings
from steadypost.browser import reap_orphans
from steadypost.cli import speech
from steadypost.cli.command import command
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.speech import Answer
from steadypost.cli.up import database, postgres, server
from steadypost.cli.up.database import Chosen
from steadypost.cli.up.lock import alone
from steadypost.cli.up.postgres import Cluster, NoPostgres
from steadypost.cli.up.processes import MARK, Child, Family, end_left_over
from steadypost.domain import clock
from steadypost.store import Schema, Store, StoreAway, StoreError
from tasks.bulkheads import this_host

VERSION = metadata.version("steadypost")

STANDBY = "standby"

RUNS_FIRST = 30.0
"""Seconds before deployments that are there are made anew: what they take of the machine would delay the first post."""

DEPLOYMENTS_REMEDY = "run 'python -m deployments' to see all of it"

UP_WITHIN = 300.0
"""Seconds that Prefect's server may take to answer: a first start makes its tables, on a loaded machine in minutes."""


@command("up")
@click.option(
    "--database",
    "wanted",
    type=click.Choice(database.KINDS),
    help="Where Prefect's own server keeps what is its own. It is remembered; what was entered in Prefect moves along. "
    "A new home has PostgreSQL where its programs are.",
)
def up(house: House, *, wanted: str | None) -> Answer:
    """Run everything that publishes, in the foreground: Prefect's server, unless PREFECT_API_URL names another, and a
    worker with the runs on watch. SIGTERM or Ctrl-C ends all of it. 'steadypost service install' has it run always.
    """
    home = house.settings.home
    stop = threading.Event()
    # Set before anything is started: whoever ends us while we start must find nothing left either.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal that is closed ends it too, unless nohup keeps it running.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: stop.set())
    private.home(home)
    with alone(home):
        family = Family(mark=secrets.token_hex(8), say=_say)
        end_left_over(home, _say)
        own = server.ours(home, os.environ)
        if wanted is not None and not own:
            message = "Prefect's server is another's, who gives it its database"
            raise Stop(Ending.USAGE, "database", message, "leave out --database")
        try:
            env = _environment(family, home, wanted, own=own, stop=stop)
            if not stop.is_set():
                was_made = server.deployed(home) == _who_made(env) and _tables_are_current(house)
                _start(family, env, home, own=own, was_made=was_made, stop=stop)
            if not stop.is_set():
                server.notify("READY=1")
                _say(f"running; Prefect's pages: {_shown(env).removesuffix('/api')}")
            family.watch_over(stop)
        finally:
            server.notify("STOPPING=1")
            _say("ending everything")
            # Neither is to replace the runs that end.
            left = family.end(first=("worker", STANDBY))
            reap_orphans(house.settings.run_dir)
    if left:
        raise Stop(Ending.DEFECT, "left", f"processes {left} could not be ended", "look at them with ps")
    return Answer(
        document={"ended": True}, tell=lambda console: speech.tell(console, "nothing is left running")
    )


def _environment(
    family: Family, home: Path, wanted: str | None, *, own: bool, stop: threading.Event
) -> dict[str, str]:
    """Give the environment of everything below, and have the database of a server of our own there before it."""
    mark = {MARK: family.mark}
    if not own:
        return server.named(home, os.environ, mark)
    chosen = database.choose(home, os.environ, wanted=wanted, kept=server.kept_database(home), say=_say)
    if chosen.cluster is None:
        if chosen.kind is not None and not chosen.by_itself:
            server.keep_database(home, chosen.kind)
        return server.environment(home, os.environ, mark)
    child = _database(chosen.cluster, private.folder(home / "logs"))
    try:
        _say("starting PostgreSQL for Prefect's server")
        family.start(child)
    except NoPostgres as error:
        if not chosen.by_itself:
            raise Stop(Ending.REFUSED, "database", str(error), "see it run, then start again") from None
        _say(f"{database.ON_SQLITE}. {error}")
        return server.environment(home, os.environ, mark)
    _until(chosen.cluster.answers, "PostgreSQL", family, stop)
    if stop.is_set():
        return dict(os.environ)
    on_postgresql = {**os.environ, **database.setting(chosen.cluster.url())}
    if chosen.moves:
        _move(chosen, home, mark)
        server.keep_deployed(home, "")
    server.keep_database(home, str(chosen.kind))
    if chosen.kind == database.SQLITE:
        family.dismiss(child)
        return server.environment(home, os.environ, mark)
    return server.environment(home, on_postgresql, mark)


def _move(chosen: Chosen, home: Path, mark: Mapping[str, str]) -> None:
    """Take along what was entered in Prefect. Until it is there, the home has the database that it had."""
    from steadypost.cli.up import moving  # noqa: PLC0415 - only for this

    assert chosen.cluster is not None  # noqa: S101 - what is moved to or from
    stamp = f"{clock.now():%Y%m%dt%H%M%Sz}"
    in_sqlite = URL.create("sqlite", database=str(database.sqlite_file(home, os.environ)))
    in_postgresql = chosen.cluster.url()
    if chosen.kind == database.POSTGRESQL:
        origin, target = in_sqlite, in_postgresql
        chosen.cluster.begin_anew(f"{postgres.DATABASE}_before_{stamp}")
    else:
        origin, target = in_postgresql, in_sqlite
        database.put_aside(database.sqlite_file(home, os.environ), stamp)
    _say(f"moving what was entered in Prefect to {chosen.kind}; what has run stays behind")
    # With the key in its file first, where it is found whichever database it protects.
    env = server.environment(home, {**os.environ, **database.setting(origin)}, mark)
    try:
        moving.move(origin, target, env)
    except (moving.NotMoved, SQLAlchemyError) as error:
        told = str(error) if isinstance(error, moving.NotMoved) else type(error).__name__
        message = f"what was entered in Prefect could not be moved: {told}"
        raise Stop(
            Ending.REFUSED, "database", message, "nothing was changed; start without --database"
        ) from None


def _database(cluster: Cluster, logs: Path) -> Child:
    # Without the mark of the others: it ends after them, and then at once, whoever is connected.
    return replace(
        _child("database", cluster.command(), os.environ, logs),
        before=cluster.prepare,
        ends_by=signal.SIGINT,
        ends_last=True,
    )


def _start(
    family: Family, env: Mapping[str, str], home: Path, *, own: bool, was_made: bool, stop: threading.Event
) -> None:
    """Start one after the other what the next needs; ends early when told to stop.

    After a power loss all runs are dead. Where this version has made the deployments before, nothing waits for them: a
    standby starts beside the server and orders the runs as soon as it answers.
    """
    logs = private.folder(home / "logs")
    if own:
        _say("starting Prefect's server")
        asked = functools.partial(server.answers, env)
        family.start(replace(_child("server", _server(env), env, logs), answers=asked))
    else:
        _say(f"waiting for Prefect's API at {_shown(env)}")
    standby = _child(STANDBY, [sys.executable, "-m", "flows.standby"], env, logs)
    if was_made:
        family.start(standby)
    _until(lambda: server.answers(env), f"Prefect's API at {_shown(env)}", family, stop)
    if stop.is_set():
        return
    # So that every command finds the server by the home alone, the emergency stop above all.
    prefect_address.keep(home, env)
    worker = _child("worker", _worker(), env, logs)
    # The runs on watch may have died with it; whoever starts a worker sees to it that somebody is.
    worker.restarted = lambda: _deployments(env, stop, "--on-watch")
    if was_made:
        _start_worker(family, worker)
        threading.Thread(target=_make_later, args=(env, stop), name="deployments", daemon=True).start()
        return
    _say("making the deployments")
    if (wrong := _deployments(env, stop)) is not None:
        message = f"the deployments could not be made: {wrong}"
        raise Stop(Ending.REFUSED, "deployments", message, DEPLOYMENTS_REMEDY)
    if not stop.is_set():
        server.keep_deployed(home, _who_made(env))
        _start_worker(family, worker)
        family.start(standby)


def _start_worker(family: Family, worker: Child) -> None:
    _say("starting the worker")
    family.start(worker)


def _who_made(env: Mapping[str, str]) -> str:
    """Say by which version deployments are made, and where."""
    return f"{VERSION} at {_shown(env)}"


def _tables_are_current(house: House) -> bool:
    """Whether the runs find the tables they know. Of a store that is away nothing is known; the runs wait for it."""
    try:
        with Store.at(house.settings.store_url) as store:
            return store.schema() is Schema.CURRENT
    except StoreAway:
        return True
    except StoreError:
        return False


def _make_later(env: Mapping[str, str], stop: threading.Event) -> None:
    """Make the deployments anew, once the runs that come on watch have had the machine for themselves."""
    if stop.wait(RUNS_FIRST):
        return
    wrong = _deployments(env, stop)
    if wrong is not None and not stop.is_set():
        _say(f"the deployments stay as they were: {wrong}; {DEPLOYMENTS_REMEDY}")


def _until(is_up: Callable[[], bool], what: str, family: Family, stop: threading.Event) -> None:
    waited = 0.0
    while not stop.is_set() and not is_up():
        dead = [child for child in family.children if not child.alive and child.name != STANDBY]
        if dead or waited > UP_WITHIN:
            where = (
                f"look at {dead[0].log or 'the journal'}" if dead else "start it, or correct PREFECT_API_URL"
            )
            raise Stop(Ending.REFUSED, "prefect_away", f"{what} does not answer", where)
        stop.wait(0.25)
        waited += 0.25


def _shown(env: Mapping[str, str]) -> str:
    return settings.without_password(env[prefect_address.NAME])


def _deployments(env: Mapping[str, str], stop: threading.Event, *words: str) -> str | None:
    """Make the deployments; answers what went wrong. Told to stop it ends at once."""
    with subprocess.Popen(
        [*_make_deployments(), *words],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while not stop.is_set():
            with contextlib.suppress(subprocess.TimeoutExpired):
                out, err = process.communicate(timeout=0.25)
                told = (err.strip() or out.strip()).splitlines()
                return (
                    None if process.returncode == 0 else settings.without_password(told[-1] if told else "")
                )
        os.killpg(process.pid, signal.SIGTERM)
    return None


def _make_deployments() -> list[str]:
    return [sys.executable, "-m", "deployments"]


def _server(env: Mapping[str, str]) -> list[str]:
    port = env["PREFECT_SERVER_API_PORT"]
    return [*_prefect(), "server", "start", "--host", "127.0.0.1", "--port", port]


def _worker() -> list[str]:
    # What anybody may do, and what is for this machine.
    queues = ("--work-queue", "default", "--work-queue", this_host())
    return [*_prefect(), "worker", "start", "--pool", "steadypost", "--type", "process", *queues]


def _prefect() -> list[str]:
    return [sys.executable, "-m", "prefect"]


def _child(name: str, words: list[str], env: Mapping[str, str], logs: Path) -> Child:
    # Below systemd all of it is the journal's; elsewhere each has a file.
    in_journal = "JOURNAL_STREAM" in os.environ
    return Child(name=name, command=words, env=env, log=None if in_journal else logs / f"{name}.log")


def _say(line: str) -> None:
    print(f"steadypost: {line}", file=sys.stderr, flush=True)  # noqa: T201 - progress of what runs on


commands = {"up": up}
