"""Decides which evidence supports which other: who "reports it as well".

Only an item that surely reports the same event and states the same claim, through another channel and from another
origin, supports one.
"""

from __future__ import annotations

import re

from schemas.alerts import Alert, Evidence
from services.common.wording import LESS, words_found
from services.notifier.drafting.corroboration import are_independent, may_be_said_together
from services.notifier.drafting.meaning.statements import statements
from services.notifier.drafting.tokens import tokens

__all__ = ["corroborating", "says_just_that"]

#: Words that say of how much something is true: without them it is another claim.
_WHOLE = re.compile(r"\b(?:all|every|entire|entirely|whole|total|totally|completely|never|no|not|none)\b", re.I)
#: What a report that confirms another may say beyond it, in content words: more, and it may be another claim.
_MORE_WORDS = 1


def corroborating(alert: Alert, lead: Evidence) -> list[Evidence]:
    """Return the items that support ``lead``, in order, each independent of it and of those before.

    A fact is only supported by sources of grades A–C that assert it; any source may repeat a rumor. What a source says
    that makes nothing true by itself ("leaves the index") is only supported by who says just that.
    """
    found: list[Evidence] = []
    for item in alert.evidence:
        sound = item.status == "asserted" and item.source_grade in "ABC"
        agrees = sound or (lead.status == "hedged" and item.status in ("asserted", "hedged"))
        if (
            agrees
            and item.supports == lead.supports == "claim"
            and may_be_said_together(item, lead)
            and (lead.source_grade in "AB" or says_just_that(item, lead.title))
            and all(are_independent(item, other) and item.publisher != other.publisher for other in (lead, *found))
        ):
            found.append(item)
    return found


def says_just_that(item: Evidence, told: str) -> bool:
    """Return whether ``item`` says all that was ``told``, no less, and its headline hardly more."""
    known, names = f"{item.title}. {item.quote}", _stems(" ".join(span.text for span in item.spans))
    if not _figures(told) <= _figures(known) or words_found(_WHOLE, told) != words_found(_WHOLE, item.title):
        return False
    if not words_found(LESS, known) <= words_found(LESS, told):
        return False
    return _stems(told) - names <= _stems(known) and len(_stems(item.title) - names - _stems(told)) <= _MORE_WORDS


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem for statement in statements(text) for stem in statement.stems)


def _figures(text: str) -> set[object]:
    return {token.value for token in tokens(text) if token.kind in ("number", "amount", "percentage")}
