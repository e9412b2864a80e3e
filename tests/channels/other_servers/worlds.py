"""One case: a network, a server of it, its weather, the clocks and what is to be said, all drawn from one seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from steadypost.channels.port import Access
from steadypost.domain.delivery import State
from steadypost.domain.post import Media, Part, digest_of
from steadypost.domain.token import Token
from steadypost.store import Store, reading
from tests.channels.other_servers import bluesky, mastodon, x_api
from tests.channels.other_servers.life import Life, Verdict
from tests.channels.other_servers.line import Time
from tests.channels.other_servers.texts import Texts

NETWORKS = ("mastodon", "x_api", "bluesky")
HOUR = timedelta(hours=1)


def _dice(seed: object) -> random.Random:
    return random.Random(str(seed))  # noqa: S311 - repeatable, and no secret hangs on it


class Kept:
    """Keeps sign-ins that change, in this process's memory."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}

    def current(self, account: str) -> Token | None:
        """Give what was kept."""
        return self._tokens.get(account)

    def refresh(self, account: str, using: Callable[[Token | None], Token], *_: Any, **__: Any) -> Token:
        """Renew it, and keep that."""
        self._tokens[account] = using(self.current(account))
        return self._tokens[account]

    def secrets(self) -> list[str]:
        """List what must be shown nowhere."""
        return [one for token in self._tokens.values() for one in token.secret.values() if len(one) > 40]


@dataclass(kw_only=True)
class Case:
    """What was drawn, what became of it, and what the ledger says."""

    seed: str
    network: str
    dialect: Any
    life: Life
    verdict: Verdict = field(default_factory=Verdict)
    secrets: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        clocks = f"clock {self.life.clock.ahead}, moved {self.life.moves_clock}"
        found = {
            "broken": self.verdict.broken,
            "doubts": self.verdict.doubts,
            "waiting": self.verdict.waiting,
        }
        return f"OTHER_SERVERS_SEED of {self.seed} on {self.network}: {found}\n    {self.dialect}, {clocks}"


