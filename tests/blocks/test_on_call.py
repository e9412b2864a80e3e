"""Who is on call: by which ways, in which order, and at which hours they are told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr, ValidationError

from blocks import OnCall
from steadypost.domain.hours import Hours

SECRET = "mailto://olga:hunter2@example.org"
FRIDAY, SATURDAY = datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 3, 7, tzinfo=UTC)


def test_nobody_is_named_until_somebody_is():
    """A name alone is for people who read it."""
    assert not OnCall().names_person
    assert not OnCall(name_of_person="Olga").names_person


@pytest.mark.parametrize(
    "named", [{"address": SECRET}, {"block": "slack-webhook/ops"}, {"more_blocks": "email/ops"}]
)
def test_each_way_names_a_person(named):
    assert OnCall(**named).names_person


def test_blocks_are_tried_in_their_order():
    told = OnCall(block=" slack-webhook/ops ", more_blocks="email/ops, custom-webhook/pager")

    assert ["slack-webhook/ops", "email/ops", "custom-webhook/pager"] == told.blocks


@pytest.mark.parametrize("field", ["block", "more_blocks"])
@pytest.mark.parametrize("written", ["ops", "slack-webhook/", "Slack Webhook/ops", "slack-webhook/ops/now"])
def test_what_names_no_block_is_refused_with_an_example(field, written):
    with pytest.raises(ValidationError, match="write type/name, for instance slack-webhook/ops"):
        OnCall(**{field: written})


@pytest.mark.parametrize("written", ["olga@example.org", "mailto:", "://example.org", "a b://c"])
def test_an_address_that_is_none_is_refused_without_being_shown(written):
    with pytest.raises(ValidationError) as refused:
        OnCall(address=SecretStr(written))
    assert "write one such as mailto://" in str(refused.value)
    assert ["**********"] == [str(one["input"]) for one in refused.value.errors()]


def test_an_address_is_kept_without_the_space_around_it_and_as_a_secret():
    kept = OnCall(address=f"  {SECRET} ").address

    assert SECRET == kept.get_secret_value()
    assert "hunter2" not in repr(kept)


@pytest.mark.parametrize("empty", ["", "   ", None])
def test_an_empty_address_is_none(empty):
    """Prefect shows an empty secret as stars, as if there were one."""
    assert OnCall(address=empty).address is None


def test_a_document_with_the_list_of_an_older_version_loads():
    told = OnCall.model_validate({"tell": ["slack-webhook/ops", " email/ops ", ""], "zone": "Europe/Berlin"})

    assert ["slack-webhook/ops", "email/ops"] == told.blocks
    assert "Europe/Berlin" == told.zone


def test_what_was_written_since_goes_before_that_list():
    assert ["email/new"] == OnCall.model_validate(
        {"tell": ["slack-webhook/ops"], "block": "email/new"}
    ).blocks


def test_a_zone_that_is_none_is_refused_with_an_example():
    with pytest.raises(
        ValidationError, match="'Berlin' is no zone; write an IANA name such as Europe/Berlin"
    ):
        OnCall(zone="Berlin")


@pytest.mark.parametrize(
    ("hours", "first", "last"),
    [(Hours.ANY, 0, 23), (Hours.WAKING, 7, 21), (Hours.DAY, 8, 19), (Hours.WORKING, 9, 17)],
)
def test_hours_begin_and_end_on_the_hour(hours, first, last):
    told = OnCall(hours=hours)

    assert list(range(first, last + 1)) == [
        hour for hour in range(24) if told.may_be_told(FRIDAY.replace(hour=hour), "UTC")
    ]


@pytest.mark.parametrize(("hours", "told"), [(Hours.DAY, True), (Hours.WORKING, False)])
def test_a_saturday_is_no_working_day(hours, told):
    assert told is OnCall(hours=hours).may_be_told(SATURDAY.replace(hour=12), "UTC")


def test_hours_are_those_of_the_person_s_zone_else_of_the_machine_s():
    night = FRIDAY.replace(hour=4)

    assert OnCall(hours=Hours.DAY, zone="Asia/Tokyo").may_be_told(night, "UTC")
    assert OnCall(hours=Hours.DAY).may_be_told(night, "Asia/Tokyo")
    assert not OnCall(hours=Hours.DAY, zone="UTC").may_be_told(night, "Asia/Tokyo")
