"""What is to be published. A post knows nothing of networks."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steadypost.domain.hashtags import SIGNS, hashtags
from steadypost.domain.remote_id import RemoteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One image or video, as a file of this machine, with the words for those who cannot see it."""

    path: Path
    kind: str
    """The media type read from the file's own first bytes, for instance ``image/png``."""
    alt: str = ""
    digest: str = field(default="", compare=False)
    """The hex SHA-256 of what it held when the post came in; empty where that is not known."""
    size: int = field(default=0, compare=False)
    """Bytes, as intake sees them; 0 where that is not known."""
    seconds: float = field(default=0, compare=False)
    """How long a video plays, as intake sees it; 0 where that is not known."""

    @property
    def is_video(self) -> bool:
        """Whether it plays. A GIF is a picture."""
        return self.kind.startswith("video/")

    @property
    def was_changed(self) -> bool:
        """Whether the file holds something else now. One that cannot be read is not known to."""
        if not self.digest:
            return False
        try:
            return digest_of(self.path) != self.digest
        except OSError:
            return False


def digest_of(path: Path) -> str:
    """Give the hex SHA-256 of a file; raises ``OSError`` where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One element of a thread. A single post has one."""

    text: str
    media: tuple[Media, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What is said on one network instead of what is said everywhere: the whole of it, text and media."""

    network: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Text, media, thread parts and a reply target, before it has any account or time."""

    parts: tuple[Part, ...]
    reply_to: RemoteId | None = None
    """The post this one answers, on the same network as every account it goes to."""
    source: str = ""
    """Where it came from, for people: ``posts.csv:7``, ``compose``, ``cli``."""
    labels: tuple[str, ...] = ()
    """What its author filed it under, beside the hashtags in its text."""
    variants: tuple[Variant, ...] = ()
    """At most one for each network. Whose names those are is the channels' business: here they are words."""

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError("a post needs at least one part")

    def parts_for(self, network: str) -> tuple[Part, ...]:
        """What is said on one network."""
        return next((one.parts for one in self.variants if one.network == network), self.parts)

    @property
    def fingerprint(self) -> str:
        """The mark by which a repetition of this post is recognised."""
        return _fingerprint_of(self.parts)

    def fingerprint_for(self, network: str) -> str:
        """The same for what is said on one network."""
        return _fingerprint_of(self.parts_for(network))

    @property
    def tags(self) -> frozenset[str]:
        """By what it can be struck: its labels and its hashtags, without the sign and in small letters."""
        every = [*self.parts, *(part for one in self.variants for part in one.parts)]
        said = tags_in([part.text for part in every])
        return said | {tag(one) for one in self.labels if tag(one)}


LONGEST_TAG = 100


def tags_in(texts: Sequence[str]) -> frozenset[str]:
    """Give the hashtags of texts as they are compared."""
    return frozenset(tag(found) for text in texts for found in hashtags(text))


def tag(written: str) -> str:
    """Give a tag as it is compared: without the hash sign, whatever the case of its letters."""
    return written.strip().lstrip(SIGNS).casefold()[:LONGEST_TAG]


def _fingerprint_of(parts: Sequence[Part]) -> str:
    return fingerprint([part.text or _pictures(part) for part in parts])


def _pictures(part: Part) -> str:
    """Name what a part without words shows: two pictures without words are not the same post."""
    return " ".join(media.path.name for media in part.media)


_NUMBERING = re.compile(r"^\s*(?:\(?\d{1,3}\s*/\s*\d{0,3}\)?|\(?\d{1,3}[.):](?=\s))\s*")
"""``1/``, ``1/7``, ``(1/7)``, ``1.``, ``1)``, ``(1)``, ``1:``; but neither a time (10:30) nor a sum (1.5)."""
_TRAILING_HASHTAGS = re.compile(r"(?:\s*#\w+)+\s*$")
_SPACE = re.compile(r"\s+")


def sameness(text: str) -> str:
    """Reduce a text to what makes it the same to a reader and to X's duplicate check.

    Case, white space, a leading number such as ``1/`` and trailing hashtags do not count: each has let a copy through.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _NUMBERING.sub("", plain, count=1)
    plain = _TRAILING_HASHTAGS.sub("", plain)
    plain = _SPACE.sub(" ", plain).strip()
    return plain or _SPACE.sub(" ", text).strip()


def fingerprint(texts: Sequence[str]) -> str:
    """Give the hex SHA-256 over the sameness of every part, in order."""
    joined = "\x1f".join(sameness(text) for text in texts)
    return hashlib.sha256(joined.encode()).hexdigest()
