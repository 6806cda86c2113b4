"""Finds the role of a company in a deal, and whether a share move in the news is its own.

The position of the name in the headline decides: before a verb of buying it is the buyer, after it the target; in the
passive it is the other way round. A deal is an acquisition for the buyer and a takeover for the target.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from schemas.mentions import Span
from services.matcher.text.normalize import fold_case

__all__ = ["DealRole", "find_deal_role", "is_own_share_move"]

#: ``stake`` means that a stake in the company changes hands.
DealRole = Literal["buyer", "target", "seller", "stake", "unknown"]

# Words between a verb and the name, as in "to buy rival Osprey" and "to buy Osprey and Halden"; no further clause.
_GAP = r"(?:(?:[\w.&'’/-]+,? ){0,5})"
_BUY = (
    r"(?:buys?(?! back)|buying(?! back)|acquire|acquires|acquiring|snaps? up|takes? over|taking over|bids? for|"
    r"bidding for|offers? for|merger bid for|deal for|swoops? (?:for|on)|(?:takeover|acquisition|buyout|purchase) of|"
    r"woos?|targets?|completes?|seals?|clinches?)"
)
_BOUGHT_BY = r"(?:acquired|bought|taken over|snapped up|grabbed|swallowed) by"
_STAKE = re.compile(r"\b(?:stakes?|shares?|holding|interest) (?:in|of)(?: \w+)? $")
_STAKE_AFTER = re.compile(r"^(?:['’]s?)? stakes?\b")
_AFTER_BUYING = re.compile(rf"\b{_BUY} {_GAP}$")
_AFTER_BOUGHT_BY = re.compile(rf"\b{_BOUGHT_BY} {_GAP}$")
_AFTER_BID_FROM = re.compile(r"\b(?:bid|offer|approach|takeover|buyout) (?:from|by) (?:\w+ )?$")
_AFTER_SOLD_TO = re.compile(r"\b(?:sells?|sold|sale of|selling|divests?|offloads?)\b.*\bto $")
_BEFORE_BOUGHT_BY = re.compile(rf"^(?:['’]s?)? {_GAP}{_BOUGHT_BY}\b")
# "Halden rebuffs takeover bid", "Halden receives an offer": the company is the target.
_BEFORE_BID_RECEIVED = re.compile(
    r"^(?:['’]s?)? (?:[\w-]+ ){0,3}(?:rejects?|rebuffs?|spurns?|receives?|received|gets?|got|accepts?|fields?|draws?|"
    r"attracts?|confirms?|backs?|welcomes?|weighs?|fends? off|agrees? to) (?:[\w$£€.-]+ ){0,4}"
    r"(?:bid|offer|approach|takeover|buyout|interest|suitors?|be bought|be acquired|be taken)\b"
)
_BEFORE_BUYING = re.compile(rf"^(?:['’]s?)? (?:[\w-]+ ){{0,4}}{_BUY}\b")
#: "Halden, two funds to buy Osprey": a comma in the place of "and", where the headline begins with the name.
_BESIDE_BUYER = re.compile(r"^(?:,| and| &)(?: [\w&.'’-]+){1,3}? to (?:buy|acquire|take over)\b")
_BEFORE_SELLING = re.compile(
    r"^(?:['’]s?)? (?:[\w-]+ ){0,4}(?:sells?|sold|selling|divests?|offloads?|spins? off|to sell)\b"
)
#: Maximum distance in characters from a name to "shares" that are its own: "Halden Energy's Oslo-listed shares".
_OWN_CHARS = 20
_SHARES = re.compile(r"\b(?:shares?|stock|stocks)\b")


def is_own_share_move(title: str, spans: Iterable[Span]) -> bool:
    """Return whether the shares mentioned in ``title`` may be those of the company named at ``spans``.

    In "Osprey stock surges after Halden deal" they are only Osprey's; in "Halden warns, shares fall" they are Halden's.
    """
    shares = _SHARES.search(fold_case(title))
    if shares is None:
        return True
    before = title[: shares.start()].rstrip()
    if not before or not before[-1].isalnum():
        return True
    named = [span for span in spans if span.field == "title"]
    return not named or any(0 <= shares.start() - span.end <= _OWN_CHARS for span in named)


def find_deal_role(title: str, spans: Iterable[Span]) -> DealRole:
    """Return the role of the company named at ``spans`` in the deal; the first span that shows a role counts."""
    folded = fold_case(title)
    for span in spans:
        if span.field != "title":
            continue
        role = _role(folded[: span.start], folded[span.end :])
        if role != "unknown":
            return role
    return "unknown"


def _role(before: str, after: str) -> DealRole:
    if _STAKE.search(before) or _STAKE_AFTER.match(after):
        return "stake"
    if any(pattern.search(before) for pattern in (_AFTER_BOUGHT_BY, _AFTER_SOLD_TO, _AFTER_BID_FROM)):
        return "buyer"
    if _AFTER_BUYING.search(before) or _BEFORE_BOUGHT_BY.match(after) or _BEFORE_BID_RECEIVED.match(after):
        return "target"
    if _BEFORE_BUYING.match(after) or (not before.strip() and _BESIDE_BUYER.match(after)):
        return "buyer"
    return "seller" if _BEFORE_SELLING.match(after) else "unknown"
