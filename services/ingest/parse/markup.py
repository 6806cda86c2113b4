"""Makes XML safe before it is parsed: without document type, with no entities other than characters.

No parser ever expands an entity. References are replaced here, once, with text of bounded length, so neither nested
entities ("billion laughs") nor external ones can do harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from html.entities import html5

from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.notes import Notes

__all__ = ["declared_entities", "resolve_references"]

_ENTITY = re.compile(r"""<!ENTITY\s+(%\s+)?([^\s"'<>%]{1,100})\s+(SYSTEM|PUBLIC|"[^"]*"|'[^']*')""")
_REFERENCE = re.compile(r"&(?:(#\d{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][\w.-]{0,63});)?")
_HARMLESS = re.compile(r"&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,7}|amp|lt|gt|quot|apos);")
_LITERAL = re.compile(r"<!\[CDATA\[|<!--")
_XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
#: Total length, in characters, of the text that replaces references to a document's own entities.
MAX_EXPANSION = 1_000_000
#: 20 MB of escaped HTML, the largest document that is read, has about a million.
MAX_REFERENCES = 2_000_000
_BOMB = "This XML declares entities that expand to more text than any feed needs (an XML bomb)."
_DO_NOT_USE = "Remove this feed, or ask the publisher for another address."


def declared_entities(doctype: str, notes: Notes) -> dict[str, str]:
    """Return the entities that a DOCTYPE declares, as plain text. External entities are never read.

    Raises:
        NotAFeed: an entity refers to another one, which in a feed only serves to exhaust the parser.
    """
    entities: dict[str, str] = {}
    for match in _ENTITY.finditer(doctype):
        parameter, name, value = match.groups()
        if value in ("SYSTEM", "PUBLIC"):
            notes.add("An external entity is not read", name)
            entities.setdefault(name, "")
        elif not parameter:
            if "&" in _HARMLESS.sub("", value):
                raise NotAFeed(_BOMB, fix=_DO_NOT_USE)
            entities.setdefault(name, unescape(unescape(value[1:-1])))
    return entities


def resolve_references(text: str, entities: dict[str, str]) -> str:
    """Replace all references except XML's own five with characters, and escape stray ampersands.

    Raises:
        NotAFeed: ``entities`` expand to more than :data:`MAX_EXPANSION` characters, or there are more than
            :data:`MAX_REFERENCES` references.
    """
    references = text.count("&")
    if not references:
        return text
    if references > MAX_REFERENCES:
        raise NotAFeed(f"This XML has {references:,} references, more than any feed needs.", fix=_DO_NOT_USE)
    grown = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal grown
        name = match[1]
        if name is None:
            return "&amp;"
        if name[0] == "#":
            return escape(_character(name[1:]), quote=True)
        if name in _XML_OWN:
            return match[0]
        if name in entities:
            grown += len(entities[name])
            if grown > MAX_EXPANSION:
                raise NotAFeed(_BOMB, fix=_DO_NOT_USE)
            return escape(entities[name], quote=True)
        return escape(html5.get(name + ";") or f"&{name};", quote=True)

    return "".join(part if literal else _REFERENCE.sub(replace, part) for literal, part in _sections(text))


def _character(digits: str) -> str:
    """Return the character of a numeric reference; an empty string if XML does not allow it."""
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    allowed = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return chr(code) if allowed else ""


def _sections(text: str) -> Iterator[tuple[bool, str]]:
    """Split ``text`` into (is literal, piece); CDATA and comments are literal. Linear: a missing end stops it."""
    at = 0
    while start := _LITERAL.search(text, at):
        mark = "]]>" if start[0] == "<![CDATA[" else "-->"
        end = text.find(mark, start.end())
        yield False, text[at : start.start()]
        yield True, text[start.start() : end + 3] if end >= 0 else text[start.start() :]
        if end < 0:
            return
        at = end + 3
    yield False, text[at:]
