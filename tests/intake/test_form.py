"""What is filled into Prefect's form means what a row of a file would, or is refused in the same words."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from steadypost.intake.draft import Draft
from steadypost.intake.fields import CHOICES, misfits
from steadypost.intake.form import Form, headline

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def form(**fields):
    return Form(
        **{"text": "First frost", "accounts": ["alice"], "day": "2026-12-01", "time": "18:30", **fields}
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"when": "2026-12-01 18:30"}),
        ({"minute": "18:32"}, {"when": "2026-12-01 18:32"}),
        ({"minute": "9.05"}, {"when": "2026-12-01 09:05"}),
        ({"when": "now", "day": "", "time": ""}, {"when": "now"}),
        ({"when": "in an hour", "day": None, "time": None}, {"when": "+1h"}),
        ({"when": "in the next free slot", "day": "", "time": ""}, {"when": "next-slot"}),
        ({"when": "+20m", "day": "", "time": ""}, {"when": "+20m"}),
        ({"repeat": "weekdays"}, {"repeat": "weekdays"}),
        ({"repeat": "by the rule below", "rule": "FREQ=DAILY"}, {"repeat": "FREQ=DAILY"}),
        (
            {"repeat": None, "zone": None, "late_within": None},
            {"repeat": "", "zone": "", "late_within": "6h"},
        ),
    ],
)
def test_what_is_chosen_is_what_a_file_would_say(fields, expected):
    """A field that was emptied is as if it had never been touched."""
    draft = form(**fields).draft()

    assert isinstance(draft, Draft)
    assert expected == {name: getattr(draft, name) for name in expected}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"day": ""}, [("day", "it says no day")]),
        ({"time": ""}, [("time", "it says no time of that day")]),
        ({"when": "now"}, [("when", "these are two times")]),
        ({"repeat": "by the rule below"}, [("rule", "it says no rule")]),
        ({"rule": "FREQ=DAILY"}, [("rule", '"Repeat" says "once"')]),
        ({"day": "", "rule": "x"}, [("day", "it says no day"), ("rule", '"Repeat" says "once"')]),
    ],
)
def test_what_contradicts_itself_is_refused_field_by_field(fields, expected):
    """No choice is made in silence between two times; all that is wrong is said at once."""
    assert expected == [(one.field, one.why) for one in form(**fields).draft()]


def test_what_does_not_fit_its_type_names_field_value_and_remedy():
    """Whoever starts a run by hand may send anything."""
    with pytest.raises(ValidationError) as wrong:
        Form.model_validate({"accounts": "alice", "images": [{"path": 3}], "wen": "now"})

    told = [(one.field, one.value, one.remedy) for one in misfits(wrong.value)]
    assert ("wen", "now", "leave it out") in told
    assert {"accounts", "images.1.path", "wen"} == {field for field, _, _ in told}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"day": "2026-12-01", "zone": "Europe/Berlin"}, "alice, Tue 18:30 Berlin: First frost"),
        ({"day": "2027-02-01", "zone": "America/New_York"}, "alice, Mon 01 Feb 18:30 New York: First frost"),
        ({"accounts": ["alice", "bob"]}, "alice, bob, Tue 18:30 Berlin: First frost"),
        ({"repeat": "weekdays"}, "alice, weekdays Tue 18:30 Berlin: First frost"),
        ({"day": "2027-03-28", "time": "02:30"}, "alice, 2027-03-28 02:30: First frost"),
        ({"zone": "Nowhere"}, "alice, 2026-12-01 18:30: First frost"),
        (
            {"accounts": [], "text": "word " * 40},
            "no account, Tue 18:30 Berlin: word word word word word word word wo...",
        ),
        ({"text": "", "parts": ["One", "Two"]}, "alice, Tue 18:30 Berlin: One"),
    ],
)
def test_a_run_is_named_by_who_says_what_when(fields, expected):
    """In the zone of whoever wrote it; what cannot be told is named as it was written."""
    assert expected == headline(form(**fields).draft(), zone="Europe/Berlin", now=NOW)


def test_every_field_says_what_it_is_for_and_has_its_place():
    """Prefect draws them by their position; lists that are not known yet are marked."""
    fields = Form.model_json_schema()["properties"]

    assert list(range(len(fields))) == sorted(one["position"] for one in fields.values())
    assert all(one.get("title") and one.get("description") for one in fields.values())
    assert {"accounts": "accounts", "zone": "zones"} == {
        name: one[CHOICES] for name, one in fields.items() if CHOICES in one
    }
    assert ["accounts", "when"] == Form.model_json_schema()["required"]
