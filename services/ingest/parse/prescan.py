"""Scans a feed's XML before it is parsed in full: checks that it is well-formed, collects the guids, bounds depth and
number of entries, and repairs a document that is cut off."""

from __future__ import annotations

from dataclasses import dataclass
from xml.parsers import expat

from services.ingest.parse.errors import NotAFeed

__all__ = ["MAX_DEPTH", "MAX_ENTRIES", "Prescan", "prescan"]

#: Real feeds have 10–200 entries; a longer one is an archive, and its newest entries come first.
MAX_ENTRIES = 5_000
#: XHTML in an entry nests about 30 deep. expat itself has no limit, but feedparser takes quadratic time in the depth.
MAX_DEPTH = 200
#: feedparser takes quadratic time in the elements of an entry and in the namespaces that are declared.
MAX_FIELDS, MAX_DECLARATIONS = 3_000, 1_000
_DO_NOT_USE = "Remove this feed, or ask the publisher for another address."
_ENTRY = frozenset({"item", "entry"})
_PARENT = frozenset({"channel", "rss", "rdf", "feed"})
_GUID = frozenset({"guid", "id"})
#: Error codes of expat for a document that ends too early: https://docs.python.org/3/library/pyexpat.html
_CUT_OFF = frozenset(
    expat.errors.codes[message]
    for message in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )
)
# Using expat directly is safe here: the caller has removed every DOCTYPE, so there is nothing to expand.


@dataclass(frozen=True)
class Prescan:
    """The result of the scan.

    ``guids`` are those of the complete entries, as written. ``complete`` is the document up to the last complete entry,
    with all elements closed; None without a complete entry. ``problem`` is expat's message, at ``line``; ``cut_off``
    distinguishes a missing end from an error inside. ``more`` is set if there are more than :data:`MAX_ENTRIES`.
    ``too_deep`` are the places (first byte, byte after the last) of elements that nest deeper than :data:`MAX_DEPTH`.
    """

    guids: tuple[str | None, ...]
    complete: bytes | None
    problem: str | None = None
    line: int = 0
    cut_off: bool = False
    more: bool = False
    too_deep: tuple[tuple[int, int], ...] = ()


class _EntryLimitReached(Exception):
    """The scan has reached :data:`MAX_ENTRIES`."""


class _Scanner:
    def __init__(self, document: bytes) -> None:
        self.document = document
        self.path: list[tuple[str, str]] = []
        self.guids: list[str | None] = []
        self.entry_depth = 0
        self.guid: list[str] | None = None
        self.namespace = ""
        self.fields = self.declared = 0
        self.end = 0
        self.deep_start: int | None = None
        self.too_deep: list[tuple[int, int]] = []
        self.closing = b""
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.StartNamespaceDeclHandler = self.declare
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.stop
        self.parser.CharacterDataHandler = self.text

    def declare(self, _prefix: str | None, _namespace: str | None) -> None:
        self.declared += 1
        if self.declared > MAX_DECLARATIONS:
            raise NotAFeed(
                f"This XML declares more than {MAX_DECLARATIONS:,} namespaces, which no feed needs.", fix=_DO_NOT_USE
            )

    def start(self, name: str, _attributes: object) -> None:
        local, tag = _names(name)
        depth = len(self.path)
        if depth == MAX_DEPTH:
            self.deep_start = self.parser.CurrentByteIndex
        if not self.entry_depth and local in _ENTRY and (depth == 0 or self.path[-1][0] in _PARENT):
            if len(self.guids) == MAX_ENTRIES:
                raise _EntryLimitReached
            self.entry_depth, self.namespace, self.fields = depth + 1, _namespace(name), 0
            self.guids.append(None)
        elif self.entry_depth and depth == self.entry_depth:
            self.fields += 1
            if self.fields > MAX_FIELDS:
                raise NotAFeed(f"An entry has more than {MAX_FIELDS:,} elements, which no feed needs.", fix=_DO_NOT_USE)
            if local in _GUID and _namespace(name) == self.namespace:
                self.guid = []
        self.path.append((local, tag))

    def text(self, data: str) -> None:
        if self.guid is not None:
            self.guid.append(data)

    def stop(self, _name: str) -> None:
        depth = len(self.path)
        self.path.pop()
        if depth == MAX_DEPTH + 1 and self.deep_start is not None:
            self.too_deep.append((self.deep_start, self._end_of_tag()))
            self.deep_start = None
        if self.guid is not None and depth == self.entry_depth + 1:
            self.guids[-1] = "".join(self.guid).strip() or self.guids[-1]
            self.guid = None
        if self.entry_depth and depth == self.entry_depth:
            self.entry_depth = 0
            self.end = self._end_of_tag()
            self.closing = "".join(f"</{tag}>" for _, tag in reversed(self.path)).encode()

    def _end_of_tag(self) -> int:
        """Return the position after the tag that the parser is at."""
        return self.document.find(b">", self.parser.CurrentByteIndex) + 1


def prescan(document: bytes) -> Prescan:
    """Scan ``document``, which is UTF-8 without a DOCTYPE.

    Raises:
        NotAFeed: an entry has more elements, or the document declares more namespaces, than any feed.
    """
    scanner = _Scanner(document)
    problem, line, code, more = None, 0, None, False
    try:
        scanner.parser.Parse(document, True)
    except _EntryLimitReached:
        more = True
    except expat.ExpatError as error:
        problem, line, code = expat.ErrorString(error.code), error.lineno, error.code
    whole = len(scanner.guids) - (1 if scanner.entry_depth else 0)
    complete = document[: scanner.end] + scanner.closing if scanner.end else None
    return Prescan(
        tuple(scanner.guids[:whole]), complete, problem, line, code in _CUT_OFF, more, tuple(scanner.too_deep)
    )


def _namespace(name: str) -> str:
    """Return the namespace in expat's "namespace local prefix"; empty if there is none."""
    return name.partition(" ")[0] if " " in name else ""


def _names(name: str) -> tuple[str, str]:
    """Split expat's "namespace local prefix" into the local name in lower case and the tag as written."""
    parts = name.split(" ")
    local = parts[1] if len(parts) > 1 else parts[0]
    return local.lower(), f"{parts[2]}:{local}" if len(parts) > 2 else local
