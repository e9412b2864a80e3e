"""A job runs in a runner, talks to its parent, and ends in exactly one way."""

import os
import threading
import time
from pathlib import Path

import pytest

from steadypost.browser import Fault, JobBroke, RunnerBusy
from tests.browser.browser_jobs import OnlyInTheParent
from tests.browser.support import (
    SECRET,
    alive,
    job,
    process_tree,
    site,
    soon,
    state_with_cookie,
    wait_until,
)

pytestmark = pytest.mark.browser


def test_the_result_comes_back(runner):
    """What the function returns is what the caller gets."""
    assert {"text": "hello"} == runner.run(job("echo", {"text": "hello"}), deadline=soon())


def test_steps_are_heard_in_order_and_a_question_waits_for_its_answer(runner):
    """The job waits until its parent has answered."""
    heard = []

    def answer(name, data):
        heard.append((name, data))
        return True

    began = time.monotonic()
    deadline = soon(30)
    armed, remaining = runner.run(
        job("asks", 7), deadline=deadline, on_question=answer, on_step=lambda step: heard.append(step.name)
    )

    assert armed
    assert deadline - time.monotonic() - 1 <= remaining <= deadline - began + 1
    assert ["typed", ("arm", {"delivery": 7}), "clicked"] == heard


def test_an_answer_can_be_no(runner):
    """A parent that lost its lease says no, and the job gives way."""
    steps = []
    armed, _ = runner.run(
        job("asks", 7),
        deadline=soon(),
        on_question=lambda *_: False,
        on_step=lambda step: steps.append(step.name),
    )

    assert not armed
    assert ["typed", "gave way"] == steps


@pytest.mark.parametrize(
    ("payload", "kind"), [("value", "ValueError"), ("builtin", "TimeoutError"), ("exit", "SystemExit")]
)
def test_what_a_job_raises_is_told_by_name_and_step(runner, payload, kind):
    """A job's own exception is a value for its caller, and the runner goes on."""
    with pytest.raises(JobBroke) as broke:
        runner.run(job("raises", payload), deadline=soon())

    assert (broke.value.kind, broke.value.fault, broke.value.step) == (kind, Fault.JOB, "typed")
    assert "no good" in broke.value.message
    assert 1 == runner.run(job("echo", 1), deadline=soon())


def test_playwrights_timeout_is_another_than_pythons(runner):
    """Both are called TimeoutError; only one means that the page did not answer."""
    with pytest.raises(JobBroke) as broke:
        runner.run(job("waits_for_nothing"), deadline=soon())

    assert (broke.value.kind, broke.value.fault) == ("TimeoutError", Fault.PAGE_TIMEOUT)
    assert "looking" == broke.value.step


def test_a_failed_navigation_is_playwrights_fault(runner):
    """A refused connection is neither a timeout nor a dead browser."""
    with pytest.raises(JobBroke) as broke:
        runner.run(job("visit", {"url": "http://127.0.0.1:9/"}), deadline=soon())

    assert broke.value.fault is Fault.PLAYWRIGHT


def test_a_result_that_can_not_travel_breaks_the_job_only(runner):
    """Nobody waits for a result that was never sent."""
    with pytest.raises(JobBroke) as broke:
        runner.run(job("returns_a_lock"), deadline=soon())

    assert broke.value.fault is Fault.JOB
    assert 1 == runner.run(job("echo", 1), deadline=soon())


def test_a_payload_that_can_not_be_built_breaks_the_job_only(runner):
    """A class that the runner does not know is that job's trouble, not the runner's."""
    with pytest.raises(JobBroke) as broke:
        runner.run(job("echo", OnlyInTheParent("x")), deadline=soon())

    assert ("LookupError", None) == (broke.value.kind, broke.value.step)


def test_an_unknown_job_is_told_so(runner):
    """A misspelt entry is an error of the caller with a name."""
    with pytest.raises(JobBroke) as broke:
        runner.run(job("ehco"), deadline=soon())

    assert "AttributeError" == broke.value.kind


def test_one_runner_does_one_job(runner):
    """Two jobs in one browser would type into each other's composer."""
    asked, go_on = threading.Event(), threading.Event()

    def answer(name, data):
        asked.set()
        return go_on.wait(10)

    first = threading.Thread(
        target=runner.run, args=(job("asks"),), kwargs={"deadline": soon(), "on_question": answer}
    )
    first.start()
    try:
        assert asked.wait(10)
        with pytest.raises(RunnerBusy):
            runner.run(job("echo"), deadline=soon())
    finally:
        go_on.set()
        first.join()


def test_the_page_is_kept_and_parked_between_jobs(runner):
    """A kept page saves a quarter second; nothing of the last job is left on it."""
    first = runner.run(job("look_around"), deadline=soon())
    second = runner.run(job("look_around"), deadline=soon())

    assert second["object"] == first["object"]
    assert ("about:blank", None, 1) == (second["url"], second["mark"], second["pages"])
    assert ["hello"] == second["heard"]
    assert second["listeners"] == first["listeners"]


