"""A form that does not fit is refused field by field, as the form names them, and never with a traceback."""

import pytest
from prefect.states import Failed
from prefect.utilities.callables import get_call_parameters, parameter_schema, parameters_to_args_kwargs

from flows import answering
from flows.delete import delete
from flows.import_posts import import_posts
from flows.resolve import resolve
from flows.rollout import rollout


@pytest.fixture
def send(monkeypatch):
    """Call a flow as Prefect does with what was sent; answers the reasons for which it was refused."""
    monkeypatch.setattr(
        answering, "refused", lambda reasons, *, key: Failed(message="\n".join(reasons), name=key)
    )

    def sending(flow, **sent):
        assert not flow.should_validate_parameters
        given, named = parameters_to_args_kwargs(flow.fn, get_call_parameters(flow.fn, (), sent))
        return flow.fn(*given, **named).message.splitlines()

    return sending


@pytest.mark.parametrize(
    ("flow", "sent", "told"),
    [
        (resolve, {}, ["Delivery: it is missing", "Your name: it is missing", "Why: it is missing"]),
        (
            resolve,
            {"word": {"delivery": 0, "by": "Ann", "why": "-"}},
            ["Delivery '0': input should be greater"],
        ),
        (
            delete,
            {"removal": {"delivery": "abc", "by": "Ann", "why": "-"}},
            ["Delivery 'abc': input should be"],
        ),
        (delete, {"removal": "abc"}, ["removal 'abc': input should be"]),
        (
            rollout,
            {"steps": ["a"]},
            ["Switch: it is missing", "Why: it is missing", "Your name: it is missing", "Steps.1 'a': input"],
        ),
        (
            import_posts,
            {"path": "posts.csv", "accounts": "me"},
            ["Accounts 'me': input should be a valid list"],
        ),
        (import_posts, {"path": "posts.csv", "dates": "both"}, ["Dates 'both': input should be"]),
    ],
)
def test_what_does_not_fit_is_named_with_its_remedy(send, flow, sent, told):
    """Everything at once, and nothing else of the flow runs."""
    reasons = send(flow, **sent)

    assert len(told) == len(reasons)
    for expected, reason in zip(told, reasons, strict=True):
        assert reason.startswith(expected)
        assert "; fill it in" in reason


@pytest.mark.parametrize(
    ("flow", "needed"),
    [(resolve, ["word"]), (delete, ["removal"]), (rollout, ["switch", "why", "by"]), (import_posts, [])],
)
def test_the_form_still_says_what_has_to_be_filled_in(flow, needed):
    """What the run refuses by itself is marked in the form all the same."""
    assert needed == parameter_schema(flow).model_dump().get("required", [])
