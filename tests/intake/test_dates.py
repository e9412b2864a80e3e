"""A date is read in the one way it can be meant, or refused."""
# ruff: noqa: DTZ001 - a spreadsheet knows no zone

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadypost.intake.dates import Evidence, Order, iso
from steadypost.intake.refusal import Refusal

DAY, MONTH = Order.DAY_FIRST, Order.MONTH_FIRST


@pytest.mark.parametrize(
    ("written", "order", "meant"),
    [
        ("24.12.2026 18:30", DAY, "2026-12-24 18:30:00"),
        ("5.12.26, 9:05 Uhr", DAY, "2026-12-05 09:05:00"),
        ("24/12/2026 18h30", DAY, "2026-12-24 18:30:00"),
        ("24-12-2026 18.30", DAY, "2026-12-24 18:30:00"),
        ("12/24/2026 6:30 PM", MONTH, "2026-12-24 18:30:00"),
        ("12/24/2026 12:00 AM", MONTH, "2026-12-24 00:00:00"),
        ("12/24/2026 12:15 p.m.", MONTH, "2026-12-24 12:15:00"),
        ("12/24/2026 6 PM", MONTH, "2026-12-24 18:00:00"),
        ("5/5/2026 9:00", None, "2026-05-05 09:00:00"),
        ("2026/12/24 18:30", None, "2026-12-24 18:30:00"),
        ("2026-12-24T18:30:00 +0100", None, "2026-12-24T18:30:00 +0100"),
        ("24 December 2026 18:30", None, "2026-12-24 18:30:00"),
        ("December 24th, 2026 at 6:30 pm", None, "2026-12-24 18:30:00"),
        ("24. Dezember 2026, 18:30 Uhr", None, "2026-12-24 18:30:00"),
        ("24 déc. 2026 à 18:30", None, "2026-12-24 18:30:00"),
        ("24 de diciembre de 2026 18:30", None, "2026-12-24 18:30:00"),
        ("Thu, 24 Dec 2026 18:30:00 +0100", None, "2026-12-24 18:30:00+01:00"),
        ("24. Dezember 2026 9 Uhr", None, "2026-12-24 09:00:00"),
        ("24/12/2026 18h", DAY, "2026-12-24 18:00:00"),
        ("Do 24.12.2026 18:30 Uhr", DAY, "2026-12-24 18:30:00"),
        ("Thursday, 2026-12-24 18:30", None, "2026-12-24 18:30:00"),
        ("jeu. 24/12/2026 18:30", DAY, "2026-12-24 18:30:00"),
        ("mar 24 2026 18:30", None, "2026-03-24 18:30:00"),
        ("mon petit", None, "mon petit"),
        ("24-Dec-2026 18:30", None, "2026-12-24 18:30:00"),
        ("Dec 24, 2026 6:30\u202fPM", None, "2026-12-24 18:30:00"),
        ("46380.770833333336", None, "2026-12-24 18:30:00"),
        ("2026\u201112\u201124 18:30", None, "2026-12-24 18:30:00"),
        ("24\u201312\u20132026\xa018:30", DAY, "2026-12-24 18:30:00"),
        ("24.12.2026 18 Uhr 30", DAY, "2026-12-24 18:30:00"),
        ("2026年12月24日 18時30分", None, "2026-12-24 18:30:00"),
        ("2026年12月24日(木) 午後6時30分", None, "2026-12-24 18:30:00"),
        ("2026年12月24日 下午6:30", None, "2026-12-24 18:30:00"),
        ("2026년 12월 24일 목요일 오후 6:30", None, "2026-12-24 18:30:00"),
        ("２０２６/１２/２４（木）１８：３０", None, "2026-12-24 18:30:00"),
        ("24. 12. 2026 18:30", DAY, "2026-12-24 18:30:00"),
        ("2026. 12. 24. 18:30", None, "2026-12-24 18:30:00"),
        ("24.12.2026 - 18:30", DAY, "2026-12-24 18:30:00"),
        ("20261224T183000Z", None, "2026-12-24 18:30:00+00:00"),
        ("December 24, 2026 6:30 PM (GMT+1)", None, "2026-12-24 18:30:00+01:00"),
        ("@December 24, 2026 6:30 PM (UTC)", None, "2026-12-24 18:30:00+00:00"),
        ("+20m", None, "+20m"),
        ("now", None, "now"),
    ],
)
def test_a_date_as_people_write_it(written, order, meant):
    """In every order, language and clock that spreadsheets and people use."""
    assert meant == iso(written, Evidence(told=order))


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("24.12.2026", "no time"),
        ("24 December 2026", "no time"),
        ("46380", "no time"),
        ("31.11.2026 18:30", "no calendar"),
        ("24.12.2026 25:00", "no calendar"),
        ("24.12.2026 13:00 PM", "there is no 13:00 PM"),
        ("2026年12月24日(金) 18:30", "is a Thursday"),
        ("24.12.2026 18", "no minutes"),
        ("Friday, 24 December 2026 18:30", "is a Thursday"),
        ("Fr 24.12.2026 18:30", "is a Thursday"),
        ("Fri 2026-12-24 18:30", "is a Thursday"),
        ("12.24.2026 18:30", "no calendar"),
        ("99999.5", "no day of this century"),
    ],
)
def test_what_no_calendar_has_is_refused(written, why):
    """With what is wrong, and what to write."""
    found = iso(written, Evidence(told=DAY))

    assert isinstance(found, Refusal)
    assert why in found.why
    assert found.remedy


def seen(*written):
    evidence = Evidence()
    for one in written:
        evidence.see(one)
    return evidence


def test_one_date_of_a_column_tells_of_all():
    """The day that can be no month."""
    assert "2026-12-05 09:00:00" == iso("05.12.2026 9:00", seen("24.12.2026 18:30", "05.12.2026 9:00"))
    assert "2026-05-12 09:00:00" == iso("05/12/2026 9:00", seen("12/24/2026 18:30", "05/12/2026 9:00"))


def test_a_column_that_contradicts_itself_is_refused_with_its_two_dates():
    """And told, the date that does not fit is refused alone."""
    mixed = seen("24.12.2026 18:30", "12/24/2026 18:30")

    found = iso("05/12/2026 9:00", mixed)
    assert "24.12.2026 18:30 has the day first, 12/24/2026 18:30 the month" in found.why
    mixed.told = DAY
    assert "2026-12-05 09:00:00" == iso("05/12/2026 9:00", mixed)
    assert isinstance(iso("12/24/2026 18:30", mixed), Refusal)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from([DAY, MONTH]))
def test_a_date_is_read_back_as_it_was_written(moment, order):
    """Never the other way round, and untold never at all unless both ways are one."""
    form = "%d.%m.%Y %H:%M:%S" if order is DAY else "%m/%d/%Y %I:%M:%S %p"
    written = moment.strftime(form)

    assert moment.replace(microsecond=0).isoformat(sep=" ") == iso(written, Evidence(told=order))
    untold = iso(written, Evidence())
    assert isinstance(untold, Refusal) or moment.day == moment.month


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,5}[./-][0-9]{1,3}[./-][0-9]{1,5} ?[0-9:apm ]{0,9}"))
def test_nothing_written_confuses_it(written):
    """It ends in a text or a sentence."""
    evidence = seen(written)
    for order in (None, DAY, MONTH):
        evidence.told = order
        assert isinstance(iso(written, evidence), str | Refusal)
