"""Decides whether an item has its whole text, or only a headline or a teaser. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from schemas.feeds import Feed
from schemas.items import Item
from services.ingest.identity.inlet_addresses import is_inlet_url

__all__ = ["MAX_EXTENTS", "WHOLE_FROM", "Extent", "extent_of", "has_articles", "has_only_headlines"]

Extent = Literal["headline", "teaser", "whole"]

#: Our own choice: a summary in a feed has up to some 600 characters; a piece of news of 800 says what it has to.
WHOLE_FROM = 800
#: So many of a feed's latest items say what it gives. Our own choice, as are the number that has to be known, and the
#: share of headlines from which on a feed has nothing else.
MAX_EXTENTS, _LEAST_EXTENTS, _HEADLINES = 40, 10, 0.8
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
#: What stands in every text that :data:`_FOOTER` or :data:`_CUT` finds, whatever its case; looking for these takes a
#: twentieth of the time. None has an "i", which Turkish writes in two ways.
_IN_FOOTER = " appeared "
_IN_CUT = (
    "...", "…", "read", "more here", "full ", "lesen", " la su", "re plus", "leer", "leyendo", "leggere",
    " tutto", "lees ", "s mer",
)  # fmt: skip


def extent_of(item: Item) -> Extent:
    """Return how much of its article an item has. What ends in the middle is a teaser, however long it is."""
    text = max(item.summary or "", item.body or "", key=len)
    if not text or text.strip().casefold() == item.title.strip().casefold():
        return "headline"
    return "whole" if len(text) >= WHOLE_FROM and not _is_cut(text[-_END:]) else "teaser"


def _is_cut(end: str) -> bool:
    """Return whether a text that ends like this says that it goes on elsewhere."""
    if _IN_FOOTER in end:
        end = _FOOTER.sub("", end)
    folded = end.casefold()
    for part in _IN_CUT:
        if part in folded:
            return _CUT.search(end) is not None
    return False


def has_articles(feed: Feed) -> bool:
    """Return whether items may have articles on pages: whether ``feed`` is a web feed or a watched page of links."""
    is_web = feed.url.startswith(("http://", "https://")) and not is_inlet_url(feed.url)
    return is_web and feed.kind in ("feed", "page")


def has_only_headlines(extents: Sequence[Extent]) -> bool:
    """Return whether a feed gives hardly more than headlines, by its latest items. False if too few are known."""
    return len(extents) >= _LEAST_EXTENTS and extents.count("headline") >= _HEADLINES * len(extents)
