"""Checks what a draft says of support: that another source reports the news as well, or that it is now confirmed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from schemas.alerts import Alert, Evidence
from schemas.mentions import ClaimBasis
from services.notifier.drafting.brief import Brief, DraftedStory
from services.notifier.drafting.corroboration import are_independent, may_be_said_together
from services.notifier.drafting.supporters import corroborating, says_just_that
from services.notifier.drafting.tone import QUOTATION

__all__ = ["CLAIMS_CONFIRMATION", "CLAIMS_SUPPORT", "is_confirmed_since", "unsupported"]

#: Whoever speaks on one of these bases must know.
_FIRST_HAND: frozenset[ClaimBasis] = frozenset(("regulator", "court", "filing", "company"))
#: Words that say that another source reports the same.
CLAIMS_SUPPORT = re.compile(
    r"\b(?:also reports?|reports? (?:it|this) as well|confirmed by|confirms? (?:it|this)|independently)\b",
    re.I,
)
#: The end of a sentence whose quotations are blanked.
_SENTENCE_END = re.compile(r"(?<=[.”])\s+(?=[A-Z])")
#: Words that say that a report has been confirmed since.
CLAIMS_CONFIRMATION = re.compile(r"\b(?:now confirmed|better evidence)\b", re.I)
#: Words that say that the client was told before.
_CLAIMS_TOLD = re.compile(r"\b(?:i told you|we told you|i wrote to you|i sent you)\b", re.I)


def is_confirmed_since(alert: Alert, earlier: DraftedStory, beside: Iterable[Evidence] = ()) -> bool:
    """Return whether somebody else has stated the claim since the client read the message ``earlier``.

    ``beside`` is what the message leaves out. If the alert's information grade is 1 (confirmed), it must be stated
    without doubt. What a source said that makes nothing true by itself is only confirmed by who says just what the
    client read; the source may have changed its words since.
    """
    told = earlier.item_ids
    before = [item for item in (*alert.evidence, *beside) if item.item_id in told]
    return bool(before) and any(
        item.supports == "claim"
        and item.item_id not in told
        and (item.status == "asserted" or alert.information_grade > 1)
        and any(may_be_said_together(item, other) for other in before)
        and all(are_independent(item, other) or _is_told_first_hand(item, other) for other in before)
        and all(other.source_grade in "AB" or says_just_that(item, earlier.quote or other.title) for other in before)
        for item in alert.evidence
    )


def _is_told_first_hand(item: Evidence, other: Evidence) -> bool:
    """Return whether a good newsroom quotes who must know, where it had another source before."""
    first_hand = item.basis in _FIRST_HAND and item.source_grade in "AB"
    return first_hand and item.origin.casefold() != other.origin.casefold()


def unsupported(text: str, brief: Brief, lead: Evidence) -> tuple[str, ...]:
    """Return the sentences of ``text``, a draft's news part, that claim support which the evidence doesn't give."""
    earlier = brief.earlier
    told = earlier is not None and earlier.sent_at is not None
    confirmed = earlier is not None and is_confirmed_since(brief.alert, earlier, brief.beside)
    supporters = {item.publisher for item in corroborating(brief.alert, lead)}
    others = {item.publisher for item in brief.alert.evidence} - supporters
    wrong = []
    for sentence in _SENTENCE_END.split(QUOTATION.sub("“…”", text)):
        claims_support = CLAIMS_SUPPORT.search(sentence) is not None
        if (
            (claims_support and (not _names(sentence, supporters) or _names(sentence, others)))
            or (CLAIMS_CONFIRMATION.search(sentence) and not confirmed)
            or (_CLAIMS_TOLD.search(sentence) and not told)
        ):
            wrong.append(sentence)
    return tuple(wrong)


def _names(sentence: str, publishers: Iterable[str]) -> bool:
    """Return whether a sentence names one of ``publishers``; a shorter name inside a longer one is none."""
    return any(re.search(rf"(?<!\w){re.escape(' '.join(name.split()))}(?!\w)", sentence) for name in publishers if name)