def test_a_page_that_was_left_open_is_found_so_only_by_a_job_that_wants_it(runner):
    """To park a page takes as long as a good part of opening the next."""
    with site(lambda _: "hello") as url:

        def before(**how):
            return runner.run(job("leaves_open", {"url": url, **how}), deadline=soon())

        wait_until(lambda: before(as_left=True) == url, "a job follows the one before soon enough")
        assert "about:blank" == before()


def test_a_page_that_was_left_open_is_parked_when_nothing_follows(runner):
    """An idle page goes on asking its site for news, and holds memory."""
    asked = []
    with site(lambda request: asked.append(request.path) or LEAVES_A_WORD) as url:
        runner.run(job("leaves_open", {"url": url}), deadline=soon())
        wait_until(lambda: "/gone" in asked, "the page is parked with no other job to come")


LEAVES_A_WORD = """<script>addEventListener("pagehide", () => fetch("/gone", { keepalive: true }))</script>"""


def test_accounts_do_not_see_each_others_cookies(runner):
    """One context per account: Bob's page never carries Alice's cookie."""
    with site(lambda request: request.headers.get("cookie", "nobody")) as url:

        def who(name):
            payload = {"url": url, "key": name, "state": state_with_cookie(url, name)}
            return runner.run(job("visit", payload), deadline=soon())["text"]

        assert ["who=alice", "who=bob", "who=alice"] == [who("alice"), who("bob"), who("alice")]


def test_a_context_lives_as_long_as_its_state(runner):
    """The same state finds the same context; another state, or the wish for a fresh one, opens a new one."""
    state = state_with_cookie("http://a.test", "1")

    def context(**payload):
        return runner.run(job("which_context", payload), deadline=soon())

    first = context(storage_state=state)
    assert context(storage_state=dict(state)) == first
    renewed = context(storage_state=state, fresh=True)
    assert context(storage_state=state) == renewed
    assert context(storage_state=state, locale="de-DE") != renewed


def test_signing_in_keeps_the_context(runner):
    """A job that signed in hands the new state back; the next job that brings it finds the same context."""
    signed_in = runner.run(job("sign_in"), deadline=soon())

    assert "signed-in" in {cookie["value"] for cookie in signed_in["state"]["cookies"]}
    again = runner.run(job("which_context", {"storage_state": signed_in["state"]}), deadline=soon())
    assert again == signed_in["context"]


def test_a_broken_jobs_context_is_not_kept(runner):
    """Nobody knows what a broken job left on its page, so it is closed."""
    runner.run(job("leaves_a_cookie"), deadline=soon())
    assert ["left"] == runner.run(job("leaves_a_cookie"), deadline=soon())

    with pytest.raises(JobBroke):
        runner.run(job("raises", "value"), deadline=soon())

    assert [] == runner.run(job("leaves_a_cookie"), deadline=soon())


def test_secrets_stay_in_memory(runner, monkeypatch):
    """An account's state is in no file of the runner, in no argument and in no environment."""
    with site(lambda _: "hello") as url:
        payload = {"url": url, "state": state_with_cookie(url, SECRET)}
        runner.run(job("visit", payload), deadline=soon())
        files = [p for p in Path(runner.process_tree.folder).rglob("*") if p.is_file()]
        assert files
        assert not [p for p in files if SECRET.encode() in p.read_bytes()]
        assert not [p for p in runner.process_tree.living() if SECRET in " ".join(p.cmdline())]


def test_what_the_callbacks_raise_comes_through_and_ends_the_runner(new_runner):
    """A question nobody could answer must not leave a job standing before its click."""
    runner = new_runner()
    pids = process_tree(runner)

    def away(name, data):
        raise ConnectionError("the store is away")

    with pytest.raises(ConnectionError, match="the store is away"):
        runner.run(job("asks"), deadline=soon(), on_question=away)

    assert not alive(pids)
    assert not runner.is_fit()


def test_the_parents_keys_are_not_in_the_browsers_environment(new_runner, monkeypatch):
    """The one program that runs other people's code inherits no API key; what is meant for it, it gets."""
    monkeypatch.setenv("PREFECT_API_KEY", SECRET)
    seen = new_runner(environment={"FLAVOUR": "test"}).run(job("environment"), deadline=soon())

    assert SECRET not in seen.values()
    assert "test" == seen["FLAVOUR"]
    assert seen["PATH"] == os.environ["PATH"]


def test_jobs_may_live_in_a_folder_of_their_own(new_runner, tmp_path):
    """A job that is not installed is found where the settings say."""
    (tmp_path / "elsewhere.py").write_text("def hello(desk, payload):\n    return 'hello ' + payload\n")
    from steadypost.browser import Job  # noqa: PLC0415 - beside its only use

    runner = new_runner(extra_path=(str(tmp_path),))

    assert "hello Bob" == runner.run(Job("elsewhere:hello", "Bob"), deadline=soon())


def test_a_runner_outlives_the_thread_that_asked_for_it(new_runner):
    """The kernel ends a child with the thread that started it; ours must not end with a task's."""
    runners = []
    thread = threading.Thread(target=lambda: runners.append(new_runner()))
    thread.start()
    thread.join()

    wait_until(lambda: not thread.is_alive(), "the thread is gone")
    assert "still here" == runners[0].run(job("echo", "still here"), deadline=soon())
