"""Converts markup to plain text: keeps paragraphs, drops everything that is not text to read.

No markup of a feed ever reaches a page.
"""

from __future__ import annotations

import html
import re
import unicodedata

import nh3

from services.ingest.parse.hidden import hiding_tags, without_hidden

__all__ = ["lead", "limit", "plain_text", "title_text"]

_BLOCKS = (
    "p", "div", "section", "article", "header", "footer", "aside", "main", "figure", "figcaption", "blockquote", "pre",
    "ul", "ol", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tfoot", "tr",
    "hr", "address", "details", "summary", "form", "fieldset",
)  # fmt: skip
_KEPT = frozenset({*_BLOCKS, "br", "td", "th"})
#: Elements that are dropped together with their content.
_DROPPED = {
    "script", "style", "template", "iframe", "object", "noscript", "svg", "math", "select", "button",
}  # fmt: skip
#: Elements whose content a parser leaves as it is written, so that it may look like a tag.
_UNPARSED = {"xmp", "plaintext", "noembed", "noframes"}
_INLINE = (
    "a", "abbr", "b", "big", "center", "cite", "code", "del", "em", "font", "i", "img", "ins", "mark", "q", "s",
    "small", "span", "strike", "strong", "sub", "sup", "u", "video",
)  # fmt: skip
_NAMES = "|".join(sorted({*_KEPT, *_DROPPED, *_INLINE}, key=lambda name: (-len(name), name)))
_REFERENCE = r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z]+\d*);"
_MARKUP = re.compile(rf"</?(?:{_NAMES})(?=[\s/>])|<!--|<!\[CDATA\[|<\?|{_REFERENCE}", re.I)
#: Those of them that end where the text ends if nothing closes them, so that they would take the rest of it along.
_NOT_CLOSED = re.compile(rf"<({'|'.join(sorted(_DROPPED - {'script', 'style'}))})(?=[\s/>])[^<>]*>", re.I)
_CODE = re.compile(r"<(script|style)(?=[\s/>])", re.I)
#: Text that still looks like this after cleaning was escaped once too often.
_AGAIN = re.compile(rf"</(?:{_NAMES})>|<(?:{_NAMES})\s+[a-z-]+=|<(?:br|hr|p)\s*/?>|{_REFERENCE}", re.I)
_CELL = re.compile(r"</?t[dh]>")
_TAG = re.compile(r"<[^<>]*>")
#: Soft hyphen, zero-width space, word joiner, byte-order mark and marks of writing direction: they hide words from
#: readers and from the matcher. Joiners stay, because some scripts need them.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069]")
#: Control characters other than whitespace, which no text needs: C0, delete and C1.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*(?=\s)")
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})(?=[\s/>])[^<>]*>")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
#: Building the tree takes quadratic time in the nesting depth; readable text nests about 20 deep.
_MAX_DEPTH = 200
_MAX_MARKUP = 400_000
#: Writes the tags that it keeps in lower case and without attributes.
_CLEANER = nh3.Cleaner(tags=set(_KEPT), clean_content_tags=_DROPPED, attributes={"*": set()}, link_rel=None)


def plain_text(markup: str | None, *, rounds: int = 2) -> str | None:
    """Return the readable text of ``markup`` with a blank line between paragraphs; None if there is no text.

    Text that was escaped more than once is unescaped, up to ``rounds`` times in total.
    """
    text = (markup or "")[:_MAX_MARKUP]
    for turn in range(rounds):
        if "<" not in text and "&" not in text:
            break
        if not (_MARKUP if turn == 0 else _AGAIN).search(text) and not hiding_tags(text):
            break
        text = _strip(text)
    return _tidy(text) or None


def title_text(markup: str | None) -> str | None:
    """Return :func:`plain_text` on one line. Titles are often escaped twice, so they get three rounds.

    A script or style that nothing closes is named in the title, and stays.
    """
    if markup is not None and _CODE.search(markup):
        lowered = markup.lower()
        markup = _CODE.sub(lambda tag: tag[0] if f"</{tag[1].lower()}" in lowered else f"&lt;{tag[1]}", markup)
    text = plain_text(markup, rounds=3)
    return " ".join(text.split()) if text else None


