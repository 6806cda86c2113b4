"""Whether a person who is quoted speaks for a company: its chief executive is the company's own word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Office", "office_of"]

_OFFICES = (
    r"(?:chief (?:executive|financial|operating|technology|investment|legal)(?: officer)?|ceo|cfo|coo|cto|finance chief"
    r"|chair(?:man|woman|person)?|president|managing director|general counsel|boss|founder|spokes(?:man|woman|person))"
)
_FIRM = r"[A-Z][\w&'’.\-]*(?: (?:[A-Z][\w&'’.\-]*|of|and|&))*"
_SAYING = re.compile(
    r"\b(?:said|says|told|tells|wrote|warned|warns|insisted|insists|added|denied|denies|confirmed)\b", re.I
)
# "its chief executive Ann Lee said": of whom the sentence speaks.
_OWN = re.compile(rf"\b(?:its|the \w+[’']s) (?:\w+ ){{0,2}}{_OFFICES}\b", re.I)
# "Halden Energy chief executive Ann Lee said", "Halden Energy's chairman told".
_OF_FIRM = re.compile(rf"\b({_FIRM}?)(?:['’]s)? (?:(?:vice|deputy|group|interim|new) )?(?i:{_OFFICES})\b")
# At the end of a headline: "… , chairman says", "… says chief executive".
_SIGNED = re.compile(rf"(?:[,\"”'’–—-] ?{_OFFICES} (?:says|said)|\b(?:says|said) (?:its )?{_OFFICES})$", re.I)
_FORMER = re.compile(r"\b(?:former|ex|ousted|late|rival)[ -]", re.I)


class Office(NamedTuple):
    """Somebody in office spoke: for the company named, or None for the one that is spoken of."""

    firm: str | None


def office_of(statements: Iterable[str]) -> Office | None:
    """For whom the person speaks on whose word the first of ``statements`` that name anybody rest; None for nobody."""
    for text in statements:
        if _SIGNED.search(text.rstrip(". ")):
            return Office(None)
        if not _SAYING.search(text) or _FORMER.search(text):
            continue
        if _OWN.search(text):
            return Office(None)
        named = _OF_FIRM.search(text)
        if named and named.group(1):
            return Office(named.group(1).removesuffix("'s").removesuffix("’s"))
    return None
