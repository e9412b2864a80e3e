"""Who gets a runner, when, and what becomes of it afterwards. With runners that only pretend."""

import random
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest

from steadypost.browser import (
    Backoff,
    BrowserUnavailable,
    Job,
    LoanEnded,
    NoFreeSlot,
    Pool,
    PoolClosed,
    Reason,
    Recycle,
    Renewal,
    RunnerOverran,
    SlotIs,
    StillAlive,
)
from steadypost.browser import (
    pool as pool_module,
)
from tests.browser.fakes import Factory
from tests.browser.support import slowness, soon, wait_until

QUICK = Backoff(first=0.01, most=0.05)


@pytest.fixture
def factory():
    return Factory()


@pytest.fixture
def new_pool(factory, run_dir):
    """Make pools; afterwards all are closed and every runner ever started is seen dead."""
    pools = []

    def make(size=1, **options):
        pools.append(Pool(size, run_dir=run_dir, start=factory, **({"backoff": QUICK} | options)))
        return pools[-1]

    yield make
    for pool in pools:
        pool.close()
        assert {slot.state for slot in pool.snapshot()} <= {SlotIs.CLOSED, SlotIs.COLD}
    assert not factory.living()


def use(pool, payload=None, **options):
    with pool.lend(5, **options) as runner:
        return runner.run(Job("fake:fake", payload), deadline=soon())


def states(pool):
    return [slot.state for slot in pool.snapshot()]


def settled(pool):
    return wait_until(lambda: pool.free() == pool.size, "all slots are free again")


def test_nothing_starts_before_it_is_needed(new_pool, factory):
    """A process that only makes a pool pays for no browser."""
    pool = new_pool(3)
    assert states(pool) == [SlotIs.COLD] * 3

    use(pool)

    assert 1 == factory.starts


def test_warming_starts_all_at_once(new_pool, factory):
    """Four runners take as long as one, and the caller does not wait for any."""
    factory.takes = 0.3
    pool = new_pool(4)
    began = time.monotonic()
    pool.warm()
    assert time.monotonic() - began < 0.1 * slowness()

    settled(pool)

    assert time.monotonic() - began < 0.9 * slowness()
    assert 4 == factory.starts


def test_a_runner_is_used_again(new_pool):
    """Starting costs a second; lending costs nothing."""
    pool = new_pool(1)

    assert use(pool) == use(pool)


def test_an_account_comes_back_to_the_runner_that_knows_it(new_pool):
    """Its context is open there already."""
    pool = new_pool(3)
    pool.warm()
    settled(pool)
    with pool.lend(5, key="alice") as hers, pool.lend(5, key="bob") as his:
        alices = hers.run(Job("x"), deadline=soon())
        bobs = his.run(Job("x"), deadline=soon())
    settled(pool)

    assert [use(pool, key="bob"), use(pool, key="alice")] == [bobs, alices]


def test_waiting_ends(new_pool):
    """All runners taken: the caller hears it when the patience it brought is used up."""
    pool = new_pool(1)
    with pool.lend(5):
        began = time.monotonic()
        with pytest.raises(NoFreeSlot) as none, pool.lend(0.2):
            pass

    assert 0.2 <= time.monotonic() - began < 0.5 * slowness()
    assert "pool" == none.value.pool


def test_first_come_first_served(new_pool):
    """Nobody starves: ten who wait get their turn in the order in which they came."""
    pool = new_pool(1)
    served = []

    def wait_turn(number):
        with pool.lend(10):
            served.append(number)

    threads = [threading.Thread(target=wait_turn, args=(number,)) for number in range(10)]
    with pool.lend(5):
        for count, thread in enumerate(threads, start=1):
            thread.start()
            wait_until(lambda count=count: len(pool._waiting) == count, "it stands in line")
    for thread in threads:
        thread.join()

    assert served == list(range(10))


def test_a_runner_given_back_can_not_be_used(new_pool):
    """Whoever kept it comes late, and it is somebody else's by then."""
    pool = new_pool(1)
    with pool.lend(5) as kept:
        pass

    with pytest.raises(LoanEnded):
        kept.run(Job("x"), deadline=soon())


