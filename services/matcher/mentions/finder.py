"""Finds the watched things that an item mentions, and measures how far the item is about each.

One pass finds the names of all clients. Further checks cost time only where a name occurs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.clients import Watch
from schemas.items import Item
from schemas.mentions import ItemField, Mention, Span
from services.matcher.mentions.name_disambiguation import (
    Certainty,
    Occurrence,
    disambiguate,
    is_part_of_another_name,
    is_quoted_source,
    legal_form_after,
    may_be_meant,
)
from services.matcher.mentions.queries import ItemText, match_query
from services.matcher.mentions.salience import salience
from services.matcher.mentions.term_table import TermEntry, TermHit
from services.matcher.mentions.terms import TermStyle, WordClass
from services.matcher.mentions.watch_table import WatchedEntity, WatchTable
from services.matcher.text.field_text import FieldText
from services.matcher.text.normalize import padded_words, words

__all__ = ["Found", "MentionFinder"]

_FIELD_ORDER: dict[ItemField, int] = {"title": 0, "summary": 1, "body": 2}


class _Candidate(NamedTuple):
    """An occurrence that may be a name, with each entity that it may stand for."""

    occurrence: Occurrence
    entries: tuple[tuple[TermEntry, Certainty], ...]


class Found(NamedTuple):
    """The mentions in an item, and those that are ``doubtful``: the words beside the name do not show what it means."""

    mentions: tuple[Mention, ...] = ()
    doubtful: tuple[Mention, ...] = ()


class _Findings(NamedTuple):
    """The findings in an item: occurrences by entity, names by field, and the entities whose queries to check.

    ``doubtful`` are those in title and summary that may be the name, by entity.
    """

    occurrences: dict[str, list[tuple[Occurrence, Certainty]]]
    names: dict[str, list[Occurrence]]
    query_entities: dict[str, None]
    doubtful: dict[str, list[Occurrence]]


#: Entities that are certainly mentioned, with their occurrences.
_Mentioned = dict[str, tuple[WatchedEntity, list[Occurrence]]]
#: The places where a filing names its company, by the company's number.
_Filed = dict[str, list[Occurrence]]


class MentionFinder:
    """Finds the watched things that items mention."""

    def __init__(self) -> None:
        """Start with nothing to watch."""
        self._table = WatchTable()

    @classmethod
    def build(cls, watches: Iterable[Watch]) -> MentionFinder:
        """Return a finder for the watches of all clients, given in the order of client ids."""
        grouped: dict[str, list[Watch]] = {}
        for watch in watches:
            grouped.setdefault(watch.entity_id, []).append(watch)
        finder = cls()
        for entity_id, entity_watches in grouped.items():
            finder.update(entity_id, entity_watches)
        return finder

    def update(self, entity_id: str, watches: Sequence[Watch]) -> None:
        """Replace all watches of an entity; an empty sequence removes it.

        An updated finder finds exactly what a new one would. The cost depends on the change, not on the book.
        """
        self._table.update(entity_id, watches)

    def __len__(self) -> int:
        """Return the number of terms."""
        return len(self._table)

    def find(self, item: Item) -> tuple[Mention, ...]:
        """Return the mentions in ``item``: those by name first, then those by query, each ordered by entity id.

        So if a client holds a thing and also follows it with a query, the holding comes first.
        """
        return self.search(item).mentions

    def search(self, item: Item) -> Found:
        """Return the mentions in ``item`` as :meth:`find` does, and the doubtful ones, ordered by entity id."""
        fields = _fields(item)
        hits = [(field_text, self._table.hits(field_text.norms)) for field_text in fields]
        filed = _filer_occurrences(item, fields)
        if not any(field_hits for _, field_hits in hits) and not any(map(self._table.filers, filed)):
            return Found()
        publisher = padded_words(item.source.publisher).strip() if item.source.publisher else None
        findings = _Findings({}, {}, {}, {})
        for field_text, field_hits in hits:
            if field_hits:
                _judge_hits(field_text, field_hits, publisher, findings)
        if filed:
            self._drop_other_filers(findings, filed)
        mentioned = self._certain_entities(findings, fields)
        self._add_filers(filed, mentioned)
        also = self._occurrences_by_any_name(findings, mentioned)
        if findings.query_entities:
            self._match_queries(findings, ItemText(fields, findings.names, publisher, also), mentioned)
        total = sum(len(occurrences) for _, occurrences in mentioned.values())
        order = sorted(mentioned, key=lambda entity_id: (not mentioned[entity_id][0].conditions, entity_id))
        mentions = tuple(_mention(item, *mentioned[entity_id], total) for entity_id in order)
        return Found(mentions, tuple(self._doubtful(item, findings, mentioned, fields)))

    def _doubtful(
        self, item: Item, findings: _Findings, mentioned: _Mentioned, fields: Sequence[FieldText]
    ) -> Iterable[Mention]:
        """Yield a mention for each entity that is not certainly mentioned, but may be, in title or summary."""
        if not findings.doubtful:
            return
        whole = "".join(field_text.padded for field_text in fields)
        for entity_id in sorted(findings.doubtful.keys() - mentioned.keys()):
            entity, occurrences = self._table.entity(entity_id), findings.doubtful[entity_id]
            if _conditions_hold(entity, whole):
                yield _mention(item, entity, occurrences, len(occurrences))

    def _certain_entities(self, findings: _Findings, fields: Sequence[FieldText]) -> _Mentioned:
        """Return the entities with at least one certain occurrence whose conditions hold."""
        whole = "".join(field_text.padded for field_text in fields)
        mentioned: _Mentioned = {}
        for entity_id, occurrences in findings.occurrences.items():
            if any(certainty is Certainty.CERTAIN for _, certainty in occurrences):
                entity = self._table.entity(entity_id)
                if _conditions_hold(entity, whole):
                    mentioned[entity_id] = (entity, [occurrence for occurrence, _ in occurrences])
        return mentioned

    def _drop_other_filers(self, findings: _Findings, filed: _Filed) -> None:
        """Drop the occurrences of entities whose number is another than that of the filer who is named there."""
        named_at = {
            (occurrence.field_text.field, at): cik
            for cik, occurrences in filed.items()
            for occurrence in occurrences
            for at in range(occurrence.first, occurrence.last + 1)
        }

        def is_other(entity: WatchedEntity, occurrence: Occurrence) -> bool:
            named = named_at.get((occurrence.field_text.field, occurrence.first))
            return named is not None and bool(entity.ciks) and named not in entity.ciks

        for entity_id, judged in findings.occurrences.items():
            entity = self._table.entity(entity_id)
            judged[:] = [(found, certainty) for found, certainty in judged if not is_other(entity, found)]
        for entity_id, doubtful in list(findings.doubtful.items()):
            entity = self._table.entity(entity_id)
            doubtful[:] = [found for found in doubtful if not is_other(entity, found)]
            if not doubtful:
                del findings.doubtful[entity_id]

    def _add_filers(self, filed: _Filed, mentioned: _Mentioned) -> None:
        """Add the entities with the number of a filer: it is theirs whatever the words, so no condition applies."""
        for cik, occurrences in filed.items():
            for entity_id in self._table.filers(cik):
                known = mentioned.setdefault(entity_id, (self._table.entity(entity_id), []))[1]
                known[:] = dict.fromkeys([*occurrences, *known])

    def _occurrences_by_any_name(self, findings: _Findings, mentioned: _Mentioned) -> dict[str, list[Occurrence]]:
        """Return, for each name of a mentioned entity, the occurrences of all its names.

        A query may use another name of the entity than the item does. Adds the entities with such queries.
        """
        also: dict[str, list[Occurrence]] = {}
        for entity, occurrences in list(mentioned.values()):
            if len(entity.names) > 1:
                for norm in entity.names:
                    also.setdefault(norm, []).extend(occurrences)
                    anchored = (
                        entry.entity_id for entry in self._table.entries(norm) if entry.anchor and entry.entity_id
                    )
                    findings.query_entities.update(dict.fromkeys(anchored))
        return also

    def _match_queries(self, findings: _Findings, text: ItemText, mentioned: _Mentioned) -> None:
        for entity_id in findings.query_entities:
            entity = self._table.entity(entity_id)
            for query in entity.queries:
                matched = match_query(query, text)
                if matched is not None:
                    known = mentioned.setdefault(entity_id, (entity, []))[1]
                    known[:] = dict.fromkeys([*known, *matched])


def _fields(item: Item) -> list[FieldText]:
    fields: tuple[tuple[ItemField, str | None], ...] = (
        ("title", item.title),
        ("summary", item.summary),
        ("body", item.body),
    )
    return [FieldText(field, text) for field, text in fields if text]


def _filer_occurrences(item: Item, fields: Sequence[FieldText]) -> _Filed:
    """Return where title and summary name the companies of a filing, by their numbers; none that is not named."""
    found: _Filed = {}
    for filer in item.filers:
        name = words(filer.name)
        for field_text in fields:
            norms = field_text.norms
            starts = range(len(norms) - len(name) + 1) if name and field_text.field != "body" else ()
            places = [at for at in starts if norms[at : at + len(name)] == name]
            if places:
                occurrences = (Occurrence(field_text, at, at + len(name) - 1, False) for at in places)
                found.setdefault(filer.cik, []).extend(occurrences)
    return found


def _judge_hits(field_text: FieldText, hits: Sequence[TermHit], publisher: str | None, findings: _Findings) -> None:
    """Add to ``findings`` the hits in one field that mean a watched name or an anchor of a query."""
    candidates: list[_Candidate] = []
    for hit in hits:
        occurrence: Occurrence | None = None
        entries = []
        for entry in hit.entries:
            if entry.anchor and entry.entity_id is not None:
                findings.query_entities[entry.entity_id] = None
                continue
            occurrence = occurrence or Occurrence(field_text, hit.first, hit.last, hit.plural)
            certainty = disambiguate(occurrence, entry.style)
            if certainty is not Certainty.NONE:
                entries.append((entry, certainty))
        if occurrence is not None and entries:
            candidates.append(_Candidate(occurrence, tuple(entries)))
    names = findings.names.setdefault(field_text.field, [])
    for occurrence, entry, certainty in _longest(candidates, names):
        entity_id = entry.entity_id
        if entity_id is None:
            continue
        is_publisher = publisher is not None and _norm(occurrence) == publisher
        is_part = is_part_of_another_name(occurrence, entry.style)
        if is_part and not may_be_meant(occurrence, entry.style):
            continue
        if is_quoted_source(occurrence, entry.style, is_publisher):
            continue
        if _is_doubtful(occurrence, entry.style, certainty, is_part=is_part):
            findings.doubtful.setdefault(entity_id, []).append(occurrence)
        if not is_part:
            findings.occurrences.setdefault(entity_id, []).append((_with_legal_form(occurrence), certainty))


def _is_doubtful(occurrence: Occurrence, style: TermStyle, certainty: Certainty, *, is_part: bool) -> bool:
    """Return whether an occurrence in title or summary is not certainly the name, but what is said of it could show it.

    Its letters are a name's; it is also an ordinary word (Zoom), part of a longer name (Orvane Outlook), or the
    initials of one (FCA).
    """
    if occurrence.field_text.field == "body" or (certainty is Certainty.CERTAIN and not is_part):
        return False
    also_a_word = style.word_class is WordClass.COMMON and occurrence.surface[0].isupper()
    return is_part or also_a_word or style.initials


def _norm(occurrence: Occurrence) -> str:
    return " ".join(occurrence.field_text.norms[occurrence.first : occurrence.last + 1])


def _longest(
    candidates: list[_Candidate], names: list[Occurrence]
) -> Iterable[tuple[Occurrence, TermEntry, Certainty]]:
    """Yield only the longest (then the leftmost) of overlapping names, across all entities, and add them to ``names``.

    A phrase that a client follows yields to a name around it and takes its words from names that are ordinary words.
    Beside other phrases it stays: one client's phrase must not hide another's.
    """
    name_words: set[int] = set()
    phrase_words: set[int] = set()
    for occurrence, entries in sorted(
        candidates,
        key=lambda candidate: (
            candidate.occurrence.first - candidate.occurrence.last,
            candidate.occurrence.first,
            candidate.occurrence.plural,
        ),
    ):
        words = range(occurrence.first, occurrence.last + 1)
        if not name_words.isdisjoint(words):
            continue
        inside_phrase = not phrase_words.isdisjoint(words)
        for entry, certainty in entries:
            if entry.style.followed:
                phrase_words.update(words)
            elif inside_phrase and entry.style.word_class is not WordClass.NONE:
                continue
            else:
                name_words.update(words)
                names.append(occurrence)
            yield occurrence, entry, certainty


def _with_legal_form(occurrence: Occurrence) -> Occurrence:
    """Extend the occurrence by a legal form such as "Inc" or "plc" that follows it."""
    last = occurrence.last
    while (following := legal_form_after(occurrence.field_text, last)) is not None:
        last = following
    return occurrence._replace(last=last)


def _conditions_hold(entity: WatchedEntity, text: str) -> bool:
    return any(
        (not condition.context or any(_contains(text, entry) for entry in condition.context))
        and not any(_contains(text, entry) for entry in condition.exclude)
        for condition in entity.conditions
    )


def _contains(text: str, entry: str) -> bool:
    return f"{entry} " in text or f"{entry}s " in text


def _mention(item: Item, entity: WatchedEntity, occurrences: Sequence[Occurrence], total: int) -> Mention:
    spans: list[Span] = []
    for occurrence in sorted(occurrences, key=_reading_order):
        start, end = occurrence.bounds
        field_text = occurrence.field_text
        if spans and spans[-1].field == field_text.field and spans[-1].end >= end:
            continue  # a phrase inside a longer one of the same entity
        spans.append(Span(field=field_text.field, start=start, end=end, text=field_text.text[start:end]))
    by_query = bool(entity.queries) and not entity.conditions
    weight, why = salience(item, entity.name, spans, len(occurrences) / total, by_query=by_query)
    return Mention(item_id=item.id, entity_id=entity.id, spans=tuple(spans), salience=weight, why=why)


def _reading_order(occurrence: Occurrence) -> tuple[int, int, int]:
    start, end = occurrence.bounds
    return _FIELD_ORDER[occurrence.field_text.field], start, -end
