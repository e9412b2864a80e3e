"""What came of an ask. A value with a phase, never an exception and never a message to be searched.

    Published      the network answered with an id
    Refused        the network said no, and would say no again
    Deferred       the network said: not now
    NotSubmitted   provably nothing was sent
    Unconfirmed    it was asked, and never learnt

Whatever is not positively recognised is ``Unconfirmed``. There is no sixth.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from steadypost.domain.remote_id import RemoteId


class Phase(StrEnum):
    """How far an attempt had come. The order is the order of declaration."""

    CLAIMED = "claimed"
    """A worker holds the lease; nothing has been touched."""
    OPENED = "opened"
    """A browser is at the page."""
    SIGNED_IN = "signed_in"
    """The page shows the account we mean."""
    COMPOSED = "composed"
    """The composer holds exactly what we want said."""
    ARMED = "armed"
    """The store has "about to ask". From here only evidence moves the delivery."""
    CLICKED = "clicked"
    """The one click was given, or was being given."""
    ANSWERED = "answered"
    """The network answered something."""

    @property
    def is_armed(self) -> bool:
        """Whether it lies at or behind the point from which the network may know."""
        order = list(Phase)
        return order.index(self) >= order.index(Phase.ARMED)


class Scope(StrEnum):
    """Whose trouble it is: the width within which it is left alone."""

    ITEM = "item"
    """This delivery only."""
    ACCOUNT = "account"
    """Everything on this account: its sign-in, its limits."""
    NETWORK = "network"
    """Every account on this network: the page itself changed, or cannot be reached."""
    HOST = "host"
    """This machine: a browser, a disk, a lease. Never the network's fault."""


class Cause(StrEnum):
    """Why an ask did not end in an id. The words operators, tests and tables agree on."""

    # the account
    SIGNED_OUT = "signed_out"
    SESSION_UNUSABLE = "session_unusable"
    OTHER_ACCOUNT = "other_account"
    CHALLENGE = "challenge"
    LOCKED = "locked"
    SUSPENDED = "suspended"
    CONSENT = "consent"
    RULES_NOT_ACCEPTED = "rules_not_accepted"
    HANDLE_TAKEN = "handle_taken"
    """Another account here is the same one on the network."""
    AUTOMATION_SUSPECTED = "automation_suspected"
    DAILY_LIMIT = "daily_limit"
    RATE_LIMIT = "rate_limit"
    CREDIT_USED = "credit_used"
    """What the account may spend at its network is spent: nothing goes out before somebody adds credit there."""
    SIGN_IN_RENEWED = "sign_in_renewed"
    """Its token was refused and has been replaced: nothing was posted, and the next attempt signs in with the new one."""
    # the page
    UI_DRIFT = "ui_drift"
    OVERLAY = "overlay"
    COMPOSER_NOT_EMPTY = "composer_not_empty"
    COMPOSER_DIFFERS = "composer_differs"
    BUTTON_DISABLED = "button_disabled"
    REPLY_CONTEXT_MISSING = "reply_context_missing"
    MEDIA_NOT_ATTACHED = "media_not_attached"
    NOT_OFFERED = "not_offered"
    """The page is well, and offers no way to what only this post is: a thread as a reply, an answer to this one."""
    NOTHING_LEFT = "nothing_left"
    """The click let no request through, and the page was closed: provably nothing was asked."""
    PAGE_UNREACHABLE = "page_unreachable"
    SERVER_ERROR = "server_error"
    # the content
    TOO_LONG = "too_long"
    TARGET_GONE = "target_gone"
    PARENT_UNSEEN = "parent_unseen"
    """The part above it in its own thread is of minutes ago, and not found everywhere yet."""
    TARGET_CLOSED = "target_closed"
    """The post that is to be answered takes no answers."""
    MEDIA_REFUSED = "media_refused"
    MEDIA_MISSING = "media_missing"
    REFUSED_OTHERWISE = "refused_otherwise"
    DUPLICATE = "duplicate"
    # us
    BROWSER_UNAVAILABLE = "browser_unavailable"
    NO_PLACE = "no_place"
    BROWSER_DIED = "browser_died"
    NO_WAY_OUT = "no_way_out"
    """This machine finds no name, or no network. X has nothing to do with it."""
    NO_WAY_THERE = "no_way_there"
    """No way was found to this account's address, and nobody knows whether to any other."""
    CIRCUIT_OPEN = "circuit_open"
    """Between the claim and the first step, what it needs was seen to be down: it is left alone."""
    DEADLINE = "deadline"
    LEASE_LOST = "lease_lost"
    WORKER_LOST = "worker_lost"
    STORE_AWAY = "store_away"
    DEFECT = "defect"
    EARLIER_PART = "earlier_part"
    # after the click
    NO_ANSWER = "no_answer"
    ODD_ANSWER = "odd_answer"

    @property
    def scope(self) -> Scope:
        """Whose trouble this is."""
        return _SCOPES.get(self, Scope.ITEM)

    @property
    def needs_person(self) -> bool:
        """Whether waiting cannot help: somebody has to sign in, answer X, or accept its rules."""
        return self in _FOR_A_PERSON


