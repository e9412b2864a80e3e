"""A ``steadypost up`` that runs as a service does, its processes by name, and what its networks say is live."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from prefect.settings import PREFECT_API_URL, temporary_settings
from pydantic import SecretStr

from blocks import FileAccount, XAccount
from blocks.mastodon_account import MastodonAccount
from rehearsal import truth
from sandbox.client import SandboxProcess
from sandbox.mastodon.client import MastodonProcess
from steadypost import prefect_address
from steadypost.cli.up.server import answers
from steadypost.domain.watched import FLOWS
from steadypost.store import Store, StoreError, watches
from steadypost.store import accounts as account_rows
from tasks import runs

HEARD_OF = timedelta(seconds=6)
"""A holder whose last heartbeat is younger has its lease: it sends one a second, and may wait five for a busy store."""


class House:
    """One ``steadypost up`` that runs as a service does, with its ledgers."""

    def __init__(self, folder: Path, page: SandboxProcess, api: MastodonProcess) -> None:
        self.home = folder / "home"
        self.file = folder / "posts.jsonl"
        self._page, self._api, self._folder = page, api, folder
        self._said = folder / "said.txt"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> Store:
        """Its store, opened anew: no connection of ours outlives a question."""
        return Store.open(f"sqlite:///{self.home}/steadypost.db")

    def start(self) -> None:
        """Start it, as an ordinary user: PostgreSQL runs as no root."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "STEADYPOST_")) or name == "STEADYPOST_CHROMIUM"
        }
        env = kept | {"STEADYPOST_HOME": str(self.home), "HOME": str(self._folder)}
        with self._said.open("ab") as out:
            self.process = subprocess.Popen(
                [*ordinary_user(), sys.executable, "-m", "steadypost.cli", "up"],
                env=env,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                # As for a service: what it starts does not end with it.
                start_new_session=True,
            )

    def is_up(self) -> bool:
        """Whether everything is there, moves, and answers."""
        found = self.by_name()
        return (
            all(
                found[name] and all(map(_moves, found[name]))
                for name in ("server", "postgres", "worker", "standby")
            )
            and answers(prefect_address.known(self.home, {}))
            and self.is_on_watch()
        )

    def is_on_watch(self) -> bool:
        """Whether each lease's holder is here, moves, and was heard of a moment ago."""
        with contextlib.suppress(StoreError), self.store as store:
            leases, here = store.read(watches.every), runs.processes()
            return {*FLOWS} <= {lease.flow for lease in leases} and all(
                datetime.now(UTC) - lease.heartbeat_at < HEARD_OF
                and any(map(_moves, here.get(lease.run_id, ())))
                for lease in leases
                # A helper's lease stays when no second machine needs it any more.
                if lease.flow in FLOWS
            )
        return False

    def holder(self, flow: str) -> str:
        """Name the run that has a lease."""
        with self.store as store:
            return next(lease.run_id for lease in store.read(watches.every) if lease.flow == flow)

    def by_name(self) -> dict[str, list[psutil.Process]]:
        """Find its processes, by what they are."""
        found: dict[str, list[psutil.Process]] = {name: [] for name in PROCESSES}
        for one in self.all():
            with contextlib.suppress(psutil.Error):
                words = one.cmdline()
                for name, belongs in PROCESSES.items():
                    if belongs(" ".join(words), words):
                        found[name].append(one)
        return found

    def all(self) -> list[psutil.Process]:
        """Find all of its processes, browsers included: no other has this folder for its user's home."""
        found = []
        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if one.environ().get("HOME") == str(self._folder) and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one)
        return found

    def accounts(self) -> None:
        """Enter an account of each kind, as an operator does."""
        url = prefect_address.known(self.home, {})[prefect_address.NAME]
        session = json.dumps(self._page.accounts["alice"])
        with temporary_settings({PREFECT_API_URL: url}):
            FileAccount(handle="paper", base_url=f"file://{self.file}").save("paper")
            MastodonAccount(
                handle="dora", base_url=self._api.url, access_token=SecretStr(self._api.tokens["dora"]),
                per_hour=2000, per_day=9000, spacing_seconds=0,
            ).save("dora")  # fmt: skip
            XAccount(
                handle="alice", base_url=self._page.url, session=SecretStr(session),
                rules_accepted=True, rules_accepted_by="the rehearsal: a sandbox on this machine",
                per_hour=900, per_day=900, spacing_seconds=0,
            ).save("alice")  # fmt: skip

    def knows_the_accounts(self) -> bool:
        """Whether those on watch have read them, so that posts for them are taken in."""
        with self.store as store:
            return len(store.read(account_rows.every)) == 3

    def live(self) -> Iterator[tuple[str, str, datetime]]:
        """Read the ledgers: whose, which text, and since when it is live."""
        if self.file.exists():
            for line in self.file.read_text().splitlines():
                told = json.loads(line)
                yield "paper", told["text"], datetime.fromisoformat(told["at"])
        for account, network in (("dora", self._api), ("alice", self._page)):
            for post in truth.made(network.ledger(account), network.asks(account)):
                if post.live:
                    yield account, post.text, post.at

    def left_over(self) -> list[str]:
        """Say what of it still runs."""
        return [" ".join(one.cmdline())[:120] for one in self.all()]


def _moves(process: psutil.Process) -> bool:
    try:
        return process.status() not in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}
    except psutil.Error:
        return False


PROCESSES: dict[str, Callable[[str, Sequence[str]], bool]] = {
    "supervisor": lambda line, _: "steadypost.cli up" in line,
    "server": lambda line, _: "prefect server start" in line,
    "postgres": lambda _, words: words[0].endswith("/postgres"),
    "worker": lambda line, _: "prefect worker start" in line,
    "standby": lambda line, _: "flows.standby" in line,
    "browser": lambda line, words: (
        "chrom" in words[0] and "--type=" not in line and "--user-data-dir" in line
    ),
    "driver": lambda line, _: "run-driver" in line,
}
"""How each is known by its command; the runs on watch are known by their leases."""


def ordinary_user() -> list[str]:
    """Give the words by which root has a command run by an ordinary user, who may read what root's Python is made of."""
    if os.geteuid() != 0:
        return []
    found = shutil.which("setpriv")
    if found is None:
        raise SystemExit(
            "setpriv is not here, and PostgreSQL does not run as root: run this as an ordinary user"
        )
    caps = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return [found, "--reuid=nobody", "--regid=nogroup", "--clear-groups", *caps]


@contextlib.contextmanager
def running() -> Iterator[House]:
    """Run the sandboxes and a house on them, in a folder short enough for a socket's path."""
    folder = Path(tempfile.mkdtemp(prefix="sp-out-"))
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    with SandboxProcess(accounts=("alice",)) as page, MastodonProcess(accounts=("dora",)) as api:
        for sandbox, account in ((page, "alice"), (api, "dora")):
            # An account without a past has a list that reaches back to nothing, and proves nothing.
            sandbox.seed(account, 12)
        house = House(folder, page, api)
        try:
            yield house
        finally:
            for left in house.all():
                with contextlib.suppress(psutil.Error):
                    left.kill()
            shutil.rmtree(folder, ignore_errors=True)
