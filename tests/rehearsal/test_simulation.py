"""
The simulation lets the product's own store and tasks decide, is the same for the same seed, and finds what it looks for.

``make simulate`` plays four weeks, and each switch off alone and in pairs.
"""

import json
from pathlib import Path

import pytest

import steadypost.store.claims
import steadypost.store.looks
import tasks.verdicts
from blocks.switches import names
from rehearsal.simulation.run import Piece, simulate
from steadypost.domain.evidence import CannotTell, Present
from steadypost.domain.quota import Free

pytestmark = pytest.mark.slow

ONCE_FAILED = json.loads(Path(__file__).with_name("simulations_that_failed.json").read_text())
"""Stretches that once broke something: each is played for ever."""


def stretch(odds, *, hours=0.5, seed=3, off=()):
    return simulate(Piece(n=0, seed=seed, days=hours / 24, odds=odds, off=tuple(off)))


def what_became(told):
    return [(line.n, line.state, line.due_at, line.live_at, line.attempts) for line in told.lines]


def test_the_same_seed_lives_through_the_same():
    """To the microsecond: else a failing seed could not be played again."""
    first, again = stretch("storm"), stretch("storm")

    assert what_became(first) == what_became(again)
    assert first.asks == again.asks
    assert what_became(stretch("storm", seed=4)) != what_became(first)


def test_in_calm_weather_everything_goes_out_at_once():
    """Each once, each within seconds."""
    told = stretch("calm")

    assert 15 == len(told.lines)
    assert all(line.copies == 1 and line.late_s() < 10 for line in told.lines)
    assert (0, 0, 0, []) == (told.duplicates, told.lost, told.false_status, told.broken_rules)


def test_posts_that_are_alike_and_a_person_beside_us_cost_nothing():
    """A quarter of all answers are lost; what people write is alike, and somebody posts, deletes and edits by hand."""
    told = stretch("alike", hours=1.5)

    assert (0, 0, [], []) == (told.duplicates, told.lost, told.wrong, told.broken_rules)
    assert sum(told.by_hand.values()) > 5
    assert any(line.unconfirmed for line in told.lines)


def test_clocks_that_do_not_agree_cost_nothing():
    """The network's is minutes away from ours, drifts and jumps; each worker's is seconds off."""
    told = stretch("clocks", hours=1.5)

    assert (0, 0, [], []) == (told.duplicates, told.lost, told.wrong, told.broken_rules)
    assert any(line.unconfirmed for line in told.lines)


def test_a_breach_of_the_rules_would_be_found(monkeypatch):
    """With the limits of the store forgotten, the ledger shows more than the tight account may send, and too near."""
    monkeypatch.setattr(steadypost.store.claims, "capacity", lambda *_, **__: Free())

    broken = stretch("calm", hours=3).broken_rules

    assert any("11 are allowed" in one for one in broken)


def test_an_id_that_is_another_post_s_would_be_found(monkeypatch):
    """Where every part is taken for the newest post of the list, the network knows whose each of them is."""

    def newest(wanted, seen, taken=()):
        posts = [post for one in seen for post in one.posts if post.id not in taken]
        ids = sorted({post.id for post in posts}, key=int, reverse=True)
        return {item.key: Present(remote_id=one) for item, one in zip(wanted, ids, strict=False)}

    monkeypatch.setattr(
        tasks.verdicts,
        "judge",
        lambda wanted, seen, taken=(): (
            {item.key: CannotTell(why="-") for item in wanted} | newest(wanted, seen, taken)
        ),
    )

    assert stretch("alike", hours=1.5).wrong != []


def test_a_storm_costs_no_copy_and_no_post():
    """Ten times as much of everything as usual; what happened to whom is on record."""
    told = stretch("storm", hours=1, seed=8)

    assert (0, 0, [], []) == (told.duplicates, told.lost, told.wrong, told.broken_rules)
    assert any(line.attempts > 1 for line in told.lines)
    assert told.happened


def test_a_second_copy_would_be_found(monkeypatch):
    """Without the proof of absence a look that merely does not see a post asks for it again."""
    monkeypatch.setattr(steadypost.store.looks, "proves_absence", lambda missed_at, **_: bool(missed_at))

    assert stretch("storm", hours=2, seed=8).duplicates > 0


@pytest.mark.parametrize("name", [name for name in names() if name != "publish"])
def test_no_switch_turned_off_costs_a_copy(name):
    """The naive behaviour is slower and less available; it never asks twice."""
    told = stretch("storm", hours=0.2, seed=5, off=[name])

    assert (0, 0) == (told.duplicates, told.false_status)


@pytest.mark.parametrize("piece", ONCE_FAILED, ids=lambda piece: f"{piece['seed']}-{piece['n']}")
def test_what_once_failed_holds(piece):
    """A seed that found something stays."""
    told = simulate(Piece(**{**piece, "off": tuple(piece.get("off", ()))}))

    assert (0, 0, []) == (told.duplicates, told.lost, told.wrong)
