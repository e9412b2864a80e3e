"""The probe: opens the composer, sees whether all is there that publishing needs, and submits nothing."""

from __future__ import annotations

from steadypost.browser.desk import Desk
from steadypost.channels.port import Access, Probe
from steadypost.channels.x_web.errand import Halt, ProbeErrand
from steadypost.channels.x_web.opening import check_signed_in, explain_missing, go, leave, seat, time_for
from steadypost.channels.x_web.selectors import NEEDED
from steadypost.channels.x_web.survey import Survey, Want, survey
from steadypost.domain.outcome import Cause, Phase

COMPOSER_WITHIN = 30.0
"""Seconds from the beginning of X's answer to a composer that could be used."""

KEEP = 1.0
"""Seconds of the deadline that are kept for coming home."""


def probe(desk: Desk, errand: ProbeErrand) -> Probe:
    """Say whether an ask could go ahead now."""
    access = errand.access
    try:
        page = seat(desk, access)
        go(desk, page, f"{access.base_url}/compose/post", keep=KEEP)
        desk.step(Phase.OPENED)
        allowed = time_for(desk, COMPOSER_WITHIN, keep=KEEP)
        seen = survey(page, Want.COMPOSER, within=allowed)
    except Halt as halt:
        return Probe(well=False, handle="", cause=halt.cause, why=halt.why)
    return _verdict(desk, access, seen, allowed)


def _verdict(desk: Desk, access: Access, seen: Survey, allowed: float) -> Probe:
    try:
        check_signed_in(seen, access.handle)
        if not seen.met:
            raise explain_missing(seen, "no composer", allowed=allowed)
        _check_elements(seen)
    except Halt as halt:
        leave(desk, access, halt)
        return Probe(well=False, handle=seen.who, cause=halt.cause, why=halt.why, drift=seen.drift)
    return Probe(well=True, handle=seen.who, drift=seen.drift)


def _check_elements(seen: Survey) -> None:
    missing = [purpose.value for purpose in NEEDED if seen.hits.get(purpose, -1) < 0]
    if missing:
        raise Halt(Cause.UI_DRIFT, f"not on the page: {', '.join(missing)}")
    if seen.composer and seen.composer.cover:
        raise Halt(Cause.OVERLAY, f"{seen.composer.cover} lies over the page")
