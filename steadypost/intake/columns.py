"""Which column of a table says what: our own names, those of other tools (``other_tools``), and what ``--map`` says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from steadypost.intake.column_words import field_called
from steadypost.intake.dates import Order
from steadypost.intake.other_tools import IGNORE, NEXT_PART, TOOLS, Tool
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

REST = "*"
"""What ``--map`` calls the columns that say nothing here: ``*=ignore``. A slip of a known name is not among them."""

MORE = ("date", "time", "link", "alt", "state", "why")
"""What a table may have beside a post's fields: a date and a time apart, a link to add to the text, what its images
show, whether it went out already, and the reason that a file of refused rows gives.
"""

_ALIASES = {"twitter": "x", "bsky": "bluesky"}


_FOREIGN_NETWORK = re.compile(
    r"(facebook|linkedin|gbp|google|instagram|pinterest|tiktok|youtube|threads|twitch)(_.*)?"
)
"""Columns for networks that are none here, in a table with columns for each network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the columns of a table mean."""

    fields: tuple[str | None, ...]
    """By column; ``None`` is passed over."""
    names: tuple[str, ...] = ()
    """As the table has them."""
    row: int = 0
    tool: str | None = None
    next_part: re.Pattern[str] = NEXT_PART
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
    elif {"when", "date"} <= set(fields) and "time" not in fields:
        at = fields.index("when")
        fields[at] = "time" if keys[at] not in told and _NAMES_A_TIME.fullmatch(short[at]) else "when"
    elif "time" in fields and not {"when", "date"} & set(fields):
        fields[fields.index("time")] = "when"
    wrong = [problem.at(where) for problem in _wrong(keys, names, fields, told)]
    wrong += [] if accounts_told else [one.at(where) for one in _no_accounts(keys, fields)]
    return Header(
        fields=tuple(None if one == IGNORE else one for one in fields),
        names=names,
        row=row,
        tool=tool.name if tool else None,
        next_part=tool.next_part if tool else NEXT_PART,
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


_NAMES_A_TIME = re.compile(r"(?!.*date)(.*_)?time")
"""Beside a day: ``Posting Time``, which by itself is a moment."""

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
