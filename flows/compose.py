"""Write a post, or a thread, in Prefect's own form, and say when and where it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import ValidationError

from flows.answering import answered, refused
from flows.house import at_work
from steadypost import settings
from steadypost.domain.clock import now
from steadypost.intake.answering import Times, entered_page, entered_words, times_of
from steadypost.intake.draft import Draft
from steadypost.intake.entry import Entered, RowOutcome, enter, known_accounts
from steadypost.intake.fields import misfits
from steadypost.intake.form import Form, headline
from steadypost.intake.refusal import Refusal, in_the_form
from steadypost.intake.validate import judge
from tasks.deadline import ended_within
from tasks.discreet import discreet

ENDS_WITHIN = timedelta(minutes=2)
"""One post is judged and stored in a second; the person who pressed the button is not left waiting for ever."""

KEY = "compose"
"""The key of the page that says what became of a form; each run has its own version."""

EMPTY = Form()


def read(post: Form | Mapping[str, object]) -> Draft | list[Refusal]:
    """Take the form as it was sent, or say what in it does not fit: Prefect itself would answer with a traceback."""
    try:
        return Form.model_validate(post).draft()
    except ValidationError as error:
        return misfits(error, Form)


def named() -> str:
    """Name a run by who says what, when: so it is found among others."""
    draft = read(flow_run.parameters.get("post", {}))
    if isinstance(draft, list):
        return "compose: not taken"
    return headline(draft, zone=settings.read().zone_for_naive, now=now())


@flow(name="compose", flow_run_name=named, retries=0, validate_parameters=False)
@discreet
def compose(post: Form = EMPTY) -> State[dict[str, object]]:
    """Check what was written and schedule it; nothing enters unless all of it is right."""
    draft = read(post)
    if isinstance(draft, list):
        return refused([in_the_form(one) for one in [*draft, *_rest(post)]], key=KEY)
    entered, times = _enter(draft, _by(post))
    if entered.outcome is RowOutcome.REFUSED:
        return refused([in_the_form(one) for one in entered.refusals], key=KEY)
    zone = draft.zone.strip() or settings.read().zone
    return answered(
        entered_words(entered, times, zone),
        page=entered_page(entered, times, zone, draft.spoken),
        key=KEY,
        data=entered.as_dict(),
    )


def _rest(post: Form | Mapping[str, object]) -> list[Refusal]:
    """Say what else is wrong with a form whose time is not valid, so that it is sent only once more."""
    try:
        rest = Form.model_validate(post).but_for_its_time()
    except ValidationError:
        return []
    machine = settings.read()
    with ended_within(ENDS_WITHIN), at_work(ENDS_WITHIN / 2) as store:
        found = judge(
            rest,
            known_accounts(store),
            now=now(),
            default_zone=machine.zone_for_naive,
            folder=machine.home,
            source="compose",
        )
    return found if isinstance(found, list) else []


def _by(post: Form | Mapping[str, object]) -> str:
    return Form.model_validate(post).by.strip()


def _enter(draft: Draft, by: str) -> tuple[Entered, Times]:
    machine = settings.read()
    with ended_within(ENDS_WITHIN), at_work(ENDS_WITHIN / 2) as store:
        entered = enter(
            store,
            draft,
            now=now(),
            source="compose",
            zone=machine.zone_for_naive,
            # Prefect runs every flow in a folder of its own, gone afterwards: no path can be meant from there.
            folder=machine.home,
            by=by,
        )
        return entered, times_of(store, entered)
