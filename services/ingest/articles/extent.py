"""Decides whether an item has its whole text, or only a headline or a teaser. Pure."""

from __future__ import annotations

import re
from typing import Literal

from schemas.items import Item

__all__ = ["WHOLE_FROM", "Extent", "extent_of"]

Extent = Literal["headline", "teaser", "whole"]

#: Our own choice: a summary in a feed has up to some 600 characters; a piece of news of 800 says what it has to.
WHOLE_FROM = 800
#: Characters at the end that may show that a text is cut.
_END = 400
#: What programs put below an excerpt: "The post … appeared first on …".
_FOOTER = re.compile(r"\s*The post .{1,300}? (?:first )?appeared (?:first )?on .{1,120}$", re.DOTALL)
_CUT = re.compile(
    r"(?:\.\.\.|…)[\s\])\"”’»]*$"
    r"|\b(?:read (?:more|on|the (?:full|whole|rest|entire)\b.{0,40})|continue reading\b.{0,80}|more here"
    r"|full (?:story|article)\b.{0,20}"
    r"|weiterlesen|mehr lesen|lire la suite|lire plus|leer más|seguir leyendo|continua a leggere|leggi tutto"
    r"|lees (?:meer|verder)|läs mer|les mer|læs mere)[\s.\])»>→]*$",
    re.IGNORECASE,
)  # fmt: skip


def extent_of(item: Item) -> Extent:
    """Return how much of its article an item has. What ends in the middle is a teaser, however long it is."""
    text = max(item.summary or "", item.body or "", key=len)
    if not text or text.strip().casefold() == item.title.strip().casefold():
        return "headline"
    end = _FOOTER.sub("", text[-_END:])
    return "whole" if len(text) >= WHOLE_FROM and not _CUT.search(end) else "teaser"
