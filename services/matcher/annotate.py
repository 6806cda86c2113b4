"""The stateless half of the matcher: annotates each item for every watched thing that it mentions.

The cost does not grow with the number of clients. One pass finds the mentions, and only items with mentions are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, NamedTuple

from schemas.base import content_id, event
from schemas.clients import ClientChanged, ClientRemoved
from schemas.items import Item, ItemIngested
from schemas.mentions import (
    Claim,
    EventKind,
    Impact,
    ItemAnnotated,
    Mention,
    Origin,
    RumorResolved,
    SourceGrade,
    SourceGraded,
)
from schemas.readings import Reading
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent, Processor
from services.matcher.mentions.book_index import BookIndex
from services.matcher.mentions.finder import Found, MentionFinder
from services.matcher.reading.claims import Statement, classify_claim, statements
from services.matcher.reading.description import NamedReading, describe_readings
from services.matcher.reading.doubtful_names import is_meant
from services.matcher.reading.events import claim_as_read, impact_as_read
from services.matcher.reading.impact import classify_impact, impact_on, is_retrospective, price_move
from services.matcher.reading.model.encoding import NameType
from services.matcher.reading.negated_events import as_averted, is_averted, is_negated
from services.matcher.reading.officers import find_officer
from services.matcher.reading.quantities import find_move
from services.matcher.reading.reader import NAME_TYPES, NamedMention, Reader, default_reader
from services.matcher.sources.channels import Attributed, attribute
from services.matcher.sources.origins import find_origin
from services.matcher.sources.publishers import SourceTable, default_sources, slug, without_legal_form
from services.matcher.sources.track_record import RumorOutcomes, start_of_day
from services.matcher.stories.signature import compute_signature, signature_about
from services.matcher.text.normalize import words
from services.matcher.text.preparation import is_sentence, is_teaser, is_truncated, title_of
from services.matcher.text.word_lists import word_lists
from services.matcher.thresholds import Thresholds, default_thresholds

__all__ = ["Annotate", "ItemReading", "choose_quote", "read_item"]

#: Characters before an issuer's name at the beginning of a press release: its dateline.
DATELINE_CHARS = 80
#: Statements, including the title, that are searched for the office of a quoted person.
OFFICE_STATEMENTS = 3
#: Sentences after the title from which the quote is chosen.
QUOTE_SENTENCES = 10
#: Fewer words are no statement.
QUOTE_WORDS = 4
#: Days for which source tables are cached; items come from one day or two.
DAYS_CACHED = 8
#: The least score of a claim that the headline denies with a word such as "not".
LEAST_DENIED = 0.75
#: Kinds that name no event.
NO_EVENT: frozenset[EventKind] = frozenset(("other", "none"))
#: From this salience on, an item is about the thing, and "the company" in it means that thing.
ABOUT_SALIENCE = 0.5
# Who issues a release, where a name stands right before the verb: "Green Truth today announced".
_ISSUES = re.compile(
    r"\b((?:[A-Z][\w&.'’-]{0,40},? (?:(?:of|and|the|for|&) )?){1,6})"
    r"(?:today |has |also ){0,2}"
    r"(?:announce[sd]|report(?:s|ed)|issue[sd]|release[sd]|disclose[sd]|reveal(?:s|ed)|said|says)\b"
)
_JOINING = (" and", " &", " with")
_JOINED = re.compile(r",? and | & |, ")
#: Words by which a release calls its own issuer.
_ISSUER_WORDS = frozenset(
    (
        "the",
        "our",
        "a",
        "company",
        "corporation",
        "group",
        "firm",
        "bank",
        "board",
        "of",
        "directors",
        "management",
        "and",
    )
)
#: The names of law firms, and what who only speaks of others' affairs is said to do.
_LAWYERS = re.compile(r"\b(?:LLP|Law|Law Firm|Law Offices?|Law Group|Attorneys|Solicitors|Barristers|Advocates)\b")
_ADDRESSES = re.compile(
    r"[^.;:]{0,20}\b(?:alerts?|reminds?|urges?|encourages?|notifies|advises|warns?|alleges?|accuses?|"
    r"investigates?|claims(?! (?:against|by|from|of|over|with)\b))\b",
    re.IGNORECASE,
)
#: The same, unless it is of a deal of one's own: "Brockway: takeover of Corvane agreed".
_FINDS = re.compile(
    r"(?:[’']s)? *:|[^.;:]{0,20}\b(?:invites?|discovers?|finds|exposes?|reveals?|believes?|thinks?|expects?)\b",
    re.IGNORECASE,
)
#: What two parties agree on, and one of them announces.
_AGREED: frozenset[EventKind] = frozenset(
    ("deal", "takeover", "acquisition", "divestment", "contract", "partnership", "contract_win")
)
# A name that opens a headline, followed by a verb.
_ACTOR = re.compile(r"^(?:[A-Z]+: )?([A-Z]\w*(?: [A-Z]\w*)*) [a-z]")


class ItemReading(NamedTuple):
    """The reading of an item by its words alone, independent of what it mentions.

    ``only_moved``: a price move is certain, its reason is not.
    """

    claim: Claim
    impact: Impact
    attributed: Attributed
    only_moved: bool = False

    @property
    def source(self) -> SourceGrade:
        """The publisher, with the grade of its channel."""
        return self.attributed.source


def read_item(item: Item, sources: SourceTable) -> ItemReading:
    """Read ``item`` without regard to the client book."""
    claim, impact, only_moved = classify_claim(item), classify_impact(item), False
    if claim.judged and claim.status != "retracted":
        if is_averted(item.title, impact):
            impact = as_averted(impact)
        elif is_negated(item.title, impact):
            claim = claim.model_copy(update={"status": "denied", "score": max(claim.score, LEAST_DENIED)})
        elif claim.status == "hedged" and impact.kind == "share_move" and _title_asserts(item):
            # The price move is a fact, even if its cause is in doubt.
            claim, only_moved = claim.model_copy(update={"status": "asserted"}), True
    return ItemReading(claim, impact, attribute(item, sources), only_moved)


def _title_asserts(item: Item) -> bool:
    title_only = Item.model_construct(id=item.id, title=item.title, language=item.language)
    return classify_claim(title_only).status == "asserted"


class Annotate(Processor[None]):
    """``ItemIngested`` → one ``ItemAnnotated`` for each watched entity that the item mentions, keyed by entity."""

    name: ClassVar[str] = "annotate"
    inputs: ClassVar[tuple[str, ...]] = ("items",)
    references: ClassVar[tuple[str, ...]] = ("clients", "sources", "outcomes")
    outputs: ClassVar[tuple[str, ...]] = ("mentions",)
    stateful: ClassVar[bool] = False

    def __init__(
        self, sources: SourceTable | None = None, thresholds: Thresholds | None = None, reader: Reader | None = None
    ) -> None:
        """Start from the given source table, thresholds and reader, or from those that ship with the package."""
        self._thresholds = thresholds or default_thresholds()
        self._reader = reader  # the shipped one is loaded with the first item: most processes never read any
        self._sources = sources or default_sources()
        self._new_grades: list[SourceGrade] = []
        self._outcomes = RumorOutcomes(self._thresholds)
        self._sources_by_day: dict[datetime, SourceTable] = {}
        self._book = BookIndex()
        self._finder = MentionFinder()
        self._changed: set[str] | None = None  # None until the first item: then the whole book is new

    def update_reference(self, event: AnyEvent) -> None:
        """Note a change of the book or of a grade; the next item applies it."""
        data = event.data
        if isinstance(data, ClientChanged):
            self._note_changed(self._book.put_client(data.client))
        elif isinstance(data, ClientRemoved):
            self._note_changed(self._book.remove_client(data.client_id))
        elif isinstance(data, SourceGraded):
            self._new_grades.append(data.source)
        elif isinstance(data, RumorResolved):
            self._outcomes.add(data)
            self._sources_by_day.clear()

    def _note_changed(self, entities: frozenset[str]) -> None:
        if self._changed is not None:
            self._changed |= entities

    def initial(self, key: str) -> None:
        """Return no state: this processor is stateless."""

    def dump(self, state: None) -> bytes:
        """Return no bytes: this processor is stateless."""
        return b""

    def load(self, raw: bytes) -> None:
        """Return no state: this processor is stateless."""

    def process(self, state: None, event: AnyEvent, now: datetime) -> tuple[None, Sequence[AnyEvent]]:
        """Return one annotation for each watched entity that the item mentions."""
        data = event.data
        if not isinstance(data, ItemIngested):
            raise KnownBadEvent(f"annotate takes ingested items, not {event.type}.")
        item = data.item
        if item.body and len(item.body) > self._thresholds.body_chars:
            # Before the search, so that every span lies within the body that is passed on.
            item = item.model_copy(update={"body": item.body[: self._thresholds.body_chars]})
        found = self._current_finder().search(item)
        if not found.mentions and not found.doubtful:
            return None, ()
        return None, self._annotations(data, item, found, event.time)

    def _current_finder(self) -> MentionFinder:
        if self._changed is None or self._changed:
            changed = self._book.entities() if self._changed is None else sorted(self._changed)
            for entity_id in changed:
                self._finder.update(entity_id, self._book.watches_of(entity_id))
            self._changed = set()
        return self._finder

    def _sources_on(self, at: datetime) -> SourceTable:
        """Return the source table for the day of ``at``: the grades that were set, adjusted by track records."""
        if self._new_grades:
            self._sources = self._sources.with_grades(self._new_grades)
            self._new_grades = []
            self._sources_by_day.clear()
        if not self._outcomes:
            return self._sources
        day = start_of_day(at)
        table = self._sources_by_day.get(day)
        if table is None:
            if len(self._sources_by_day) >= DAYS_CACHED:
                self._sources_by_day.clear()
            table = self._sources_by_day[day] = self._outcomes.apply_to(self._sources, day)
        return table

    def _annotations(self, ingested: ItemIngested, item: Item, found: Found, at: datetime) -> list[AnyEvent]:
        sources = self._sources_on(at)
        reading = read_item(item, sources)
        mentions = [*found.mentions, *self._meant(item, reading, found.doubtful)]
        if not mentions:
            return []
        item_signature = compute_signature(item, mention=mentions[0])
        item_statements = statements(item, QUOTE_SENTENCES)
        named = self._named(mentions)
        readings = (self._reader or default_reader()).read(item, reading.attributed.name, named)
        about_mentions = [
            self._reading_about(item, reading, mention, as_read)
            for mention, as_read in zip(mentions, readings, strict=True)
        ]
        described = describe_readings(
            title_of(item),
            [
                NamedReading(as_read, mention.name, mention.type, about_mention.impact.kind, about_mention.claim.status)
                for as_read, mention, about_mention in zip(readings, named, about_mentions, strict=True)
            ],
        )
        result: list[AnyEvent] = []
        for mention, as_read, about_mention in zip(mentions, described, about_mentions, strict=True):
            annotated = ItemAnnotated.model_construct(
                entity_id=mention.entity_id,
                item=item,
                revision=ingested.revision,
                mention=mention,
                claim=about_mention.claim,
                impact=about_mention.impact,
                source=reading.source,
                provenance=reading.attributed.provenance,
                origin=self._origin(item, about_mention, mention, item_statements, sources),
                signature=item_signature if mention is mentions[0] else signature_about(item_signature, item, mention),
                quote=choose_quote(item_statements, mention, reading, self._thresholds.quote_chars),
                seen_at=at,
                reading=as_read,
                background=ingested.background,
            )
            event_id = content_id("evt", item.id, ingested.revision, mention.entity_id)
            result.append(event(annotated, key=mention.entity_id, id=event_id, source="firstword/matcher", time=at))
        return result

    def _meant(self, item: Item, reading: ItemReading, doubtful: Sequence[Mention]) -> list[Mention]:
        """Return those doubtful mentions of which something is read that is worth telling."""
        if not doubtful:
            return []
        readings = (self._reader or default_reader()).read(item, reading.attributed.name, self._named(doubtful))
        threshold = self._thresholds.worth_telling
        return [mention for mention, as_read in zip(doubtful, readings, strict=True) if is_meant(as_read, threshold)]

    def _price_move(self, item: Item, mention: Mention) -> Impact | None:
        """Return the share move if the headline says that the entity, a listed one, "falls 7%".

        In "short interest in Halden falls 7%", something else does.
        """
        if not self._book.is_listed(mention.entity_id) or find_move(item.title) is not None:
            return None
        moves = (price_move(item.title[span.end :]) for span in mention.spans if span.field == "title")
        return next((move for move in moves if move is not None), None)

    def _origin(
        self,
        item: Item,
        reading: ItemReading,
        mention: Mention,
        item_statements: Sequence[Statement],
        sources: SourceTable,
    ) -> Origin:
        """Return the origin of the item's statement about the entity.

        A company is a primary source for events that it is a party to.
        """
        claim, source = reading.claim, reading.source
        name = self._book.name_of(mention.entity_id)
        speaker = source.publisher if source.kind == "company" else claim.attributed_to
        is_about = mention.salience >= ABOUT_SALIENCE
        if claim.basis == "person" and source.kind != "company":
            surname = (speaker or "").rpartition(" ")[2]
            said = (statement.text for statement in item_statements[:OFFICE_STATEMENTS] if surname in statement.text)
            officer = find_officer(said)
            if officer is not None:
                claim = claim.model_copy(update={"basis": "company", "attributed_to": officer.company})
                speaker = officer.company
        if speaker is None:
            party = is_about if source.kind != "newswire" else _issues(mention, item_statements)
            return find_origin(claim, reading.attributed, sources, entity=name if party else None, party=party)
        joint = source.kind == "newswire" and _issues_with(speaker, mention, item_statements)
        if name is not None and (joint or _is_same_name(speaker, name)):
            return find_origin(claim, reading.attributed, sources, entity=name, party=True)
        party = self._involves_parties(reading.impact) and _takes_part(
            without_legal_form(speaker), item.title, reading.impact.kind
        )
        if source.kind == "company" and self._type_of(mention) != "company":
            party = True  # a company knows its products, sites and subjects
        return find_origin(claim, reading.attributed, sources, entity=None, party=party)

    def _named(self, mentions: Sequence[Mention]) -> list[NamedMention]:
        return [
            NamedMention(mention, self._book.name_of(mention.entity_id) or mention.entity_id, self._type_of(mention))
            for mention in mentions
        ]

    def _type_of(self, mention: Mention) -> NameType:
        """Return the sort of thing that the first client who watches it takes it for."""
        watches = self._book.client_watches(mention.entity_id)
        return NAME_TYPES[watches[0].watch.kind] if watches else "name"

    def _reading_about(self, item: Item, reading: ItemReading, mention: Mention, as_read: Reading) -> ItemReading:
        """Return the claim and the event as they are for the entity."""
        lexical = impact_on(item, reading.impact, mention)
        move = self._price_move(item, mention)
        if lexical.kind == "other" and move is not None and not is_retrospective(lexical):
            lexical = move
        if reading.only_moved and lexical.kind == "share_move":
            return self._with_speaker(item, reading._replace(impact=lexical), mention)
        impact = impact_as_read(item, mention, as_read, lexical, move)
        if reading.claim.status == "denied" and impact.kind in NO_EVENT and lexical.kind not in NO_EVENT:
            impact = lexical  # what is denied did not happen, so the reader sees no event; the words name it
        reading = self._with_speaker(item, reading._replace(impact=impact), mention)
        if reading.claim.status == "denied" and is_negated(item.title, lexical):
            return reading  # "rules out layoffs": the headline itself says that the event does not happen
        return reading._replace(claim=claim_as_read(item.title, as_read, reading.claim))

    def _with_speaker(self, item: Item, reading: ItemReading, mention: Mention) -> ItemReading:
        """Return the reading with the speaker as it is for the entity.

        In "Bexley drops bid for Halden", the company that said so is Bexley. A bank that the item quotes as a research
        house, or a name that looks like a person's, is the company itself if that is what is watched, and so is one of
        its people: "Halden's Berg says".
        """
        claim = reading.claim
        if claim.attributed_to is not None and any(
            f"{span.text}{mark}s {claim.attributed_to}" in item.title for span in mention.spans for mark in "'’"
        ):
            own = claim.model_copy(update={"basis": "company", "attributed_to": mention.spans[0].text})
            return reading._replace(claim=own)
        if claim.basis in ("person", "researcher") and claim.attributed_to is not None:
            name = self._book.name_of(mention.entity_id)
            if claim.attributed_to in {span.text for span in mention.spans} or (
                name is not None and _is_same_name(claim.attributed_to, name)
            ):
                return reading._replace(claim=claim.model_copy(update={"basis": "company"}))
        first = next((span for span in mention.spans if span.field == "title"), None)
        if (
            not self._involves_parties(reading.impact)
            or first is None
            or claim.basis != "company"
            or claim.attributed_to
            or claim.status != "asserted"
        ):
            return reading
        actor = _ACTOR.search(item.title[: first.start])
        if actor is None or _is_ordinary(actor.group(1)):
            return reading
        return reading._replace(claim=claim.model_copy(update={"attributed_to": actor.group(1)}))

    def _involves_parties(self, impact: Impact) -> bool:
        """Return whether the event has parties, any of which can speak about it first hand."""
        return impact.kind == "averted" or impact.kind in self._thresholds.party_kinds


def _issues_with(speaker: str, mention: Mention, item_statements: Sequence[Statement]) -> bool:
    """Return whether the first sentence of a release names the entity before it ends the name of who issued it.

    In "Dinwell and Foxbury Media today announced", both did; in "Dinwell posts a loss, Foxbury Media announced" and
    "Friends of Dinwell announced", only the speaker.
    """
    first = next((text for position, text in item_statements if position != "title"), "")
    at = first.find(speaker)
    if at < 0:
        return False
    if any(_is_same_name(part, span.text) for part in _JOINED.split(speaker) if part for span in mention.spans):
        return True
    return any(
        0 <= (start := first.find(span.text)) < at and _is_joined(first[start + len(span.text) : at])
        for span in mention.spans
    )


def _is_joined(between: str) -> bool:
    """Return whether what stands between two names makes both do what follows: "and", ", a maker of pumps, and"."""
    body = between.rstrip().removesuffix(" the").rstrip()
    for joining in _JOINING:
        if body.endswith(joining):
            rest = body.removesuffix(joining).strip()
            return not rest or rest[0] in ",("
    return False


def _opens(mention: Mention, item_statements: Sequence[Statement]) -> bool:
    """Return whether the first sentence of a release, or a headline without one, begins with the entity's name."""
    names = {span.text for span in mention.spans}
    first = next((text for position, text in item_statements if position != "title"), item_statements[0].text)
    return any(name in first[: len(name) + DATELINE_CHARS] for name in names)


