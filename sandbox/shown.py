"""From what a person wants to say to what the network tells and paints of it, without a server.

```python
said = Said("Visit example.com, today", by="alice")
tell(said)["legacy"]["full_text"]   # 'Visit https://t.co/..., today'
show(said).seen                     # 'Visit example.com, today'
```
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sandbox.ledger import Ledger, Media, Post
from sandbox.painting import Paint, Painted, paint
from sandbox.snowflake import first_of
from sandbox.telling import Shaper
from sandbox.wording import Json

MOMENT_MS: Final = 1_790_000_000_000
"""When things are said here, unless an id says otherwise."""

HANDLES: Final = ("alice", "bob", "carol", "dora", "erik")

Parent = tuple[str, str]
"""What is answered: who said it, and what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture of a post, as far as lists tell of it."""

    alt: str | None = None
    mime: str = "image/png"
    size: tuple[int, int] = (1200, 800)


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says."""

    text: str
    by: str = "alice"
    reply_to: Parent | None = None
    media: tuple[Picture, ...] = ()
    post_id: str = str(first_of(MOMENT_MS))


def tell(said: Said, *, shown: int | None = None) -> Json:
    """Give the `result` that a list tells of a post. With `shown` its text is cut after so many characters."""
    shaper = Shaper(_ledger())
    return shaper.tweet(_post(said), shown=shown)


def show(said: Said, *, focal: bool = False, shown: int | None = None, kind: Paint = "") -> Painted:
    """Give what the page paints of a post, in a list or on its own page."""
    return paint(tell(said, shown=shown), focal=focal, kind=kind)


@lru_cache(maxsize=1)
def _ledger() -> Ledger:
    return Ledger(HANDLES, seed=1, premium=HANDLES)


@lru_cache(maxsize=4096)
def parent_id(parent: Parent) -> str:
    """Give the id of what is answered; the same words by the same author are the same post."""
    ledger = _ledger()
    return ledger.create(
        *parent, origin="seed", post_id=str(first_of(MOMENT_MS - 60_000 * (1 + len(ledger.posts))))
    ).id


def _post(said: Said) -> Post:
    media = [
        Media(id=f"{n + 1}", owner=said.by, content=b"", mime=one.mime, sha256="", alt=one.alt, size=one.size)
        for n, one in enumerate(said.media)
    ]
    return Post(
        id=said.post_id,
        author=said.by,
        text=said.text,
        created_at=MOMENT_MS,
        made_at_host=MOMENT_MS,
        visible_at=MOMENT_MS,
        visible_at_host=MOMENT_MS,
        origin="page",
        reply_to=None if said.reply_to is None else parent_id(said.reply_to),
        media=media,
    )
