"""Which column of a table says what: our own names, those of other tools, and what ``--map`` says.

What other tools write, as of 2026:

    Buffer      bulk upload: Text, Image URL, Tags, Posting Time
    Hootsuite   bulk composer: no header at all; date, message, link, and perhaps images
    Typefully   no table; the fields of its interface are content, scheduled_date, tags
    Publer      bulk scheduler: Date - Intl. format or prompt, Text, Link(s) - ..., Media URL(s) - ..., Label(s) - ...
    Sprout      bulk scheduling: date, time_24hr, message_text
    Postiz      no table; the fields of its interface are content, publishDate, integration, state, image
    Metricool   calendar's CSV: Text, Date, Time, Draft, a column for each network, Picture Url 1, Alt text picture 1

Later, Loomly, SocialBee, Sendible, HubSpot and CoSchedule call their columns what many do: ``column_words``.

Accounts are chosen in those tools' own pages, so their files name none: ``--account`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from steadypost.intake.column_words import field_called
from steadypost.intake.dates import Order
from steadypost.intake.refusal import Refusal, nearest, refusal
from steadypost.intake.sheet import Cell, is_empty, letter, plain

COLUMNS = (
    "key",
    "text",
    "accounts",
    "when",
    "zone",
    "repeat",
    "images",
    "reply_to",
    "late_within",
    "when_late",
    "allow_repeat",
    "labels",
    "as_is",
    "split",
)

NEEDED = ("text", "accounts", "when")

NETWORKS = ("x", "mastodon", "bluesky")

PER_NETWORK = ("text", "images")

IGNORE = "ignore"
"""What ``--map`` says of a column that is to be passed over."""

REST = "*"
"""What ``--map`` calls the columns that say nothing here: ``*=ignore``. A slip of a known name is not among them."""

MORE = ("date", "time", "link", "alt", "state", "why")
"""What a table may have beside a post's fields: a date and a time apart, a link to add to the text, what its images
show, whether it went out already, and the reason that a file of refused rows gives.
"""

_ALIASES = {"twitter": "x", "bsky": "bluesky"}


@dataclass(frozen=True, slots=True)
class Tool:
    """How one tool names its columns."""

    name: str
    sign: frozenset[str]
    """The columns by which its table is recognised."""
    fields: Mapping[str, str]
    ignored: frozenset[str] = frozenset()
    not_taken: frozenset[str] = frozenset()
    """Columns of its table that say something which cannot be taken: a row that has something there is refused."""

    @property
    def has_networks(self) -> bool:
        """Whether its table has a column for each network: those of networks that are none here are passed over."""
        return any(means.startswith("on@") for means in self.fields.values())


TOOLS = (
    Tool(
        "Buffer",
        frozenset({"text", "posting_time"}),
        {"text": "text", "image_url": "images", "tags": "labels", "posting_time": "when", "link": "link"},
        frozenset({"board_name", "source_url", "title", "video_url", "channel_group"}),
    ),
    Tool(
        "Hootsuite",
        frozenset({"date", "message"}),
        {
            "date": "when",
            "message": "text",
            "link": "link",
            "url": "link",
            "image_url": "images",
            "image_urls": "images",
            "media": "images",
        },
    ),
    Tool(
        "Publer",
        frozenset({"date", "text", "media_url", "label"}),
        {
            "date": "when",
            "text": "text",
            "link": "link",
            "media_url": "images",
            "label": "labels",
            "alt_text": "alt",
        },
        frozenset(
            {"title", "cta", "reminder", "post_subtype", "pin_board,_fb_album,_or_google_category"}
            | {"video_thumbnail_url"}
        ),
        frozenset({"comment"}),
    ),
    Tool(
        "Sprout Social",
        frozenset({"date", "message_text"}),
        {
            "date": "date",
            "time_24hr": "time",
            "message_text": "text",
            "link": "link",
            "image": "images",
            "image_url": "images",
            "tags": "labels",
        },
    ),
    Tool(
        "Typefully",
        frozenset({"content", "scheduled_date"}),
        {
            "id": "key",
            "content": "text",
            "scheduled_date": "when",
            "tags": "labels",
            "status": "state",
            "published_on": IGNORE,
        },
        frozenset({"draft_title", "num_tweets", "share_url", "preview", "created_at", "updated_at"}),
    ),
    Tool(
        "Metricool",
        frozenset({"text", "date", "time", "draft"}),
        {
            "text": "text",
            "date": "date",
            "time": "time",
            "draft": "draft",
            "twitter": "on@x",
            "bluesky": "on@bluesky",
            "mastodon": "on@mastodon",
        },
        frozenset({"document_title", "shortener", "brand_name", "video_thumbnail_url", "video_cover_frame"}),
        frozenset({"first_comment_text"}),
    ),
    Tool(
        "Postiz",
        frozenset({"content", "publishdate"}),
        {
            "id": "key",
            "content": "text",
            "publishdate": "when",
            "image": "images",
            "state": "state",
            "tags": "labels",
        },
        frozenset({"integration", "releaseurl", "releaseid", "group", "createdat", "updatedat", "title"}),
    ),
)

_FOREIGN_NETWORK = re.compile(
    r"(facebook|linkedin|gbp|google|instagram|pinterest|tiktok|youtube|threads|twitch)(_.*)?"
)
"""Columns for networks that are none here, in a table with columns for each network."""

HOOTSUITE = ("when", "text", "link", "images")
"""What the columns of its table without a header are, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the columns of a table mean."""

    fields: tuple[str | None, ...]
    """By column; ``None`` is passed over."""
    names: tuple[str, ...] = ()
    """As the table has them."""
    row: int = 0
    tool: str | None = None
    not_taken: frozenset[int] = frozenset()
    """Columns that have to be empty: what they say in that tool cannot be taken."""
    order: Order | None = None
    """In which order the name of its column says dates are written: ``Date (dd/mm/yyyy)``."""
    wrong: tuple[Refusal, ...] = field(default=())

    def named(self, name: str) -> str:
        """Say which column holds a field, as a person finds it: its letter and its name."""
        for at, one in enumerate(self.fields):
            if one == name:
                own = self.names[at] if at < len(self.names) else ""
                return f"column {letter(at)} ({own})" if own else f"column {letter(at)}"
        return name


def simple(name: object) -> str:
    """Bring a column's name to the form in which it is compared."""
    plain_name = str(name).strip().lstrip("\ufeff").strip('"').strip().casefold()
    return re.sub(r"[\s_-]+", "_", plain_name)


