"""What a restore has looked for before it goes out is told so as soon as a person lets it go."""

from __future__ import annotations

from steadypost.domain.delivery import State
from steadypost.domain.evidence import Appearance
from steadypost.store import persons, reading, restores, settling, unconfirmed
from steadypost.store.acts import By
from tests.store.people import HOUR, MINUTE, NOON, claimed, claims, saying, scheduled

NOW = NOON + 6 * HOUR


def test_what_a_person_lets_go_after_a_restore_is_told_to_be_looked_for_first(store):
    scheduled(store, saying("Good morning"))
    held = scheduled(store, saying("Good morning"))
    assert not store.read(restores.is_looked_for_first, held)
    store.write(restores.begin, made_at=NOON + MINUTE, by=By(name="Ann", why="the disk is gone"), now=NOW)
    store.write(persons.release, held, now=NOW, by=By())

    assert State.SCHEDULED is store.read(reading.show, held).delivery.state
    assert store.read(restores.is_looked_for_first, held)
    claims(store, NOW + MINUTE)
    assert State.UNCONFIRMED is store.read(reading.show, held).delivery.state
    assert not store.read(restores.is_looked_for_first, held)


def test_as_whom_it_was_asked_for_before_the_backup_is_still_known_after_a_restore(store):
    """Else looks at another account, to which the block leads by now, would prove it absent."""
    scheduled(store)
    claim = claimed(store)
    appears = Appearance(identity="did:plc:alice")
    store.write(settling.arm, claim.attempt_id, fence=claim.fence, now=NOON, executor="", appears=appears)
    store.write(restores.begin, made_at=NOON + MINUTE, by=By(name="Ann", why="the disk is gone"), now=NOW)

    [one] = store.read(unconfirmed.unsettled, "alice")
    assert "did:plc:alice" == one.wanted[0].identity