@contextmanager
def _mastodon(dice: random.Random, time: Time, dialect: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    server = mastodon.OtherMastodon(time, _dice(dice.random()), dialect or mastodon.drawn(dice))
    with server.serving():
        for n in range(dice.choice([0, 1, 3, 30])):
            server.make(f"a past {n}", at=time() - timedelta(hours=40 - n), by_hand=True)
        if server.ledger and dice.random() < 0.3:
            server.pin(server.ledger[0].id)
        if dice.random() < 0.3:
            server.boost()
        server.targets = [server.make(f"What others say {n}", by="bob", by_hand=True).id for n in range(2)]
        secret = {"access_token": mastodon.TOKEN}
        yield server, {"secret": secret, "handle": mastodon.HANDLE, "options": {"visibility": "public"}}


@contextmanager
def _x_api(dice: random.Random, time: Time, dialect: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    server = x_api.OtherXApi(time, _dice(dice.random()), dialect or x_api.drawn(dice))
    with server.serving():
        for n in range(dice.choice([0, 1, 3, 30])):
            server.make(f"a past {n}", at=time() - timedelta(hours=40 - n), by_hand=True)
        server.targets = [one.id for one in server.ledger[:2]]
        yield server, {"secret": x_api.KEYS, "handle": x_api.HANDLE}


@contextmanager
def _bluesky(dice: random.Random, time: Time, dialect: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    network = bluesky.OtherNetwork(time, _dice(dice.random()), dialect or bluesky.drawn(dice))
    with network.serving():
        for n in range(dice.choice([0, 1, 3])):
            record = {"$type": bluesky.POST, "text": f"a past {n}", "createdAt": "2026-01-01T00:00:00Z"}
            network.first.make(f"3kaaaaaaaaa{n:02d}", record, by_hand=True)
        yield (
            network,
            {
                "secret": {"app_password": bluesky.PASSWORD},
                "handle": bluesky.HANDLE,
                "options": {"directory": network.first.url, "cards": False},
            },
        )


WORLDS = {"mastodon": _mastodon, "x_api": _x_api, "bluesky": _bluesky}


@contextmanager
def living(
    seed: str,
    network: str,
    *,
    store: Store,
    time: Time,
    folder: Path,
    dialect: Any = None,
    clocks: bool = True,
) -> Iterator[Case]:
    """Begin one case."""
    dice = _dice(f"{network}:{seed}")
    with WORLDS[network](dice, time, dialect) as (server, access):
        dates = [timedelta(0), timedelta(0), timedelta(0), timedelta(seconds=25), timedelta(seconds=-70)]
        server.date_is(dice.choice([*dates, None]) if clocks else timedelta(0))
        account = f"{network}-{seed}"
        home = folder / account
        home.mkdir()
        kept = Kept()
        life = Life(
            store=store,
            server=server,
            true=time,
            dice=dice,
            channel=network,
            access=Access(account=account, base_url=server.url, **access),
            folder=home,
            tokens=kept,
            drifts=clocks,
            moves_clock=clocks and dice.random() < 0.3,
            crashes=dice.choice([0, 0, 0.15]) if clocks else 0,
        )
        yield Case(seed=seed, network=network, dialect=server.dialect, life=life)


def play(case: Case) -> Case:
    """Let the case run: a storm while posts fall due, then calm, then a person who enters the sign-in again."""
    life, dice, server = case.life, case.life.dice, case.life.server
    texts = Texts(dice)
    server.storms(dice.choice([0.2, 0.5, 0.8]))
    life.meddles = lambda said: _by_hand(life, texts, said)
    for _ in range(dice.randrange(2, 6)):
        many = 1 if dice.random() < 0.8 else 3
        parts = tuple(_part(life, texts.one()) for _ in range(many))
        target = dice.choice(server.targets) if server.targets and dice.random() < 0.3 else None
        life.add(*parts, reply_to=target, due_in=timedelta(seconds=dice.randrange(600)))
    life.lasts(timedelta(minutes=8))
    if life.channel == "mastodon" and life.drifts and server.date_ahead is not None and dice.random() < 0.3:
        # Its clock is set, and with it the times of all that is made from now on.
        server.date_is(timedelta(seconds=dice.choice([0, 40, -40, 150, -150])))
    if getattr(server.dialect, "moves", False):
        server.moves()
    life.lasts(timedelta(minutes=7))
    server.storms(0.0)
    life.lasts(HOUR / 2)
    life.resumed()
    life.lasts(HOUR * 5)
    case.verdict = life.judged()
    _takes_down(case)
    case.secrets = [*life.access.secret.values(), *life.tokens.secrets()]
    return case


def _by_hand(life: Life, texts: Texts, said: str) -> None:
    """Say something near it by hand, now and then; never the very words of anything that is to be said."""
    dice = life.dice
    words = dice.choice([f"{said} 2", said[:-1], f"Again: {said}", said.upper()]).strip()
    if dice.random() < 0.25 and words and words not in texts.said and life.channel != "bluesky":
        life.server.make(words, by_hand=True)
    if life.channel == "mastodon" and dice.random() < 0.1:
        life.server.edit(f"{said} (put right)")


def _takes_down(case: Case) -> None:
    """Take one published delivery down, through foul weather and at last in fair: that one, and nothing else."""
    life, server = case.life, case.life.server
    published = [one for one, state in life.states().items() if state is State.PUBLISHED]
    if not published or life.dice.random() < 0.5:
        return
    chosen = life.dice.choice(published)
    ids = {part.remote_id for part in life.store.read(reading.show, chosen).delivery.parts}
    before = {one.id for one in server.ledger if one.gone}
    server.storms(0.5)
    said = life.takes_down(chosen)
    gone = {one.id for one in server.ledger if one.gone} - before
    if said and gone != ids:
        case.verdict.broken.append(f"{chosen} is said to be taken down, and {gone} are, not {ids}")
    server.storms(0.0)
    # A list may leave the very post out of one answer.
    if not said and not any(life.takes_down(chosen) for _ in range(3)):
        case.verdict.waiting.append(f"{chosen} cannot be taken down")
    gone = {one.id for one in server.ledger if one.gone} - before
    if gone != ids:
        case.verdict.broken.append(f"{ids} were to be taken down, and {gone} are")


def _part(life: Life, text: str) -> Part:
    if life.dice.random() > 0.12 or life.channel == "bluesky":
        return Part(text=text)
    path = life.folder / f"{life.dice.random()}.png"
    path.write_bytes(DOT)
    return Part(text=text, media=(Media(path=path, kind="image/png", alt="A dot", digest=digest_of(path)),))


DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003"
    "010100c9fe92ef0000000049454e44ae426082"
)
