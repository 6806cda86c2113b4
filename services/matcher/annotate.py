"""Items in, what can be said of each watched thing in them out: the stateless half of the matcher.

Cost does not grow with the number of clients: one pass finds what is mentioned, and only then is anything judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple

from schemas.base import content_id, event
from schemas.clients import ClientChanged, ClientRemoved
from schemas.items import Item, ItemIngested
from schemas.mentions import Claim, Impact, ItemAnnotated, Mention, Origin, RumorResolved, SourceGrade, SourceGraded
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent, Processor
from services.matcher.mentions.book_index import BookIndex
from services.matcher.mentions.finder import MentionFinder
from services.matcher.reading.claims import Statement, classify_claim, statements
from services.matcher.reading.impact import classify_impact, impact_on, is_retrospective, price_move
from services.matcher.reading.negated_events import averted, is_negated, turned
from services.matcher.reading.officers import office_of
from services.matcher.sources.publishers import SourceTable, origin_of, shipped_sources, slug
from services.matcher.sources.track_record import RumorOutcomes, start_of_day
from services.matcher.stories.signature import compute_signature
from services.matcher.text.normalize import words
from services.matcher.text.word_lists import word_lists
from services.matcher.thresholds import Thresholds, default_thresholds

__all__ = ["Annotate", "ItemReading", "choose_quote", "read_item"]

#: Statements, the title the first, in which it may stand what office a person has.
OFFICE_SENTENCES = 3
#: Sentences after the title among which the quotation is chosen.
QUOTE_SENTENCES = 10
#: Days for which the grades are kept at hand; items come from one or two.
DAYS_KEPT = 8
#: How sure one may be that something is denied of which the headline says "not".
LEAST_DENIED = 0.75
#: From here on an item is about the thing, and "the company" in it is that thing.
ABOUT_SALIENCE = 0.5
# A name that opens a headline, and what it does.
_DOER = re.compile(r"^(?:[A-Z]+: )?([A-Z]\w*(?: [A-Z]\w*)*) [a-z]")


class ItemReading(NamedTuple):
    """What an item says apart from whom it mentions."""

    claim: Claim
    impact: Impact
    source: SourceGrade


def read_item(item: Item, sources: SourceTable) -> ItemReading:
    """Read ``item`` without regard to any book."""
    claim, impact = classify_claim(item), classify_impact(item)
    if claim.judged and claim.status != "retracted":
        if averted(item.title, impact):
            impact = turned(impact)
        elif is_negated(item.title, impact):
            claim = claim.model_copy(update={"status": "denied", "score": max(claim.score, LEAST_DENIED)})
        elif claim.status == "hedged" and impact.kind == "share_move" and _title_states(item):
            # That the price moved is a fact, whatever is doubted about the reason.
            claim = claim.model_copy(update={"status": "asserted"})
    return ItemReading(claim, impact, sources.of(item))


def _title_states(item: Item) -> bool:
    return (
        classify_claim(Item.model_construct(id=item.id, title=item.title, language=item.language)).status == "asserted"
    )


class Annotate(Processor[None]):
    """``ItemIngested`` → one ``ItemAnnotated`` for each watched thing it mentions, keyed by that thing."""

    name: ClassVar[str] = "annotate"
    inputs: ClassVar[tuple[str, ...]] = ("items",)
    references: ClassVar[tuple[str, ...]] = ("clients", "sources", "outcomes")
    outputs: ClassVar[tuple[str, ...]] = ("mentions",)
    stateful: ClassVar[bool] = False

    def __init__(self, sources: SourceTable | None = None, thresholds: Thresholds | None = None) -> None:
        """Start from the shipped table of sources and thresholds unless others are given."""
        self._thresholds = thresholds or default_thresholds()
        self._sources = sources or shipped_sources()
        self._new_grades: list[SourceGrade] = []
        self._outcomes = RumorOutcomes(self._thresholds)
        self._by_day: dict[datetime, SourceTable] = {}
        self._book = BookIndex()
        self._watchlist = MentionFinder()
        self._changed: set[str] | None = None  # None until the first item: then all of the book is new

    def refer(self, event: AnyEvent) -> None:
        """Note a change of the book or of a grade; what is built from them is built at the next item."""
        data = event.data
        if isinstance(data, ClientChanged):
            self._note(self._book.put_client(data.client))
        elif isinstance(data, ClientRemoved):
            self._note(self._book.remove_client(data.client_id))
        elif isinstance(data, SourceGraded):
            self._new_grades.append(data.source)
        elif isinstance(data, RumorResolved):
            self._outcomes.add(data)
            self._by_day.clear()

    def _note(self, entities: frozenset[str]) -> None:
        if self._changed is not None:
            self._changed |= entities

    def initial(self, key: str) -> None:
        """Stateless."""

    def dump(self, state: None) -> bytes:
        """Stateless."""
        return b""

    def load(self, raw: bytes) -> None:
        """Stateless."""

    def process(self, state: None, event: AnyEvent, now: datetime) -> tuple[None, Sequence[AnyEvent]]:
        """Find what is mentioned; judge the item once if anything is."""
        data = event.data
        if not isinstance(data, ItemIngested):
            raise KnownBadEvent(f"annotate takes ingested items, not {event.type}.")
        item = data.item
        if item.body and len(item.body) > self._thresholds.body_chars:
            # before anything is found, so that every span lies in what is passed on
            item = item.model_copy(update={"body": item.body[: self._thresholds.body_chars]})
        mentions = self._current_watchlist().find(item)
        if not mentions:
            return None, ()
        return None, self._annotations(item, data.revision, mentions, event.time)

    def _current_watchlist(self) -> MentionFinder:
        if self._changed is None or self._changed:
            changed = self._book.entities() if self._changed is None else sorted(self._changed)
            for entity_id in changed:
                self._watchlist.change(entity_id, self._book.watches_of(entity_id))
            self._changed = set()
        return self._watchlist

    def _sources_of(self, at: datetime) -> SourceTable:
        """Who is worth what on the day of ``at``, set grades and track records taken together."""
        if self._new_grades:
            self._sources = self._sources.with_grades(self._new_grades)
            self._new_grades = []
            self._by_day.clear()
        if not self._outcomes:
            return self._sources
        day = start_of_day(at)
        table = self._by_day.get(day)
        if table is None:
            if len(self._by_day) >= DAYS_KEPT:
                self._by_day.clear()
            table = self._by_day[day] = self._outcomes.apply_to(self._sources, day)
        return table

    def _annotations(self, item: Item, revision: int, mentions: Sequence[Mention], at: datetime) -> list[AnyEvent]:
        sources = self._sources_of(at)
        reading = read_item(item, sources)
        marks = compute_signature(item)
        said = statements(item, QUOTE_SENTENCES)
        result: list[AnyEvent] = []
        for mention in mentions:
            told = self._told_of(item, reading, mention)
            annotated = ItemAnnotated.model_construct(
                entity_id=mention.entity_id,
                item=item,
                revision=revision,
                mention=mention,
                claim=told.claim,
                impact=self._impact(item, reading.impact, mention),
                source=reading.source,
                origin=self._origin(item, told, mention, said, sources),
                signature=marks,
                quote=choose_quote(said, mention, reading, self._thresholds.quote_chars),
                seen_at=at,
            )
            identity = content_id("evt", item.id, revision, mention.entity_id)
            result.append(event(annotated, key=mention.entity_id, id=identity, source="firstword/matcher", time=at))
        return result

    def _impact(self, item: Item, impact: Impact, mention: Mention) -> Impact:
        """What happened to what is mentioned: its part in a deal; "Halden falls 7%" if Halden has a price."""
        if impact.kind != "other" or is_retrospective(impact):
            return impact_on(item, impact, mention)
        for span in mention.spans:
            move = price_move(item.title[span.end :]) if span.field == "title" else None
            if move is not None and self._book.is_listed(mention.entity_id):
                return move
        return impact

    def _origin(
        self, item: Item, reading: ItemReading, mention: Mention, said: Sequence[Statement], sources: SourceTable
    ) -> Origin:
        """Whom the item speaks for, as to this entity: a company is a primary source of what it is a party to."""
        claim, source = reading.claim, reading.source
        name = self._book.name_of(mention.entity_id)
        speaker = source.publisher if source.kind == "company" else claim.attributed_to
        about = mention.salience >= ABOUT_SALIENCE
        if claim.basis == "person" and source.kind != "company":
            office = office_of(statement.text for statement in said[:OFFICE_SENTENCES])
            if office is not None:
                claim = claim.model_copy(update={"basis": "company", "attributed_to": office.firm})
                speaker = office.firm
        if speaker is None or source.kind == "newswire":
            return origin_of(item, claim, source, sources, entity=name, party=about)
        if name is not None and _same_name(speaker, name):
            return origin_of(item, claim, source, sources, entity=name, party=True)
        party = reading.impact.kind == "averted" or reading.impact.kind in self._thresholds.party_kinds
        return origin_of(item, claim, source, sources, entity=None, party=party)

    def _told_of(self, item: Item, reading: ItemReading, mention: Mention) -> ItemReading:
        """The reading as to what is mentioned: in "Bexley drops bid for Halden" the company that said so is Bexley."""
        claim = reading.claim
        deal = reading.impact.kind == "averted" or reading.impact.kind in self._thresholds.party_kinds
        first = next((span for span in mention.spans if span.field == "title"), None)
        if not deal or first is None or claim.basis != "company" or claim.attributed_to or claim.status != "asserted":
            return reading
        doer = _DOER.search(item.title[: first.start])
        if doer is None or _is_ordinary(doer.group(1)):
            return reading
        return reading._replace(claim=claim.model_copy(update={"attributed_to": doer.group(1)}))


def _is_ordinary(name: str) -> bool:
    """Whether what opens a headline is no name: court, regulator, shareholders."""
    lists = word_lists()
    return all(
        word in lists.sentence_openers or word in lists.common_words or word in lists.company_predicates
        for word in words(name)
    )


def _same_name(speaker: str, name: str) -> bool:
    """Whether ``speaker`` is ``name`` or its beginning: Halden said … of Halden Energy."""
    one, other = slug(speaker).split("-"), slug(name).split("-")
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def choose_quote(said: Sequence[Statement], mention: Mention, reading: ItemReading, limit: int) -> str:
    """Of the sentences ``said``, the title first, the one that shows best what is claimed of what is mentioned."""
    names = {span.text for span in mention.spans}
    cues = [cue for cue in (*reading.claim.cues, *reading.impact.cues) if len(cue) > 1]
    best, most = said[0].text, -1.0
    for place, text in said:
        score = 2.0 * any(name in text for name in names)
        score += sum(cue in text for cue in cues)
        score += 0.5 * any(figure in text for figure in reading.impact.figures)
        score += {"title": 0.0, "lead": 0.6, "rest": 0.2}[place]
        if score > most:
            best, most = text, score
    if len(best) <= limit:
        return best
    cut = best[:limit].rpartition(" ")[0]
    return cut or best[:limit]
