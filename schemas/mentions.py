"""What the matcher finds in one item: who is mentioned, what is claimed, what happened, on whose word."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Model, Payload, Utc
from schemas.items import Item

__all__ = [
    "Claim",
    "ClaimBasis",
    "ClaimStatus",
    "Direction",
    "EventKind",
    "Impact",
    "ItemAnnotated",
    "ItemField",
    "Mention",
    "Origin",
    "RumorOutcome",
    "RumorResolved",
    "Signature",
    "SourceGrade",
    "SourceGraded",
    "SourceKind",
    "SourceLetter",
    "Span",
    "StoryRecord",
    "StoryRelation",
]

ItemField = Literal["title", "summary", "body"]
ClaimStatus = Literal["asserted", "hedged", "denied", "retracted"]
#: On whose word: a regulator, a filing, the company itself, a named person, unnamed sources, another outlet, or the
#: publisher's own.
ClaimBasis = Literal["regulator", "filing", "company", "person", "unnamed", "outlet", "own"]
StoryRelation = Literal["new", "copy", "same", "update"]
Direction = Literal["positive", "negative", "neutral", "unclear"]
SourceLetter = Literal["A", "B", "C", "D", "E", "F"]
SourceKind = Literal[
    "wire", "news", "trade", "regulator", "company", "newswire", "blog", "aggregator", "satire", "social", "other"
]
EventKind = Literal[
    "dividend_cut",
    "dividend_raise",
    "earnings",
    "earnings_beat",
    "earnings_miss",
    "guidance_cut",
    "guidance_raise",
    "takeover",
    "acquisition",
    "divestment",
    "partnership",
    "recall",
    "data_breach",
    "vulnerability",
    "outage",
    "end_of_life",
    "lawsuit",
    "investigation",
    "fine",
    "regulation",
    "insolvency",
    "leadership_change",
    "layoffs",
    "strike",
    "supply_disruption",
    "price_increase",
    "price_cut",
    "share_move",
    "rating_change",
    "rate_change",
    "product_launch",
    "contract_win",
    "contract_loss",
    "funding",
    "expansion",
    "campaign",
    "clinical_trial",
    "averted",
    "opinion",
    "advertisement",
    "other",
]


class Span(Model):
    """Where in an item: characters ``start`` (inclusive) to ``end`` (exclusive) of ``field``, and what stands there."""

    field: ItemField
    start: int
    end: int
    text: str


class Mention(Model):
    """A watched thing stands in an item. ``salience`` is 0–1: 1 is what the item is about."""

    type: Literal["mention"] = "mention"
    item_id: str
    entity_id: str
    spans: tuple[Span, ...]
    salience: float = Field(ge=0, le=1)
    why: str


class Claim(Model):
    """What an item says of its event, and on whose word.

    ``score`` is 0–1 that it is *un*verified; ``cues`` are quoted from the item. ``judged`` is False where the language
    is one that is not judged.
    """

    type: Literal["claim"] = "claim"
    item_id: str
    status: ClaimStatus
    score: float = Field(ge=0, le=1)
    cues: tuple[str, ...] = ()
    attributed_to: str | None = None
    basis: ClaimBasis = "own"
    judged: bool = True


class Impact(Model):
    """What happened, which way it points for a holder, how large it is, and how long telling it is worth anything."""

    kind: EventKind
    direction: Direction
    size: Literal["minor", "moderate", "major"]
    urgency: Literal["low", "normal", "high", "urgent"]
    worth_hours: int
    cues: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()


class SourceGrade(Model):
    """A publisher's standing. ``grade`` A–F after the Admiralty scale: A reliable … E unreliable, F not known.

    ``ground`` says why, ``set_by`` who set it (None: it ships with the package) and ``set_at`` when. Outcomes before
    ``record_since`` don't count for its track record. ``record`` is the sentence on that record where ``grade`` has
    moved by it.
    """

    domain: str
    publisher: str
    owner: str | None = None
    kind: SourceKind = "news"
    grade: SourceLetter = "F"
    ground: str = ""
    set_by: str | None = None
    set_at: Utc | None = None
    record_since: Utc | None = None
    record: str | None = None


class SourceGraded(Payload):
    """A source's grade is from now on this."""

    event_type: ClassVar[str] = "source.graded"

    source: SourceGrade
    revision: int = 0


#: How a rumor ended: somebody confirmed it, it was denied or withdrawn, or nobody took it up.
RumorOutcome = Literal["confirmed", "denied", "fizzled"]


class RumorResolved(Payload):
    """What a source reported of a watched thing turned out so. A later outcome of the same story takes its place.

    ``story_id`` and ``entity_id`` say which report, ``headline`` how it was put.
    """

    event_type: ClassVar[str] = "rumor.resolved"

    domain: str
    publisher: str
    story_id: str
    entity_id: str
    headline: str
    outcome: RumorOutcome
    at: Utc


class Origin(Model):
    """Where a statement comes from in the end. Items with one ``id`` count as one source, however many there are.

    ``grade`` is how far to rely on the statement: the origin's standing, or that of a poor go-between. ``domain`` is
    the publisher whose word it is, if it is one; ``record`` a sentence on its track record where that moved its grade.
    """

    id: str
    name: str
    via: Literal["itself", "attribution", "wire_credit", "near_copy", "owner", "primary"] = "itself"
    primary: bool = False
    grade: SourceLetter = "F"
    domain: str | None = None
    record: str | None = None


class Signature(Model):
    """What is compared to tell whether two items are one story: hashed shingles, title words, numbers, names."""

    shingles: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class StoryRecord(Model):
    """To which story an item belongs, and how: the first of it, a copy, the same again, or something new in it."""

    type: Literal["story"] = "story"
    item_id: str
    story_id: str
    relation: StoryRelation


class ItemAnnotated(Payload):
    """Everything that can be said of an item and one watched entity without knowing other items."""

    event_type: ClassVar[str] = "item.annotated"

    entity_id: str
    item: Item
    revision: int = 0
    mention: Mention
    claim: Claim
    impact: Impact
    source: SourceGrade
    origin: Origin
    signature: Signature
    quote: str | None = None
    seen_at: Utc
