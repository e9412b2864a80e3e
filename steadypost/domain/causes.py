"""Why an ask did not end in an id: one row per cause, with all that follows from it.

How far an attempt had come is the outcome's to say. ``python tools/retries.py`` draws
``docs/retries.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Scope(StrEnum):
    """Where the fault lies, and so how much is left alone."""

    ITEM = "item"
    """This delivery only."""
    ACCOUNT = "account"
    """Everything on this account: its sign-in, its limits."""
    NETWORK = "network"
    """Every account on this network: the page itself changed, or cannot be reached."""
    HOST = "host"
    """This machine: a browser, a disk, a lease. Never the network's fault."""


class Again(StrEnum):
    """When the same delivery is tried again."""

    NEVER = "never"
    """The network said no and would say no again: a person has to change the post."""
    GROWING_WAITS = "after a growing wait"
    """Ten seconds, doubled each time up to a quarter of an hour, spread by chance over the upper half."""
    NAMED_END = "at the end it named"
    """Retry-After, or the header that names the reset; where there is none, after the account's rest."""
    REST = "after the account's rest"
    """Nothing of the account moves before that. A new session in its block ends the rest at once."""
    ABSENCE = "once it is proven absent"
    """By two looks a settle window apart, its browser dead."""
    PERSON = "when a person says so"
    """Neither waiting nor looking can settle it."""


class Evidence(StrEnum):
    """What must be known before it is tried again."""

    NONE = "none: nothing was posted"
    ABSENCE = "proof that it is not live"


class Fault(StrEnum):
    """What a failure of this cause says something about, and so which circuit it counts against."""

    SIGN_IN = "the account's sign-in"
    """Only a look can see its end. Limits end at the instant they name; what the account's block says is not among it.
    """
    PAGE = "the network's page"
    WAY = "the way to the network"
    """Network or machine, unknown which: it counts against the account's page, and tells nothing of the machine."""
    MACHINE = "this machine's browsers"
    """It never opens a circuit of the network's."""
    UNKNOWN = "not known"
    """It ends a probe without telling of the network: its page may be well, and our browser was not."""


class Cause(StrEnum):
    """Why an ask did not end in an id. The words operators, tests and tables agree on; ``RULES`` says what each means."""

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
    AUTOMATION_SUSPECTED = "automation_suspected"
    DAILY_LIMIT = "daily_limit"
    RATE_LIMIT = "rate_limit"
    CREDIT_USED = "credit_used"
    SIGN_IN_RENEWED = "sign_in_renewed"
    # the page
    UI_DRIFT = "ui_drift"
    OVERLAY = "overlay"
    COMPOSER_NOT_EMPTY = "composer_not_empty"
    COMPOSER_DIFFERS = "composer_differs"
    BUTTON_DISABLED = "button_disabled"
    REPLY_CONTEXT_MISSING = "reply_context_missing"
    MEDIA_NOT_ATTACHED = "media_not_attached"
    NOT_OFFERED = "not_offered"
    NOTHING_LEFT = "nothing_left"
    PAGE_UNREACHABLE = "page_unreachable"
    SERVER_ERROR = "server_error"
    # the content
    TOO_LONG = "too_long"
    TARGET_GONE = "target_gone"
    PARENT_UNSEEN = "parent_unseen"
    TARGET_CLOSED = "target_closed"
    MEDIA_REFUSED = "media_refused"
    MEDIA_MISSING = "media_missing"
    REFUSED_OTHERWISE = "refused_otherwise"
    DUPLICATE = "duplicate"
    # us
    BROWSER_UNAVAILABLE = "browser_unavailable"
    NO_PLACE = "no_place"
    BROWSER_DIED = "browser_died"
    NO_WAY_OUT = "no_way_out"
    NO_WAY_THERE = "no_way_there"
    CIRCUIT_OPEN = "circuit_open"
    DEADLINE = "deadline"
    LEASE_LOST = "lease_lost"
    WORKER_LOST = "worker_lost"
    STORE_AWAY = "store_away"
    CLOCK_OFF = "clock_off"
    DEFECT = "defect"
    EARLIER_PART = "earlier_part"
    # after the click
    NO_ANSWER = "no_answer"
    ODD_ANSWER = "odd_answer"

    @property
    def scope(self) -> Scope:
        """Whose trouble this is."""
        return RULES[self].scope

    @property
    def needs_person(self) -> bool:
        """Whether waiting is useless: a person has to sign in, answer the network, or accept its rules."""
        return RULES[self].needs_person


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What follows from one cause."""

    says: str
    """What happened, in plain words that stand after a colon."""
    scope: Scope
    again: Again
    evidence: Evidence = Evidence.NONE
    charged: bool = False
    """Whether the delivery pays for it: after five in a row that it broke by itself a person is asked."""
    rest: timedelta | None = None
    """How long the account is left alone when the network names no end; each account's cause has one."""
    needs_person: bool = False
    fault: Fault | None = None
    """What it says something about; nothing where the post itself is at fault, or no circuit can end it."""
    remedy: str = ""
    """What a person can do, with ``{delivery}`` and ``{account}``; empty where it resolves by itself."""

    def to_do(self, *, account: str = "", delivery: int | str = "") -> str:
        """Say what to do about this one."""
        return self.remedy.format(account=account, delivery=delivery)


