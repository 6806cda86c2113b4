"""The matcher's reading of one item: mentions, claims, events, sources and origins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Model, Payload, Utc
from schemas.items import Item
from schemas.readings import EventFamily, Outlook, Reading

__all__ = [
    "DIRECTION_OF",
    "FAMILY_OF",
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
    "Provenance",
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
#: The basis of a claim: a regulator, a court (or what was filed with it), a party's filing with a regulator or
#: exchange, the company itself, a person or office, researchers and analysts, unnamed sources, a news agency, another
#: outlet, or the publisher's own reporting.
ClaimBasis = Literal[
    "regulator", "court", "filing", "company", "person", "researcher", "unnamed", "wire", "outlet", "own"
]
StoryRelation = Literal["new", "copy", "same", "update"]
Direction = Literal["positive", "negative", "neutral", "unclear"]
SourceLetter = Literal["A", "B", "C", "D", "E", "F"]
SourceKind = Literal[
    "wire", "news", "trade", "regulator", "company", "newswire", "blog", "aggregator", "satire", "social", "other"
]
#: What happened. A broad kind stands beside its finer ones for events that are neither: a dividend that is kept.
EventKind = Literal[
    "earnings",
    "earnings_beat",
    "earnings_miss",
    "guidance",
    "guidance_cut",
    "guidance_raise",
    "dividend",
    "dividend_cut",
    "dividend_raise",
    "buyback",
    "funding",
    "share_move",
    "rating_change",
    "deal",
    "takeover",
    "acquisition",
    "divestment",
    "contract",
    "partnership",
    "contract_win",
    "contract_loss",
    "product",
    "product_launch",
    "end_of_life",
    "price_increase",
    "price_cut",
    "expansion",
    "cutback",
    "layoffs",
    "leadership_change",
    "legal",
    "lawsuit",
    "regulation",
    "investigation",
    "fine",
    "insolvency",
    "data_breach",
    "vulnerability",
    "outage",
    "supply_disruption",
    "recall",
    "labour",
    "strike",
    "clinical_trial",
    "macro",
    "rate_change",
    "politics",
    "reputation",
    "event",
    "campaign",
    "averted",
    "other",
    "opinion",
    "advertisement",
    "none",
]
#: The direction of an event by what a reading says of it.
DIRECTION_OF: Mapping[Outlook, Direction] = {
    "good": "positive",
    "bad": "negative",
    "mixed": "unclear",
    "unclear": "unclear",
}
#: The broad kind that each event kind belongs to.
FAMILY_OF: Mapping[EventKind, EventFamily] = {
    "earnings": "earnings",
    "earnings_beat": "earnings",
    "earnings_miss": "earnings",
    "guidance": "guidance",
    "guidance_cut": "guidance",
    "guidance_raise": "guidance",
    "dividend": "dividend",
    "dividend_cut": "dividend",
    "dividend_raise": "dividend",
    "buyback": "buyback",
    "funding": "capital",
    "share_move": "share_move",
    "rating_change": "rating",
    "deal": "deal",
    "takeover": "deal",
    "acquisition": "deal",
    "divestment": "deal",
    "contract": "contract",
    "partnership": "contract",
    "contract_win": "contract",
    "contract_loss": "contract",
    "product": "product",
    "product_launch": "product",
    "end_of_life": "product",
    "price_increase": "product",
    "price_cut": "product",
    "expansion": "expansion",
    "cutback": "cutback",
    "layoffs": "cutback",
    "leadership_change": "leadership",
    "legal": "legal",
    "lawsuit": "legal",
    "regulation": "regulation",
    "investigation": "regulation",
    "fine": "regulation",
    "insolvency": "insolvency",
    "data_breach": "breach",
    "vulnerability": "vulnerability",
    "outage": "outage",
    "supply_disruption": "outage",
    "recall": "recall",
    "labour": "labour",
    "strike": "labour",
    "clinical_trial": "trial",
    "macro": "macro",
    "rate_change": "macro",
    "politics": "politics",
    "reputation": "reputation",
    "event": "event",
    "campaign": "event",
    "averted": "other",
    "other": "other",
    "opinion": "none",
    "advertisement": "none",
    "none": "none",
}


class Span(Model):
    """A passage of an item: characters ``start`` (inclusive) to ``end`` (exclusive) of ``field``, with their text."""

    field: ItemField
    start: int
    end: int
    text: str


class Mention(Model):
    """An item mentions a watched entity. ``salience`` is 0–1; at 1, the item is about the entity."""

    type: Literal["mention"] = "mention"
    item_id: str
    entity_id: str
    spans: tuple[Span, ...]
    salience: float = Field(ge=0, le=1)
    why: str


class Claim(Model):
    """An item's claim about its event, and its basis.

    ``score`` (0–1) is the confidence that it is *un*verified; ``cues`` are quoted from the item. ``judged`` is False if
    the item's language is not supported. ``relayed_by`` is the newsroom from which the item has what ``attributed_to``
    reported first.
    """

    type: Literal["claim"] = "claim"
    item_id: str
    status: ClaimStatus
    score: float = Field(ge=0, le=1)
    cues: tuple[str, ...] = ()
    attributed_to: str | None = None
    basis: ClaimBasis = "own"
    judged: bool = True
    relayed_by: str | None = None


class Impact(Model):
    """The event: its kind, direction for a holder, size, urgency, and for how many hours it is worth telling."""

    kind: EventKind
    direction: Direction
    size: Literal["minor", "moderate", "major"]
    urgency: Literal["low", "normal", "high", "urgent"]
    worth_hours: int
    cues: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()


class SourceGrade(Model):
    """A publisher's reliability. ``grade`` A–F follows the Admiralty scale: A reliable … E unreliable, F unknown.

    ``ground`` is the reason, ``set_by`` who set it (None: built in) and ``set_at`` when. Outcomes before
    ``record_since`` do not count toward the track record. ``record`` describes the track record if it changed
    ``grade``; ``set_grade`` is then the grade that was set, and None otherwise.
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
    set_grade: SourceLetter | None = None

    @property
    def granted(self) -> SourceLetter:
        """The grade before the track record: the one that somebody set."""
        return self.set_grade or self.grade


