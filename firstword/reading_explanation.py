"""Explain how the item behind an alert was read: in words, and with the words of the item that decided it."""

from __future__ import annotations

from collections.abc import Sequence

from firstword.store import Store
from schemas.alerts import Alert, Evidence
from schemas.base import Model
from schemas.items import Item, ItemIngested, Source
from schemas.mentions import FAMILY_OF, ItemField, Mention, Span
from schemas.readings import Reading
from services.matcher.judgment.explanations import say_who
from services.matcher.reading.description import (
    FIRMNESS_PHRASES,
    GENRE_PHRASES,
    OUTLOOK_PHRASES,
    WEIGHT_PHRASES,
    role_phrase,
)
from services.matcher.reading.event_phrases import event_noun
from services.matcher.reading.model.encoding import NameType, PairText
from services.matcher.reading.model.network import Scores
from services.matcher.reading.occlusion import Part, ScoresPairs, find_decisive_words
from services.matcher.reading.reader import NAME_TYPES, NamedMention, pair_text
from services.matcher.text.preparation import prepared

__all__ = ["DecisivePlace", "DecisiveWord", "FieldExplanation", "ReadingExplanation", "explain_reading"]

#: Above this, an item was read as worth telling.
_WORTH_TELLING = 0.5


class DecisivePlace(Model):
    """Characters ``start`` to ``end`` (exclusive) of the title or lead."""

    part: Part
    start: int
    end: int


class DecisiveWord(Model):
    """A word that decided a field, its share (0–1) in the decision, and where it stands."""

    text: str
    share: float
    places: tuple[DecisivePlace, ...]


class FieldExplanation(Model):
    """One field of the reading: its value, the value in words, the confidence (0–1), and the decisive words.

    ``read_now`` is the value that the model reads today if that is another: the model has changed, or only part of the
    text is left. There are no decisive words then.
    """

    field: str
    value: str
    phrase: str
    confidence: float
    decisive: tuple[DecisiveWord, ...] = ()
    read_now: str | None = None


class ReadingExplanation(Model):
    """The reading of an alert's item, explained.

    ``title`` and ``lead`` are the text as it was read. ``whole`` is False if the item is no longer kept, and they are
    the title and the quotation of the evidence.
    """

    sentences: tuple[str, ...]
    said_by: str
    name: str
    title: str
    lead: str
    whole: bool
    fields: tuple[FieldExplanation, ...]
    figures: tuple[str, ...]
    participants: tuple[str, ...]


def explain_reading(store: Store, alert: Alert, network: ScoresPairs) -> ReadingExplanation | None:
    """Return the explanation of the reading that led to ``alert``, or None if no item that was read led to it."""
    reading = alert.reading
    if reading is None:
        return None
    evidence = next((found for found in alert.evidence if found.item_id == reading.item_id), None)
    if evidence is None:
        return None
    items = [event.data.item for event in store.load_story(alert)[1] if isinstance(event.data, ItemIngested)]
    item = _as_read(items, evidence)
    pair = _pair(item or _from_evidence(evidence), evidence, alert.entity_name, _type_of(store, alert))
    return ReadingExplanation(
        sentences=reading.reasons,
        said_by=_said_by(evidence),
        name=alert.entity_name,
        title=pair.title,
        lead=pair.lead,
        whole=item is not None,
        fields=_fields(alert, evidence, reading, pair, network),
        figures=reading.figures,
        participants=reading.participants,
    )


def _said_by(evidence: Evidence) -> str:
    if evidence.basis == "own" and evidence.attributed_to is None:
        return evidence.publisher
    return f"{say_who(evidence.basis, evidence.attributed_to)}, in {evidence.publisher}"


def _as_read(items: Sequence[Item], evidence: Evidence) -> Item | None:
    """Return the latest revision of the evidence's item in which the name stands where it was found."""
    for item in reversed([item for item in items if item.id == evidence.item_id]):
        texts = {"title": item.title, "summary": item.summary or "", "body": item.body or ""}
        if all(texts[span.field][span.start : span.end] == span.text for span in evidence.spans):
            return item
    return None


def _from_evidence(evidence: Evidence) -> Item:
    summary = None if evidence.quote == evidence.title else evidence.quote
    source = Source(host=evidence.host, publisher=evidence.publisher)
    return Item(id=evidence.item_id, title=evidence.title, summary=summary, source=source)


def _pair(item: Item, evidence: Evidence, name: str, type: NameType) -> PairText:
    texts: tuple[tuple[ItemField, str], ...] = (
        ("title", item.title),
        ("summary", item.summary or ""),
        ("body", item.body or ""),
    )
    spans = [
        Span(field=field, start=start, end=start + len(surface), text=surface)
        for surface in dict.fromkeys(span.text for span in evidence.spans)
        for field, text in texts
        if (start := text.find(surface)) >= 0
    ]
    mention = Mention(item_id=item.id, entity_id=name, spans=tuple(spans), salience=1, why="")
    return pair_text(item, prepared(item), evidence.publisher, NamedMention(mention, name, type))


def _type_of(store: Store, alert: Alert) -> NameType:
    """Return the sort of thing that the client watches, as far as the book still has it."""
    book = store.book()
    watches = (
        (watch for client in book.clients if client.id == alert.client_id for watch in client.watches) if book else ()
    )
    return next((NAME_TYPES[watch.kind] for watch in watches if watch.entity_id == alert.entity_id), "name")


def _fields(
    alert: Alert, evidence: Evidence, reading: Reading, pair: PairText, network: ScoresPairs
) -> tuple[FieldExplanation, ...]:
    kind = alert.kind if FAMILY_OF[alert.kind] == reading.kind else None
    worth_telling = reading.tell_score >= _WORTH_TELLING
    sure = reading.confidence
    told = (
        ("kind", reading.kind, event_noun(reading.kind, kind), sure.kind),
        ("role", reading.role, role_phrase(reading.role, pair.type), sure.role),
        ("status", reading.status, _firmness(reading, evidence), sure.status),
        ("genre", reading.genre, GENRE_PHRASES[reading.genre], sure.genre),
        ("direction", reading.direction, OUTLOOK_PHRASES[reading.direction], sure.direction),
        ("weight", reading.weight, WEIGHT_PHRASES[reading.weight], sure.weight),
        (
            "tell",
            "yes" if worth_telling else "no",
            "yes" if worth_telling else "no",
            reading.tell_score if worth_telling else 1 - reading.tell_score,
        ),
    )
    (now,) = network.scores([pair])
    values_now = {field: _value_now(now, field) for field, *_ in told}
    words = find_decisive_words(
        network, pair, {field: value for field, value, *_ in told if value == values_now[field]}
    )
    return tuple(
        FieldExplanation(
            field=field,
            value=value,
            phrase=phrase,
            confidence=round(confidence, 4),
            decisive=tuple(
                DecisiveWord(
                    text=word.text,
                    share=word.share,
                    places=tuple(DecisivePlace(part=part, start=start, end=end) for part, start, end in word.places),
                )
                for word in words.get(field, ())
            ),
            read_now=None if values_now[field] == value else values_now[field],
        )
        for field, value, phrase, confidence in told
    )


def _firmness(reading: Reading, evidence: Evidence) -> str:
    phrase = FIRMNESS_PHRASES[reading.status]
    if evidence.status == "denied" and reading.status != "denied":
        return f"{phrase}, but its words deny it"
    return f"{phrase}, but since withdrawn" if evidence.status == "retracted" else phrase


def _value_now(scores: Scores, field: str) -> str:
    if field != "tell":
        return scores.best(field)
    return "yes" if scores.tell_score >= _WORTH_TELLING else "no"