def field_of(name: str) -> str | None:
    """Give the field that a column's name stands for: one of ours, also ``text@mastodon``, or what others call it."""
    if name in COLUMNS or name in MORE:
        return name
    base, at, network = name.partition("@")
    network = _ALIASES.get(network.strip("_"), network.strip("_"))
    if at and base.strip("_") in PER_NETWORK and network in NETWORKS:
        return f"{base.strip('_')}@{network}"
    return field_called(name)


def is_known(name: str) -> bool:
    """Whether a word is the name of a column in any of the tables known here."""
    one = simple(name)
    return field_of(one) is not None or any(one in tool.fields for tool in TOOLS)


def is_header(cells: Sequence[Cell]) -> bool:
    """Whether a row names columns: at least two, or one that is needed."""
    names = [simple(plain(cell)) for cell in cells if not is_empty(cell)]
    known = {field_of(name) or name for name in names if is_known(name)}
    return len(known) > 1 or any(name in NEEDED for name in names)


def read_header(
    cells: Sequence[Cell], row: int, where: str, mapping: Mapping[str, str], *, accounts_told: bool = False
) -> Header:
    """Say what each column means, and all that is wrong with them at once."""
    names = tuple(plain(cell).strip() for cell in cells)
    keys = [simple(name) for name in names]
    short = [simple(_EXPLANATION.sub("", name)) for name in names]
    told = {simple(name): means for name, means in mapping.items()}
    tool = _tool(keys) or _tool(short)
    if tool and not tool.sign <= set(keys):
        keys = [key if key in told else own for key, own in zip(keys, short, strict=True)]
    fields = [_meaning(key, told, tool) for key in keys]
    if "when" in fields and "time" in fields and "date" not in fields:
        # A day and a time apart, whatever the tool calls the day.
        fields[fields.index("when")] = "date"
    elif "time" in fields and not {"when", "date"} & set(fields):
        fields[fields.index("time")] = "when"
    wrong = [problem.at(where) for problem in _wrong(keys, names, fields, told)]
    wrong += [] if accounts_told else [one.at(where) for one in _no_accounts(keys, fields)]
    return Header(
        fields=tuple(None if one == IGNORE else one for one in fields),
        names=names,
        row=row,
        tool=tool.name if tool else None,
        not_taken=frozenset(
            at for at, key in enumerate(keys) if tool and key in tool.not_taken and key not in told
        ),
        wrong=tuple(wrong),
        order=_order(names, fields),
    )


_DAY_FIRST = re.compile(r"\b(dd?|tt?|jj?)[./-]mm?\b", re.IGNORECASE)
_MONTH_FIRST = re.compile(r"\bmm?[./-](dd?|tt?|jj?)\b", re.IGNORECASE)


def _order(names: Sequence[str], fields: Sequence[str | None]) -> Order | None:
    """Read from a column's own name which of two numbers is the day."""
    for name, means in zip(names, fields, strict=True):
        if means in {"when", "date"} and _DAY_FIRST.search(name):
            return Order.DAY_FIRST
        if means in {"when", "date"} and _MONTH_FIRST.search(name):
            return Order.MONTH_FIRST
    return None


_EXPLANATION = re.compile(r"\(s\)|\s+-\s+.*")
"""What a template writes behind a column's name to explain it."""


def _tool(keys: Sequence[str]) -> Tool | None:
    """Whose table it is. Our own names go first: what has them all is ours."""
    if {"text", "when"} <= set(keys):
        return None
    return next((tool for tool in TOOLS if tool.sign <= set(keys)), None)


