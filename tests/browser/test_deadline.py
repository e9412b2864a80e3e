"""A deadline ends the work, whatever the work is doing."""

import os
import signal
import time

import pytest

from steadypost.browser import Fault, JobBroke, RunnerDied, RunnerOverran, is_dead
from tests.browser.support import alive, job, process_tree, silent_site, slowness, soon, wait_until

pytestmark = pytest.mark.browser

LEFT = 1.0
LATE = 1.0


def overrun(runner, work, **callbacks):
    """Run into a deadline; return the error, having seen that nothing is left and that it was punctual."""
    pids = process_tree(runner)
    deadline = soon(LEFT)
    with pytest.raises(RunnerOverran) as overran:
        runner.run(work, deadline=deadline, **callbacks)
    late = time.monotonic() - deadline
    assert not alive(pids)
    assert 0 <= late < LATE * slowness()
    assert is_dead(str(runner.identity))
    return overran.value


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("spins", "spinning"),
        ("stops_itself", "stopping"),
        ("sleeps", "sleeping"),
        ("stops_in_the_middle_of_a_word", "talking"),
    ],
)
def test_a_runner_that_goes_its_own_way_is_ended(new_runner, name, step):
    """A busy loop, a stopped process, a sleep, half a message: all end at the deadline, seen dead."""
    assert overrun(new_runner(), job(name)).step == step


def test_a_stopped_browser_is_ended(new_runner):
    """A stopped Chromium reads no pipe and would outlive its driver; it does not outlive its deadline."""
    runner = new_runner()
    runner.run(job("look_around"), deadline=soon())  # the page is open: the second that is left is for work

    def stop(step):
        os.kill(runner.identity.chromium.pid, signal.SIGSTOP)

    assert "working" == overrun(runner, job("works_on"), on_step=stop).step


def test_a_runner_that_does_not_notice_its_browser_s_death_is_given_up(new_runner):
    """Whatever the job waits for: its browser can do nothing any more, and the deadline is far away."""
    runner = new_runner()
    pids = process_tree(runner)
    began = time.monotonic()

    def kill(step):
        os.kill(runner.identity.chromium.pid, signal.SIGKILL)

    with pytest.raises(RunnerDied) as died:
        runner.run(job("sleeps"), deadline=soon(60), on_step=kill)

    assert "sleeping" == died.value.step
    assert time.monotonic() - began < 20
    assert not alive(pids)


def test_a_page_that_never_answers_is_ended(new_runner):
    """A site that takes the connection and says nothing costs its deadline and no more."""
    with silent_site() as url:
        overrun(new_runner(), job("visit", {"url": url}))


def test_the_browser_dies_on_time_even_while_the_parent_is_busy_answering(new_runner):
    """A store that is slow to say yes delays the news, not the killing; and the yes comes too late to be heard."""
    runner = new_runner()
    pids = process_tree(runner)
    deadline = soon(LEFT)

    def slow(name, data):
        wait_until(lambda: not alive(pids), "the runner is killed while we still think", within=LEFT + LATE)
        return True

    steps = []
    with pytest.raises(RunnerOverran):
        runner.run(
            job("asks"), deadline=deadline, on_question=slow, on_step=lambda step: steps.append(step.name)
        )

    assert ["typed"] == steps


def test_a_deadline_already_passed_begins_nothing(new_runner):
    """Too late to start is not an overrun of the runner: it is left as it was."""
    runner = new_runner()
    with pytest.raises(RunnerOverran) as overran:
        runner.run(job("echo"), deadline=time.monotonic())

    assert overran.value.step is None
    assert 1 == runner.run(job("echo", 1), deadline=soon())


def test_a_browser_killed_in_mid_job_breaks_the_job_at_its_step(new_runner):
    """The page was closed under the job: the caller learns where it stood, and the runner is not lent again."""
    runner = new_runner()
    pids = process_tree(runner)

    def kill(step):
        os.kill(runner.identity.chromium.pid, signal.SIGKILL)

    with pytest.raises(JobBroke) as broke:
        runner.run(job("works_on"), deadline=soon(), on_step=kill)

    assert (broke.value.fault, broke.value.step) == (Fault.BROWSER_GONE, "working")
    assert not runner.is_fit()
    assert not alive(pids)


def test_a_runner_killed_in_mid_job_is_told_with_its_step_and_exit(new_runner):
    """The process died, as by the kernel's memory killer: its browser is seen dead before the caller hears of it."""
    runner = new_runner()
    pids = process_tree(runner)

    with pytest.raises(RunnerDied) as died:
        runner.run(
            job("sleeps"),
            deadline=soon(),
            on_step=lambda _: os.kill(runner.process_tree.runner.pid, signal.SIGKILL),
        )

    assert (died.value.step, died.value.exit) == ("sleeping", -signal.SIGKILL)
    assert not alive(pids)
    assert is_dead(str(runner.identity))
