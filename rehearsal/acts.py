"""What a person does by hand on the accounts that are published to, and how often."""

from __future__ import annotations

from collections.abc import Mapping

OTHER_WORDS = "other words"
OTHER_LINK = "the same words with another link"
OTHER_PARENT = "the same words under another post"
TWIN = "the same words, alone"
"""What cannot be told apart is rare."""
TAKE_DOWN = "takes one down"
EDIT = "edits one"

ACTS: Mapping[str, float] = {
    OTHER_WORDS: 0.25,
    OTHER_LINK: 0.25,
    OTHER_PARENT: 0.15,
    TWIN: 0.05,
    TAKE_DOWN: 0.15,
    EDIT: 0.15,
}
