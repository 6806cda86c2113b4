"""Explain how one item was read, as reasons: the mention, the claim, the event and the origin.

They only explain; no decision depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.alerts import Reason
from schemas.items import ArticleReading
from schemas.mentions import (
    Claim,
    ClaimBasis,
    ClaimStatus,
    EventKind,
    Impact,
    ItemAnnotated,
    Origin,
    Provenance,
    SourceGrade,
)
from schemas.readings import Reading
from services.matcher.judgment.reasons import reason
from services.matcher.sources.channels import UNKNOWN_DOMAIN
from services.matcher.stories.evidence import stated_at
from services.matcher.text.humanize import capitalize_first, event_kind_phrase, join_words

__all__ = ["explain_item", "say_who"]

#: Cues quoted in a sentence; more would hide the point.
_MAX_QUOTED = 3
_STATUS: dict[ClaimStatus, str] = {
    "asserted": "It is stated as a fact",
    "hedged": "It is reported as unconfirmed",
    "denied": "It is denied",
    "retracted": "It is withdrawn",
}
_BASIS: dict[ClaimBasis, str] = {
    "regulator": "an authority",
    "court": "a court or court papers",
    "filing": "a filing",
    "company": "the company",
    "person": "a person or an official",
    "researcher": "researchers or analysts",
    "unnamed": "unnamed sources",
    "wire": "a news agency",
    "outlet": "another newsroom",
    "own": "the publisher itself",
}
_VIA: dict[str, str] = {
    "attribution": "which it cites",
    "wire_credit": "as its credit line says",
    "near_copy": "whose text it repeats",
    "owner": "which owns it",
    "primary": "which speaks for the party itself",
}
#: Why an item has only what its feed says.
_NO_ARTICLE: dict[ArticleReading, str] = {
    "paywall": "the article is behind a paywall",
    "robots": "its site asks programs not to read the article",
    "refused": "its site does not send the article to programs",
    "foreign": "the article is on another site than its feed, which does not speak for that",
    "unread": "the article was not found, or could not be read in time",
}
#: Kinds that are no kind of event.
_NO_KIND: dict[EventKind, str] = {
    "other": "It is of no usual kind",
    "none": "No event was recognized",
}


def explain_item(annotated: ItemAnnotated) -> Iterator[Reason]:
    """Yield one reason for each reading of the item."""
    spans = ", ".join(dict.fromkeys(span.text for span in annotated.mention.spans))
    yield reason("mention", spans, f"salience {annotated.mention.salience:.2f}", annotated.mention.why)
    if annotated.provenance is not None:
        yield from _explain_provenance(annotated.provenance, annotated.source)
    if annotated.reading is not None:
        yield _explain_reading(annotated.reading)
    if annotated.claim.judged:
        yield _explain_claim(annotated.claim, annotated.reading)
    if annotated.reading is None or annotated.impact.cues:
        yield _explain_event(annotated.impact)
    if stated_at(annotated) is None:
        text = "It states no date that can be read, so it may be old; check when it happened before you pass it on."
        yield reason("undated", annotated.item.title, "not urgent", text)
    if annotated.item.article is not None:
        yield _explain_article(annotated.item.article)
    claimed = annotated.provenance.claimed if annotated.provenance is not None else None
    if annotated.origin.via != "itself" and annotated.origin.name != claimed:
        yield _explain_origin(annotated.source.publisher, annotated.origin)


def say_who(basis: ClaimBasis, name: str | None) -> str:
    """Return on whose word a claim rests: the name, or else the sort of speaker."""
    return name or _BASIS[basis]


def _explain_provenance(provenance: Provenance, source: SourceGrade) -> Iterator[Reason]:
    """Yield the reasons for which the item doesn't count as from the publisher that it names."""
    if provenance.claimed is not None:
        through = f"it came through {source.publisher}" if source.domain != UNKNOWN_DOMAIN else "its channel is unknown"
        text = f"It says it is from {provenance.claimed}, but {through}."
        yield reason("provenance", f"from {provenance.claimed}", f"through {source.publisher}", text)
    if provenance.imitates is not None:
        text = f"Its address or its name imitates {provenance.imitates}. It is not {provenance.imitates}."
        yield reason("imitation", source.publisher, f"imitates {provenance.imitates}", text)


def _explain_reading(reading: Reading) -> Reason:
    sure = reading.confidence
    saw = (
        f"role {reading.role} {sure.role:.2f}, kind {reading.kind} {sure.kind:.2f}, genre {reading.genre} "
        f"{sure.genre:.2f}, status {reading.status} {sure.status:.2f}"
    )
    concluded = f"worth telling {reading.tell_score:.2f}, {reading.direction}, {reading.weight}"
    return reason("reading", saw, concluded, " ".join(reading.reasons))


def _explain_claim(claim: Claim, reading: Reading | None) -> Reason:
    status = _STATUS[claim.status]
    if reading is not None and claim.status == "asserted" and reading.status == "plan":
        status = "It is announced but not done yet"
    text = f"{status}, according to {say_who(claim.basis, claim.attributed_to)}{_quoted(claim.cues)}."
    return reason("claim", ", ".join(claim.cues) or "no words of doubt or denial", claim.status, text)


def _explain_event(impact: Impact) -> Reason:
    concluded = f"{impact.kind}, {impact.direction}, {impact.size}"
    saw = ", ".join(impact.cues) or "no words that indicate a kind of event"
    text = _NO_KIND.get(impact.kind) or f"It was recognized as {event_kind_phrase(impact.kind)}"
    return reason("event", saw, concluded, f"{text}{_quoted(impact.cues)}.")


def _explain_article(became: ArticleReading) -> Reason:
    text = "Its feed has only a headline or a teaser; the article was read on its page."
    if became != "read":
        text = f"Only its headline or teaser could be read: {_NO_ARTICLE[became]}."
    return reason("article", became, "the article" if became == "read" else "what its feed says", text)


def _explain_origin(publisher: str, origin: Origin) -> Reason:
    text = f"{capitalize_first(publisher)} has it from {origin.name}, {_VIA[origin.via]}."
    if origin.via == "primary" and not origin.primary:
        text = (
            f"{capitalize_first(publisher)} says that it has it from {origin.name}, which its word alone does not show."
        )
    if publisher == origin.name:
        text = f"{capitalize_first(publisher)} reports first-hand."
    return reason("origin", f"{publisher}, {origin.via.replace('_', ' ')}", origin.name, text)


def _quoted(cues: tuple[str, ...]) -> str:
    longest = [cue for cue in cues if not any(cue != other and cue.lower() in other.lower() for other in cues)]
    quoted = [f"“{cue}”" for cue in longest if any(char.isalpha() for char in cue)][:_MAX_QUOTED]
    return f": {join_words(quoted)}" if quoted else ""
