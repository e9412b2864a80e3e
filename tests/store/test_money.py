"""Money: what posts of an account may cost is reserved at the claim, given back when nothing was asked, and shown."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from steadypost.domain.ahead import Around, ahead
from steadypost.domain.board import Board, page
from steadypost.domain.delivery import State
from steadypost.domain.observed import Money
from steadypost.domain.outcome import Cause, Deferred
from steadypost.domain.post import Media, Part, Post
from steadypost.domain.quota import BUDGETS, DAY, MONTH, Full, Limits, Use, capacity, spent
from steadypost.domain.span import Span
from steadypost.networks.charges import cost
from steadypost.store import AccountRecord, intake, reading, settling
from steadypost.store import accounts as account_rows
from steadypost.store import money as money_rows
from tests.store.people import (
    BROKEN,
    HOUR,
    MINUTE,
    NEVER,
    NOON,
    UNHEARD,
    an_id,
    answer,
    armed,
    claimed,
    claims,
    published,
    saying,
    scheduled,
)
from tests.store.racing import together

POST, WITH_LINK = Decimal("0.015"), Decimal("0.20")


def charged(store, **limits):
    """Let Alice go through X's API, with these budgets."""
    record = AccountRecord(
        name="alice", channel="x_api", network="x", handle="Alice", limits=Limits(**limits)
    )
    store.write(account_rows.put, record, NOON)


def spent_by(store, now=NOON, window=DAY):
    return spent(store.read(reading.quota, "alice", now), window, now)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Part(text="Good morning"), "0.015"),
        (Part(text="See https://example.com"), "0.20"),
        (Part(text="See example.com"), "0.20"),
        (Part(text="Look", media=(Media(path="/a", kind="image/png", alt="Dawn"),)), "0.020"),
        (Part(text="Look", media=(Media(path="/a", kind="image/png"),)), "0.015"),
        (Part(text="Look", media=(Media(path="/a", kind="video/mp4", alt="Dawn"),)), "0.015"),
    ],
)
def test_what_a_part_costs(part, expected):
    """A link makes it thirteen times as dear; only the API is charged for."""
    assert Decimal(expected) == cost("x_api", [part])
    assert Decimal(0) == cost("x_web", [part])


def test_a_claim_reserves_what_its_parts_cost(store):
    """Before anything is touched."""
    charged(store, budget_per_day=Decimal(1))
    scheduled(store, saying("One", "https://example.com"))

    claimed(store)

    assert POST + WITH_LINK == spent_by(store)


def test_what_does_not_fit_the_budget_waits(store):
    """It is not claimed, delays no other account, and goes when enough of the day has passed."""
    charged(store, budget_per_day=Decimal("0.03"))
    for _ in range(3):
        scheduled(store)
    scheduled(store, account="bob")

    taken = claims(store, at_most=9)
    for one in taken:
        assert store.write(settling.arm, one.attempt_id, fence=one.fence, now=NOON)
        store.write(settling.answered, one.attempt_id, published(an_id()), now=NOON, jitter=0.5)

    assert ["alice", "alice", "bob"] == sorted(one.account for one in taken)
    assert [] == claims(store, NOON + 23 * HOUR, accounts=["alice"])
    assert 1 == len(claims(store, NOON + 24 * HOUR + MINUTE, accounts=["alice"]))


def test_what_costs_more_than_the_budget_ever_allows(store):
    """It goes before a person, and does not stand before the others."""
    charged(store, budget_per_day=Decimal("0.10"))
    dear = scheduled(store, saying("See https://example.com"))
    cheap = scheduled(store)

    assert [cheap] == [one.delivery_id for one in claims(store)]
    held = store.read(reading.show, dear).delivery
    assert State.HELD is held.state
    assert "costs $0.20, more than the account's budget of $0.10 ever allows" == held.why


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (BROKEN, "0"),
        (Deferred(cause=Cause.RATE_LIMIT, code="429", why="too many"), "0"),
        (UNHEARD, "0.015"),
    ],
)
def test_what_was_not_asked_is_given_back(store, outcome, expected):
    """What may be live counts as long as nobody knows."""
    charged(store, budget_per_day=Decimal(1))
    scheduled(store)
    claim = armed(store)

    store.write(settling.answered, claim.attempt_id, answer(outcome), now=NOON, jitter=0.5)

    assert Decimal(expected) == spent_by(store)


def test_a_thread_that_stopped_costs_what_was_asked(store):
    """The parts whose turn never came cost nothing."""
    charged(store, budget_per_day=Decimal(1))
    scheduled(store, saying("One", "https://example.com", "Three"))
    claim = armed(store)
    first = published(an_id()).outcomes[0]

    store.write(settling.answered, claim.attempt_id, answer(first, NEVER, NEVER), now=NOON, jitter=0.5)

    assert POST == spent_by(store)


def test_many_claims_at_once_spend_no_more_than_there_is(store):
    """The reservation is one transaction with the claim."""
    charged(store, budget_per_day=Decimal("0.08"))
    for _ in range(12):
        scheduled(store)

    taken = together(6, lambda n: claims(store, worker=f"worker{n}", accounts=["alice"]))

    assert 5 == sum(map(len, taken))
    assert 5 * POST == spent_by(store)