class SourceGraded(Payload):
    """A source's grade was set or has changed."""

    event_type: ClassVar[str] = "source.graded"

    source: SourceGrade
    revision: int = 0


#: The end of a rumor: somebody confirmed it, it was denied or withdrawn, or nobody took it up (fizzled).
RumorOutcome = Literal["confirmed", "denied", "fizzled"]


class RumorResolved(Payload):
    """A source's rumor about a watched entity ended. A later outcome of the same story replaces an earlier one.

    ``story_id`` and ``entity_id`` identify the rumor; ``headline`` is its title.
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
    """The original source of a statement. All items with the same ``id`` count as one source.

    ``grade`` is the reliability of the statement: the origin's, or that of a less reliable intermediary. ``domain`` is
    the origin's, if it is a publisher; ``record`` describes its track record if that changed the grade.
    """

    id: str
    name: str
    via: Literal["itself", "attribution", "wire_credit", "near_copy", "owner", "primary"] = "itself"
    primary: bool = False
    grade: SourceLetter = "F"
    domain: str | None = None
    record: str | None = None


class Provenance(Model):
    """The channel of an item, and whom it says it is from.

    ``channel`` is the id of who publishes through it: ``owner:…`` or ``source:<domain>``, the same for all channels of
    one owner. ``verified``: the item's publisher is the channel's own or one it may speak for; otherwise the
    publisher is the channel itself, and ``claimed`` is the name of the publisher that the item's link, title, source
    or credit names. ``imitates`` is the known publisher whose name or host is imitated.
    """

    channel: str
    verified: bool = False
    claimed: str | None = None
    imitates: str | None = None


class Signature(Model):
    """The parts of an item by which items are compared: hashed shingles, title words, numbers, names, and a vector.

    ``embedding`` is the meaning of title and lead as signed bytes in base64, comparable by cosine; empty in events from
    before items were compared by meaning.
    """

    shingles: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    embedding: str = Field(default="", max_length=256)


class StoryRecord(Model):
    """An item's story, and its relation to it: the first item, a copy, the same news again, or an update."""

    type: Literal["story"] = "story"
    item_id: str
    story_id: str
    relation: StoryRelation


class ItemAnnotated(Payload):
    """An item annotated for one watched entity, from the item alone, without knowledge of other items.

    ``reading`` is None only in events from before items were read by a model, ``provenance`` in those from before it
    was checked. ``background``: it is from before the feed was added, and serves as context, not as news.
    """

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
    reading: Reading | None = None
    provenance: Provenance | None = None
    background: bool = False
