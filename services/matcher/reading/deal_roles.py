"""Who buys and who is bought: what a deal is for the one and for the other; and whose price it is that moves.

Read from where a name stands in the headline: behind a verb of buying it is what is bought, before it the buyer; the
passive turns that round. A deal is an acquisition for who buys and a takeover for what is bought.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from schemas.mentions import Span
from services.matcher.text.phrases import fold

__all__ = ["Role", "is_own_share_move", "role_in_deal"]

Role = Literal["buyer", "bought", "seller", "stake", "unknown"]

# Between a verb and the name: "to buy rival Osprey", "to buy Osprey and Halden", but no further clause.
_GAP = r"(?:(?:[\w.&'’/-]+,? ){0,5})"
_BUY = (
    r"(?:buys?(?! back)|buying(?! back)|acquire|acquires|acquiring|snaps? up|takes? over|taking over|bids? for|"
    r"bidding for|offers? for|merger bid for|deal for|swoops? (?:for|on)|(?:takeover|acquisition|buyout|purchase) of|"
    r"woos?|targets?|completes?|seals?|clinches?)"
)
_BOUGHT_BY = r"(?:acquired|bought|taken over|snapped up|grabbed|swallowed) by"
_STAKE = re.compile(r"\b(?:stakes?|shares?|holding|interest) (?:in|of)(?: \w+)? $")
_STAKE_AFTER = re.compile(r"^(?:['’]s?)? stakes?\b")
_BEHIND_BUYING = re.compile(rf"\b{_BUY} {_GAP}$")
_BEHIND_BOUGHT_BY = re.compile(rf"\b{_BOUGHT_BY} {_GAP}$")
_BEHIND_BID_FROM = re.compile(r"\b(?:bid|offer|approach|takeover|buyout) (?:from|by) (?:\w+ )?$")
_BEHIND_SOLD_TO = re.compile(r"\b(?:sells?|sold|sale of|selling|divests?|offloads?)\b.*\bto $")
_BEFORE_BOUGHT_BY = re.compile(rf"^(?:['’]s?)? {_GAP}{_BOUGHT_BY}\b")
# "Halden rebuffs takeover bid", "Halden is offered …": something is done to it.
_BEFORE_COURTED = re.compile(
    r"^(?:['’]s?)? (?:[\w-]+ ){0,3}(?:rejects?|rebuffs?|spurns?|receives?|received|gets?|got|accepts?|fields?|draws?|"
    r"attracts?|confirms?|backs?|welcomes?|weighs?|fends? off|agrees? to) (?:[\w$£€.-]+ ){0,4}"
    r"(?:bid|offer|approach|takeover|buyout|interest|suitors?|be bought|be acquired|be taken)\b"
)
_BEFORE_BUYING = re.compile(rf"^(?:['’]s?)? (?:[\w-]+ ){{0,4}}{_BUY}\b")
_BEFORE_SELLING = re.compile(
    r"^(?:['’]s?)? (?:[\w-]+ ){0,4}(?:sells?|sold|selling|divests?|offloads?|spins? off|to sell)\b"
)


#: A name stands so near before "shares" if they are its own: "Halden Energy's Oslo-listed shares".
_OWN_CHARS = 20
_SHARES = re.compile(r"\b(?:shares?|stock|stocks)\b")


def is_own_share_move(title: str, spans: Iterable[Span]) -> bool:
    """Whether the shares that ``title`` tells of may be those of what stands at ``spans``.

    "Osprey stock surges after Halden deal" tells of Osprey's alone; "Halden warns, shares fall" of nobody else's.
    """
    shares = _SHARES.search(fold(title))
    if shares is None:
        return True
    before = title[: shares.start()].rstrip()
    if not before or not before[-1].isalnum():
        return True
    named = [span for span in spans if span.field == "title"]
    return not named or any(0 <= shares.start() - span.end <= _OWN_CHARS for span in named)


def role_in_deal(title: str, spans: Iterable[Span]) -> Role:
    """The part of what stands at ``spans`` in the deal that ``title`` tells; the first that tells it counts."""
    folded = fold(title)
    for span in spans:
        if span.field != "title":
            continue
        role = _role(folded[: span.start], folded[span.end :])
        if role != "unknown":
            return role
    return "unknown"


def _role(before: str, after: str) -> Role:
    if _STAKE.search(before) or _STAKE_AFTER.match(after):
        return "stake"
    if any(pattern.search(before) for pattern in (_BEHIND_BOUGHT_BY, _BEHIND_SOLD_TO, _BEHIND_BID_FROM)):
        return "buyer"
    if _BEHIND_BUYING.search(before) or _BEFORE_BOUGHT_BY.match(after) or _BEFORE_COURTED.match(after):
        return "bought"
    if _BEFORE_BUYING.match(after):
        return "buyer"
    return "seller" if _BEFORE_SELLING.match(after) else "unknown"
