"""What Prefect keeps of a run holds no secret: its log, its state, what it raised, its name."""

from __future__ import annotations

import importlib
import inspect
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect import Flow
from prefect.exceptions import ParameterTypeError
from prefect.logging import disable_run_logger
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from prefect.states import Completed, Failed
from prefect.utilities.callables import get_call_parameters as as_a_run_gets_them
from prefect.utilities.importtools import import_object

from deployments.apply import entrypoints
from flows import answering, import_posts
from flows.delete import delete
from flows.import_posts import import_posts as import_flow
from steadypost.store import Store
from tasks import board, canaries, deliveries, journal, probes, remedies
from tasks.discreet import Broke, discreet
from tests.domain.test_mistaken import AUTH, CT0, SESSIONS

WRAPPED = discreet(print).__code__


@pytest.fixture(autouse=True)
def _nothing_known():
    """What is known by its shape alone; nobody has a session open here."""
    journal.redact.learn(())


def test_every_flow_that_is_deployed_is_discreet():
    """A new flow that is not is found here."""
    flows = [import_object(entrypoint.replace(":", ".")) for entrypoint in entrypoints()]

    assert flows
    assert [] == [flow.name for flow in flows if isinstance(flow, Flow) and flow.fn.__code__ is not WRAPPED]


@pytest.mark.parametrize(
    "task", [board.board, canaries.probe, deliveries.deliver, probes.probe, remedies.remedy]
)
def test_tasks_are_discreet(task):
    """What they raise is in their states, too."""
    assert WRAPPED is task.fn.__code__


@pytest.mark.parametrize("state", [Failed, Completed])
def test_an_answer_holds_no_secret(state):
    """Neither in its message nor in its data."""
    answer = discreet(lambda: state(message=f"refused: ct0={CT0}", data={"why": [f"auth_token={AUTH}"]}))()

    assert AUTH not in json.dumps(answer.data)
    assert "refused: ct0=***" == answer.message


@pytest.mark.parametrize("error", [ValueError, OSError, KeyError])
def test_what_is_raised_holds_no_secret(error):
    """Its kind and its words are kept, the rest is taken out; nor is the first error behind the second."""

    def breaks_so():
        raise error(f"no cookie in auth_token={AUTH}")

    with pytest.raises(Broke) as raised:
        discreet(breaks_so)()

    assert error.__name__ in str(raised.value)
    assert AUTH not in str(raised.value)
    assert raised.value.__suppress_context__


def test_an_error_without_secrets_is_raised_as_it_is():
    """Whoever waits for its kind still finds it."""

    def breaks():
        raise LookupError("nobody is called carol")

    with pytest.raises(LookupError, match="carol"):
        discreet(breaks)()


class Heard(logging.Handler):
    """Somebody who writes down every line, and what it carries."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


def breaks():
    raise ValueError(f"auth_token={AUTH}")


@pytest.mark.parametrize("name", journal.LOGGERS)
def test_what_a_run_says_is_cleaned_before_anybody_writes_it(name):
    """Also after its journal has ended, when the engine says how it broke: the traceback included."""
    heard, logger = Heard(), logging.getLogger(name)
    logger.addHandler(heard)
    # There is no run here to which Prefect could send anything.
    with temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}):
        try:
            breaks()
        except ValueError:
            logger.exception("it broke with ct0=%s", CT0)
        finally:
            logger.removeHandler(heard)

    [line] = heard.lines
    assert "it broke with ct0=***" in line
    assert "ValueError: auth_token=***" in line


@pytest.mark.parametrize("which", ["storage state", "base64", "netscape", "a file of settings"])
def test_a_session_chosen_in_the_form_is_nowhere(tmp_path, monkeypatch, caplog, which):
    """Refused, with a sentence; neither the run's state, nor its table, nor its log has a value of it."""
    monkeypatch.setenv("STEADYPOST_HOME", str(tmp_path))
    url = f"sqlite:///{tmp_path}/steadypost.db"
    monkeypatch.setenv("STEADYPOST_STORE_URL", url)
    Store.create(url).close()
    path = tmp_path / "session.json"
    path.write_text(SESSIONS[which])

    shown = []
    monkeypatch.setattr(
        answering, "create_markdown_artifact", lambda *told, **more: shown.append((told, more)) or uuid4()
    )

    with disable_run_logger():
        state = import_flow.fn(**as_a_run_gets_them(import_flow.fn, (), {"path": str(path)}))

    assert 1 == len(shown)
    told = f"{state.name} {state.message} {state.data} {shown} {caplog.text}"
    assert "looks like a session" in told
    assert [] == [secret for secret in (AUTH, CT0[:16]) if secret in told]


def test_a_run_is_named_by_its_file_and_not_by_a_secret(monkeypatch):
    """Somebody may paste a session into the field for the path."""
    run = SimpleNamespace(parameters={"path": f"/home/alice/auth_token={AUTH}"})
    monkeypatch.setattr(import_posts, "flow_run", run)

    assert "import auth_token=***" == import_posts.named()


WITH_A_FLOW = sorted(path.stem for path in Path("flows").glob("[a-z]*.py") if "\n@flow(" in path.read_text())


@pytest.mark.parametrize("name", WITH_A_FLOW)
def test_what_a_form_gives_a_flow_is_understood(name):
    """Prefect reads the parameters of a flow from the function it is given, and resolves their types where that is."""
    module = importlib.import_module(f"flows.{name}")
    flows = [one for one in vars(module).values() if isinstance(one, Flow)]

    assert flows
    for flow in flows:
        hints = flow.fn.__annotations__
        assert [] == [hint for hint in hints.values() if isinstance(hint, str)]
        assert list(inspect.signature(flow.fn).parameters) == [one for one in hints if one != "return"]


def test_a_form_is_validated():
    """The type of a flow's parameter is known by its name where the flow is, and not where it is wrapped."""
    with pytest.raises(ParameterTypeError, match="delivery"):
        delete.validate_parameters({"removal": {"by": "Carol"}})
