"""The pool with real browsers."""

import os
import random
import signal
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest

from steadypost.browser import (
    Backoff,
    BrowserUnavailable,
    JobBroke,
    LaunchSettings,
    NoFreeSlot,
    Pool,
    Reason,
    Recycle,
    Renewal,
    RunnerDied,
    RunnerOverran,
    find_browser,
)
from steadypost.browser.processes import Registry
from tests.browser.support import alive, job, soon, wait_until

pytestmark = pytest.mark.browser

QUICK = Backoff(first=0.1, most=0.2)


@pytest.fixture
def new_pool(run_dir):
    """Make pools; afterwards nothing that they ever registered is left."""
    pools = []

    def make(size=1, settings=None, **options):
        pools.append(Pool(size, settings, run_dir=run_dir, **({"backoff": QUICK} | options)))
        return pools[-1]

    yield make
    pids = everything(run_dir)
    for pool in pools:
        pool.close()
    assert not alive(pids)
    assert not list(run_dir.glob("*"))


def everything(run_dir):
    return [process.pid for known in Registry(run_dir).all() for process in known.living()]


def use(pool, name="echo", payload=None, **options):
    with pool.lend(20) as runner:
        return runner.run(job(name, payload), **({"deadline": soon()} | options))


def test_an_account_is_served_from_a_warm_pool(new_pool):
    """Lent, used, given back, and the next one finds the same browser."""
    pool = new_pool(2)
    pool.warm()
    wait_until(lambda: pool.free() == 2, "both runners are up", within=30)
    with pool.lend(1, key="alice") as runner:
        identity = str(runner.identity)
        assert "hello" == runner.run(job("visit", {"url": "data:text/html,hello"}), deadline=soon())["text"]
    wait_until(lambda: pool.free() == 2, "the runner is back")

    with pool.lend(1, key="alice") as runner:
        assert str(runner.identity) == identity
    assert identity in [slot.identity for slot in pool.snapshot()]


def test_a_browser_killed_in_mid_job_is_replaced(new_pool):
    """The next loan works."""
    pool = new_pool(1)
    with pool.lend(20) as runner:
        pid = runner.identity.chromium.pid
        with pytest.raises((JobBroke, RunnerDied)) as broke:
            runner.run(job("works_on"), deadline=soon(), on_step=lambda _: os.kill(pid, signal.SIGKILL))

    assert "working" == broke.value.step
    assert 1 == use(pool, payload=1)


def test_a_browser_killed_while_idle_is_replaced(new_pool):
    """Nobody is lent a dead browser, nor a stopped one."""
    pool = new_pool(1)
    with pool.lend(20) as runner:
        first = runner.identity
    wait_until(lambda: pool.free() == 1, "the runner is back")
    os.kill(first.chromium.pid, signal.SIGSTOP)
    wait_until(first.chromium.is_stopped, "the browser has stopped")

    with pool.lend(20) as runner:
        assert runner.identity != first
        assert 1 == runner.run(job("echo", 1), deadline=soon())
    assert not alive([first.chromium.pid])


def test_a_runner_that_holds_too_much_memory_is_renewed(new_pool):
    """Counted over its whole process tree."""
    pool = new_pool(1, recycle=Recycle(memory_mb=700, measure_every=1))
    with pool.lend(20) as runner:
        first = runner.identity
        runner.run(job("echo"), deadline=soon())
    wait_until(lambda: pool.free() == 1, "the runner is back")
    assert 50 < pool.snapshot()[0].memory_mb < 700

    use(pool, "leaks", 700)

    wait_until(lambda: pool.snapshot()[0].renewals == 1, "the runner is renewed")
    assert pool.snapshot()[0].last_renewal is Renewal.MEMORY
    with pool.lend(20) as runner:
        assert runner.identity != first


def test_a_runner_is_renewed_by_use(new_pool):
    """A renewal in good order ends the old browser before the new one begins."""
    pool = new_pool(1, recycle=Recycle(uses=2, age=timedelta(days=1)))
    seen = []
    for _ in range(3):
        with pool.lend(20) as runner:
            seen.append(runner.identity)
            runner.run(job("echo"), deadline=soon())
        wait_until(lambda: pool.free() == 1, "a runner is up")

    assert seen[0] == seen[1] != seen[2]
    assert not alive([seen[0].chromium.pid])


def test_a_missing_browser_is_unavailable_and_the_pool_recovers(new_pool, tmp_path):
    """From the moment the browser is there, work goes on without anybody's doing."""
    path = tmp_path / "chromium"
    pool = new_pool(1, LaunchSettings(executable_path=str(path)))
    with pytest.raises(BrowserUnavailable) as unavailable:
        use(pool)
    assert unavailable.value.reason is Reason.MISSING

    path.symlink_to(find_browser())

    wait_until(lambda: pool.free() == 1, "the place comes back by itself", within=20)
    assert 1 == use(pool, payload=1)


def test_closing_ends_a_runner_at_work(new_pool):
    """The holder hears that its runner died; nothing goes on behind its back."""
    pool = new_pool(1)
    heard = []

    def hold():
        try:
            use(pool, "sleeps", on_step=lambda _: at_work.set())
        except RunnerDied as died:
            heard.append(died.step)

    at_work = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    assert at_work.wait(20)
    pool.close()
    holder.join()

    assert ["sleeping"] == heard


@pytest.mark.slow
def test_real_runners_under_stress(new_pool, run_dir):
    """Overruns and kills by several threads at once: never more browsers than places, and all places come back."""
    size = 2
    pool = new_pool(size)
    counted = Counter()
    most = 0

    def person(seed):
        nonlocal most
        dice = random.Random(seed)  # noqa: S311 - dice
        for what in dice.sample(["echo", "spins", "killed", "echo", "look_around"], 5):
            try:
                with pool.lend(20) as runner:
                    most = max(most, size - pool.free())
                    act(runner, what)
                counted[what] += 1
            except (RunnerOverran, RunnerDied, JobBroke, NoFreeSlot) as error:
                counted[type(error).__name__] += 1

    def act(runner, what):
        if what == "killed":
            pid = runner.identity.chromium.pid
            runner.run(job("works_on"), deadline=soon(), on_step=lambda _: os.kill(pid, signal.SIGKILL))
        else:
            runner.run(job(what), deadline=soon(0.5 if what == "spins" else 60))

    threads = [threading.Thread(target=person, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert len(list(run_dir.glob("runner-*.json"))) <= size
        time.sleep(0.02)
    for thread in threads:
        thread.join()

    assert {"echo": 6, "look_around": 3, "RunnerOverran": 3, "JobBroke": 3} == counted
    assert most <= size
    wait_until(lambda: pool.free() == size, "all places are free again", within=20)
