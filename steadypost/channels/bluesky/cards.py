"""The preview of a link: title, description and picture, read before the ask. Without one in time the post goes alone."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from itertools import islice
from typing import Final
from urllib.parse import urljoin, urlsplit

from steadypost.channels.bluesky.fetching import Fetched, Fetcher, NotFetched
from steadypost.channels.pictures import Prepared, Unusable, prepare

logger = logging.getLogger(__name__)

WITHIN: Final = timedelta(seconds=8)
"""How long all previews of one delivery may take together."""

MOST_PAGE: Final = 1_000_000
"""Bytes read of a page. What a preview needs stands at its beginning."""

MOST_PICTURE: Final = 8_000_000
LARGEST_THUMB: Final = 1_000_000
"""What the network takes."""

LONGEST_TITLE: Final = 300
LONGEST_DESCRIPTION: Final = 1_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What a page says of itself."""

    uri: str
    title: str
    description: str
    thumb: Prepared | None


def previews(
    links: Sequence[str], fetcher: Fetcher, within: timedelta = WITHIN, largest: int = LARGEST_THUMB
) -> Mapping[str, Preview]:
    """Read the pages behind these links at once; those that could not be read in time are not among the answers."""
    deadline = time.monotonic() + within.total_seconds()
    wanted = list(dict.fromkeys(links))
    found: dict[str, Preview] = {}
    threads = [_started(link, lambda one: preview(one, fetcher, deadline, largest), found) for link in wanted]
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    # A copy: a page that comes later must not change what was answered.
    return dict(found)


def _started(
    link: str, read: Callable[[str], Iterator[Preview]], found: dict[str, Preview]
) -> threading.Thread:
    """Read one page in a thread that need not be waited for: resolving a name cannot be interrupted."""

    def run() -> None:
        try:
            for better in read(link):
                found[link] = better
        except (NotFetched, Unusable) as reason:
            logger.info("no preview of a link: %s", reason)
        except Exception:
            # Whatever a stranger's page breaks, the post goes out.
            logger.exception("no preview of a link")

    thread = threading.Thread(target=run, name="bluesky preview", daemon=True)
    thread.start()
    return thread


def preview(link: str, fetcher: Fetcher, deadline: float, largest: int = LARGEST_THUMB) -> Iterator[Preview]:
    """Read what a page says of itself, and then the same with its picture; raise ``NotFetched``.

    A picture that comes too late does not take the words with it.
    """
    page = fetcher.fetch(link, most=MOST_PAGE, deadline=deadline)
    if page.kind not in {"text/html", "application/xhtml+xml"}:
        raise NotFetched(f"it is {page.kind or 'of no kind'}, not a page")
    head = _read_head(page)
    title = head.best("og:title", "twitter:title", "title")[:LONGEST_TITLE].strip()
    if not title:
        raise NotFetched("the page has no title")
    said = head.best("og:description", "twitter:description", "description")[:LONGEST_DESCRIPTION].strip()
    yield Preview(link, title, said, None)
    if (thumb := _thumb(head, page.url, fetcher, deadline, largest)) is not None:
        yield Preview(link, title, said, thumb)


def _thumb(head: _Head, base: str, fetcher: Fetcher, deadline: float, largest: int) -> Prepared | None:
    address = head.best("og:image:secure_url", "og:image:url", "og:image", "twitter:image")
    if not address:
        return None
    try:
        found = fetcher.fetch(urljoin(base, address), most=MOST_PICTURE, deadline=deadline)
        return prepare(found.content, largest)
    except (NotFetched, Unusable, ValueError) as reason:
        logger.info("no picture for the preview of %s: %s", urlsplit(base).hostname, reason)
        return None


def _read_head(page: Fetched) -> _Head:
    head = _Head()
    try:
        text = page.content.decode(page.charset or "utf-8", "replace")
    except LookupError:
        text = page.content.decode("utf-8", "replace")
    for tag in islice(_TAGS.finditer(_without_scripts(text)), MOST_TAGS):
        head.feed(tag[0])
        head.close()
        head.reset()
    return head


_TAGS: Final = re.compile(r"<(?:meta\b[^<]{1,8192}>|title\b[^<]{0,4096}</title>)", re.IGNORECASE)
"""What a head says of its page. The parser sees nothing else: over a page that is all ``<!--`` it takes minutes."""

MOST_TAGS: Final = 500

_SILENT: Final = {
    "<!--": re.compile("-->"),
    "<script": re.compile("</script", re.IGNORECASE),
    "<style": re.compile("</style", re.IGNORECASE),
}
"""How what is not shown begins and ends."""

_SILENT_BEGINS: Final = re.compile("|".join(_SILENT), re.IGNORECASE)


def _without_scripts(page: str) -> str:
    """Leave comments, scripts and styles out, in one pass: what does not end goes on to the page's end."""
    kept, at = [], 0
    while (begins := _SILENT_BEGINS.search(page, at)) is not None:
        kept.append(page[at : begins.start()])
        ends = _SILENT[begins[0].lower()].search(page, begins.end())
        if ends is None:
            return "".join(kept)
        at = ends.end()
    return "".join([*kept, page[at:]])


class _Head(HTMLParser):
    """What the head of a page says of it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._said: dict[str, str] = {}
        self._title = ""
        self._in_title = False

    def best(self, *names: str) -> str:
        """Give the first of these that the page says, in one line."""
        return next((self._said[name] for name in names if self._said.get(name)), "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a ``meta`` says, and that the title begins."""
        if tag == "title":
            self._in_title = not self._title
        if tag == "meta":
            said = {name: value or "" for name, value in attrs}
            name = (said.get("property") or said.get("name") or "").lower()
            self._said.setdefault(name, " ".join(said.get("content", "").split()))

    def handle_endtag(self, tag: str) -> None:
        """Note that the title ends."""
        if tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        """Note the title."""
        if self._in_title:
            self._title += data
            self._said["title"] = " ".join(self._title.split())
