"""Whether a post that was seen says what was to be said.

A network shows a text in its own way: it replaces links by its own short ones and tells where they lead, it puts
names before a reply, it cuts what is long. ``Said`` is such a text as the network told it, in pieces. ``compare``
answers with one of three grades and never with two: a text that agrees only after something was taken away from both
is ``UNCLEAR``, which is neither proof that it is ours nor that it is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urlsplit


class Grade(IntEnum):
    """How far two things agree. The order is the order of agreement."""

    OTHER = 0
    """They differ."""
    UNCLEAR = 1
    """They cannot be told apart, and are not known to be the same."""
    SAME = 2
    """They are the same."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link within a text."""

    leads_to: str | None
    """The address it leads to, as the network tells it; ``None`` when it does not tell."""
    shown: str = ""
    """The words that stand for it, where only those are known; ``…`` at the end says that they are cut."""
    short: str = field(default="", compare=False)
    """The network's own address for it. The author may have typed that very address."""
    also: str | None = field(default=None, compare=False)
    """Where it leads under another name of the same host, where the network has used several."""


Piece = str | Link


@dataclass(frozen=True, slots=True)
class Said:
    """What a post says, as its network told or painted it."""

    pieces: tuple[Piece, ...]
    lead: str = ""
    """Names that the network itself put before a reply, and that are not among the pieces."""
    otherwise: tuple[Piece, ...] = ()
    """How it would read if the network had escaped it, where it is not certain that it did not."""
    guessed: bool = False
    """Whether it is a guess where the names end and the text begins."""
    cut: bool = False
    """Whether the network gave only the beginning."""
    painted: bool = False
    """Whether it was read from what a page paints: emoji without their variants, white space as it falls."""

    @property
    def text(self) -> str:
        """The whole in one line of text, for people and for logs."""
        return "".join(_shown(piece) for piece in self.pieces)


def plain(text: str) -> Said:
    """Give a text that holds no link of the network's own."""
    return Said((text,))


def canonical(text: str) -> str:
    """Bring a text to the form in which it is stored: composed (NFC), line feeds only, without white space around it.

    Nothing that a reader could see is lost: two texts with the same canonical form are the same text.
    """
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def compare(ours: str, theirs: Said) -> Grade:
    """Say whether a post says what we wanted said."""
    best = _best(ours, theirs, [theirs.pieces])
    if best is Grade.SAME and not theirs.guessed:
        return best
    # Whether the author typed a name that the network puts there anyway, or what it escaped, it does not say.
    others = [theirs.otherwise] if theirs.otherwise else []
    others += [(theirs.lead[at:], *theirs.pieces) for at in _names(theirs.lead)]
    if best is not Grade.OTHER or (others and _best(ours, theirs, others) is not Grade.OTHER):
        return Grade.UNCLEAR
    readings = (theirs.pieces, *others)
    return Grade.UNCLEAR if any(_is_near(ours, theirs, one) for one in readings) else Grade.OTHER


def _names(lead: str) -> list[int]:
    """Say where each of the names begins that a network put before a reply: the author may have typed the last ones."""
    return [match.start() for match in re.finditer(r"\S+", lead)][:MOST_NAMES]


MOST_NAMES = 60
"""How many names are told apart. X puts fifty before a reply at most."""


def _best(ours: str, theirs: Said, readings: Iterable[tuple[Piece, ...]]) -> Grade:
    even = _evened(ours, painted=theirs.painted).strip()
    return max(
        (_aligned(even, _trimmed(pieces, theirs.painted, theirs.cut), cut=theirs.cut) for pieces in readings),
        default=Grade.OTHER,
    )


# --- the readings of what was seen