def limit(text: str, longest: int) -> str:
    """Cut ``text`` to ``longest`` characters, after a sentence if one ends in the last fifth, else after a word."""
    if len(text) <= longest:
        return text
    part = text[:longest]
    ends = [match.end() for match in _SENTENCE_END.finditer(text[: longest + 1]) if match.end() <= longest]
    if ends and ends[-1] >= longest * 4 // 5:
        return part[: ends[-1]]
    if not text[longest].isspace():
        word = max(part.rfind(" "), part.rfind("\n"))
        part = part[:word] if word > longest // 2 else part
    return part.rstrip()


def lead(text: str, longest: int) -> str:
    """Return the beginning of ``text`` as a title: one line, cut after a word, with ``…`` if cut."""
    line = " ".join(text[: longest * 4].split())
    if len(line) <= longest and len(text) <= longest * 4:
        return line
    part = line[: longest + 1]
    word = part.rfind(" ")
    return (part[:word] if word > longest // 2 else part[:longest]).rstrip(" ,;:–—-") + "…"


def _strip(markup: str) -> str:
    markup = _closed(markup.replace("<![CDATA[", "").replace("]]>", ""))
    tags = hiding_tags(markup)
    markup = _shallow(markup, cut=bool(tags))
    safe = _seen(markup, tags) if tags else _CLEANER.clean(markup)
    if "<" not in safe:
        return html.unescape(safe)
    has_blocks = "<br" in safe or "</" in safe or "<hr" in safe
    flowing = safe.replace("\r", " ").replace("\n", " ") if has_blocks else safe
    text = _CELL.sub(" ", flowing.replace("<br>", "\n"))
    return html.unescape(_TAG.sub("\n\n", text))


def _seen(markup: str, tags: set[str]) -> str:
    """Return ``markup``, which has elements of the names ``tags``, as :data:`_CLEANER` does, without what they hide."""
    dropped = _DROPPED | (tags & _UNPARSED)
    written = nh3.clean(
        markup,
        tags={*_KEPT, *tags} - dropped,
        clean_content_tags=dropped,
        attributes={"*": {"style", "hidden"}},
        link_rel=None,
    )
    return without_hidden(written, _KEPT)


def _closed(markup: str) -> str:
    """Return ``markup`` without the tags of elements to drop that nothing closes; what follows them is text."""
    if not _NOT_CLOSED.search(markup):
        return markup
    lowered = markup.lower()
    ends = {name: lowered.rfind(f"</{name}") for name in _DROPPED}
    return _NOT_CLOSED.sub(lambda tag: tag[0] if ends[tag[1].lower()] >= tag.end() else " ", markup)


def _shallow(markup: str, *, cut: bool) -> str:
    """Return ``markup`` without the tags of elements that nest too deep; their text stays.

    With ``cut``, what follows the first of them is left out, because such a tag might hide it.
    """
    if markup.count("<") <= _MAX_DEPTH:
        return markup
    depth = 0
    end: int | None = None

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth, end
        if tag[2].lower() in _VOID:
            return tag[0]
        before = depth
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        if max(before, depth) <= _MAX_DEPTH:
            return tag[0]
        end = tag.start() if end is None else end
        return " "

    shallow = _ANY_TAG.sub(kept, markup)
    return markup[:end] if cut and end is not None else shallow


def _tidy(text: str) -> str:
    """Return ``text`` without what nobody sees, each paragraph on one line, with a blank line between paragraphs."""
    rows = _rows(text)
    printable = all(map(str.isprintable, rows))  # so no whitespace but spaces, and nothing that is not seen
    lines = [_spaced(row) if printable else " ".join(row.split()) for row in rows]
    line = " ".join(lines)
    if not ((printable or line.isprintable()) and (line.isascii() or unicodedata.is_normalized("NFC", line))):
        visible = unicodedata.normalize("NFC", _CONTROL.sub("", _INVISIBLE.sub("", text)))
        lines = [" ".join(row.split()) for row in _rows(visible)]
        line = " ".join(lines)
    if "" not in lines:
        return line
    paragraphs = (paragraph.strip("\n") for paragraph in "\n".join(lines).split("\n\n"))
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs if paragraph)


def _rows(text: str) -> list[str]:
    """Return the lines of ``text``, blank ones included."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def _spaced(row: str) -> str:
    """Return ``row``, which has no whitespace but spaces, with single ones; splitting takes five times as long."""
    return " ".join(row.split()) if "  " in row else row.strip(" ")
