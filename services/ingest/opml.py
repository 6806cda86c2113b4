"""Reads and writes OPML, the list format that feed readers exchange. Nested outlines become groups."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.saxutils import quoteattr
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from schemas.base import content_id
from schemas.feeds import Feed
from services.common.addresses import redact_url
from services.common.errors import BadInput
from services.ingest.fetch.credentials import Credential, without_user
from services.ingest.identity.inlet_addresses import is_inlet_url

__all__ = ["OpmlList", "OpmlProblem", "feed_id", "read_opml", "write_opml"]

MAX_BYTES = 2_000_000
_SCHEMES = ("http://", "https://", "file:")
_LONE_AMPERSAND = re.compile(rb"&(?!#?\w{1,10};)")
#: A description, which is not needed, and in which some programs leave raw HTML: up to a quotation mark that can end an
#: attribute.
_DESCRIPTION = re.compile(
    rb'\sdescription\s*=\s*".{0,4000}?"'
    rb'(?=\s+(?:text|title|type|xmlUrl|htmlUrl|url|language|version|category|created)\s*=\s*"'
    rb"|\s*/?>\s*(?:</?(?:outline|body)\b|$))",
    re.DOTALL | re.IGNORECASE,
)
#: Characters that XML 1.0 does not allow.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class OpmlProblem:
    """An entry that could not be read: its line and the reason."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class OpmlList:
    """The feeds of a list in order, without duplicates, and the entries that could not be read.

    ``credentials`` has users and passwords that stood in addresses, by the feed's id.
    """

    title: str | None
    feeds: tuple[Feed, ...]
    problems: tuple[OpmlProblem, ...]
    credentials: Mapping[str, Credential] = field(default_factory=dict)


def feed_id(url: str) -> str:
    """Return the id of the feed at ``url``."""
    return content_id("feed", url)


def read_opml(raw: bytes, name: str = "the list") -> OpmlList:
    """Read OPML 1.0 or 2.0. The folders above a feed become its group: ``News/Asia``.

    Lone ampersands and raw HTML in descriptions, which common programs write, are repaired. A list that is cut off is
    read up to that point, and a problem is added.

    Raises:
        BadInput: ``raw`` is not OPML, or contains XML entities. The message calls the list ``name``.
    """
    if len(raw) > MAX_BYTES:
        raise BadInput(f"{name} has {len(raw) / 1e6:.0f} MB; the limit for feed lists is 2 MB.", fix="Split the list.")
    handler = _Outlines()
    broken = _parse(raw, handler, name)
    fixed = _LONE_AMPERSAND.sub(b"&amp;", _DESCRIPTION.sub(_line_breaks, raw)) if broken is not None else raw
    if fixed != raw:
        handler = _Outlines()
        broken = _parse(fixed, handler, name)
    if not handler.is_opml:
        raise BadInput(
            f"{name} is not an OPML list{f' ({broken.text}, line {broken.line})' if broken else ''}.",
            fix="Export the list from your feed reader as OPML, or add a single feed by its address.",
        )
    if broken is not None:
        handler.problems.append(OpmlProblem(broken.line, f"{broken.text}; the rest of the list could not be read"))
    return OpmlList(handler.title, tuple(handler.feeds.values()), tuple(handler.problems), handler.credentials)


def write_opml(feeds: Iterable[Feed], title: str = "Firstword") -> bytes:
    """Write ``feeds`` as OPML 2.0, groups in the order of their first feed. The same feeds give the same bytes."""
    out = io.StringIO()
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n')
    out.write(f"  <head><title>{_attribute(title)[1:-1]}</title></head>\n  <body>\n")
    tree = _Folder()
    for feed in feeds:
        folder = tree
        for step in (feed.group or "").split("/"):
            folder = folder.folders.setdefault(step, _Folder()) if step else folder
        folder.feeds.append(feed)
    _write_folder(out, tree, "    ")
    out.write("  </body>\n</opml>\n")
    return out.getvalue().encode()


def _line_breaks(match: re.Match[bytes]) -> bytes:
    return b"\n" * match[0].count(b"\n")


@dataclass
class _Folder:
    feeds: list[Feed] = field(default_factory=list)
    folders: dict[str, _Folder] = field(default_factory=dict)


