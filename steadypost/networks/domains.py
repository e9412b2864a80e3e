"""Which names are domains: those that end with a top-level domain that exists."""

from __future__ import annotations

import functools

from publicsuffixlist import PublicSuffixList


@functools.lru_cache(maxsize=4096)
def exists(ending: str) -> bool:
    """Whether there is such a top-level domain; in small letters, as it is read or as it is sent."""
    # The library's data come with it and are from the day of its release; nothing is fetched.
    return bool(ending) and _suffixes().publicsuffix(ending, accept_unknown=False) is not None


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)
