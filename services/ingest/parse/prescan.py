"""A quick walk over a feed's XML, before it is parsed in full: is it well-formed, where do its entries end, what are
their guids? Bounds depth and number, and fixes a document that is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat

from services.ingest.parse.errors import NotAFeed

__all__ = ["MAX_ENTRIES", "Survey", "survey"]

#: Real feeds have 10–200 entries; what is beyond this is an archive, and its newest entries stand first.
MAX_ENTRIES = 5_000
#: XHTML in an entry nests some 30 deep; expat itself has no limit.
MAX_DEPTH = 200
_ENTRY = frozenset({"item", "entry"})
_PARENT = frozenset({"channel", "rss", "rdf", "feed"})
_GUID = frozenset({"guid", "id"})
#: expat's codes for a document that ends too early: https://docs.python.org/3/library/pyexpat.html
_CUT_OFF = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )
)
# Security of the pure walk: the caller has removed every DOCTYPE, so that there is nothing to expand.


@dataclass(frozen=True)
class Survey:
    """``complete`` is the document up to its last whole entry, closed properly; None if there is no whole entry.

    ``guids`` are the entries' as written. ``problem`` is expat's, with ``line``; ``cut_off`` tells a missing end
    from an error within. ``more`` says that there are entries beyond :data:`MAX_ENTRIES`.
    """

    guids: tuple[str | None, ...]
    complete: bytes | None
    problem: str | None = None
    line: int = 0
    cut_off: bool = False
    more: bool = False


class _Enough(Exception):
    """As many entries as are wanted were seen."""


class _Walk:
    def __init__(self, document: bytes) -> None:
        self.document = document
        self.path: list[tuple[str, str]] = []
        self.guids: list[str | None] = []
        self.entry_depth = 0
        self.guid: list[str] | None = None
        self.end = 0
        self.closing = b""
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.stop
        self.parser.CharacterDataHandler = self.text

    def start(self, name: str, _attributes: object) -> None:
        local, tag = _names(name)
        depth = len(self.path)
        if depth >= MAX_DEPTH:
            raise NotAFeed(
                f"This XML nests deeper than {MAX_DEPTH} elements: no feed does.", fix="Don't use this address."
            )
        if not self.entry_depth and local in _ENTRY and (depth == 0 or self.path[-1][0] in _PARENT):
            if len(self.guids) == MAX_ENTRIES:
                raise _Enough
            self.entry_depth = depth + 1
            self.guids.append(None)
        elif self.entry_depth and depth == self.entry_depth and local in _GUID and not name.startswith("http://search"):
            self.guid = []
        self.path.append((local, tag))

    def text(self, data: str) -> None:
        if self.guid is not None:
            self.guid.append(data)

    def stop(self, _name: str) -> None:
        depth = len(self.path)
        self.path.pop()
        if self.guid is not None and depth == self.entry_depth + 1:
            self.guids[-1] = "".join(self.guid).strip() or self.guids[-1]
            self.guid = None
        if self.entry_depth and depth == self.entry_depth:
            self.entry_depth = 0
            self.end = self.document.find(b">", self.parser.CurrentByteIndex) + 1
            self.closing = "".join(f"</{tag}>" for _, tag in reversed(self.path)).encode()


def survey(document: bytes) -> Survey:
    """Walk over ``document`` (UTF-8, no DOCTYPE).

    Raises:
        NotAFeed: when it nests deeper than any feed.
    """
    walk = _Walk(document)
    problem, line, code, more = None, 0, None, False
    try:
        walk.parser.Parse(document, True)
    except _Enough:
        more = True
    except expat.ExpatError as error:
        problem, line, code = expat.ErrorString(error.code), error.lineno, error.code
    whole = len(walk.guids) - (1 if walk.entry_depth else 0)
    complete = document[: walk.end] + walk.closing if walk.end else None
    return Survey(tuple(walk.guids[:whole]), complete, problem, line, code in _CUT_OFF, more)


def _names(name: str) -> tuple[str, str]:
    """From expat's "namespace local prefix" the local name, lower-case, and the tag as written."""
    parts = name.split(" ")
    local = parts[1] if len(parts) > 1 else parts[0]
    return local.lower(), f"{parts[2]}:{local}" if len(parts) > 2 else local