_SCOPES = {
    **dict.fromkeys(
        [
            Cause.SIGNED_OUT,
            Cause.SESSION_UNUSABLE,
            Cause.OTHER_ACCOUNT,
            Cause.CHALLENGE,
            Cause.LOCKED,
            Cause.SUSPENDED,
            Cause.CONSENT,
            Cause.RULES_NOT_ACCEPTED,
            Cause.HANDLE_TAKEN,
            Cause.AUTOMATION_SUSPECTED,
            Cause.DAILY_LIMIT,
            Cause.RATE_LIMIT,
            Cause.CREDIT_USED,
        ],
        Scope.ACCOUNT,
    ),
    **dict.fromkeys(
        [Cause.UI_DRIFT, Cause.PAGE_UNREACHABLE, Cause.SERVER_ERROR, Cause.NO_WAY_THERE], Scope.NETWORK
    ),
    **dict.fromkeys(
        [
            Cause.BROWSER_UNAVAILABLE,
            Cause.NO_WAY_OUT,
            Cause.CIRCUIT_OPEN,
            Cause.NO_PLACE,
            Cause.LEASE_LOST,
            Cause.WORKER_LOST,
            Cause.STORE_AWAY,
        ],
        Scope.HOST,
    ),
}
# A browser's death in mid-post stays with the item on purpose: content that kills the composer must
# run out of attempts by itself, and an innocent item has attempts to spare.

_FOR_A_PERSON = frozenset(
    {
        Cause.SIGNED_OUT,
        Cause.SESSION_UNUSABLE,
        Cause.OTHER_ACCOUNT,
        Cause.CHALLENGE,
        Cause.LOCKED,
        Cause.SUSPENDED,
        Cause.CONSENT,
        Cause.RULES_NOT_ACCEPTED,
        Cause.HANDLE_TAKEN,
        Cause.AUTOMATION_SUSPECTED,
        Cause.CREDIT_USED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The network answered with an id."""

    remote_id: RemoteId
    lacking: str = ""
    """What is not as it was ordered although the post is live, for people: a picture that got lost, another
    visibility. Empty where all is as it should be, or nothing is known of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The network said no, and would say no again."""

    cause: Cause
    code: str
    """The network's own code, or ``-`` where it gave none."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """The network said: not now. Nothing was posted."""

    cause: Cause
    code: str
    why: str
    until: datetime | None = None
    """When it may be asked again, if the network named an instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSubmitted:
    """Provably nothing was sent: the attempt ended before it was armed, the part's turn never came, or nothing had
    passed the gate when the page was closed.
    """

    cause: Cause
    why: str
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """It was asked, and never learnt. Somebody has to look."""

    cause: Cause
    why: str
    phase: Phase


Outcome = Published | Refused | Deferred | NotSubmitted | Unconfirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one ask brought, part by part: ``outcomes[i]`` belongs to part ``first + i``."""

    outcomes: tuple[Outcome, ...]
    first: int = 0
    """The index of the first part this attempt was to make live (a thread may resume)."""
    at_large: bool = False
    """Whether the browser that carried it out was killed and not seen dead: it may still act. Any other
    attempt that has answered can act no more, whatever it answered."""

    @classmethod
    def same_for_all(cls, outcome: Outcome, parts: int, first: int = 0) -> Answer:
        """Say the same of every part from ``first`` on: it ended before any part had its turn."""
        return cls(outcomes=(outcome,) * max(1, parts - first), first=first)

    @property
    def headline(self) -> Outcome:
        """The outcome that decides: the first that is not ``Published``, else the last."""
        return next((o for o in self.outcomes if not isinstance(o, Published)), self.outcomes[-1])
