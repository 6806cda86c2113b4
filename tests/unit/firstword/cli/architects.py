"""An invented trade of a firm, its playbook, a client book that names it, and news for its client."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.items import Item, Source

__all__ = ["BOOK", "PLAYBOOK", "TRADE", "news"]

TRADE = """\
trade: architects
title: Architects
description: Plans and supervises buildings.
people: {one: builder, many: builders}
assets: {default: site, allowed: [site]}
interests: {default: regulation, allowed: [regulation]}
industry: construction
desires:
  budget: {phrase: a building within its budget, also: [cost, cost control]}
stances:
  operates_in:
    sentence: "You are building at {asset}{share}."
    because: "you are building at {asset}{share} and this could delay you"
    questions: ["How would a delay at {asset} affect you?"]
  regulated_by:
    sentence: "You build under the rules of {asset}{share}."
jargon:
  some: {tender: request for offers}
discovery:
  - {id: must, fills: views, ask: "What must the building still do in twenty years?", why: "What not to give up."}
never: {"no delay": Nobody can promise it.}
always: ["Please talk to us before you instruct anybody."]
"""
PLAYBOOK = """\
playbook: architects
trade: architects
rules:
  - when: {kind: strike, stance: operates_in, desire: cost}
    action: asking us which deliveries of the coming weeks pass through {asset}
    reason: other routes cost least while they are still free
"""
BOOK = """\
version: 1
firm: {name: Lindholm Architects, trade: architects}
managers:
  - {id: mara, name: Mara Lindholm, email: mara@lindholm.example}
clients:
  - name: Otto Berg
    desires: [budget]
    assets: [Estmere Harbor]
"""


def news() -> list[Item]:
    """Return one item about the client's site."""
    return [
        Item(
            id="itm_1",
            url="https://www.reuters.com/1",
            title="Dock workers begin strike at Estmere Harbor",
            summary="Dock workers at Estmere Harbor began a strike on Tuesday, and the port has stopped all unloading.",
            language="en",
            published_at=datetime(2026, 3, 3, 8, tzinfo=UTC),
            source=Source(feed_url="https://www.reuters.com/feed", host="reuters.com", publisher="Reuters"),
        )
    ]