def _later(says: str, *, scope: Scope = Scope.HOST, fault: Fault | None = None) -> Rule:
    """A row whose failure was not the delivery's fault: it is not charged."""
    return Rule(says=says, scope=scope, again=Again.GROWING_WAITS, fault=fault)


def _charged(says: str, *, fault: Fault | None = None, remedy: str = "") -> Rule:
    return Rule(
        says=says, scope=Scope.ITEM, again=Again.GROWING_WAITS, charged=True, fault=fault, remedy=remedy
    )


def _limit(says: str, rest: timedelta) -> Rule:
    return Rule(says=says, scope=Scope.ACCOUNT, again=Again.NAMED_END, rest=rest)


def _person(says: str, rest: timedelta, remedy: str, fault: Fault | None = None) -> Rule:
    """A row that pauses the account, with a look now and then, until a person has acted."""
    return Rule(
        says=says,
        scope=Scope.ACCOUNT,
        again=Again.REST,
        rest=rest,
        needs_person=True,
        fault=fault,
        remedy=remedy,
    )


def _never(says: str, remedy: str) -> Rule:
    return Rule(says=says, scope=Scope.ITEM, again=Again.NEVER, remedy=remedy)


def _looked_for(says: str, again: Again = Again.ABSENCE, remedy: str = "") -> Rule:
    return Rule(says=says, scope=Scope.ITEM, again=again, evidence=Evidence.ABSENCE, remedy=remedy)


_HALF_HOUR = timedelta(minutes=30)
"""A person has to act; until then the page is opened now and then."""
_LONG = timedelta(hours=6)
"""The network asked a person a question. Nothing comes near it for a long time, and nothing here ever answers it."""

_THEN = "; then: steadypost resume {account}"
_ANSWER = "answer what the network asks, in a browser" + _THEN
ANEW = "steadypost edit {delivery} --text 'CHANGED TEXT' --retry"
_OTHER_TARGET = "steadypost edit {delivery} --reply-to '' --retry"
_OTHER_MEDIA = "steadypost edit {delivery} --image FILE --retry"

