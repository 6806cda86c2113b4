"""Decides which evidence supports which other: who "reports it as well", and whether a report is "now confirmed".

Only an item that surely reports the same event and states the same claim, through another channel and from another
origin, supports one. Every sentence that claims such support is checked before a draft is made.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from schemas.alerts import Alert, Evidence
from schemas.mentions import ClaimBasis
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.tone import QUOTATION

__all__ = ["CLAIMS_SUPPORT", "are_independent", "cited_origin", "corroborating", "is_confirmed_since", "unsupported"]

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
_CLAIMS_CONFIRMATION = re.compile(r"\b(?:now confirmed|better evidence)\b", re.I)
#: Words that say that the client was told before.
_CLAIMS_TOLD = re.compile(r"\b(?:i told you|we told you|i wrote to you|i sent you)\b", re.I)


def cited_origin(item: Evidence) -> str | None:
    """Return the origin that the item names in its text; None if only its link, name or credit claims it."""
    return None if item.origin == item.claimed_publisher else item.origin


def are_independent(left: Evidence, right: Evidence) -> bool:
    """Return whether two items came through different channels and from different origins."""
    return _channel(left) != _channel(right) and left.origin.casefold() != right.origin.casefold()


def _may_be_said_together(item: Evidence, other: Evidence) -> bool:
    """Return whether it is sure beyond doubt that both report the same event; in older alerts, their story says so."""
    return item.same_event is None or other.item_id in item.same_event


def corroborating(alert: Alert, lead: Evidence) -> list[Evidence]:
    """Return the items that support ``lead``, in order, each independent of it and of those before.

    A fact is only supported by sources of grades A–C that assert it; any source may repeat a rumor.
    """
    found: list[Evidence] = []
    for item in alert.evidence:
        sound = item.status == "asserted" and item.source_grade in "ABC"
        agrees = sound or (lead.status == "hedged" and item.status in ("asserted", "hedged"))
        if (
            agrees
            and item.supports == lead.supports == "claim"
            and _may_be_said_together(item, lead)
            and all(are_independent(item, other) and item.publisher != other.publisher for other in (lead, *found))
        ):
            found.append(item)
    return found


def is_confirmed_since(alert: Alert, told: Collection[str]) -> bool:
    """Return whether somebody else has stated the claim since the client was told of the items ``told``.

    If the alert's information grade is 1 (confirmed), it must be stated without doubt.
    """
    before = [item for item in alert.evidence if item.item_id in told]
    return bool(before) and any(
        item.supports == "claim"
        and item.item_id not in told
        and (item.status == "asserted" or alert.information_grade > 1)
        and any(_may_be_said_together(item, other) for other in before)
        and all(are_independent(item, other) or _is_told_first_hand(item, other) for other in before)
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
    confirmed = earlier is not None and is_confirmed_since(brief.alert, earlier.item_ids)
    supporters = {item.publisher for item in corroborating(brief.alert, lead)}
    others = {item.publisher for item in brief.alert.evidence} - supporters
    wrong = []
    for sentence in _SENTENCE_END.split(QUOTATION.sub("“…”", text)):
        claims_support = CLAIMS_SUPPORT.search(sentence) is not None
        if (
            (claims_support and (not _names(sentence, supporters) or _names(sentence, others)))
            or (_CLAIMS_CONFIRMATION.search(sentence) and not confirmed)
            or (_CLAIMS_TOLD.search(sentence) and not told)
        ):
            wrong.append(sentence)
    return tuple(wrong)


def _names(sentence: str, publishers: Iterable[str]) -> bool:
    """Return whether a sentence names one of ``publishers``; a shorter name inside a longer one is none."""
    return any(re.search(rf"(?<!\w){re.escape(' '.join(name.split()))}(?!\w)", sentence) for name in publishers if name)


def _channel(item: Evidence) -> str:
    return item.channel or item.publisher.casefold()
