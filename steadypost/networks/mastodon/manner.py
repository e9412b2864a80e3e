"""How a post goes out beside its words: who may see it, under which warning, in which language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VISIBILITIES = ("public", "unlisted", "private", "direct")

VISIBILITY, WARNING, LANGUAGE, SENSITIVE = "visibility", "warning", "language", "sensitive"
"""The names of these options, of an account or of one part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How one part goes out. What is empty is the account's own default on its server."""

    visibility: str = ""
    warning: str = ""
    """What stands above the text, which is hidden until a reader opens it."""
    language: str = ""
    """As ISO 639 names it: ``de``, ``pt-BR``."""
    sensitive: bool = False
    """Whether pictures are hidden until a reader opens them."""

    def wanted(self, usual: str = "") -> dict[str, str]:
        """Give what a read-back of the post must show again, by option; ``usual`` is the account's own visibility."""
        wanted = {
            WARNING: self.warning,
            VISIBILITY: self.visibility or usual,
            LANGUAGE: spoken(self.language),
            # What is not said is as the account is set, and a warning makes it so: that is not told beforehand.
            SENSITIVE: shown(value=True) if self.sensitive else "",
        }
        return {name: value for name, value in wanted.items() if value or name == WARNING}


def spoken(language: str) -> str:
    """Give a language as two are compared: servers have been seen to drop what follows the hyphen."""
    return language.partition("-")[0].casefold()


def shown(*, value: bool) -> str:
    """Write a choice as options are compared."""
    return "yes" if value else "no"


def manner(*options: Mapping[str, Any]) -> Manner:
    """Read the options of an account and of a part; the later ones go before."""
    told: dict[str, Any] = {}
    for one in options:
        told.update({name: value for name, value in one.items() if value not in {"", None}})
    return Manner(
        visibility=str(told.get(VISIBILITY, "")),
        warning=str(told.get(WARNING, "")).strip(),
        language=str(told.get(LANGUAGE, "")),
        sensitive=told.get(SENSITIVE) in {True, "true", "yes", "1"},
    )


def body(text: str, how: Manner, media: tuple[str, ...], reply_to: str | None) -> dict[str, Any]:
    """Give the request that makes a post of this."""
    told: dict[str, Any] = {
        "status": text,
        "media_ids": list(media),
        "in_reply_to_id": reply_to,
        "spoiler_text": how.warning,
        "visibility": how.visibility,
        "language": how.language,
        "sensitive": how.sensitive,
    }
    return {name: value for name, value in told.items() if value not in ("", [], None, False)}