RULES: Mapping[Cause, Rule] = {
    # the account
    Cause.SIGNED_OUT: _person(
        "the account is signed out",
        _HALF_HOUR,
        "sign in anew and put the new session or token into its block" + _THEN,
        Fault.SIGN_IN,
    ),
    Cause.SESSION_UNUSABLE: _person(
        "what its block holds to sign in with cannot be used",
        _HALF_HOUR,
        "put a session, token or password that can be used into its block" + _THEN,
    ),
    Cause.OTHER_ACCOUNT: _person(
        "another account is signed in",
        _HALF_HOUR,
        "sign in as this account and put that session into its block, or correct its handle" + _THEN,
        Fault.SIGN_IN,
    ),
    Cause.CHALLENGE: _person(
        "the network asks a person to prove who they are", _LONG, _ANSWER, Fault.SIGN_IN
    ),
    Cause.LOCKED: _person(
        "the network has locked the account", _LONG, "unlock the account in a browser" + _THEN, Fault.SIGN_IN
    ),
    Cause.SUSPENDED: _person(
        "the network has suspended the account",
        timedelta(hours=24),
        "only the network can lift it: appeal there" + _THEN,
        Fault.SIGN_IN,
    ),
    Cause.CONSENT: _person(
        "the network asks a person to agree to something", _HALF_HOUR, _ANSWER, Fault.SIGN_IN
    ),
    Cause.RULES_NOT_ACCEPTED: _person(
        "the network's rules are not accepted for this account",
        _HALF_HOUR,
        "turn on 'Rules accepted' in its block, if you answer for it" + _THEN,
    ),
    Cause.HANDLE_TAKEN: _person(
        "another account here is the same one on the network",
        _HALF_HOUR,
        "delete one of the two account blocks, or correct its handle" + _THEN,
    ),
    Cause.AUTOMATION_SUSPECTED: _person("the network suspects that a program posts", _LONG, _ANSWER),
    Cause.DAILY_LIMIT: _limit("the network takes no more of this account today", _LONG),
    # Fifteen minutes is X's documented window.
    Cause.RATE_LIMIT: _limit("the network takes no more of this account for now", timedelta(minutes=15)),
    # Now and then it is tried, which costs nothing while there is no credit.
    Cause.CREDIT_USED: _person(
        "the account's credit at the network is used up", _LONG, "add credit at the network" + _THEN
    ),
    Cause.SIGN_IN_RENEWED: _later(
        "its token was refused and has been replaced; the next attempt uses the new one", scope=Scope.ITEM
    ),
    # the page
    Cause.UI_DRIFT: _later("the network's page has changed", scope=Scope.NETWORK, fault=Fault.PAGE),
    Cause.PAGE_UNREACHABLE: _later("the network cannot be reached", scope=Scope.NETWORK, fault=Fault.PAGE),
    Cause.SERVER_ERROR: _later("the network's server failed", scope=Scope.NETWORK, fault=Fault.PAGE),
    Cause.OVERLAY: _charged("something covers the page"),
    Cause.COMPOSER_NOT_EMPTY: _charged("the composer already holds something"),
    Cause.COMPOSER_DIFFERS: _charged("the composer holds another text than the post's"),
    Cause.BUTTON_DISABLED: _charged("the page does not let the post be sent"),
    Cause.REPLY_CONTEXT_MISSING: _charged("the composer has lost the post that is to be answered"),
    Cause.MEDIA_NOT_ATTACHED: _charged("its images or its video could not be attached"),
    Cause.NOT_OFFERED: _charged(
        "the page offers no way to post this: a thread as a reply, an answer to this post"
    ),
    Cause.NOTHING_LEFT: _charged("the click let no request through before the page was closed"),
    # the content
    Cause.TOO_LONG: _never(
        "the network says that it is too long", "steadypost edit {delivery} --text 'SHORTER TEXT' --retry"
    ),
    Cause.TARGET_GONE: _never("the post it answers is gone, or takes no replies", _OTHER_TARGET),
    Cause.PARENT_UNSEEN: _later(
        "the part above it is minutes old, and the network does not find it everywhere yet", scope=Scope.ITEM
    ),
    Cause.TARGET_CLOSED: _never("the post it answers takes no replies", _OTHER_TARGET),
    Cause.MEDIA_REFUSED: _never("the network does not take its images or its video", _OTHER_MEDIA),
    Cause.REFUSED_OTHERWISE: _never("the network refused it", ANEW),
    Cause.MEDIA_MISSING: _charged("a file of its images is missing, or was changed", remedy=_OTHER_MEDIA),
    Cause.DUPLICATE: _looked_for("the network says that it was posted before", Again.PERSON, ANEW),
    # us
    Cause.BROWSER_UNAVAILABLE: _later("no browser starts on this machine", fault=Fault.MACHINE),
    Cause.NO_PLACE: _later("no browser was free in time", fault=Fault.UNKNOWN),
    Cause.NO_WAY_OUT: _later("this machine finds no name, or no network", fault=Fault.MACHINE),
    Cause.NO_WAY_THERE: _later(
        "no way was found to the network, and it is not known whether to any other address",
        scope=Scope.NETWORK,
        fault=Fault.WAY,
    ),
    Cause.CIRCUIT_OPEN: _later("what it needs is down, and is left alone"),
    Cause.LEASE_LOST: _later("the worker's lease ran out before it asked"),
    Cause.WORKER_LOST: _later("its worker ended before it asked"),
    Cause.STORE_AWAY: _later("the store was away"),
    # What the refusal told of the network's time dates the next attempt.
    Cause.CLOCK_OFF: _later(
        "the network did not take the date of its signature: this machine's clock is off"
    ),
    # A browser's death in mid-post is the item's on purpose: content that kills the composer must run out of
    # attempts by itself, and an innocent item has attempts to spare.
    Cause.BROWSER_DIED: _charged("the browser died", fault=Fault.UNKNOWN),
    Cause.DEADLINE: _charged("it took too long", fault=Fault.UNKNOWN),
    Cause.DEFECT: _charged("Steadypost itself failed", fault=Fault.UNKNOWN),
    Cause.EARLIER_PART: _charged("an earlier part of its thread is not live"),
    # after the click
    Cause.NO_ANSWER: _looked_for("the network did not answer"),
    Cause.ODD_ANSWER: _looked_for("the network answered something that is not known here"),
}
"""What follows from each cause, when the answer itself proves that nothing was posted."""


def check_rules(rules: Mapping[Cause, Rule] = RULES) -> None:
    """Hold the rows to what they promise; run when this module is loaded. Raises ``ValueError``."""
    if missing := set(Cause) - set(rules):
        raise ValueError(f"no row for {sorted(missing)}")
    for cause, rule in rules.items():
        if (rule.scope is Scope.ACCOUNT) is not (rule.rest is not None):
            raise ValueError(f"{cause}: an account's cause names a rest, and no other does")
        if rule.charged and rule.scope is not Scope.ITEM:
            raise ValueError(f"{cause}: a delivery is charged for its own faults only")
        if (rule.needs_person or rule.again in {Again.NEVER, Again.PERSON}) and not rule.remedy:
            raise ValueError(f"{cause}: waiting does not help, so a person has to be told what to do")
        rule.to_do(account="alice", delivery=7)


check_rules()
