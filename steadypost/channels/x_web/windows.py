"""What a page asks in a window of the browser's own (``confirm``, ``alert``, ``prompt``) between the click and the first
request. Until it is answered the page does nothing, and left alone the browser answers no.
"""

from __future__ import annotations

import contextlib

from playwright.sync_api import Dialog, Page
from playwright.sync_api import Error as PlaywrightError

from steadypost.browser.desk import Desk
from steadypost.channels.x_web.errand import Halt
from steadypost.channels.x_web.gate import Gate
from steadypost.channels.x_web.sheets import SAYS_SO
from steadypost.domain.outcome import Cause


class Windows:
    """Answers one question of the page with yes: the post is wanted. What asks again or wants more is turned down."""

    def __init__(self, desk: Desk, page: Page, gate: Gate) -> None:
        self.hindrance: Halt | None = None
        """What was turned down."""
        self._gate = gate
        self._agreed = False
        desk.listen(page, "dialog", self._asked)

    def _asked(self, dialog: Dialog) -> None:
        with contextlib.suppress(PlaywrightError):
            if self._may_be_answered(dialog):
                dialog.accept()
            else:
                dialog.dismiss()

    def _may_be_answered(self, dialog: Dialog) -> bool:
        if dialog.type in {"alert", "beforeunload"}:
            # The first leaves no choice; and whoever leaves a page does so anyway.
            return True
        if self._gate.has_decided():
            # What is asked after a request has left may be whether to send it again.
            return False
        if SAYS_SO.search(dialog.message):
            self.hindrance = self._named(Cause.CHALLENGE, dialog, "asks for a person")
        elif self._agreed or dialog.type != "confirm":
            self.hindrance = self._named(Cause.OVERLAY, dialog, "was turned down")
        self._agreed = True
        return self.hindrance is None

    @staticmethod
    def _named(cause: Cause, dialog: Dialog, what: str) -> Halt:
        return Halt(cause, f"a {dialog.type} window of the browser's ({dialog.message[:60]!r}) {what}")
