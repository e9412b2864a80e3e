"""One incident: remedies with pauses, a person told once, once when it is over, and no message for a flicker."""

from dataclasses import replace
from datetime import timedelta

import pytest

from steadypost.domain.checks import RULES
from steadypost.domain.health import Kind, Quiet, Tolerances, Verdict, failing, ok, unknown
from steadypost.domain.incident import (
    REMIND_EVERY,
    Close,
    Mend,
    Remind,
    Tell,
    Tried,
    Wait,
    follow,
    next_step,
    opened,
    over,
    reminder,
    told,
)
from steadypost.domain.remedy import Remedy
from tests.domain.houses import NOW

ROUND = timedelta(seconds=60)


class Watcher:
    """Follows one thing round by round, does what is decided, and remembers it."""

    def __init__(self, every=ROUND):
        self.tolerances = Tolerances.of(every)
        self.now = NOW
        self.incident = None
        self.did = []

    def round(self, check):
        if self.incident is None:
            self.incident = opened(check, self.now)
        else:
            self.incident = follow(self.incident, check, self.now)
        if self.incident is not None:
            step = next_step(self.incident, check, self.now, self.tolerances)
            self.did.append(step)
            self._do(step)
        self.now += self.tolerances.every
        return self.did[-1] if self.did else None

    def _do(self, step):
        match step:
            case Mend(remedy):
                one = Tried(n=len(self.incident.tries) + 1, remedy=remedy, at=self.now, effect="done")
                self.incident = replace(self.incident, tries=(*self.incident.tries, one))
            case Tell():
                self.incident = replace(self.incident, told_at=self.now)
            case Remind():
                self.incident = replace(self.incident, reminded_at=self.now)
            case Close():
                self.incident = None

    def count(self, kind):
        return sum(isinstance(step, kind) for step in self.did)


AWAY = failing(Kind.SERVER, "away")
BACK = ok(Kind.SERVER, "it answers")


def dead_worker():
    return failing(Kind.WORKER, "the worker of this machine is gone")


def test_nothing_is_opened_for_what_is_well_or_explained():
    """One cause, one incident."""
    assert opened(ok(Kind.STORE, "fine"), NOW) is None
    assert opened(replace(failing(Kind.DUE, "late", "alice"), explained_by=Kind.SESSION), NOW) is None


def test_the_first_remedy_comes_at_once():
    """In the very round that finds it."""
    assert Mend(Remedy.RESTART_WORKER) == Watcher().round(dead_worker())


def test_after_so_many_tries_a_person_is_told_and_nothing_more_is_tried():
    """Healing that does not help stops, and calls once."""
    watcher = Watcher()
    for _ in range(200):
        watcher.round(dead_worker())

    assert len(RULES[Kind.WORKER].remedies) == watcher.count(Mend)
    assert 1 == watcher.count(Tell)
    assert watcher.incident.told_at - NOW <= timedelta(minutes=5)


def test_tries_are_apart_however_short_the_rounds():
    """A remedy gets the time to help."""
    watcher = Watcher(every=timedelta(seconds=2))
    for _ in range(120):
        watcher.round(dead_worker())
    at = [one.at for one in watcher.incident.tries]

    assert at[1] - at[0] >= timedelta(seconds=30)
    assert at[2] - at[1] >= timedelta(seconds=60)


def test_what_helped_ends_it_with_one_word():
    """Repaired without a person: one message, afterwards, that nobody is needed."""
    watcher = Watcher()
    watcher.round(dead_worker())
    for _ in range(3):
        watcher.round(ok(Kind.WORKER, "it runs"))

    assert [Mend(Remedy.RESTART_WORKER), Wait(), Close(told=True)] == watcher.did[:3]
    assert 0 == watcher.count(Tell)


