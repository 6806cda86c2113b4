"""Turn a reading into the event and the claim that stories and verdicts are built on.

The reading decides what happened and how firm it is; the lexicon adds the finer kind, the speaker and the words.
"""

from __future__ import annotations

from typing import get_args

from schemas.items import Item
from schemas.mentions import (
    DIRECTION_OF,
    FAMILY_OF,
    Claim,
    ClaimBasis,
    ClaimStatus,
    EventKind,
    Impact,
    ItemAnnotated,
    Mention,
)
from schemas.readings import EventFamily, Firmness, Reading, Weight
from services.matcher.reading.assurances import denies_nothing, doubts
from services.matcher.reading.deal_roles import DealRole, find_deal_role
from services.matcher.reading.impact import Size, Urgency, is_retrospective, with_kind
from services.matcher.reading.negated_events import confirms_denied
from services.matcher.reading.others_insolvency import is_anothers_insolvency

__all__ = ["SURE_OF_FACT", "SURE_OF_KIND", "claim_as_read", "impact_as_read", "is_unsure_kind"]

#: The kind of an event whose family the lexicon does not refine; other families have a kind of their own name.
_DEFAULT_KIND: dict[EventFamily, EventKind] = {
    "capital": "funding",
    "rating": "rating_change",
    "leadership": "leadership_change",
    "breach": "data_breach",
    "trial": "clinical_trial",
}
#: Kinds that are good or bad for a holder by definition, whatever the reading says.
_FIXED_DIRECTION: frozenset[EventKind] = frozenset(
    ("dividend_cut", "dividend_raise", "guidance_cut", "guidance_raise", "earnings_beat", "earnings_miss", "averted")
)
#: A deal by the side that the headline shows the name on. Without it, not every object of a deal is bought.
_DEAL_FOR_SIDE: dict[DealRole, EventKind] = {
    "buyer": "acquisition",
    "target": "takeover",
    "seller": "divestment",
    "stake": "deal",
}
#: On 55 items whose words deny something, the model was this sure of a fact in most of those that report one.
SURE_OF_FACT = 0.9
#: Below this, the kind of an event is unknown unless its words show it.
SURE_OF_KIND = 0.5
_KINDS: frozenset[str] = frozenset(get_args(EventKind))
_SIZE: dict[Weight, Size] = {"major": "major", "worth": "moderate", "minor": "minor", "none": "minor"}
#: Those who may doubt a thing without knowing it.
_OUTSIDERS: frozenset[ClaimBasis] = frozenset(("own", "person", "researcher"))
_STATUS: dict[Firmness, ClaimStatus] = {
    "fact": "asserted",
    "reported": "asserted",
    "plan": "asserted",
    "none": "asserted",
    "rumor": "hedged",
    "forecast": "hedged",
    "denied": "denied",
}


def impact_as_read(
    item: Item, mention: Mention, reading: Reading, lexical: Impact, move: Impact | None = None
) -> Impact:
    """Return the event as ``reading`` sees it, with the finer kind and the cues of ``lexical`` where they agree.

    Words that look back at an old event, or label an advertisement, count, whatever the model makes of it. A price move
    that the headline states (``move``) has the direction and size that it states.
    """
    if is_retrospective(lexical) or lexical.kind == "advertisement":
        return lexical
    if move is not None and (reading.kind == "share_move" or (lexical.kind == "share_move" and _is_unsure(reading))):
        return move
    kind = _kind(item, mention, reading, lexical)
    if kind == "insolvency" and is_anothers_insolvency(item, mention):
        kind = "other"  # a loss at most, and no advice on an insolvency fits
    impact = lexical if kind == lexical.kind else with_kind(lexical, kind)
    direction = impact.direction if kind in _FIXED_DIRECTION else DIRECTION_OF[reading.direction]
    if lexical.kind == kind and lexical.direction == "neutral":
        direction = "neutral"  # the lexicon saw that it is over
    return impact.model_copy(
        update={
            "direction": direction,
            "size": _SIZE[reading.weight],
            "urgency": _urgency(reading.weight, impact.urgency),
        }
    )


def is_unsure_kind(annotated: ItemAnnotated) -> bool:
    """Return whether the kind of the event is only the likeliest of several, and no words support it."""
    reading = annotated.reading
    return reading is not None and annotated.claim.judged and _is_unsure(reading) and not annotated.impact.cues


def claim_as_read(title: str, reading: Reading, lexical: Claim) -> Claim:
    """Return the claim with the status of ``reading``.

    A retraction is found by its words alone, and so is a denial that a confirmation has overtaken. Any other denial
    that the words show stands unless the reading is sure of a fact, and "no choice but to sell" is none. Whoever doubts
    a thing in a headline doesn't report it.
    """
    if not lexical.judged or lexical.status == "retracted":
        return lexical
    if "denied" in (lexical.status, reading.status) and confirms_denied(title):
        return lexical.model_copy(update={"status": "asserted"})
    if lexical.status == "denied" and not (reading.status == "fact" and reading.confidence.status >= SURE_OF_FACT):
        return lexical
    status = _STATUS[reading.status]
    if status == "denied" and lexical.status != "denied" and denies_nothing(title):
        return lexical
    if status in ("asserted", "denied") and lexical.basis in _OUTSIDERS and doubts(title):
        status = "hedged"
    if status == lexical.status:
        return lexical
    return lexical.model_copy(update={"status": status, "score": _unverified(reading, status)})


def _is_unsure(reading: Reading) -> bool:
    return reading.confidence.kind < SURE_OF_KIND


def _kind(item: Item, mention: Mention, reading: Reading, lexical: Impact) -> EventKind:
    family = reading.kind
    if lexical.kind == "averted":
        return "averted"
    refined = FAMILY_OF[lexical.kind] == family and lexical.kind not in ("other", "none")
    if family == "deal":
        usual = lexical.kind if refined and reading.role == "actor" else "deal"
        return _DEAL_FOR_SIDE.get(find_deal_role(item.title, mention.spans), usual)
    if refined:
        return lexical.kind
    return _DEFAULT_KIND.get(family) or _named(family)


def _named(family: EventFamily) -> EventKind:
    assert family in _KINDS, family  # noqa: S101 - a test goes through all families
    return family  # type: ignore[return-value]


def _urgency(weight: Weight, usual: Urgency) -> Urgency:
    if weight in ("minor", "none"):
        return "low"
    if weight == "major" and usual in ("low", "normal"):
        return "high"
    return usual


def _unverified(reading: Reading, status: ClaimStatus) -> float:
    """Return the probability that the claim is unverified, as a claim's score."""
    return reading.confidence.status if status != "asserted" else round(1 - reading.confidence.status, 4)