def test_reading_costs_once_a_day(store):
    """Each own post that a look was told, however often it was."""
    charged(store, budget_per_month=Decimal(1))
    ids = [an_id(), an_id()]

    new = [store.charge_reads("alice", ids[:1], NOON), store.charge_reads("alice", ids, NOON + HOUR)]
    tomorrow = store.charge_reads("alice", ids, NOON + DAY)

    assert ([1, 1], 2) == (new, tomorrow)
    assert Decimal("0.004") == spent_by(store, NOON + DAY, MONTH)
    assert 0 == store.charge_reads("bob", ids, NOON)


def test_what_was_spent_is_told(store):
    """For figures, by account; one that costs nothing is not named."""
    charged(store, budget_per_day=Decimal(1))
    scheduled(store)
    scheduled(store, account="bob")
    for claim in claims(store):
        store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON)
        store.write(settling.answered, claim.attempt_id, answer(UNHEARD), now=NOON, jitter=0.5)
    store.charge_reads("alice", [an_id()], NOON)

    [told] = store.read(money_rows.spent, Span(NOON - HOUR, NOON + HOUR))

    assert ("alice", POST, Decimal("0.001"), POST) == (told.account, told.posts, told.reads, told.unknown)


def test_a_budget_that_holds_a_post_is_seen(store):
    """By the watch, with what is spent and what there is."""
    charged(store, budget_per_day=Decimal("0.02"))
    for _ in range(2):
        scheduled(store)
    claims(store)

    alice, bob = store.observe(NOON, claims_of=HOUR).accounts

    assert Full(reason="budget_per_day", until=None) == alice.capacity
    assert "$0.015 of $0.02 in a day, $0.015 in 30 days" == str(alice.money)
    assert bob.money is None


def test_the_price_is_told_when_a_post_comes_in(store):
    """For each account what it costs there."""
    charged(store)

    added = store.write(
        intake.add, saying("See https://example.com"), accounts=["alice", "bob"], due_at=NOON, now=NOON
    )

    assert [WITH_LINK, Decimal(0)] == [one.cost for one in added]


# --- the judgement alone


def using(amount, at=NOON):
    return Use(units=1, counted_at=at, cost=Decimal(amount))


@pytest.mark.parametrize("reason", BUDGETS)
def test_a_budget_is_free_again_when_enough_has_left_its_window(reason):
    """The earliest instant is named."""
    window = {"budget_per_day": DAY, "budget_per_month": MONTH}[reason]
    limits = Limits(**{reason: Decimal("0.5")})
    uses = [using("0.2", NOON - HOUR), using("0.2", NOON - 2 * HOUR), using("0.05", NOON - 3 * HOUR)]

    full = capacity(limits, uses, 1, NOON, Decimal("0.2"))

    assert Full(reason=reason, until=NOON - 2 * HOUR + window) == full
    assert not isinstance(capacity(limits, uses, 1, NOON, Decimal("0.05")), Full)


def test_what_costs_nothing_is_held_by_no_budget():
    """Also where the budget is overdrawn, by reading for instance."""
    assert not isinstance(capacity(Limits(budget_per_day=Decimal(0)), [using("0.2")], 1, NOON), Full)


def test_money_without_budgets_is_shown_all_the_same():
    """What was spent is no secret where nothing limits it."""
    money = Money(
        in_a_day=Decimal("0.2"), in_a_month=Decimal(3), budget_per_day=None, budget_per_month=Decimal(20)
    )

    assert "$0.20 in a day, $3.00 of $20.00 in 30 days" == str(money)


def test_the_window_that_has_to_be_read():
    """As far back as a limit reaches, and no further."""
    assert (DAY, MONTH) == (
        Limits(budget_per_day=Decimal(1)).longest_window,
        Limits(budget_per_month=Decimal(1)).longest_window,
    )
    assert timedelta(days=2) == Limits(spacing=timedelta(days=2)).longest_window


def test_posts_of_one_part_each(store):
    """A post's own parts are priced, and not those of another one."""
    charged(store, budget_per_day=Decimal(1))
    post = Post(parts=(Part(text="https://example.com"),))
    scheduled(store, post)

    assert WITH_LINK == store.read(
        reading.cost_of, store.read(reading.show, claimed(store).delivery_id).delivery
    )


def test_why_says_what_is_spent_and_until_when(store):
    """A post that the budget holds is told so, with the amounts."""
    charged(store, budget_per_day=Decimal("0.02"))
    scheduled(store)
    held = scheduled(store)
    claim = armed(store)
    store.write(settling.answered, claim.attempt_id, published(an_id()), now=NOON, jitter=0.5)
    delivery = store.read(reading.show, held).delivery
    around = Around(
        limits=store.read(account_rows.one, "alice").limits,
        uses=store.read(reading.quota, "alice", NOON),
        cost=store.read(reading.cost_of, delivery),
    )

    first, *_ = ahead(delivery, around, NOON)

    full = "its budget of $0.02 in 24 hours has too little left for the next post"
    assert f"{full}: $0.015 of $0.02 is spent, and it costs $0.015" == first.says
    assert NOON + DAY == first.at


def test_the_board_shows_what_is_spent(store):
    """Only where something is charged."""
    free = page(
        Board(at=NOON, zone="UTC", sentence="", accounts=store.observe(NOON, claims_of=HOUR).accounts)
    )
    charged(store, budget_per_day=Decimal(1))

    shown = page(
        Board(at=NOON, zone="UTC", sentence="", accounts=store.observe(NOON, claims_of=HOUR).accounts)
    )

    assert (False, True) == ("spent" in free, "$0.00 of $1.00 in a day" in shown)
