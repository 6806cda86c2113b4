"""Makes XML safe and well-formed before a parser sees it: no document type, no entities but characters.

No entity is ever expanded by a parser: references are replaced here, once, by text whose total is bounded, so that
neither nested entities ("billion laughs") nor external ones can do harm.
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
#: What all references to a document's own entities may add up to.
MAX_EXPANSION = 1_000_000
#: 20 MB of escaped HTML, the most that is read, has about a million.
MAX_REFERENCES = 2_000_000
_BOMB = "This XML declares entities that expand to more than any feed needs: an XML bomb."
_BOMB_MEND = "Don't use this address."


def declared_entities(doctype: str, notes: Notes) -> dict[str, str]:
    """The entities that a DOCTYPE declares as plain text. External ones are never read.

    Raises:
        NotAFeed: when an entity refers to another: that serves nothing in a feed but to exhaust its reader.
    """
    found: dict[str, str] = {}
    for match in _ENTITY.finditer(doctype):
        parameter, name, value = match.groups()
        if value in ("SYSTEM", "PUBLIC"):
            notes.add("An external entity is not read", name)
            found.setdefault(name, "")
        elif not parameter:
            if "&" in _HARMLESS.sub("", value):
                raise NotAFeed(_BOMB, fix=_BOMB_MEND)
            found.setdefault(name, unescape(unescape(value[1:-1])))
    return found


def resolve_references(text: str, entities: dict[str, str]) -> str:
    """``text`` with every reference a character or one of XML's own five, stray ampersands escaped.

    Raises:
        NotAFeed: when ``entities`` expand to more than :data:`MAX_EXPANSION` characters, or when there are more than
            :data:`MAX_REFERENCES`.
    """
    references = text.count("&")
    if not references:
        return text
    if references > MAX_REFERENCES:
        raise NotAFeed(f"This XML has {references:,} references, more than any feed.", fix=_BOMB_MEND)
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
                raise NotAFeed(_BOMB, fix=_BOMB_MEND)
            return escape(entities[name], quote=True)
        return escape(html5.get(name + ";") or f"&{name};", quote=True)

    return "".join(part if literal else _REFERENCE.sub(replace, part) for literal, part in _sections(text))


def _character(digits: str) -> str:
    """The character of a numeric reference; nothing where XML allows none."""
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    allowed = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return chr(code) if allowed else ""


def _sections(text: str) -> Iterator[tuple[bool, str]]:
    """``text`` in pieces, each with whether it is literal (CDATA, a comment). Linear: a missing end ends the search."""
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