def _trimmed(pieces: tuple[Piece, ...], painted: bool, cut: bool) -> tuple[Piece, ...]:
    """Join neighbouring words, bring them to the form ours has, and take the white space from both ends."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    even = [_evened(piece, painted=painted) if isinstance(piece, str) else piece for piece in joined]
    if even and isinstance(even[0], str):
        even[0] = even[0].lstrip()
    if even and isinstance(even[-1], str):
        last = even[-1].rstrip()
        even[-1] = last.removesuffix("…").rstrip() if cut else last
    return tuple(piece for piece in even if piece != "")


def _evened(text: str, *, painted: bool) -> str:
    even = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SPACE.sub(" ", _INVISIBLE.sub("", even)) if painted else even


_INVISIBLE = re.compile(
    "[\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH SPACE}"
    "\N{WORD JOINER}\N{ZERO WIDTH NO-BREAK SPACE}]"
)
"""What a page may drop when it paints a text."""

_SPACE = re.compile(r"\s+")


# --- piece by piece


def _aligned(text: str, pieces: tuple[Piece, ...], *, cut: bool) -> Grade:
    """Lay the pieces along the text, one after the other, and say how well they lie.

    Every place where a piece can begin is followed once, with the best grade that leads there. A text made to have
    too many of them is not told apart.
    """
    begun: dict[int, Grade] = {0: Grade.SAME}
    left = [MOST_TRIED]
    for n, piece in enumerate(pieces):
        begun = _laid(text, begun, piece, pieces[n + 1 :][:1], cut=cut, left=left)
        if left[0] < 0:
            return Grade.UNCLEAR
    if cut:
        return min(Grade.UNCLEAR, max(begun.values(), default=Grade.OTHER))
    return begun.get(len(text), Grade.OTHER)


MOST_TRIED = 20_000
"""How many ways of laying a link along a text are tried. A post of a thousand links needs some two thousand."""


def _laid(
    text: str,
    begun: Mapping[int, Grade],
    piece: Piece,
    following: tuple[Piece, ...],
    *,
    cut: bool,
    left: list[int],
) -> dict[int, Grade]:
    """Lay one piece wherever it can begin: where it ends, and how well it lies."""
    if isinstance(piece, str):
        return {at + len(piece): grade for at, grade in begun.items() if text.startswith(piece, at)}
    ended: dict[int, Grade] = {}
    for at, grade in begun.items():
        for end in _ends(text, at, following, cut=cut):
            left[0] -= 1 + (end - at) // LONG
            if left[0] < 0:
                return {}
            here = min(grade, _same_link(text[at:end], piece))
            if here > ended.get(end, Grade.OTHER):
                ended[end] = here
    return ended


LONG = 100
"""Comparing a link of so many characters counts as one way more."""

_RUN = re.compile(r"\S{1,4096}")


def _ends(text: str, at: int, following: tuple[Piece, ...], *, cut: bool) -> Iterator[int]:
    """Give every place where a link that begins here can end, the longest first."""
    run = _RUN.match(text, at)
    if run is None:
        return
    after = following[0] if following else None
    if after is None and not cut:
        if run.end() == len(text):
            yield run.end()
        return
    for end in range(run.end(), at, -1):
        if not isinstance(after, str) or text.startswith(after, end):
            yield end


# --- links


def _same_link(typed: str, link: Link) -> Grade:
    if link.short and typed == link.short:
        return Grade.SAME
    if link.leads_to is None:
        return _like_shown(typed, link.shown)
    if typed == link.leads_to:
        return Grade.SAME
    best = max(_same_address(typed, link.leads_to), _like_short(typed, link.short))
    renamed = _same_address(typed, link.also) if link.also else Grade.OTHER
    # Where the words of a link are told with its scheme, they are what was typed, to its last sign.
    is_less = not _has_scheme(typed) or typed.endswith("/") != link.shown.endswith("/")
    if _has_scheme(link.shown) and is_less:
        best = min(best, Grade.UNCLEAR)
    return max(best, min(renamed, Grade.UNCLEAR))


def _like_short(typed: str, short: str) -> Grade:
    """Hold a typed address against the network's own for the link, which the author may have typed."""
    bare = _SCHEME.sub("", typed).casefold()
    return Grade.UNCLEAR if short and bare == _SCHEME.sub("", short).casefold() else Grade.OTHER


def _same_address(typed: str, leads_to: str) -> Grade:
    theirs = _address(leads_to)
    # Without a scheme it leads where the network sends it; a port is the default one of that scheme.
    ours = _address(typed if theirs is None or _has_scheme(typed) else f"{theirs[0]}://{typed}")
    if ours is None or theirs is None:
        return min(_like_shown(typed, leads_to), Grade.UNCLEAR)
    if _DEVIANT.search(typed):
        # Two standards name these hosts differently (IDNA 2003 and 2008), and which one holds is not told; and a full
        # stop of another script may be a dot of the name, or the sentence's.
        return Grade.UNCLEAR if _but_host(ours) == _but_host(theirs) else Grade.OTHER
    if ours == theirs:
        # A mark at the end that leads nowhere else may be the sentence's own, and then it is not part of the link.
        return Grade.UNCLEAR if typed[-1] in "?#" and typed[-1] != leads_to[-1] else Grade.SAME
    return Grade.UNCLEAR if _nearly(ours) == _nearly(theirs) or _lost_query(ours, theirs) else Grade.OTHER


_DEVIANT = re.compile(
    "[ßẞς\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
    "\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH FULL STOP}\N{HALFWIDTH IDEOGRAPHIC FULL STOP}]"
)


