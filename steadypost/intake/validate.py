"""What must be true of a post before it enters. All that is wrong is said at once.

``judge`` looks at a draft, at the accounts it is for and at its images' files; it writes nothing and asks
nobody. What it lets through fits every account it is for: nothing here is found out at the composer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from steadypost.domain.change import Rule
from steadypost.domain.delivery import WhenLate
from steadypost.domain.lengths import span
from steadypost.domain.network import NEITHER, Allowance, Network
from steadypost.domain.post import LONGEST_TAG, Media, Part, Post, Variant
from steadypost.domain.quota import Limits
from steadypost.domain.remote_id import NotAnId, RemoteId
from steadypost.intake import content, per_network
from steadypost.intake.draft import DEFAULT_LATE, DEFAULT_WHEN_LATE, Draft, Image
from steadypost.intake.media import Images, unshown
from steadypost.intake.moment import due
from steadypost.intake.refusal import Refusal, nearest, refusal
from steadypost.intake.repeat import Repetition, repetition, rule_of
from steadypost.intake.shelf import Shelf
from steadypost.intake.split import TooLongToSplit, split

LONGEST_KEY = 400

_AHEAD = timedelta(days=1)
"""Clocks may differ; an id that is a whole day ahead of ours is not an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAccount:
    """What intake has to know of an account."""

    name: str
    network: Network
    """By whose rules a post to it is judged."""
    longest: int | None = None
    """The length it may post, as its network counts; ``None``: as long as anybody there."""
    limits: Limits = field(default_factory=Limits)
    channel: str = ""
    """The way to its network; some carry less than the network takes."""
    twin_of: str | None = None
    """The account that is the same one on the network; then this one is refused."""

    @property
    def allows(self) -> Allowance:
        """How much it may say in one post."""
        usual = replace(self.network.allowance(self.channel), whose=self.name)
        return usual if self.longest is None else replace(usual, longest=self.longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A post that may enter, with what the store wants to know beside it."""

    post: Post
    accounts: tuple[str, ...]
    due_at: datetime
    late_after: timedelta | None
    allow_repeat: bool
    key: str | None = None
    when_late: WhenLate = WhenLate.MISS
    repetition: Repetition | None = None
    """When it comes again; ``None``: never."""
    concern: str = ""
    """Why it may not be meant as it is, and is held for its author's yes; empty when nothing speaks against it."""

    def is_late(self, now: datetime) -> bool:
        """Whether its moment has passed by more than its own late rule allows."""
        return self.late_after is not None and now > self.due_at + self.late_after


def judge(
    draft: Draft,
    known: Mapping[str, KnownAccount],
    *,
    now: datetime,
    default_zone: str | None = None,
    folder: Path | None = None,
    source: str = "",
    shelf: Shelf | None = None,
) -> Accepted | list[Refusal]:
    """Take a draft, or say everything that is wrong with it."""
    wrong: list[Refusal] = []
    accounts = _accounts(draft.accounts, known, wrong)
    draft = _split(draft, accounts, wrong)
    _thread(draft, accounts, wrong)
    parts, variants = _said(draft, accounts, Images(folder or Path.cwd(), shelf), wrong)
    concern = "" if draft.as_is else concern_of([*parts, *(part for one in variants for part in one.parts)])
    reply_to = _reply_to(draft.reply_to, accounts, now, wrong)
    due_at = due(draft.when, zone=draft.zone, default_zone=default_zone, now=now)
    late_after = _late_after(draft.late_within.strip() or DEFAULT_LATE, wrong)
    when_late = _when_late(draft.when_late.strip() or DEFAULT_WHEN_LATE, wrong)
    _key(draft.key, wrong)
    labels = _labels(draft.labels, wrong)
    if isinstance(due_at, list):
        wrong += due_at
    again = None
    rule = rule_of(draft.repeat) if draft.repeat.strip() else ""
    if isinstance(rule, Refusal):
        wrong.append(rule)
    elif rule and not isinstance(due_at, list):
        again = _repetition(draft, due_at, default_zone, wrong)
        if concern:
            remedy = "change it; or, if you mean it, say so: --as-is, or yes in the column as_is"
            wrong.append(
                refusal("text", parts[0].text, f"{concern}, and would go out again and again", remedy)
            )
    if wrong or isinstance(due_at, list):
        return [problem.at(source) for problem in wrong]
    return Accepted(
        post=Post(parts=parts, reply_to=reply_to, source=source, labels=labels, variants=variants),
        accounts=tuple(account.name for account in accounts),
        due_at=due_at,
        late_after=late_after,
        allow_repeat=draft.allow_repeat,
        key=draft.key.strip() or None,
        when_late=when_late,
        repetition=again,
        concern=concern,
    )


def _said(
    draft: Draft, accounts: Sequence[KnownAccount], images: Images, wrong: list[Refusal]
) -> tuple[tuple[Part, ...], tuple[Variant, ...]]:
    """Judge what is said everywhere, for those who say it, and what is said on one network alone."""
    written = _written(draft)
    if per_network.needs_base(draft, [account.network.name for account in accounts]):
        texts = [_text(field, text, wrong) for field, text in written]
    else:
        texts = [text.strip() for text in draft.variants[min(per_network.own_texts(draft))].spoken]

    unfit: list[Refusal] = []

    def look(field: str, shown: Sequence[Image], parts: int) -> dict[int, list[Media]]:
        return _pictures(field, shown, parts, images, unfit)

    pictures = look("images", draft.images, len(texts))
    base = tuple(Part(text=text, media=tuple(pictures.get(n, ()))) for n, text in enumerate(texts))
    wrong += per_network.lost_pictures(draft, base)
    variants = per_network.variants(draft, base, lambda field, text: _text(field, text, wrong), look)
    own = {one.network: one.parts for one in variants}
    rest = [account for account in accounts if account.network.name not in own]
    wrong += _objections([field for field, _ in written], base, rest)
    wrong += unshown("images", base, [account.network for account in rest])
    for network, parts in own.items():
        there = [account for account in accounts if account.network.name == network]
        wrong += _objections([f"text@{network}"] * len(parts), parts, there)
        wrong += unshown(f"images@{network}", parts, [account.network for account in there])
    wrong += unfit
    return base, variants


def concern_of(parts: Sequence[Part]) -> str:
    """Say why a post may not be meant as it is: the first reason, of the first part that has one."""
    found = next((smell for part in parts if (smell := content.smell(part.text))), None)
    return "" if found is None else f"it may not be meant as it is: {found.why}"


def _split(draft: Draft, accounts: Sequence[KnownAccount], wrong: list[Refusal]) -> Draft:
    """Make a thread of a text that is too long for one of the accounts that say it, where that is asked for."""
    own = per_network.own_texts(draft)
    saying = [account for account in accounts if account.network.name not in own]
    if not draft.split or draft.parts or not saying:
        return draft
    try:
        parts = split(draft.text, lambda text: all(_is_short_enough(text, account) for account in saying))
    except TooLongToSplit as whole:
        wrong.append(refusal("text", str(whole), "this piece alone is too long for one post", "shorten it"))
        return draft
    return draft if len(parts) < 2 else draft.model_copy(update={"text": "", "parts": parts})


def _is_short_enough(text: str, account: KnownAccount) -> bool:
    told = account.network.objections((Part(text=text),), account.allows)
    return not any(one.field == "text" for one in told)


def _repetition(
    draft: Draft, due_at: datetime, default_zone: str | None, wrong: list[Refusal]
) -> Repetition | None:
    """Read when it comes again, by the clocks of its zone; its first time is when it is due."""
    zone = draft.zone.strip() or default_zone
    if not zone:
        why = "a post that comes again follows the clocks of a zone, and it names none"
        remedy = 'name its zone, such as "Europe/Berlin" or "UTC", or set STEADYPOST_ZONE'
        wrong.append(refusal("zone", draft.zone, why, remedy))
        return None
    place = ZoneInfo(zone)
    starts = due_at.astimezone(place).replace(tzinfo=None, microsecond=0)
    read = repetition(draft.repeat, zone=place, starts=starts)
    if isinstance(read, Repetition):
        return read
    wrong.append(read)
    return None


def _accounts(
    names: Sequence[str], known: Mapping[str, KnownAccount], wrong: list[Refusal]
) -> list[KnownAccount]:
    """Find the accounts; the same name twice is once, since one post is one copy."""
    asked = list(dict.fromkeys(name.strip() for name in names))
    if not asked:
        wrong.append(refusal("accounts", "", "it names no account", _who(known)))
    for name in asked:
        if name not in known and (several := _several(name, known)):
            remedy = f'write "{"|".join(several)}" in a file; elsewhere each is an item of its own'
            why = "these are several names, and a vertical bar separates them"
            wrong.append(refusal("accounts", name, why, remedy))
        elif name not in known:
            meant = nearest(name.removeprefix("@"), known)
            hint = f'"{meant}" was meant? ' if meant else ""
            wrong.append(refusal("accounts", name, "no account has this name", hint + _who(known)))
    for name in asked:
        if name in known and (other := known[name].twin_of):
            why = f"its block has the handle of the account {other}"
            wrong.append(refusal("accounts", name, why, f'write "{other}", or correct one of the two blocks'))
    return [known[name] for name in asked if name in known]


def _several(written: str, known: Mapping[str, KnownAccount]) -> list[str]:
    """Read names that somebody separated otherwise; empty unless one of them is known."""
    names = [name for name in re.split(r"[\s,;/&+]+", written) if name]
    return names if len(names) > 1 and any(name in known for name in names) else []


def _who(known: Mapping[str, KnownAccount]) -> str:
    if not known:
        return "no account is known yet: add one first"
    names = sorted(known)
    rest = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"known: {', '.join(names[:10])}{rest}"


def _written(draft: Draft) -> list[tuple[str, str]]:
    """Pair each text with the name of the field that holds it."""
    if draft.parts:
        return [(f"parts[{n}]", text) for n, text in enumerate(draft.parts, start=1)]
    return [("text", draft.text)]


def _thread(draft: Draft, accounts: Sequence[KnownAccount], wrong: list[Refusal]) -> None:
    """Judge the parts together."""
    count = len(draft.parts)
    if count and draft.text.strip():
        wrong.append(
            refusal("text", draft.text, "there is a text and there are parts", "give one of the two")
        )
    for account in accounts:
        ever = account.limits.largest_delivery
        if ever is not None and max(count, 1) > ever:
            why = f"{account.name} may never publish {max(count, 1)} parts at once: its quota allows {ever}"
            wrong.append(
                refusal("parts", f"{max(count, 1)} parts", why, "split it, or raise the account's quota")
            )


def _text(field: str, written: str, wrong: list[Refusal]) -> str:
    """Judge one text, and give it as it will be sent."""
    text = written.replace("\r\n", "\n").replace("\r", "\n").strip()
    if content.is_blank(text):
        remedy = (
            "write at least a word: a post without text cannot be recognised when it has to be looked for"
        )
        wrong.append(refusal(field, written, "there is nothing to read", remedy))
    elif found := content.unsendable(text):
        wrong.append(refusal(field, written, found.why, found.remedy))
    return text


def _objections(
    fields: Sequence[str], parts: tuple[Part, ...], accounts: Sequence[KnownAccount]
) -> Iterator[Refusal]:
    """Say what each account's network would refuse."""
    told = (one for account in accounts for one in account.network.objections(parts, account.allows))
    # What every account meets is said once.
    for one in dict.fromkeys(told):
        field = fields[one.part] if one.field == "text" and one.part is not None else one.field
        yield refusal(field, one.value, one.why, one.remedy)


def _pictures(
    field: str, shown: Sequence[Image], parts: int, images: Images, wrong: list[Refusal]
) -> dict[int, list[Media]]:
    """Look at the images and give them by the index of their part."""
    by_part: dict[int, list[Media]] = {}
    for image in shown:
        if not 1 <= image.part <= parts:
            why = f"it belongs to part {image.part}, and there are {parts}"
            wrong.append(refusal(field, image.path, why, "count the parts from 1"))
            continue
        taken = images.media(image)
        if isinstance(taken, list):
            wrong += taken
        else:
            by_part.setdefault(image.part - 1, []).append(taken)
    return by_part


def _reply_to(
    written: str, accounts: Sequence[KnownAccount], now: datetime, wrong: list[Refusal]
) -> RemoteId | None:
    """Take a post's id, or find it in a post's address, as the networks of all its accounts read it."""
    target = written.strip()
    if not target:
        return None
    found: RemoteId | None = None
    if not accounts:
        return None  # that it names none is said already
    for network in {one.network.name: one.network for one in accounts}.values():
        try:
            found = network.remote_id(network.read(target).id)
        except NotAnId:
            wrong.append(refusal("reply_to", target, NEITHER, network.neither))
            return None
        made = network.made_at(found)
        if made is not None and made > now + _AHEAD:
            wrong.append(
                refusal("reply_to", target, "no post can have this id yet", "copy the address again")
            )
    return found


def late_rule(late_within: str | None, when_late: str | None) -> Rule | list[Refusal]:
    """Read a late rule that is changed; what is not given is as for a post that does not name it."""
    wrong: list[Refusal] = []
    rule = Rule(
        late_after=_late_after((late_within or "").strip() or DEFAULT_LATE, wrong),
        when_late=_when_late((when_late or "").strip() or DEFAULT_WHEN_LATE, wrong),
    )
    return wrong or rule


def _late_after(written: str, wrong: list[Refusal]) -> timedelta | None:
    """Read the late rule; ``None`` is for ever."""
    if written.strip().casefold() == "never":
        return None
    length = span(written)
    if length:
        return length
    why = "a worker always comes a moment later" if length is not None else "this is not a stretch of time"
    remedy = 'write "30m", "2h" or "1d", or "never" if it is never too late for it'
    wrong.append(refusal("late_within", written, why, remedy))
    return timedelta(0)


def _when_late(written: str, wrong: list[Refusal]) -> WhenLate:
    try:
        return WhenLate(written.casefold())
    except ValueError:
        remedy = 'write "miss" (nothing is sent then) or "ask" (a person is asked)'
        wrong.append(refusal("when_late", written, "this is not what can become of it", remedy))
        return WhenLate.MISS


def _labels(written: Sequence[str], wrong: list[Refusal]) -> tuple[str, ...]:
    """Take the labels as they are written; they are compared as tags are, without sign and case."""
    for label in written:
        plain = label.strip().removeprefix("#")
        if content.is_blank(plain) or content.unsendable(plain) or len(plain) > LONGEST_TAG:
            remedy = f"use up to {LONGEST_TAG} visible characters, such as launch"
            wrong.append(refusal("labels", label, "this cannot be a label", remedy))
    return tuple(label.strip() for label in written)


def _key(written: str, wrong: list[Refusal]) -> None:
    if len(written) > LONGEST_KEY or content.unsendable(written):
        remedy = f"use at most {LONGEST_KEY} visible characters"
        wrong.append(refusal("key", written, "this cannot be kept as a name", remedy))
