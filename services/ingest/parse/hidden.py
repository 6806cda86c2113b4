"""Leaves out what markup hides from its readers, so that no word which nobody sees is part of a text. Pure.

An element is hidden by its own attributes, by the rules of HTML and CSS: ``hidden``, or a style that shows nothing, or
letters that can't be seen. ``aria-hidden`` hides nothing from eyes, and style sheets aren't read, because programs that
show feeds leave them out.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["hiding_tags", "is_hidden", "without_hidden"]

_TAG_NAME = re.compile(r"<([a-z][^\s/<>]*)", re.I)
_HIDDEN_ATTRIBUTE = re.compile(r"[\s/\"']hidden(?=[\s/>=])", re.I)
_STYLE_ATTRIBUTE = re.compile(r"style\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.I)
#: The tags of markup that a parser has written: values are quoted, and every element is closed.
_TAG = re.compile(r"<(/?)([^\s/<>]+)((?:\s[^\s=>]+=\"[^\"]*\")*)\s*/?>")
_ATTRIBUTE = re.compile(r"\s([^\s=>]+)=\"([^\"]*)\"")
_VOID = frozenset({"br", "hr", "img", "input", "wbr"})
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.S)
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.I | re.S)
_QUOTED = re.compile(r"\"[^\"]*\"?|'[^']*'?|url\([^)]*\)", re.I)
_DISPLAY = re.compile(
    r"(?:none|block|inline|flow|flow-root|flex|grid|table|ruby|list-item|contents|inherit|initial|revert|unset"
    r"|(?:inline|table|ruby)-[a-z-]+)(?: [a-z-]+)?"
)
_LENGTH = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z]*|%)")
_SIZE_IN_FONT = re.compile(r"(?<![^\s])(0|(?:\d+\.?\d*|\.\d+)(?:[a-z]+|%))(?=\s*/|\s|$)")
_NO_CLIP = re.compile(r"rect\((?:[\s,]*[01](?:px)?){4}\s*\)|inset\(\s*(?:[5-9]\d|100)%")
#: A color whose last value, its opacity, is zero.
_TRANSPARENT = re.compile(r"#[\da-f]{3}0|#[\da-f]{6}00|(?:rgb|hsl)a?\([^,/]+(?:,[^,/]+,[^,/]+,|/)\s*0*\.?0*%?\s*\)")
#: Pixels of a unit (CSS Values and Units, section 6); a page's width and height are taken for a usual one.
_PIXELS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "rem": 16.0, "vw": 12.0, "vh": 8.0}
_RELATIVE = {"em": 1.0, "%": 0.01, "ex": 0.5, "ch": 0.5}
_USUAL_SIZE = 16.0
#: Letters of fewer pixels can't be read.
_READABLE = 4.0
#: Pixels that move a text out of every page.
_FAR = 900.0
#: A box of fewer pixels shows no letter.
_NO_EXTENT = 2.0
_LEAST_OPACITY = 0.05
_LONGEST_STYLE = 4_000


@dataclass(frozen=True, slots=True)
class _Seen:
    """The sight of an element's text, with all that it has from the elements around it. ``size`` is in pixels.

    What is ``gone`` is so with all that stands in it; the rest, an element within may change.
    """

    gone: bool = False
    visible: bool = True
    inked: bool = True
    size: float = _USUAL_SIZE

    def hides(self) -> bool:
        """Return whether the element's own text can't be seen."""
        return self.gone or not self.visible or not self.inked or self.size < _READABLE


def hiding_tags(markup: str) -> set[str]:
    """Return the names of all elements in ``markup`` if one of them may hide something, else none."""
    lowered = markup.lower()
    if "style" not in lowered and "hidden" not in lowered:  # looking for these takes a twentieth of the time
        return set()
    styles = {html.unescape("".join(filter(None, found.groups()))) for found in _STYLE_ATTRIBUTE.finditer(markup)}
    smallest = _Seen(size=_READABLE)  # so that a size relative to that around it hides what is smaller
    hides = any(_within(smallest, {"style": style}).hides() for style in styles)
    if not hides and not _HIDDEN_ATTRIBUTE.search(markup):
        return set()
    names = (found[1].replace("\0", "\ufffd") for found in _TAG_NAME.finditer(markup))
    return {name.encode("utf-8", "replace").lower().decode() for name in names}  # as parsers do, only A to Z


def is_hidden(attributes: Mapping[str, str]) -> bool:
    """Return whether an element with these attributes is hidden."""
    if "hidden" not in attributes and "style" not in attributes:
        return False
    return _within(_Seen(), attributes).hides()


def without_hidden(markup: str, kept: frozenset[str]) -> str:
    """Return ``markup``, which a parser has written with all attributes, without what it hides.

    Of the tags only those in ``kept`` are left, without attributes.
    """
    parts: list[str] = []
    around = [_Seen()]
    at = 0
    for tag in _TAG.finditer(markup):
        closes, name, attributes = tag.groups()
        if not around[-1].hides():
            parts.append(markup[at : tag.start()])
        at = tag.end()
        outer = around.pop() if closes and len(around) > 1 else around[-1]
        if not closes and name not in _VOID:
            values = {key: html.unescape(value) for key, value in _ATTRIBUTE.findall(attributes)}
            around.append(_within(outer, values))
        if name in kept and not (outer.gone or around[-1].gone):
            parts.append(f"<{closes}{name}>")
    if not around[-1].hides():
        parts.append(markup[at:])
    return "".join(parts)


def _within(around: _Seen, attributes: Mapping[str, str]) -> _Seen:
    """Return how the text of an element with these attributes is seen that stands in another."""
    style = _declarations(attributes.get("style", "")[:_LONGEST_STYLE])
    if not style and "hidden" not in attributes:
        return around
    shown = style["display"] != "none" if "display" in style else "hidden" not in attributes
    return _Seen(
        around.gone or not shown or _is_out_of_sight(style),
        style["visibility"] == "visible" if "visibility" in style else around.visible,
        _has_ink(style["color"]) if "color" in style else around.inked,
        _size(style["font-size"], around.size) if "font-size" in style else around.size,
    )


@lru_cache(maxsize=512)
def _declarations(style: str) -> dict[str, str]:
    """Return the values that count, by property: of several valid ones the last, or the last important one."""
    text = _ESCAPE.sub(_unescaped, _QUOTED.sub("x", _COMMENT.sub("", style))).lower()
    values: dict[str, str] = {}
    important: set[str] = set()
    for declaration in text.split(";"):
        name, _, value = declaration.partition(":")
        value, _, mark = value.partition("!")
        name, value = name.strip(), " ".join(value.split())
        if name == "font":
            sizes = _SIZE_IN_FONT.findall(value)
            name, value = "font-size", sizes[0] if sizes else "medium"
        if (name in important and mark.strip() != "important") or not _is_valid(name, value):
            continue
        values[name] = value
        if mark.strip() == "important":
            important.add(name)
    return values


def _unescaped(escape: re.Match[str]) -> str:
    code = int(escape[1], 16) if escape[1] else ord(escape[2])
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _is_valid(name: str, value: str) -> bool:
    """Return whether a browser would take the value, of properties whose last valid value decides."""
    if name == "display":
        return _DISPLAY.fullmatch(value) is not None
    if name == "visibility":
        return value in ("visible", "hidden", "collapse")
    if name == "font-size":
        return _pixels(value) is not None or value.isidentifier() or "-" in value
    return bool(value)


def _size(value: str, around: float) -> float:
    """Return the size of letters in pixels; a size by name can be read."""
    pixels = _pixels(value, around)
    if pixels is None:
        return around if value in ("inherit", "unset", "smaller", "larger") else _USUAL_SIZE
    return max(pixels, 0)


def _has_ink(color: str) -> bool:
    """Return whether letters of a color can be seen on any ground."""
    return color != "transparent" and not _TRANSPARENT.fullmatch(color)


def _is_out_of_sight(style: dict[str, str]) -> bool:
    """Return whether nothing of an element can be seen for its opacity, its extent or its place."""
    opacity = _LENGTH.fullmatch(style.get("opacity", ""))
    if opacity and float(opacity[1]) * (0.01 if opacity[2] == "%" else 1) <= _LEAST_OPACITY:
        return True
    extents = [_pixels(style.get(name, "")) for name in ("height", "max-height", "width", "max-width")]
    is_cut = any(style.get(name) in ("hidden", "clip") for name in ("overflow", "overflow-x", "overflow-y"))
    if is_cut and any(pixels is not None and pixels < _NO_EXTENT for pixels in extents):
        return True
    is_placed = style.get("position") in ("absolute", "fixed")
    if _NO_CLIP.search(style.get("clip-path", "")) or (is_placed and _NO_CLIP.search(style.get("clip", ""))):
        return True
    places = ("left", "top", "right", "bottom", "text-indent") if is_placed else ("text-indent",)
    return any((_pixels(style.get(name, "")) or 0.0) <= -_FAR for name in places)


def _pixels(value: str, around: float = _USUAL_SIZE) -> float | None:
    """Return a length in pixels; None if it is none that is known."""
    found = _LENGTH.fullmatch(value)
    if not found:
        return None
    number, unit = float(found[1]), found[2]
    if not unit:
        return 0.0 if number == 0 else None
    if unit in _RELATIVE:
        return number * _RELATIVE[unit] * around
    return number * _PIXELS[unit] if unit in _PIXELS else None