def test_a_runner_given_back_while_at_work_is_killed(new_pool, factory):
    """A holder that walks away from its running job does not hand the job on to the next."""
    pool = new_pool(1)
    started, go_on = threading.Event(), threading.Event()

    def work(runner):
        started.set()
        go_on.wait(10)

    with pool.lend(5) as runner:
        worker = threading.Thread(target=runner.run, args=(Job("x", work),), kwargs={"deadline": soon()})
        worker.start()
        assert started.wait(5)
    try:
        assert use(pool) == factory.started[1].number
        assert factory.started[0].seen_dead
    finally:
        go_on.set()
        worker.join()


def test_an_overrun_runner_is_replaced(new_pool, factory):
    """Its slot comes back with a new runner; the pool stays as large as it was."""
    pool = new_pool(1)
    first = use(pool)
    with pytest.raises(RunnerOverran):
        use(pool, lambda runner: runner.overrun())

    assert use(pool) != first
    assert pool.snapshot()[0].last_renewal is Renewal.UNFIT


def test_a_runner_that_dies_idle_is_replaced_before_it_is_lent(new_pool, factory):
    """Nobody is given a dead runner, not even for a moment."""
    pool = new_pool(1)
    first = use(pool)
    settled(pool)
    factory.started[0].broken = True

    assert use(pool) != first


def test_a_runner_that_dies_idle_is_replaced_unasked(new_pool, factory, monkeypatch):
    """The next due post does not have to find out."""
    monkeypatch.setattr(pool_module, "WATCH_EVERY", 0.05)
    pool = new_pool(1)
    pool.warm()
    settled(pool)
    factory.started[0].broken = True

    wait_until(lambda: len(factory.started) == 2, "a new runner is started without anybody asking")


@pytest.mark.parametrize(
    ("recycle", "reason"),
    [(Recycle(uses=3), Renewal.USES), (Recycle(memory_mb=99, measure_every=3), Renewal.MEMORY)],
)
def test_a_runner_is_renewed_by_use_and_by_memory(new_pool, recycle, reason):
    """Browsers leak, so one that works is replaced all the same - behind the back of its borrowers."""
    pool = new_pool(1, recycle=recycle)
    runners = [use(pool) for _ in range(4)]

    assert runners[0] == runners[1] == runners[2] != runners[3]
    assert (pool.snapshot()[0].renewals, pool.snapshot()[0].last_renewal) == (1, reason)


def test_a_runner_is_renewed_by_age(new_pool, monkeypatch):
    """Also one that nobody uses."""
    monkeypatch.setattr(pool_module, "WATCH_EVERY", 0.02)
    now = [0.0]
    pool = new_pool(1, recycle=Recycle(age=timedelta(hours=2)), clock=lambda: now[0], random=lambda: 0.0)
    first = use(pool)
    now[0] = 7199.0
    assert use(pool) == first

    now[0] = 7200.0

    wait_until(lambda: pool.snapshot()[0].renewals == 1, "the old runner is replaced")
    assert pool.snapshot()[0].last_renewal is Renewal.AGE


def test_a_runner_nobody_wants_is_ended_and_comes_back_when_somebody_does(new_pool, factory, monkeypatch):
    """It costs no memory meanwhile; that it was never used is no failed start; one that is lent is not idle."""
    monkeypatch.setattr(pool_module, "WATCH_EVERY", 0.02)
    now = [0.0]
    pool = new_pool(1, recycle=Recycle(idle=timedelta(minutes=2)), clock=lambda: now[0])
    with pool.lend(5) as runner:
        first = runner.run(Job("fake:fake", None), deadline=soon())
        now[0] = 600.0
        assert states(pool) == [SlotIs.LENT]
    wait_until(lambda: pool.free() == 1, "it is given back")
    now[0] = 719.0
    assert use(pool) == first
    settled(pool)

    now[0] = 839.0
    wait_until(lambda: states(pool) == [SlotIs.COLD], "nobody wanted it, and it is ended")
    assert (pool.snapshot()[0].last_renewal, pool.snapshot()[0].failures) == (Renewal.IDLE, 0)
    assert not factory.living()

    assert use(pool) != first
    assert 2 == len(factory.started)


