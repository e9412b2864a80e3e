"""What a post says, changed and judged anew by every rule of intake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from steadypost.domain.post import Post
from steadypost.intake import per_network
from steadypost.intake.draft import Draft, Image, Variant
from steadypost.intake.entry import known_accounts
from steadypost.intake.per_network import images_of
from steadypost.intake.refusal import Refusal, refusal
from steadypost.intake.validate import judge
from steadypost.store import Series, Store, Story, reading, selecting, series_said
from steadypost.store.operations import New
from steadypost.store.selecting import Selection
from steadypost.store.series_changes import Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """What a person wants changed of what posts say; ``None`` leaves it as it is."""

    texts: tuple[str, ...] | None = None
    """All of it anew: one text, or the parts of a thread."""
    parts: Mapping[int, str] | None = None
    """Some parts anew, by their number from 1."""
    replace: tuple[str, str] | None = None
    """Some words for others, wherever they stand."""
    images: tuple[Image, ...] | None = None
    reply_to: str | None = None
    labels: tuple[str, ...] | None = None
    as_is: bool = False
    """It is meant, whatever it looks like."""
    split: bool = False
    """A text that is too long becomes a thread."""

    @property
    def changes_anything(self) -> bool:
        """Whether anything of what is said changes."""
        given = (self.texts, self.parts, self.replace, self.images, self.reply_to, self.labels)
        return any(one is not None for one in given) or self.as_is or self.split


def rewritten(
    store: Store, those: Selection, rewrite: Rewrite, *, now: datetime, folder: Path
) -> dict[tuple[int, str], New] | list[Refusal]:
    """Judge what deliveries say from now on; answers it by post and account, or everything that is wrong."""
    stories = [store.read(reading.show, one.delivery.id) for one in store.read(selecting.find, those).entries]
    # What a post says may differ from one account to the next.
    saying: dict[tuple[int, Post], list[Story]] = {}
    for story in stories:
        saying.setdefault((story.delivery.post_id, story.post), []).append(story)
    if rewrite.texts is not None and len({post_id for post_id, _ in saying}) > 1:
        why = f"it would make {len(saying)} different posts say the same"
        return [refusal("text", rewrite.texts[0], why, "name the deliveries of one post, or use --replace")]
    known = known_accounts(store)
    labels = store.read(selecting.labels, {post_id for post_id, _ in saying})
    new: dict[tuple[int, str], New] = {}
    wrong: list[Refusal] = []
    for (post_id, post), of_it in saying.items():
        where = f"delivery {of_it[0].delivery.id}"
        accounts = [story.delivery.account for story in of_it]
        draft = redrafted(post, labels[post_id], accounts, rewrite)
        if isinstance(draft, Refusal):
            wrong.append(draft.at(where))
            continue
        judged = judge(draft, known, now=now, folder=folder, source=where)
        if isinstance(judged, list):
            wrong += judged
            continue
        said = New(post=replace(judged.post, source=post.source), concern=judged.concern)
        new |= {(post_id, account): said for account in accounts}
    return wrong or new


def series_rewritten(
    store: Store, one: Series, rewrite: Rewrite, members: Members, *, since: str, now: datetime, folder: Path
) -> New | list[Refusal] | None:
    """Judge what a series says from a time on, for those it comes for then; ``None``: its words stay."""
    before = {name for those in one.accounts_from(since) for name in those}
    accounts = sorted((before | {*members.joining}) - {*members.leaving}) or sorted(before)
    where = f"series {one.id}"
    if not rewrite.changes_anything:
        # Its words were judged for the others before; what may be meant was meant.
        says = store.read(series_said.said_from, one.id, one.post_id, since)
        posts, accounts, rewrite = says, list(members.joining), Rewrite(as_is=True)
        changes = False
    else:
        posts, changes = [store.read(series_said.said_at, one.id, one.post_id, since)], True
    known = known_accounts(store)
    new = None
    for post in posts if accounts else ():
        draft = redrafted(post, post.labels, accounts, rewrite)
        if isinstance(draft, Refusal):
            return [draft.at(where)]
        judged = judge(draft, known, now=now, folder=folder, source=where)
        if isinstance(judged, list):
            return judged
        new = New(post=judged.post, concern=judged.concern)
    return new if changes else None


def redrafted(
    post: Post, labels: Sequence[str], accounts: Sequence[str], rewrite: Rewrite
) -> Draft | Refusal:
    """Write the draft that a changed post would have been."""
    own = per_network.written(post) if rewrite.texts is None else {}
    if rewrite.parts and own:
        why = f"it says something else on {', '.join(sorted(own))}"
        return refusal(
            "part", ", ".join(map(str, rewrite.parts)), why, "--text gives all of it anew, everywhere"
        )
    texts = _texts(
        [part.text for part in post.parts], rewrite, [text for one in own.values() for text in one.spoken]
    )
    if isinstance(texts, Refusal):
        return texts
    images = rewrite.images if rewrite.images is not None else images_of(post.parts)
    return Draft(
        text=texts[0] if len(texts) == 1 else "",
        parts=texts if len(texts) > 1 else [],
        accounts=list(dict.fromkeys(accounts)),
        when="now",
        images=list(images),
        reply_to=(post.reply_to or "") if rewrite.reply_to is None else rewrite.reply_to,
        labels=list(labels if rewrite.labels is None else rewrite.labels),
        as_is=rewrite.as_is,
        split=rewrite.split,
        variants={network: _redrafted(one, rewrite) for network, one in own.items()},
    )


def _redrafted(own: Variant, rewrite: Rewrite) -> Variant:
    """Change what is said on one network alone: new images are shown everywhere."""
    images = own.images if rewrite.images is None else None
    if rewrite.replace is None:
        return own.model_copy(update={"images": images})
    old, by = rewrite.replace
    parts = [text.replace(old, by) for text in own.parts]
    return own.model_copy(update={"text": own.text.replace(old, by), "parts": parts, "images": images})


def _texts(before: list[str], rewrite: Rewrite, elsewhere: Sequence[str]) -> list[str] | Refusal:
    texts = list(before if rewrite.texts is None else rewrite.texts)
    for number, text in (rewrite.parts or {}).items():
        if not 1 <= number <= len(texts):
            why = f"there are {len(texts)} parts"
            return refusal("part", number, why, "count the parts from 1; --text gives all of them anew")
        texts[number - 1] = text
    if rewrite.replace is None:
        return texts
    old, by = rewrite.replace
    if not old or not any(old in text for text in (*texts, *elsewhere)):
        return refusal("replace", old, "it does not say this", "write the words as they stand in the post")
    return [text.replace(old, by) for text in texts]
