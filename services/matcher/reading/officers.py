"""Recognizes quoted persons who speak for a company, such as its chief executive."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from services.matcher.text.normalize import words
from services.matcher.text.word_lists import word_lists

__all__ = ["Officer", "find_officer"]

_OFFICES = (
    r"(?:chief (?:executive|financial|operating|technology|investment|legal)(?: officer)?|ceo|cfo|coo|cto|finance chief"
    r"|chair(?:man|woman|person)?|president|managing director|general counsel|boss|founder|spokes(?:man|woman|person)"
    r"|head of \w+)"
)
_COMPANY = r"[A-Z][\w&'’.\-]*(?: (?:[A-Z][\w&'’.\-]*|of|and|&))*"
_SAYING = re.compile(
    r"\b(?:said|says|told|tells|wrote|warned|warns|insisted|insists|added|denied|denies|confirmed)\b", re.I
)
# "its chief executive Ann Lee said": of the company that the sentence is about.
_OWN = re.compile(rf"\b(?:its|the \w+[’']s) (?:\w+ ){{0,2}}{_OFFICES}\b", re.I)
# "Halden Energy chief executive Ann Lee said", "Halden Energy's chairman told".
_OF_COMPANY = re.compile(rf"\b({_COMPANY}?)(?:['’]s)? (?:(?:vice|deputy|group|interim|new) )?(?i:{_OFFICES})\b")
# "Halden is sound, chief executive Ann Lee said.": of the company that the sentence begins with.
_BARE = re.compile(rf", (?:the )?{_OFFICES} (?:[A-Z][\w’'-]+ ){{1,3}}(?:said|says|told|tells|added|insisted)\b")
_OPENING = re.compile(rf"{_COMPANY}")
# At the end of a headline: "… , chairman says", "… says chief executive".
_SIGNED = re.compile(rf"(?:[,\"”'’–—-] ?{_OFFICES} (?:says|said)|\b(?:says|said) (?:its )?{_OFFICES})$", re.I)
_FORMER = re.compile(r"\b(?:former|ex|ousted|late|rival)[ -]", re.I)


class Officer(NamedTuple):
    """A person who speaks for ``company``, or for the company that the text is about if it is None."""

    company: str | None


def find_officer(statements: Iterable[str]) -> Officer | None:
    """Return the officer quoted in the first of ``statements`` that quotes one, or None."""
    for text in statements:
        if _SIGNED.search(text.rstrip(". ")):
            return Officer(None)
        if not _SAYING.search(text) or _FORMER.search(text):
            continue
        if _OWN.search(text):
            return Officer(None)
        named = _OF_COMPANY.search(text)
        if _BARE.search(text):
            opening = _OPENING.match(text)
            return Officer(opening.group() if opening and not _is_ordinary(opening.group()) else None)
        if named and named.group(1):
            return Officer(named.group(1).removesuffix("'s").removesuffix("’s"))
    return None


def _is_ordinary(opening: str) -> bool:
    lists = word_lists()
    return all(
        word in lists.sentence_openers or word in lists.common_words or word in lists.function_words
        for word in words(opening)
    )