def test_a_flicker_of_one_round_is_kept_and_not_told():
    """Nothing was done about it, and the next round did not find it."""
    watcher = Watcher()
    watcher.round(failing(Kind.DISK, "full"))
    watcher.round(ok(Kind.DISK, "room"))

    assert Close(told=False) == watcher.round(ok(Kind.DISK, "room"))


def test_what_comes_and_goes_is_one_incident_and_one_message():
    """Ok in one round and failing in the next does not call twice."""
    watcher = Watcher()
    watcher.round(failing(Kind.DISK, "full"))
    for _ in range(20):
        watcher.round(failing(Kind.DISK, "full"))
        watcher.round(ok(Kind.DISK, "room"))

    assert 1 == watcher.count(Tell)
    assert 0 == watcher.count(Close)


@pytest.mark.parametrize(
    "check", [None, ok(Kind.BROWSERS, "they work"), failing(Kind.BROWSERS, "they are down")]
)
def test_a_round_that_was_held_up_says_nothing_of_what_began_later(check):
    """It judged before: it can neither end an incident nor count against it."""
    incident = opened(failing(Kind.BROWSERS, "they are down"), NOW)

    assert incident == follow(incident, check, NOW - timedelta(seconds=36))


def test_what_no_remedy_mends_is_told_in_the_second_round():
    """There is nothing to wait for."""
    watcher = Watcher()
    watcher.round(failing(Kind.SERVER, "away"))

    assert isinstance(watcher.round(failing(Kind.SERVER, "away")), Tell)


def test_the_end_of_what_leaves_something_behind_says_so():
    """Posts that vanished do not come back with the next one that is shown."""
    gone = opened(failing(Kind.LIVE, "not shown", "alice"), NOW)

    assert "--state removed" in over(gone).body
    assert "Nothing is to be done" in over(opened(AWAY, NOW)).body
    assert "Nothing is to be done" not in over(gone).body


def test_two_looks_in_quick_succession_are_no_second_round():
    """While something is mended rounds come sooner: nobody is called for what lasted a few seconds, or told of it."""
    soon = timedelta(seconds=10)
    found = opened(AWAY, NOW)
    again = follow(found, AWAY, NOW + soon)

    assert (2, Wait()) == (again.rounds, next_step(again, AWAY, NOW + soon))
    well = follow(again, BACK, NOW + 2 * soon)
    assert Close(told=False) == next_step(well, BACK, NOW + 2 * soon + ROUND)
    assert Tell() == next_step(follow(again, AWAY, NOW + ROUND), AWAY, NOW + ROUND)


def test_what_was_just_found_or_treated_is_looked_at_closely_and_not_for_ever():
    """Nor once it is well."""
    found = opened(AWAY, NOW)
    tried = replace(found, tries=(Tried(n=1, remedy=Remedy.RESTART_WORKER, at=NOW + 4 * ROUND),))

    assert found.is_fresh(NOW + 4 * ROUND)
    assert not found.is_fresh(NOW + 5 * ROUND)
    assert tried.is_fresh(NOW + 5 * ROUND)
    assert not follow(found, BACK, NOW + ROUND).is_fresh(NOW + ROUND)


def test_what_nobody_can_tell_is_told_after_a_while_and_never_mended():
    """Unknown is an alarm of its own, and no reason to restart anything."""
    watcher = Watcher()
    for _ in range(7):
        watcher.round(unknown(Kind.READER, "a login wall", "alice"))

    assert 1 == watcher.count(Tell)
    assert 0 == watcher.count(Mend)
    assert watcher.incident.told_at - NOW == Tolerances().unknown_for


@pytest.mark.parametrize(("early", "step"), [(timedelta(0), Remind()), (timedelta(seconds=1), Wait())])
def test_the_next_reminder_is_counted_from_the_last(early, step):
    """Not from the first message."""
    full = failing(Kind.DISK, "full")
    incident = replace(
        opened(full, NOW - 9 * REMIND_EVERY),
        told_at=NOW - 8 * REMIND_EVERY,
        reminded_at=NOW - REMIND_EVERY + early,
    )

    assert step == next_step(incident, full, NOW, Tolerances.of(ROUND))