def _like_shown(typed: str, shown: str) -> Grade:
    """Hold a typed address against the words that a page paints for it."""
    if not _DOTTED.search(typed):
        return Grade.OTHER
    if not shown:
        return Grade.UNCLEAR
    bare = _BARE.sub("", typed).casefold()
    words = _BARE.sub("", shown).casefold()
    if words.endswith("…"):
        return Grade.UNCLEAR if bare.startswith(words.removesuffix("…")) else Grade.OTHER
    if bare == words:
        return Grade.SAME
    return Grade.UNCLEAR if bare.rstrip("/") == words.rstrip("/") else Grade.OTHER


_DOTTED = re.compile(r"\w\.\w")
_BARE = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


def _has_scheme(typed: str) -> bool:
    return _SCHEME.match(typed) is not None


Address = tuple[str, str, str, str, str, str]
"""Scheme; host; who and which port, as far as they are named; path; query; fragment."""


def _address(typed: str) -> Address | None:
    """Split an address, in the normal form of RFC 3986 (6.2.2 and 6.2.3): case of scheme and host, percent-encoding,
    an empty path, a port that is the scheme's own. ``None`` when it is no address.
    """
    try:
        parts = urlsplit(typed if _has_scheme(typed) else f"http://{typed}")
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), _host(parts)
    if not host:
        return None
    user = parts.netloc.rpartition("@")[0]
    named = f"{user}@:{'' if port in {None, _PORTS.get(scheme)} else port}"
    return (scheme, host, named, _encoded(parts.path or "/"), _encoded(parts.query), _encoded(parts.fragment))


def _host(parts: SplitResult) -> str:
    host = unicodedata.normalize("NFC", unquote(parts.hostname or ""))
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _encoded(part: str) -> str:
    """Bring percent-encoding to one form, without decoding what has a meaning of its own (``%2F``, ``%3F`` ...)."""
    return _PERCENT.sub(_one_form, quote(part, safe="%/?#[]@!$&'()*+,;=:-._~", errors="surrogatepass"))


_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")


def _one_form(match: re.Match[str]) -> str:
    return "".join(
        unquote(code) if _UNRESERVED.fullmatch(unquote(code)) else code.upper()
        for code in re.findall(r"%..", match[0])
    )


def _but_host(address: Address) -> tuple[str, ...]:
    named, _, *rest = _nearly(address)
    return (named, *rest)


def _nearly(address: Address) -> tuple[str, ...]:
    """Reduce an address to what survives a network that tidies addresses. Equal here, they are not told apart."""
    _, host, named, path, *rest = address
    folded = (
        _LETTERS.sub(lambda found: unquote(found[0]), one).casefold() for one in (path.rstrip("/"), *rest)
    )
    return (named, host.removeprefix("www.").rstrip("."), *folded)


_LETTERS = re.compile(r"(?:%[89A-F][0-9A-F])+")
"""Letters of other scripts, encoded: their case is not seen."""


def _lost_query(ours: Address, theirs: Address) -> bool:
    """Whether theirs is ours without its query or fragment: some networks drop what follows people around."""
    return _nearly(ours)[:3] == _nearly(theirs)[:3] and theirs[4:] == ("", "")


# --- what is equal only when both lose something


REMEMBERED = 4096
"""Of so many texts the reduced forms are kept: every post that a look shows is held against every one it looks for."""


def _is_near(ours: str, theirs: Said, pieces: tuple[Piece, ...]) -> bool:
    """Whether the two agree once both are reduced: to all their signs in a row, or word by word and link by link."""
    if _loose(ours) == _loose_reading(pieces, theirs.painted, theirs.cut):
        return True
    trimmed = _trimmed(pieces, theirs.painted, theirs.cut)
    smooth = tuple(_smooth(one) if isinstance(one, str) else one for one in trimmed)
    even = _trimmed(smooth, theirs.painted, cut=False)
    return _aligned(_smooth(ours).strip(), even, cut=theirs.cut) is not Grade.OTHER


@lru_cache(maxsize=REMEMBERED)
def _smooth(text: str) -> str:
    """Reduce a text to words in one case, with nothing unseen and one space between them."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return _SPACE.sub(
        " ", "".join(one for one in folded if one.isspace() or unicodedata.category(one) not in _UNSEEN)
    )


@lru_cache(maxsize=REMEMBERED)
def _loose_reading(pieces: tuple[Piece, ...], painted: bool, cut: bool) -> str:
    # A link's short address takes no part in its equality, and none in what is shown of it.
    return _loose("".join(map(_shown, _trimmed(pieces, painted, cut))))


@lru_cache(maxsize=REMEMBERED)
def _loose(text: str) -> str:
    """Reduce a text to its letters, digits and signs: what is equal here is not told apart, and not the same."""
    return _smooth(_SCHEME_ANYWHERE.sub("", text)).casefold().replace(" ", "")


_SCHEME_ANYWHERE = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Mn", "Me"})


def _shown(piece: Piece) -> str:
    return piece if isinstance(piece, str) else (piece.leads_to or piece.shown)