def _meaning(key: str, told: Mapping[str, str], tool: Tool | None) -> str | None:
    if key in told:
        means = simple(told[key])
        return IGNORE if means == IGNORE else field_of(means)
    if tool and key in tool.fields:
        return tool.fields[key]
    if tool and key in tool.ignored | tool.not_taken:
        return IGNORE
    if tool and tool.has_networks and _FOREIGN_NETWORK.fullmatch(key):
        return IGNORE
    found = field_of(key)
    return IGNORE if found is None and told.get(REST) == IGNORE and _near(key) is None else found


def wrong_mapping(mapping: Mapping[str, str]) -> Iterator[Refusal]:
    """Say which words of ``--map`` name no field."""
    for column, means in mapping.items():
        if column == REST and simple(means) != IGNORE:
            yield refusal(
                "--map", f"{column}={means}", "all others cannot be one field", f'write "{REST}={IGNORE}"'
            )
        elif simple(means) != IGNORE and field_of(simple(means)) is None:
            near = nearest(means, COLUMNS)
            hint = f'"{near}" was meant? ' if near else ""
            remedy = f"{hint}the fields are {', '.join(COLUMNS)}, text@mastodon, {IGNORE}"
            yield refusal("--map", f"{column}={means}", "no field has this name", remedy)


def _wrong(
    keys: Sequence[str], names: Sequence[str], fields: Sequence[str | None], told: Mapping[str, str]
) -> Iterator[Refusal]:
    """A column nobody reads would be lost in silence."""
    yield from wrong_mapping({key: told[key] for key in keys if key in told})
    for column in told:
        if column not in {*keys, REST}:
            near = nearest(column, keys)
            remedy = f'"{near}" was meant?' if near else f"its columns are {', '.join(filter(None, names))}"
            yield refusal("--map", column, "the file has no such column", remedy)
    meant: dict[str, str | None] = {}
    for at, (key, means) in enumerate(zip(keys, fields, strict=True)):
        if means is None and key and key not in told:
            meant[key] = _near(key)
            yield _unknown(at, key, names[at], meant[key])
    if sum(near is None for near in meant.values()) > 1:
        remedy = f'name those that matter, and pass all others over: --map "{REST}={IGNORE}"'
        yield refusal("header", "", "several columns have names that are not known here", remedy)
    yield from _twice(names, fields)
    yield from _missing(fields, meant)


def _twice(names: Sequence[str], fields: Sequence[str | None]) -> Iterator[Refusal]:
    """Of two columns for one thing, one would be lost in silence."""
    for one in dict.fromkeys(filter(None, fields)):
        those = [at for at, means in enumerate(fields) if means == one]
        if one == IGNORE or len(those) < 2:
            continue
        if len({simple(names[at]) for at in those}) == 1:
            yield refusal("header", one, "this column is there twice", "keep one of them")
            continue
        told = " and ".join(f"{letter(at)} ({names[at]})" for at in those)
        remedy = f'pass one over: --map "{names[those[-1]]}={IGNORE}"'
        yield refusal("header", one, f"columns {told} both say it", remedy)
    if {"when", "date"} <= set(fields):
        when, date = names[fields.index("when")], names[fields.index("date")]
        why = f"columns {letter(fields.index('when'))} ({when}) and {letter(fields.index('date'))} ({date}) both say it"
        yield refusal("header", "when", why, f'pass one over: --map "{date}={IGNORE}"')


def _near(key: str) -> str | None:
    """Find the column that was probably meant: one that its name holds as a word, or one that differs by a slip."""
    return next((one for one in COLUMNS if one in key.split("_")), None) or nearest(key, COLUMNS, alike=0.7)


def _unknown(at: int, key: str, name: str, near: str | None) -> Refusal:
    meant = (
        f'"{near}" was meant? then --map "{name}={near}"' if near else f'say what it is: --map "{name}=FIELD"'
    )
    remedy = f'{meant}; or pass it over: --map "{name}={IGNORE}"'
    if "@" in key:
        remedy = f"the networks are {', '.join(NETWORKS)}"
    return refusal("header", key, f"no column has this name (column {letter(at)})", remedy)


def _missing(fields: Sequence[str | None], meant: Mapping[str, str | None]) -> Iterator[Refusal]:
    has = {*fields, *meant.values()}
    if not has & {"text"} and not any(one and one.startswith("text@") for one in fields):
        yield _needs("text")
    if "when" not in has and "date" not in has:
        yield _needs("when")


def _needs(name: str) -> Refusal:
    remedy = f'add it, or say which one it is: --map "NAME={name}"; a header is {",".join(COLUMNS)}'
    return refusal("header", name, "this column is missing", remedy)


def _no_accounts(keys: Sequence[str], fields: Sequence[str | None]) -> Iterator[Refusal]:
    slips = [key for key, means in zip(keys, fields, strict=True) if means is None]
    if "accounts" not in fields and not any(_near(key) == "accounts" for key in slips if key):
        remedy = "add it, or say for which accounts the file is: --account NAME"
        yield refusal("header", "accounts", "this column is missing", remedy)
