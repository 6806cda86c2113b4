"""Decide whether the insolvency in a text is another's: "loans to a builder that went bankrupt".

Who lends to, sells to or buys from an insolvent company is not insolvent. The form of the words decides: a relative
clause about something indefinite, "bankrupt" as an adjective of something else, or a counterparty as the subject.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from schemas.items import Item
from schemas.mentions import Mention
from services.matcher.lexicon import read_yaml
from services.matcher.text.normalize import fold_case
from services.matcher.text.phrases import PhraseMatcher
from services.matcher.text.sentences import sentences

__all__ = ["is_anothers_insolvency"]

#: Sentences of the lead that are searched if the headline names no insolvency.
LEAD_SENTENCES = 2
_WORD = r"[\w.&'’-]+"
_INDEFINITE = r"(?:an?|another|its|their|one|two|three|four|several|some)"
# "a builder that went", "its largest customer, which has filed for"; not "Halden, a utility that went".
_RELATIVE = re.compile(
    rf"(?<!, )\b{_INDEFINITE} (?P<who>(?:{_WORD} ){{0,4}}{_WORD}),? (?:that|which|who|whose) (?:{_WORD} ){{0,4}}$"
)
# "loans to bankrupt builder", "the contract of an insolvent grocer"
_ATTRIBUTES = frozenset(("bankrupt", "insolvent"))
_BEFORE_ATTRIBUTE = re.compile(rf"\b(?:to|of|from|with|by|for|at|against|on|in) (?:{_INDEFINITE} )?$")
_DESCRIBED = re.compile(
    r"^ (?!(?:after|as|by|in|of|on|for|and|or|but|amid|over|with|if|when|while|says?)\b)"
    rf"(?P<who>{_WORD}(?: {_WORD}){{0,4}})"
)
# "as customer Brodby files for", "after its largest tenant went into"
_SUBJECT = re.compile(
    rf"(?:^|\b(?:as|after|when|because|while|since) )(?:{_WORD} ){{0,3}}?"
    r"(?P<who>(?:customer|client|supplier|tenant|borrower|debtor|partner|rival|competitor|contractor|franchisee|"
    rf"licensee|distributor|counterparty)s? (?:{_WORD} ){{0,5}})$"
)
#: What may be the company itself, or a part of it.
_OWN = re.compile(r"\b(?:units?|subsidiar\w+|arms?|parents?|owners?|divisions?|affiliates?|company|firm|group)\b")


def is_anothers_insolvency(item: Item, mention: Mention) -> bool:
    """Return whether every insolvency in the headline, or else in the lead, is another's, not that of ``mention``."""
    names = {fold_case(span.text) for span in mention.spans}
    lead = " ".join(sentence.text for sentence in sentences(item.summary or item.body or "", LEAD_SENTENCES))
    for text in (fold_case(item.title), fold_case(lead)):
        hits = _insolvencies().find(text)
        if hits:
            return all(_is_anothers(text, hit.start, hit.end, names) for hit in hits)
    return False


def _is_anothers(text: str, start: int, end: int, names: Collection[str]) -> bool:
    """Return whether the words from ``start`` to ``end`` are said of somebody who has none of ``names``."""
    before = text[:start]
    found = _RELATIVE.search(before) or _SUBJECT.search(before)
    if found is None and text[start:end] in _ATTRIBUTES and _BEFORE_ATTRIBUTE.search(before):
        found = _DESCRIBED.match(text[end:])
    return found is not None and not _OWN.search(found["who"]) and not any(name in found["who"] for name in names)


@cache
def _insolvencies() -> PhraseMatcher[bool]:
    phrases = read_yaml("events.yaml")["kinds"]["insolvency"]["phrases"]
    return PhraseMatcher((phrase, True) for phrase in phrases)