def test_a_runner_nobody_ever_wanted_was_no_failed_start(new_pool, factory, monkeypatch):
    """It was warmed, it was idle, it ended: the next one is started without a pause."""
    monkeypatch.setattr(pool_module, "WATCH_EVERY", 0.02)
    now = [0.0]
    pool = new_pool(1, recycle=Recycle(idle=timedelta(minutes=2)), clock=lambda: now[0])
    pool.warm()
    settled(pool)

    now[0] = 120.0
    wait_until(lambda: states(pool) == [SlotIs.COLD], "it is ended")

    assert 0 == pool.snapshot()[0].failures
    use(pool)


def test_a_caller_that_comes_while_an_idle_runner_is_ending_gets_the_next_one(new_pool, factory, monkeypatch):
    """The end of one and the wish for another cross: nobody waits for ever."""
    monkeypatch.setattr(pool_module, "WATCH_EVERY", 0.001)
    pool = new_pool(1, recycle=Recycle(idle=timedelta(seconds=0.005)))

    dice = random.Random(7)  # noqa: S311 - repeatable
    for _ in range(100):
        use(pool)
        time.sleep(dice.random() / 100)  # about as long as it may be idle: the two meet at every point

    assert len(factory.started) > 1


def test_the_giver_does_not_wait_for_the_next_runner(new_pool, factory):
    """A new browser takes a second or more; it is the slot that waits for it."""
    pool = new_pool(1, recycle=Recycle(uses=1))
    use(pool)
    settled(pool)
    factory.takes = 0.5 * slowness()
    began = time.monotonic()
    use(pool)

    assert time.monotonic() - began < 0.2 * slowness()
    assert 0 == pool.free()
    settled(pool)


def test_no_browser_is_told_at_once_and_mends_itself(new_pool, factory):
    """A missing browser is not a full pool; and once it is there, nobody has to restart anything."""
    factory.failing = True
    pool = new_pool(2)
    with pytest.raises(BrowserUnavailable) as unavailable:
        use(pool)
    assert unavailable.value.reason is Reason.MISSING
    assert "no browser today" in pool.snapshot()[0].trouble

    factory.failing = False
    wait_until(lambda: pool.free() > 0, "a slot comes back by itself")

    use(pool)


def test_failed_starts_are_tried_ever_more_slowly():
    """A browser that can not start is not started a thousand times; and never left alone for a minute."""
    backoff = Backoff(first=0.5, most=30.0)

    assert [
        0.5,
        1.0,
        2.0,
        4.0,
        30.0,
        30.0,
        30.0,
    ] == [backoff.pause(n, 1.0) for n in (1, 2, 3, 4, 7, 50, 5000)]
    assert 1.0 == backoff.pause(3, 0.0)


def test_a_runner_that_dies_before_it_ever_worked_counts_as_a_failed_start(new_pool, factory, monkeypatch):
    """A browser that crashes as soon as it is up must not be restarted as fast as the machine can."""
    monkeypatch.setattr(pool_module, "WATCH_EVERY", 0.01)
    pool = new_pool(1, backoff=Backoff(first=0.2, most=10.0), random=lambda: 1.0)
    pool.warm()
    began = time.monotonic()

    def broken_three_times():
        for runner in factory.living():
            runner.broken = True
        return pool.snapshot()[0].failures >= 3

    wait_until(broken_three_times, "three runners in a row were lost before they worked")

    assert factory.starts <= 4
    # Between the first three starts it waited 0.2 and 0.4 seconds, whatever the machine could have done.
    assert time.monotonic() - began >= 0.6