def _issues(mention: Mention, item_statements: Sequence[Statement]) -> bool:
    """Return whether a release begins with the entity's name, and nobody else is said to announce something in it."""
    names = {word for span in mention.spans for word in words(span.text)}
    issuers = (
        words(found.group(1)) for _, text in item_statements[:OFFICE_STATEMENTS] for found in _ISSUES.finditer(text)
    )
    openers = word_lists().sentence_openers | _ISSUER_WORDS
    others = any(names.isdisjoint(issuer) and not openers.issuperset(issuer) for issuer in issuers)
    return not others and _opens(mention, item_statements)


def _is_ordinary(name: str) -> bool:
    """Return whether the words that open a headline are not a name: court, regulator, shareholders."""
    lists = word_lists()
    return all(
        word in lists.sentence_openers or word in lists.common_words or word in lists.company_predicates
        for word in words(name)
    )


def _takes_part(speaker: str, title: str, kind: EventKind) -> bool:
    """Return whether the headline names ``speaker`` for another reason than that it says so: "…, Halden says".

    Lawyers speak for others, and who reminds, urges or warns has no part in what they speak of; nor has who finds or
    reveals what it did not agree on with another.
    """
    at = title.find(speaker)
    if at < 0 or _LAWYERS.search(speaker) is not None:
        return False
    before, after = title[:at].rstrip(), title[at + len(speaker) :]
    if _ADDRESSES.match(after) is not None or (kind not in _AGREED and _FINDS.match(after) is not None):
        return False
    closes = len(after.split()) <= 1 and (before.endswith((",", ":", "-", "–", "—")) or before.endswith(" says"))
    return not closes


