"""Reads the main text of a page as the one entry of a feed, so that a change of the text is a revision. Pure.

For pages that are news when they change: terms, prices, a notice of an authority. The text is what the page has in its
main part, or in the part that somebody names, without its navigation, its programs and times that count by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.common.html_pages import MAX_PAGE_CHARACTERS, PageParser
from services.ingest.inlets.page import LONGEST_TITLE, VOID, PartOfPage
from services.ingest.parse.charset import decode_document
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed, read_feed
from services.ingest.parse.notes import Notes

__all__ = ["TextReader", "parse_page_text"]

#: A page with less text is filled by a program in the browser, or says that it can't be shown.
FEWEST_CHARACTERS = 40
MOST_CHARACTERS = 200_000
#: What stands around the text; a part that somebody names may be in it.
_CHROME = frozenset(("nav", "footer", "aside", "form", "dialog"))
#: What no reader takes for text; times may be "3 minutes ago".
_LEFT_OUT = _CHROME | {"script", "style", "template", "noscript", "button", "select", "time"}
_DEEPEST = 200
_BLOCKS = frozenset(
    ("p", "div", "section", "article", "header", "ul", "ol", "li", "dl", "dt", "dd", "table", "tr", "blockquote", "pre",
     "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "address", "details", "summary", "main", "body")
)  # fmt: skip
_GUID = "text"


def parse_page_text(
    raw: bytes,
    *,
    feed_url: str,
    fetched_url: str,
    content_type: str | None = None,
    publisher: str | None = None,
    speaks_for: tuple[str, ...] = (),
    part: str | None = None,
    fetched_at: datetime | None = None,
) -> ParsedFeed:
    """Return the text of the page ``raw`` as a feed of the channel ``feed_url`` with one item.

    Raises:
        BadInput: ``part`` names no part.
        NotAFeed: it has no text, or no such part.
    """
    notes = Notes()
    reader = TextReader(PartOfPage.parse(part) if part else None)
    reader.feed(decode_document(raw, content_type, notes)[:MAX_PAGE_CHARACTERS])
    reader.close()
    if part and not reader.found_part:
        raise NotAFeed(f"This page has no part {part}.", fix="Look at the page's source, and name another part.")
    text = reader.text()
    if len(text) < FEWEST_CHARACTERS:
        raise NotAFeed(
            "This page has no text without a program in the browser.",
            fix="Watch another page of the site that says the same, or name the part that has the text.",
        )
    title = reader.heading() or reader.page_title() or fetched_url
    entry = RawEntry(guid=_GUID, url=fetched_url, title=title[:LONGEST_TITLE], body=text, language=reader.language)
    page = RawFeed("text of a page", title=reader.page_title(), site_url=fetched_url, entries=(entry,))
    return read_feed(
        page,
        feed_url=feed_url,
        base=fetched_url,
        publisher=publisher,
        speaks_for=speaks_for,
        fetched_at=fetched_at,
        notes=notes,
    )


class TextReader(PageParser):
    """Collects the text of a page by where it stands: in the named part, in ``main``, in articles, anywhere."""

    def __init__(self, part: PartOfPage | None) -> None:
        super().__init__()
        self.found_part = False
        self.language: str | None = None
        self._part = part
        self._inside: dict[str, tuple[str, int]] = {}
        self._texts: dict[str, list[str]] = {"part": [], "main": [], "article": [], "all": []}
        self._sizes = dict.fromkeys(self._texts, 0)
        self._left_out: list[str] = []
        self._names: dict[str, list[str]] = {"title": [], "h1": []}
        self._naming: str | None = None

    def text(self) -> str:
        """Return the text of the best place that has some, in paragraphs."""
        places = ("part",) if self._part is not None else ("main", "article", "all")
        for place in places:
            paragraphs = [" ".join(line.split()) for line in "".join(self._texts[place]).split("\n")]
            text = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
            if len(text) >= FEWEST_CHARACTERS:
                return text
        return ""

    def page_title(self) -> str | None:
        """Return the page's title."""
        return " ".join("".join(self._names["title"]).split()) or None

    def heading(self) -> str | None:
        """Return the page's first heading."""
        return " ".join("".join(self._names["h1"]).split()) or None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = values.get("lang") or None
        if tag in ("main", "article", "body"):
            self._left_out.clear()  # a part of the navigation that nothing closed
        if tag in _LEFT_OUT and len(self._left_out) < _DEEPEST:
            self._left_out.append(tag)
        if tag not in VOID:
            self._enter(tag, values)
        if tag in self._names and not self._names[tag]:
            self._naming = tag
        if tag in _BLOCKS:
            self._add("\n")

    def _enter(self, tag: str, values: Mapping[str, str]) -> None:
        """Note that an element begins that is a place, or within one of the same tag."""
        begins = {"main": tag == "main", "article": tag == "article"}
        begins["part"] = self._part is not None and self._part.fits(tag, values)
        for place, is_it in begins.items():
            inside = self._inside.get(place)
            if inside is not None:
                self._inside[place] = (inside[0], inside[1] + (inside[0] == tag))
            elif is_it:
                self._inside[place] = (tag, 1)
                self.found_part = self.found_part or place == "part"

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._add("\n")
        if tag == self._naming:
            self._naming = None
        if tag in self._left_out:
            del self._left_out[self._left_out.index(tag) :]
        for place, (of, depth) in list(self._inside.items()):
            if of == tag and depth == 1:
                del self._inside[place]
            elif of == tag:
                self._inside[place] = (of, depth - 1)

    def handle_data(self, data: str) -> None:
        if self._naming is not None and len(self._names[self._naming]) < 20:
            self._names[self._naming].append(data)
        if self._naming != "title":
            self._add(data)

    def _add(self, text: str) -> None:
        if self._left_out and ("part" not in self._inside or not _CHROME.issuperset(self._left_out)):
            return
        for place in ("all", *self._inside):
            if self._sizes[place] < MOST_CHARACTERS:
                self._texts[place].append(text)
                self._sizes[place] += len(text)
