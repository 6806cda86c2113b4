"""Recognizes from the beginning of a document whether it is a feed, and if not, what it is instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.notes import Notes

__all__ = ["Prolog", "find_start", "parse_prolog", "refuse_root"]

#: The start of a feed after stray output, such as a warning of the program that generated it.
_START = re.compile(r"<\?xml\s|<rss[\s>]|<rdf:RDF[\s>]|<feed[\s>]", re.I)
_START_WITHIN = 4_096
_ROOT = re.compile(r"<([^\s<>/!?\"'=&]{1,100})")
_BLANK = re.compile(r"\s*")
_DOCTYPE_TOKEN = re.compile(r"[\"'\[\]>]|<!--")
#: A feed's DOCTYPE is one line; a longer one than this is made to exhaust the parser.
_MAX_DOCTYPE = 65_536
FEED_ROOTS = frozenset({"rss", "rdf", "feed", "entry", "channel"})
_PAGE_FIX = (
    "Open the address in a browser. If you see the page you want, pass its address to `firstword feeds add`, which "
    "looks for its feed. If you see an error or a login, the feed has moved or is closed."
)
#: Other documents that people mistake for feeds: root element → (description, fix).
_OTHERS = {
    "opml": ("an OPML list of feeds", "Import it with `firstword feeds import`."),
    "urlset": ("a sitemap", "Look on the site for an RSS or Atom feed."),
    "sitemapindex": ("a list of sitemaps", "Look on the site for an RSS or Atom feed."),
    "svg": ("an SVG picture", "Give the address of an RSS, Atom or JSON feed."),
    "error": ("an XML error message", "Open the address in a browser to read it; the feed may have moved."),
}


@dataclass(frozen=True)
class Prolog:
    """The part before the root element. ``root`` is None if the document ends before it."""

    root: str | None
    root_at: int
    doctype: str = ""


def find_start(text: str, notes: Notes) -> str:
    """Return ``text`` from the start of the feed, which is ``{`` for JSON and ``<`` for XML.

    Raises:
        NotAFeed: there is no start of a feed near the beginning.
    """
    if text[:1] in ("<", "{", "["):
        return text
    start = _START.search(text[:_START_WITHIN])
    if start:
        notes.add(f"Characters before the feed were skipped: {start.start()}")
        return text[start.start() :]
    raise NotAFeed("This is plain text, not a feed.", fix="Give the address of an RSS, Atom or JSON feed.")


def parse_prolog(text: str) -> Prolog:
    """Parse processing instructions, comments and the DOCTYPE up to the root element, in linear time.

    Raises:
        NotAFeed: the DOCTYPE is longer than that of any feed.
    """
    at, doctype = 0, ""
    while True:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        if text.startswith("<?", at):
            end = text.find("?>", at)
        elif text.startswith("<!--", at):
            end = text.find("-->", at)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = _doctype_end(text, at)
            doctype = text[at : end + 1]
        else:
            break
        if end < 0:
            return Prolog(None, len(text), doctype)
        at = text.find(">", end) + 1
    root = _ROOT.match(text, at)
    return Prolog(root[1] if root else None, at, doctype)


def _doctype_end(text: str, at: int) -> int:
    """Return the position of the ``>`` that ends the DOCTYPE at ``at``; -1 if the text ends first."""
    depth, stop = 0, at + _MAX_DOCTYPE
    position = at
    while token := _DOCTYPE_TOKEN.search(text, position, stop):
        mark, position = token[0], token.end()
        if mark in "\"'<!--":
            close = "-->" if mark == "<!--" else mark
            position = text.find(close, position, stop) + len(close)
            if position < token.end():
                break
        elif mark == ">":
            if depth <= 0:
                return token.start()
        else:
            depth += 1 if mark == "[" else -1
    if len(text) > stop:
        raise NotAFeed(
            "This XML has a document type of more than 64 KB, which no feed needs (an XML bomb).",
            fix="Remove this feed, or ask the publisher for another address.",
        )
    return -1


def refuse_root(root: str | None, doctype: str) -> None:
    """Raise if ``root`` is not the root element of a feed. The message quotes nothing: the document may be a secret.

    Raises:
        NotAFeed: the message says what the document is instead.
    """
    local = (root or "").rpartition(":")[2].lower()
    if local in FEED_ROOTS:
        return
    if local in ("html", "head", "body") or doctype[9:20].strip().lower().startswith("html"):
        raise NotAFeed("This is an HTML page, not a feed.", fix=_PAGE_FIX)
    if root is None:
        raise NotAFeed(
            "This document ends before any content: it is cut off or not XML.",
            fix="Try again later; if this continues, tell the publisher or remove the feed.",
        )
    description, fix = _OTHERS.get(local, ("an XML document of another sort", "Give the address of a feed."))
    raise NotAFeed(f"This is {description}, not a feed.", fix=fix)
