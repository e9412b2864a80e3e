"""One delivery can be followed by its id through every room, and no line of it holds a secret."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading

import pytest
from prefect.runtime import task_run
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from steadypost.domain import retention
from steadypost.domain.outcome import Answer, Published
from steadypost.domain.secrets import of_session
from steadypost.networks.x.snowflake import id_at
from tasks import journal
from tasks.deliveries import deliver
from tests.domain.test_secrets import AUTH, B64, CT0, STATE


@pytest.fixture
def lines(tmp_path):
    """Keep a journal, and read what it holds."""
    # There is no run here to which Prefect could send anything.
    with (
        temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}),
        journal.kept(tmp_path / "logs", "publish"),
    ):

        def read():
            [path] = (tmp_path / "logs").glob("*.jsonl")
            return [json.loads(line) for line in path.read_text().splitlines()]

        yield read


def test_one_delivery_through_flow_task_browser_and_store(house, claimed, channel, lines, caplog):
    """By its id alone, in order, with the attempt and the account on every line."""
    caplog.set_level(logging.INFO, logger="prefect.flow_runs")
    other, claim = claimed("another"), claimed("Good morning!")
    at = house.clock()

    def on_ask(order, arm):
        assert arm()
        return Answer(outcomes=(Published(remote_id=id_at(at, sequence=len(channel.asked))),))

    channel.on_ask = on_ask
    house.log = logging.getLogger("prefect.flow_runs")
    for one in (other, claim):
        with journal.following(delivery=one.delivery_id):
            house.log.warning("claimed")
        house.take(one)
        deliver.fn(one.attempt_id, one.delivery_id, one.account)

    followed = [line for line in lines() if line.get("delivery") == claim.delivery_id]

    assert ["flow", "channel", "store", "store", "flow"] == [line["component"] for line in followed]
    assert {claim.attempt_id} == {line["attempt"] for line in followed[1:]}
    assert "armed: about to ask" == followed[2]["says"]
    assert "recorded: the delivery is published" == followed[3]["says"]
    assert all({"at", "level", "component", "says"} <= set(line) for line in lines())
    assert task_run.id is None


SPOKEN = [
    f"auth_token={AUTH}; ct0={CT0}",
    f"session {B64}",
    json.dumps(STATE),
    f"Cookie: ct0={CT0}",
]


@pytest.mark.parametrize("said", SPOKEN)
def test_no_line_holds_a_secret(lines, caplog, said):
    """Whoever says it, as an argument, as a field, or in an error's own text; in Prefect's own pages neither."""
    seen = []

    class Pages(logging.Handler):
        """Stands where Prefect's own handler stands."""

        def emit(self, record):
            seen.append(self.format(record))

    pages = Pages()
    loggers = [logging.getLogger(name) for name in journal.LOGGERS]
    for logger in loggers:
        logger.addHandler(pages)
    try:
        for logger in loggers:
            with journal.following(delivery=7, why=said):
                logger.warning("it said %s", said)
                logger.warning(said)
                logger.error("it broke", exc_info=ValueError(said))
        journal.line("browser", "it showed %s", said)
        logging.getLogger("steadypost.channels.x_web").warning("it showed %s", said)
    finally:
        for logger in loggers:
            logger.removeHandler(pages)

    told = json.dumps(lines())
    assert 11 == len(lines())
    assert any("ValueError" in line.get("traceback", "") for line in lines())
    for secret in (AUTH, CT0, B64[:60]):
        assert secret not in told
        assert secret not in "".join(text for text in seen if "it showed" not in text)


def test_what_is_known_to_be_secret_is_learnt_from_the_blocks(lines):
    """Also what has no shape: the value of any cookie of any session that is open here."""
    journal.redact.learn(of_session(STATE))
    try:
        journal.line("browser", "device %s", "d3v1ce-0042-9f")
    finally:
        journal.redact.learn(())

    assert "d3v1ce" not in json.dumps(lines())


def test_only_its_owner_may_read_it_and_it_is_kept_by_age(tmp_path):
    """A busy hour takes nothing of the week; what is older than the rule goes when the next begins."""
    folder = tmp_path / "logs"
    for n in range(60):
        with journal.kept(folder, f"run{n}"):
            journal.line("store", "hello")
    files = sorted(folder.glob("*.jsonl*"))
    assert 60 == len(files)
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in files}
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)

    kept, now = retention.kept("journals").total_seconds(), files[0].stat().st_mtime
    os.utime(files[0], (now, now - kept - 60))
    os.utime(files[1], (now, now - kept + 3600))
    with journal.kept(folder, "another"):
        journal.line("store", "hello")
    assert (False, True) == (files[0].exists(), files[1].exists())


def test_a_disk_that_takes_nothing_is_no_business_of_a_post(tmp_path):
    """It is asked all the same."""
    (tmp_path / "logs").write_text("a file where a folder should be")

    with journal.kept(tmp_path / "logs", "publish"):
        journal.line("store", "hello")


def test_what_is_followed_belongs_to_its_thread(lines):
    """Two deliveries at the same time are never mistaken for each other."""
    here = threading.Barrier(2)

    def work(delivery):
        with journal.following(delivery=delivery):
            here.wait(5)
            journal.line("store", "of %s", delivery)

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {(1, "of 1"), (2, "of 2")} == {(line["delivery"], line["says"]) for line in lines()}