def test_a_person_is_reminded_rarely():
    """A day of it is one call and a handful of reminders."""
    watcher = Watcher()
    for _ in range(24 * 60):
        watcher.round(failing(Kind.DISK, "full"))

    assert 1 == watcher.count(Tell)
    assert (
        timedelta(hours=24) // REMIND_EVERY - 1
        <= watcher.count(Remind)
        <= timedelta(hours=24) // REMIND_EVERY
    )


def test_what_something_else_explains_meanwhile_waits():
    """While the store is away nobody is called about what only the store can say."""
    watcher = Watcher()
    watcher.round(failing(Kind.LEASES, "held"))
    explained = replace(unknown(Kind.LEASES, "the store cannot say"), explained_by=Kind.STORE)

    assert Wait() == watcher.round(explained)


def test_what_was_started_is_left_to_start_and_is_not_over_before_it_has():
    """Neither mended again nor told as over while its run is starting."""
    watcher = Watcher()
    watcher.round(failing(Kind.ON_WATCH, "silent", "publish"))
    for _ in range(3):
        watcher.round(unknown(Kind.ON_WATCH, "its run is starting", "publish", Quiet.STARTING))

    assert [Wait()] * 3 == watcher.did[1:]
    assert "silent" == watcher.incident.what
    assert watcher.incident.well_since is None


def test_an_account_that_is_gone_ends_its_incidents():
    """What is checked no more is not wrong for ever."""
    watcher = Watcher()
    watcher.round(failing(Kind.BACKLOG, "too much", "alice"))
    watcher.round(None)

    assert isinstance(watcher.round(None), Close)


def test_nobody_is_told_that_nobody_can_be_told():
    """Messages that do not get through make no further message."""
    watcher = Watcher()
    for _ in range(20):
        watcher.round(failing(Kind.NOTICES, "they wait"))
    for _ in range(3):
        watcher.round(ok(Kind.NOTICES, "through"))

    assert (0, 0) == (watcher.count(Tell), watcher.count(Remind))
    assert Close(told=False) in watcher.did


def test_the_messages_say_what_since_when_what_was_tried_and_what_to_do():
    """Who reads it on a telephone at night needs no other page to begin."""
    one = Tried(n=1, remedy=Remedy.RESTART_WORKER, at=NOW, effect="a worker was started")
    incident = replace(opened(dead_worker(), NOW), id=3, tries=(one,))
    message = told(incident)

    assert "worker is failing" in message.title
    for words in ("the worker of this machine is gone", "2026-05-04 12:00:00", "restart_worker", "To do:"):
        assert words in message.body
    assert "docs/runbooks/worker.md" in message.body
    ended = over(replace(incident, over_at=NOW + ROUND))
    assert "60 s" in ended.body
    assert "repaired without a person" in ended.body
    assert "repaired without a person" not in over(replace(incident, told_at=NOW, over_at=NOW + ROUND)).body
    assert 3 == len({message.key, ended.key, reminder(incident, NOW).key})


@pytest.mark.parametrize("kind", Kind)
def test_there_is_a_first_thing_to_do_for_everything(kind):
    """No call without advice."""
    assert RULES[kind].first_aid


def test_no_remedy_asks():
    """What mends is told from what posts by its very name: none of them publishes, retries or sends a delivery."""
    assert not [remedy for remedy in Remedy if {"ask", "post", "publish", "send"} & set(remedy.split("_"))]


def test_unknown_that_turns_out_to_be_wrong_is_mended():
    """From then on it is an ordinary failing."""
    watcher = Watcher()
    watcher.round(unknown(Kind.UNCONFIRMED, "cannot be looked for", "alice"))

    assert isinstance(watcher.round(failing(Kind.UNCONFIRMED, "nobody looks", "alice")), Mend)
    assert Verdict.FAILING is watcher.incident.verdict
