"""The table of X's answers, the code that reads them and the document say the same."""

from pathlib import Path

import pytest

from steadypost.domain.causes import Again, Evidence
from steadypost.domain.outcome import Deferred, Refused, Scope, Unconfirmed
from tools.retries import draw, rows

NONE, ABSENCE = Evidence.NONE, Evidence.ABSENCE

CONTRACT = {
    # What was recorded of X: is it live, who is concerned, when may it be asked for again.
    "226": (Deferred, Scope.ACCOUNT, Again.REST, NONE),
    "187": (Unconfirmed, Scope.ITEM, Again.PERSON, ABSENCE),
    "344": (Deferred, Scope.ACCOUNT, Again.NAMED_END, NONE),
    "185": (Deferred, Scope.ACCOUNT, Again.NAMED_END, NONE),
    "186": (Refused, Scope.ITEM, Again.NEVER, NONE),
    "326": (Deferred, Scope.ACCOUNT, Again.REST, NONE),
    "64": (Deferred, Scope.ACCOUNT, Again.REST, NONE),
    "32": (Deferred, Scope.ACCOUNT, Again.REST, NONE),
    "88": (Deferred, Scope.ACCOUNT, Again.NAMED_END, NONE),
    "HTTP 429, no code": (Deferred, Scope.ACCOUNT, Again.NAMED_END, NONE),
    "`tweet_results: {}`, no error": (Unconfirmed, Scope.ITEM, Again.ABSENCE, ABSENCE),
    "37": (Deferred, Scope.ACCOUNT, Again.REST, NONE),
    "141": (Deferred, Scope.ACCOUNT, Again.REST, NONE),
    "324": (Refused, Scope.ITEM, Again.NEVER, NONE),
    "366": (Deferred, Scope.ACCOUNT, Again.REST, NONE),
    "HTTP 404, no code": (Deferred, Scope.NETWORK, Again.GROWING_WAITS, NONE),
    "HTTP 403, no code": (Deferred, Scope.ACCOUNT, Again.REST, NONE),
    "an unknown code": (Unconfirmed, Scope.ITEM, Again.ABSENCE, ABSENCE),
}


@pytest.mark.parametrize("answer", CONTRACT)
def test_every_recorded_answer_has_its_row(answer):
    """The contract says what X does; the row is what the code makes of it."""
    (row,) = [row for row in rows() if row.answer == answer]

    assert (type(row.outcome), row.rule.scope, row.rule.again, row.rule.evidence) == CONTRACT[answer]


def test_only_what_proves_that_nothing_was_posted_needs_no_evidence():
    """An answer after which something may be live never leads to another ask by itself."""
    assert all((row.rule.evidence is ABSENCE) is isinstance(row.outcome, Unconfirmed) for row in rows())


def test_the_document_is_what_the_code_draws():
    """docs/retries.md; draw it anew with ``python tools/retries.py``."""
    assert Path("docs/retries.md").read_text() == draw()