def _write_folder(out: io.StringIO, folder: _Folder, indent: str) -> None:
    for feed in folder.feeds:
        name = feed.title or feed.url
        out.write(f'{indent}<outline type="rss" text={_attribute(name)} xmlUrl={_attribute(feed.url)}')
        for attribute, value in (("title", feed.title), ("htmlUrl", feed.site_url), ("publisher", feed.publisher)):
            if value:
                out.write(f" {attribute}={_attribute(value)}")
        if feed.full_text:
            out.write(' fullText="true"')
        out.write("/>\n")
    for name, inner in folder.folders.items():
        out.write(f"{indent}<outline text={_attribute(name)}>\n")
        _write_folder(out, inner, indent + "  ")
        out.write(f"{indent}</outline>\n")


def _attribute(text: str) -> str:
    return quoteattr(_UNWRITABLE.sub("", text), {'"': "&quot;"})


def _parse(raw: bytes, handler: _Outlines, name: str) -> OpmlProblem | None:
    """Parse into ``handler``; return the first XML error, if there is one."""
    parser: Any = make_parser()
    parser.setContentHandler(handler)
    try:
        parser.parse(io.BytesIO(raw))
    except DefusedXmlException as error:
        raise BadInput(
            f"{name} defines XML entities, which feed lists don't need and attacks use ({type(error).__name__}).",
            fix="Remove its <!DOCTYPE …> block.",
        ) from error
    except SAXParseException as error:
        return OpmlProblem(error.getLineNumber() or 0, f"the XML is broken here: {error.getMessage()}")
    return None


class _Outlines(ContentHandler):
    """Collects the feeds with their folders, and problems with their lines."""

    def __init__(self) -> None:
        super().__init__()
        self.is_opml = False
        self.title: str | None = None
        self.feeds: dict[str, Feed] = {}
        self.credentials: dict[str, Credential] = {}
        self.problems: list[OpmlProblem] = []
        self._folders: list[str | None] = []
        self._in_title: list[str] | None = None
        self._locator: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802 - SAX's name
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's name
        tag = name.lower()
        if tag == "opml":
            self.is_opml = True
        elif tag == "title" and self.title is None:
            self._in_title = []
        elif tag == "outline":
            self._outline({key.lower(): str(attrs[key]).strip() for key in attrs.keys()})  # noqa: SIM118 - no mapping

    def characters(self, content: str) -> None:
        if self._in_title is not None:
            self._in_title.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        tag = name.lower()
        if tag == "outline" and self._folders:
            self._folders.pop()
        elif tag == "title" and self._in_title is not None:
            self.title = " ".join("".join(self._in_title).split()) or None
            self._in_title = None

    def _outline(self, attributes: dict[str, str]) -> None:
        title = attributes.get("title") or attributes.get("text") or None
        url = attributes.get("xmlurl") or (attributes.get("url", "") if attributes.get("type") == "rss" else "")
        if url:
            self._folders.append(None)
            self._feed(url, title, attributes)
            return
        # A slash would look like another level.
        self._folders.append((title or "").replace("/", "∕") or None)
        if attributes.get("type", "").lower() in ("rss", "atom") or attributes.get("htmlurl"):
            advice = "; 'firstword feeds add' finds that of its page (htmlUrl)" if attributes.get("htmlurl") else ""
            self._problem(f"{title or 'an entry without a name'!r} has no feed address (xmlUrl){advice}")

    def _feed(self, url: str, title: str | None, attributes: dict[str, str]) -> None:
        url = re.sub(r"^feed:(//)?(?=https?:)", "", url)
        url = re.sub(r"^feed:(?=//)", "http:", url)
        if not url.lower().startswith(_SCHEMES):
            self._problem(f"{title or url!r} has an address that is not a web address: {redact_url(url)!r}")
            return
        if is_inlet_url(url):
            self._problem(f"{title or url!r} is an inlet of another installation, not a feed")
            return
        try:
            url, credential = without_user(url)
        except BadInput as refused:
            self._problem(f"{title or redact_url(url)!r}: {refused.message}")
            return
        if credential is not None and not url.startswith("https:"):
            self._problem(f"{title or url!r} has a password in its address, which is not encrypted (http)")
            return
        if url in self.feeds:
            self._problem(f"{title or url!r} repeats the address {url!r}; it is added once")
            return
        self.feeds[url] = Feed(
            id=feed_id(url),
            url=url,
            title=title,
            publisher=attributes.get("publisher") or None,
            group="/".join(step for step in self._folders if step) or None,
            site_url=attributes.get("htmlurl") or None,
            full_text=attributes.get("fulltext", "").lower() == "true" and url.lower().startswith("http"),
        )
        if credential is not None:
            self.credentials[feed_id(url)] = credential

    def _problem(self, text: str) -> None:
        line = self._locator.getLineNumber() if self._locator is not None else None
        self.problems.append(OpmlProblem(line or 0, text))
