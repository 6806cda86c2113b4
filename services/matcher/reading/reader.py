"""Read an item for each watched name in it: the port that the matcher uses, and the reader that ships with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, Protocol, cast

from schemas.clients import WatchKind
from schemas.items import Item
from schemas.mentions import Mention
from schemas.readings import EventFamily, Firmness, Genre, Outlook, Reading, ReadingConfidence, Role, Weight
from services.matcher.reading.impact import figures
from services.matcher.reading.model.encoding import NameType, PairText
from services.matcher.reading.model.network import Network, Scores, default_network
from services.matcher.reading.participants import find_participants
from services.matcher.reading.product_notices import adjust_for_notice, find_notice
from services.matcher.reading.quantities import adjust_for_move, find_move
from services.matcher.reading.significance import SignificanceRules, adjust, default_significance_rules
from services.matcher.reading.small_steps import adjust_for_step
from services.matcher.text.preparation import PreparedText, prepared
from services.matcher.text.sentences import sentences

__all__ = ["NAME_TYPES", "ModelReader", "NamedMention", "Reader", "default_reader", "pair_text"]

#: The sort of thing that a watch names, as the model's labels call it.
NAME_TYPES: dict[WatchKind, NameType] = {
    "holding": "company",
    "product": "product",
    "supplier": "company",
    "site": "place",
    "contract": "company",
    "topic": "topic",
    "industry": "topic",
    "competitor": "company",
    "regulation": "regulator",
    "place": "place",
}


class NamedMention(NamedTuple):
    """A mention with the watched name and its sort."""

    mention: Mention
    name: str
    type: NameType


class Reader(Protocol):
    """Reads an item for each watched name in it. Pure: the same item and names always have the same readings."""

    def read(self, item: Item, publisher: str, named: Sequence[NamedMention]) -> list[Reading]:
        """Return one reading for each of ``named``, in their order, with reasons only for what rules changed."""
        ...


class ModelReader:
    """The shipped reader: the model chooses the value of each field; figures, names and sizes are found by rules."""

    def __init__(self, network: Network, significance: SignificanceRules | None = None) -> None:
        """Read with ``network``, and with the given rules of size or those that ship with the package."""
        self._network = network
        self._significance = significance or default_significance_rules()

    def read(self, item: Item, publisher: str, named: Sequence[NamedMention]) -> list[Reading]:
        """Return one reading for each of ``named``, in their order, with reasons only for what rules changed."""
        text = prepared(item)
        pairs = [pair_text(item, text, publisher, mention) for mention in named]
        readings = [
            _reading(item, mention, pair, scores)
            for mention, pair, scores in zip(named, pairs, self._network.scores(pairs), strict=True)
        ]
        move, notice = find_move(text.title), find_notice(text.title, text.lead)
        readings = [adjust_for_notice(adjust_for_move(reading, move), notice) for reading in readings]
        return [
            adjust_for_step(adjust(reading, self._significance.find(pair, reading)), text.title, pair.surface)
            for reading, pair in zip(readings, pairs, strict=True)
        ]


def pair_text(item: Item, text: PreparedText, publisher: str, named: NamedMention) -> PairText:
    """Return what the model reads: title and lead, or the sentence with the name if it stands in neither."""
    for span in named.mention.spans:
        if span.text in text.title or span.text in text.lead:
            return PairText(text.title, text.lead, publisher, span.text, named.type)
    if not named.mention.spans:
        return PairText(text.title, text.lead, publisher, "", named.type)
    span = named.mention.spans[0]
    return PairText(text.title, _sentence_around(item, span.field, span.start), publisher, span.text, named.type)


def _sentence_around(item: Item, field: str, position: int) -> str:
    text = {"title": item.title, "summary": item.summary, "body": item.body}[field] or ""
    around = ""
    for sentence in sentences(text):
        if sentence.start > position:
            break
        around = sentence.text
    return around


def _reading(item: Item, named: NamedMention, pair: PairText, scores: Scores) -> Reading:
    best = {field: scores.best(field) for field in scores.fields}
    sentence = pair.title if pair.surface in pair.title else _sentence_with(pair.surface, pair.lead)
    return Reading(
        item_id=item.id,
        entity_id=named.mention.entity_id,
        role=cast("Role", best["role"]),
        kind=cast("EventFamily", best["kind"]),
        genre=cast("Genre", best["genre"]),
        status=cast("Firmness", best["status"]),
        direction=cast("Outlook", best["direction"]),
        weight=cast("Weight", best["weight"]),
        tell_score=round(scores.tell_score, 4),
        confidence=ReadingConfidence(**{field: round(scores.fields[field][best[field]], 4) for field in best}),
        sentence=sentence,
        figures=figures(f"{pair.title}\n{pair.lead}"),
        participants=find_participants(pair.title, pair.lead, named.name, pair.surface),
    )


def _sentence_with(surface: str, lead: str) -> str | None:
    return next((sentence.text for sentence in sentences(lead) if surface in sentence.text), None)


@cache
def default_reader() -> ModelReader:
    """Return the reader that ships with the package; its model is loaded once."""
    return ModelReader(default_network())