def test_a_start_that_surprises_does_not_cost_the_place(new_pool, factory, monkeypatch):
    """Whatever goes wrong in a start, the slot tries again."""
    pool = new_pool(1)

    def surprise(*_):
        raise ZeroDivisionError

    pool._start = surprise
    with pytest.raises(BrowserUnavailable):
        use(pool)
    pool._start = factory

    wait_until(lambda: pool.free() == 1, "the slot comes back")


def test_a_runner_that_will_not_die_is_never_given_on(new_pool, factory, monkeypatch):
    """Its slot stays empty until it is seen dead, and comes back then."""
    monkeypatch.setattr(pool_module, "LOOK_AGAIN", 0.05)
    pool = new_pool(1)

    def hang(runner):
        runner.immortal = True
        runner.overrun()

    with pytest.raises(StillAlive):
        use(pool, hang)
    wait_until(lambda: states(pool) == [SlotIs.LOST], "the slot is lost")
    with pytest.raises(NoFreeSlot), pool.lend(0.2):
        pass
    assert 1 == factory.starts

    factory.started[0].immortal = False

    settled(pool)
    assert 2 == factory.starts


def test_a_closed_pool_lends_nothing(new_pool):
    """Closing ends those who wait, too."""
    pool = new_pool(1)
    outcome = []

    def wait_for_one():
        try:
            use(pool)
        except PoolClosed as closed:
            outcome.append(closed)

    with pool.lend(5):
        waiting = threading.Thread(target=wait_for_one)
        waiting.start()
        wait_until(lambda: len(pool._waiting) == 1, "somebody waits")
        pool.close()
        waiting.join()

    assert outcome
    with pytest.raises(PoolClosed):
        use(pool)


def test_closing_ends_a_runner_on_its_way(new_pool, factory):
    """An operator who stops the program does not wait for a browser that nobody needs any more."""
    factory.takes = 0.3
    pool = new_pool(1)
    pool.warm()
    wait_until(lambda: pool._slots[0].coming, "a runner is on its way")

    pool.close()

    assert states(pool) == [SlotIs.CLOSED]


def test_a_thousand_loans_and_never_one_too_many(new_pool, factory, monkeypatch):
    """
    Overruns, deaths, leaks, walk-aways and impatience in any order: never more holders than slots, and in the end
    every slot is there.
    """
    size, people, each = 3, 12, 90
    monkeypatch.setattr(pool_module, "WATCH_EVERY", 0.01)
    pool = new_pool(size, recycle=Recycle(uses=9, memory_mb=150, measure_every=2))
    holders, most, counted = 0, 0, Counter()
    lock = threading.Lock()

    def operate(dice):
        nonlocal holders, most
        with pool.lend(dice.choice([0.001, 0.05, 5, 5, 5])) as runner:
            with lock:
                holders += 1
                most = max(most, holders)
            try:
                what = dice.choice(["work", "work", "work", "overrun", "leak", "die", "raise", "nothing"])
                counted[what] += 1
                if what != "nothing":
                    runner.run(Job("x", lambda fake: act(what, fake, dice)), deadline=soon())
            finally:
                with lock:
                    holders -= 1

    def act(what, fake, dice):
        time.sleep(dice.random() / 1000)
        match what:
            case "overrun":
                fake.overrun()
            case "leak":
                fake.memory += 100
            case "die":
                fake.broken = True
            case "raise":
                raise ZeroDivisionError

    def person(seed):
        dice = random.Random(seed)  # noqa: S311 - dice
        for _ in range(each):
            try:
                operate(dice)
            except (RunnerOverran, ZeroDivisionError, NoFreeSlot) as error:
                with lock:
                    counted[type(error).__name__] += 1
            except BaseException as error:  # noqa: BLE001 - anything else is what we look for
                with lock:
                    counted[f"unexpected {error!r}"] += 1

    threads = [threading.Thread(target=person, args=(seed,)) for seed in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not [name for name in counted if name.startswith("unexpected")]
    assert most == size
    assert counted["work"] > 100
    assert counted["NoFreeSlot"] > 0
    settled(pool)
    assert len(factory.living()) == size