def _is_same_name(speaker: str, name: str) -> bool:
    """Return whether one name is the other or its beginning: Halden, Halden Energy."""
    speaker_words, name_words = slug(speaker).split("-"), slug(name).split("-")
    shorter = min(len(speaker_words), len(name_words))
    return speaker_words[:shorter] == name_words[:shorter]


def choose_quote(item_statements: Sequence[Statement], mention: Mention, reading: ItemReading, limit: int) -> str:
    """Return the statement that best shows the claim about the entity, cut to ``limit`` characters.

    A teaser, a cut sentence or a heading is quoted only if no other statement is about the event.
    """
    names = {span.text for span in mention.spans}
    cues = [cue for cue in (*reading.claim.cues, *reading.impact.cues) if len(cue) > 1]
    has_sentences = any(is_sentence(text) for position, text in item_statements if position != "title")
    best, best_rank = item_statements[0].text, (False, -1.0)
    for position, text in item_statements:
        score = 2.0 * any(name in text for name in names)
        score += sum(cue in text for cue in cues)
        score += 0.5 * any(figure in text for figure in reading.impact.figures)
        suits = len(text) <= limit and _states_something(text)
        if position != "title" and has_sentences:
            suits = suits and is_sentence(text)
        if position == "rest":
            suits = suits and score > 0
        score += {"title": 0.0, "lead": 0.6, "rest": 0.2}[position]
        if (suits, score) > best_rank:
            best, best_rank = text, (suits, score)
    if len(best) <= limit:
        return best
    cut = best[:limit].rpartition(" ")[0]
    return cut or best[:limit]


def _states_something(text: str) -> bool:
    return len(text.split()) >= QUOTE_WORDS and not is_truncated(text) and not is_teaser(text)
