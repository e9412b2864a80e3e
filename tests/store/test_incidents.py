"""Incidents, their remedies and their messages are kept; on both databases."""

from dataclasses import replace

from steadypost.domain.health import Kind, Quiet, Verdict, failing, ok, unknown
from steadypost.domain.incident import Message, Tried, opened
from steadypost.domain.remedy import Remedy
from steadypost.store import incidents, notices
from tests.store.people import MINUTE, NOON, SECOND
from tests.store.racing import together


def entered(store, check=None):
    return store.write(incidents.enter, opened(check or failing(Kind.WORKER, "gone"), NOON))


def test_an_incident_is_kept_with_its_remedies(store):
    """What was tried, when, and what it did; nothing of it is lost when it is over."""
    incident = entered(store)
    store.write(incidents.begin_remedy, incident.id, Tried(n=1, remedy=Remedy.RESTART_WORKER, at=NOON))
    store.write(
        incidents.end_remedy, incident.id, Tried(n=1, remedy=Remedy.RESTART_WORKER, at=NOON, effect="started")
    )
    [kept] = store.read(incidents.still_open)

    assert (Kind.WORKER, "gone", NOON) == (kept.kind, kept.what, kept.opened_at)
    assert (Tried(n=1, remedy=Remedy.RESTART_WORKER, at=NOON, effect="started"),) == kept.tries
    store.write(
        incidents.keep, replace(kept, well_since=NOON + MINUTE, over_at=NOON + MINUTE), None, NOON + MINUTE
    )
    assert [] == store.read(incidents.still_open)
    [over] = store.read(incidents.latest)
    assert (NOON + MINUTE, kept.tries) == (over.over_at, over.tries)


def test_one_open_incident_about_one_thing(store, url):
    """Two rounds at once, as when one run relieves another, open one."""
    ids = together(4, lambda _: entered(store).id)

    assert 1 == len(set(ids)) == len(store.read(incidents.still_open))


def test_a_remedy_is_tried_by_one(store):
    """Of two rounds that would try the same, one does."""
    incident = entered(store)
    began = together(
        4,
        lambda _: store.write(
            incidents.begin_remedy, incident.id, Tried(n=1, remedy=Remedy.END_RUNS, at=NOON)
        ),
    )

    assert [False, False, False, True] == sorted(began)


def test_after_it_is_over_the_next_is_another(store):
    """What breaks again tomorrow is told again tomorrow."""
    first = entered(store)
    store.write(incidents.keep, replace(first, over_at=NOON), None, NOON)

    assert entered(store).id != first.id
    assert 2 == len(store.read(incidents.latest))


def test_its_message_is_written_with_it_and_once(store):
    """Said twice it is one notice."""
    incident = entered(store)
    message = Message(key=f"incident:{incident.id}:told", title="Steadypost needs you", body="...")
    for _ in range(2):
        store.write(incidents.keep, replace(incident, told_at=NOON), message, NOON)

    assert [message.key] == [notice.key for notice in store.read(notices.every)]


def test_a_message_is_taken_by_one(store):
    """Of several who would tell it, one does; if that one dies, it is told later."""
    store.write(notices.put, key="a", title="A", body="a", now=NOON)
    taken = together(4, lambda _: len(store.write(notices.take, NOON, NOON + MINUTE)))

    assert [0, 0, 0, 1] == sorted(taken)
    assert 1 == len(store.write(notices.take, NOON + MINUTE + SECOND, NOON + 2 * MINUTE))


def test_the_latest_of_each_check(store):
    """Since when it has been so outlives rounds that find the same; what is checked no more is forgotten."""
    store.write(
        incidents.keep_checks,
        [ok(Kind.DUE, "quota", "alice", Quiet.QUOTA_USED), failing(Kind.DISK, "full")],
        NOON,
    )
    store.write(
        incidents.keep_checks,
        [ok(Kind.DUE, "quota", "alice", Quiet.QUOTA_USED), failing(Kind.DISK, "full")],
        NOON + MINUTE,
    )
    store.write(incidents.keep_checks, [unknown(Kind.DUE, "?", "alice")], NOON + 2 * MINUTE)
    [one] = store.read(incidents.standings)

    assert (Kind.DUE, "alice", Verdict.UNKNOWN) == (one.check.kind, one.check.about, one.check.verdict)
    assert (NOON + 2 * MINUTE, NOON + 2 * MINUTE) == (one.since, one.at)


def test_a_check_keeps_its_reason(store):
    """Quiet by design, and explained by something else, are read back as they were written."""
    found = [
        ok(Kind.DUE, "quota", "alice", Quiet.QUOTA_USED),
        replace(unknown(Kind.LIVE, "?", "bob"), explained_by=Kind.READER),
    ]
    store.write(incidents.keep_checks, found, NOON)

    assert found == [standing.check for standing in store.read(incidents.standings)]


def test_every_kind_and_remedy_can_be_stored(store):
    """A kind that the domain knows and the store does not would be found in the middle of the night."""
    for kind in Kind:
        incident = entered(store, failing(kind, "x"))
        for n, remedy in enumerate(Remedy, start=1):
            store.write(incidents.begin_remedy, incident.id, Tried(n=n, remedy=remedy, at=NOON))

    assert len(Kind) == len(store.read(incidents.still_open))
    assert all(len(one.tries) == len(Remedy) for one in store.read(incidents.still_open))
