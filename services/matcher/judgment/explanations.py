"""What each rule read in the item that brought a verdict, as reasons: who is named, what is claimed, what happened.

They explain; nothing is decided by them.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.alerts import Reason
from schemas.mentions import Claim, ClaimBasis, ClaimStatus, Impact, ItemAnnotated, Origin
from services.matcher.judgment.reasons import reason
from services.matcher.text.humanize import capitalize_first, event_kind_phrase, join_words

__all__ = ["readings"]

#: Cues quoted in a sentence; more would hide the point.
QUOTED = 3
_STATUS: dict[ClaimStatus, str] = {
    "asserted": "It is stated as a fact",
    "hedged": "It is put as unconfirmed",
    "denied": "It is denied",
    "retracted": "It is taken back",
}
_BASIS: dict[ClaimBasis, str] = {
    "regulator": "an authority",
    "filing": "a filing",
    "company": "the company",
    "person": "a person who is named or holds an office",
    "unnamed": "sources that are not named",
    "outlet": "another newsroom",
    "own": "the publisher",
}
_VIA: dict[str, str] = {
    "attribution": "as it says itself",
    "wire_credit": "whose credit it carries",
    "near_copy": "whose text it is",
    "owner": "which owns it",
    "primary": "who speaks for the party itself",
}


def readings(data: ItemAnnotated) -> Iterator[Reason]:
    """What was read in one item about one watched thing, one reason a rule."""
    spans = ", ".join(dict.fromkeys(span.text for span in data.mention.spans))
    yield reason("mention", spans, f"salience {data.mention.salience:.2f}", data.mention.why)
    if data.claim.judged:
        yield _claim(data.claim)
    yield _event(data.impact)
    if data.origin.via != "itself":
        yield _origin(data.source.publisher, data.origin)


def _claim(claim: Claim) -> Reason:
    who = claim.attributed_to or _BASIS[claim.basis]
    text = f"{_STATUS[claim.status]}, on the word of {who}{_quoted(claim.cues)}."
    return reason("claim", ", ".join(claim.cues) or "no word of doubt or denial", claim.status, text)


def _event(impact: Impact) -> Reason:
    concluded = f"{impact.kind}, {impact.direction}, {impact.size}"
    saw = ", ".join(impact.cues) or "no word that tells a kind of event"
    if impact.kind == "other":
        return reason("event", saw, concluded, "What happened is of no kind that is known here.")
    return reason("event", saw, concluded, f"It reads as {event_kind_phrase(impact.kind)}{_quoted(impact.cues)}.")


def _origin(publisher: str, origin: Origin) -> Reason:
    text = f"{capitalize_first(publisher)} has it from {origin.name}, {_VIA[origin.via]}."
    if publisher == origin.name:
        text = f"{capitalize_first(publisher)} speaks for itself."
    return reason("origin", f"{publisher}, {origin.via.replace('_', ' ')}", origin.name, text)


def _quoted(cues: tuple[str, ...]) -> str:
    longest = [cue for cue in cues if not any(cue != other and cue.lower() in other.lower() for other in cues)]
    told = [f"“{cue}”" for cue in longest if any(char.isalpha() for char in cue)][:QUOTED]
    return f": {join_words(told)}" if told else ""
