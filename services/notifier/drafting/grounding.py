"""Ties every number, name, date and quotation of a text to the evidence or to the client book.

It works on any text, whoever wrote it. What is found in neither is reported, never fixed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.alerts import Alert, Evidence
from schemas.clients import Client, Firm, Manager, Note, Watch
from schemas.drafts import Grounding
from services.notifier.contact.hours import client_zone
from services.notifier.drafting.brief import DraftedStory
from services.notifier.drafting.corroboration import cited_origin
from services.notifier.drafting.listing_codes import without_codes
from services.notifier.drafting.portfolio_effect import portfolio_effect
from services.notifier.drafting.tokens import Date, Token, fold, tokens
from services.notifier.drafting.tone import QUOTATION

__all__ = [
    "GroundingSources",
    "Source",
    "by_sentence",
    "check_grounding",
    "grounding_sources",
    "sentence_spans",
    "share_percent",
    "ungrounded",
]

#: A line break ends a sentence, and so does a full stop before a capital; "approx. 12" and "0.40" don't.
_END = re.compile(r"\n+|[.?!…]+[”\"’')]*\s+(?=[“\"‘'(]?[A-ZÀ-Þ])")


def share_percent(weight: float) -> str:
    """Return a weight (0–1) in percent as it is written in a draft: whole, or with one decimal below one percent."""
    percent = weight * 100
    return f"{percent:.0f}" if percent >= 1 else f"{percent:.1f}"


@dataclass(frozen=True, slots=True)
class Source:
    """One text that a draft may be based on, and its reference."""

    where: Literal["evidence", "book"]
    ref: str
    text: str
    folded: str
    values: frozenset[tuple[str, ...]]
    dates: tuple[Date, ...]

    @classmethod
    def of(cls, where: Literal["evidence", "book"], ref: str, text: str, days: Iterable[date] = ()) -> Source:
        """Index ``text``. ``days`` are known besides it, such as the day an item was published."""
        values: set[tuple[str, ...]] = set()
        dates = [Date(day.year, day.month, day.day, f"{day:%A}".casefold()) for day in days]
        for token in tokens(text):
            if isinstance(token.value, Date):
                dates.append(token.value)
            elif token.kind not in ("name", "quotation"):
                values.add(token.value)
        return cls(where, ref, text, fold(text), frozenset(values), tuple(dates))

    def supports(self, token: Token) -> bool:
        """Return whether this source supports ``token``."""
        value = token.value
        if not isinstance(value, Date) and value[0] == "relative":
            return value[2] in self.folded
        if isinstance(value, Date):
            return any(value.within(known) for known in self.dates)
        if token.kind in ("name", "quotation"):
            return all(piece in self.folded for piece in value)
        if value in self.values:
            return True
        if value[0] == "code":
            return fold(token.text) in self.folded
        # A bare number may repeat an amount or a year. A bare number never supports a percentage or an amount.
        if value[0] == "number":
            amounts = any(known[0] == "amount" and known[2] == value[1] for known in self.values)
            return amounts or any(str(known.year) == value[1] for known in self.dates)
        return False


@dataclass(frozen=True, slots=True)
class GroundingSources:
    """Everything that a text to one client about one alert may be based on, evidence first.

    ``today`` is the client's. Without it, "yesterday" is only grounded if a source says it in the same words.
    """

    entries: tuple[Source, ...]
    granted: frozenset[str] = field(default_factory=frozenset)
    today: date | None = None


def grounding_sources(
    alert: Alert,
    client: Client,
    firm: Firm,
    manager: Manager,
    earlier: DraftedStory | None = None,
    granted: Iterable[Grounding] = (),
    now: datetime | None = None,
) -> GroundingSources:
    """Return what a draft of ``alert`` for ``client`` may be based on when it is read at ``now``.

    ``earlier`` is the message it corrects or continues. To check an edited draft without it, pass the draft's own
    ``grounding`` as ``granted``: what was grounded before stays grounded.
    """
    zone = client_zone(client)
    entries = [
        *(source for item in alert.evidence for source in _evidence(item, client)),
        *(Source.of("book", ref, text) for ref, text in _book(client, firm, manager) if text),
        *(Source.of("book", ref, text) for ref, text in _effects(alert, client)),
        *(Source.of("book", ref, note.text, [note.at] if note.at else []) for ref, note in _notes(client)),
        Source.of("evidence", alert.id, f"{alert.headline}\n{alert.entity_name}"),
    ]
    if earlier is not None:
        ref = earlier.item_ids[0] if earlier.item_ids else earlier.draft_id
        entries.append(Source.of("evidence", ref, f"{earlier.quote}\n{earlier.publisher}"))
        moments = [moment for moment in (earlier.sent_at,) if moment is not None]
        entries.append(Source.of("book", f"told.{earlier.draft_id}", "", _days(moments, zone)))
    accepted = frozenset(known.text for known in granted if known.where != "nowhere")
    return GroundingSources(tuple(entries), accepted, now.astimezone(zone or UTC).date() if now is not None else None)


def check_grounding(text: str, against: GroundingSources) -> tuple[Grounding, ...]:
    """Return each token of ``text`` once, in order of appearance, with the place where it was found.

    All tokens of a sentence are tied to one item, if one item supports them all.
    """
    groundings: dict[tuple[str, str], Grounding] = {}
    all_tokens = tokens(text)
    for start, end in sentence_spans(text):
        in_sentence = [token for token in all_tokens if start <= token.start < end]
        tied = [_tie(token, against) for token in in_sentence]
        for token, grounding in zip(in_sentence, _prefer_one_item(in_sentence, tied, against), strict=True):
            groundings.setdefault((token.text, token.kind), grounding)
    return tuple(groundings.values())


def by_sentence(text: str, groundings: Iterable[Grounding]) -> tuple[tuple[str, tuple[Grounding, ...]], ...]:
    """Return the sentences of ``text`` that have groundings, each with them."""
    known = {(grounding.text, grounding.kind): grounding for grounding in groundings}
    all_tokens = tokens(text)
    sentences = []
    for start, end in sentence_spans(text):
        tied = [known.get((token.text, token.kind)) for token in all_tokens if start <= token.start < end]
        in_sentence = tuple(dict.fromkeys(grounding for grounding in tied if grounding is not None))
        if in_sentence:
            sentences.append((text[start:end].strip(), in_sentence))
    return tuple(sentences)


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each sentence of ``text``. Line breaks end a sentence, quoted full stops don't."""
    quoted = [match.span() for match in QUOTATION.finditer(text)]
    start = 0
    for match in _END.finditer(text):
        if not any(first < match.start() < last - 1 for first, last in quoted):
            yield start, match.end()
            start = match.end()
    if start < len(text):
        yield start, len(text)


def ungrounded(groundings: Iterable[Grounding]) -> tuple[Grounding, ...]:
    """Return the groundings that were found nowhere."""
    return tuple(grounding for grounding in groundings if grounding.where == "nowhere")


#: The distance in days from today of words that name a day. "Last week" names none.
_DAYS_FROM_TODAY = {"today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0,
                    "yesterday": -1, "last night": -1, "tomorrow": 1}  # fmt: skip


def _day_meant(token: Token, today: date | None) -> Token | None:
    """Return the day that ``token`` means when it is read ``today``; None if it names none."""
    if today is None or isinstance(token.value, Date) or token.value[0] != "relative":
        return None
    days = _DAYS_FROM_TODAY.get(token.value[1])
    if days is None:
        return None
    day = today + timedelta(days=days)
    return Token(token.start, token.text, "date", Date(day.year, day.month, day.day))


def _prefer_one_item(in_sentence: list[Token], tied: list[Grounding], against: GroundingSources) -> list[Grounding]:
    """Tie all tokens of a sentence to one item of the evidence, if one item supports them all."""
    refs = list(dict.fromkeys(grounding.ref for grounding in tied if grounding.where == "evidence"))
    if len(refs) < 2:
        return tied
    from_evidence = [index for index, grounding in enumerate(tied) if grounding.where == "evidence"]
    for ref in refs:
        texts = [source for source in against.entries if source.ref == ref]
        if all(any(source.supports(in_sentence[index]) for source in texts) for index in from_evidence):
            return [
                grounding.model_copy(update={"ref": ref}) if index in from_evidence else grounding
                for index, grounding in enumerate(tied)
            ]
    return tied


def _tie(token: Token, against: GroundingSources) -> Grounding:
    day = _day_meant(token, against.today)
    for source in against.entries:
        if source.supports(token) or (day is not None and source.supports(day)):
            return Grounding(text=token.text, kind=token.kind, where=source.where, ref=source.ref)
    if token.text in against.granted:
        return Grounding(text=token.text, kind=token.kind, where="book", ref="draft")
    return Grounding(text=token.text, kind=token.kind, where="nowhere")


def _evidence(item: Evidence, client: Client) -> Iterator[Source]:
    days = _days([item.published_at] if item.published_at else [], client_zone(client))
    yield Source.of("evidence", item.item_id, item.quote, days)
    yield Source.of("evidence", item.item_id, item.title)
    for whole in (item.quote, item.title):
        if (shown := without_codes(" ".join(whole.split()))) != whole:
            yield Source.of("evidence", item.item_id, shown)
    host = item.host if item.claimed_publisher is None else None  # its link claims to be somebody else's
    for text in (item.publisher, item.attributed_to, cited_origin(item), host):
        if text:
            yield Source.of("evidence", item.item_id, text)


def _days(moments: Iterable[datetime], zone: ZoneInfo | None) -> list[date]:
    """Return the calendar days of ``moments``, in UTC and in the client's time zone."""
    days: list[date] = []
    for moment in moments:
        days.append(moment.date())
        if zone is not None:
            days.append(moment.astimezone(zone).date())
    return list(dict.fromkeys(days))


def _book(client: Client, firm: Firm, manager: Manager) -> Iterator[tuple[str, str | None]]:
    for group, watches in (("assets", client.assets), ("interests", client.interests)):
        for watch in watches:
            yield from _watch(f"{group}.{watch.entity_id}", watch)
    yield "name", client.name
    yield "organisation", client.organisation
    yield "salutation", client.salutation
    yield "end_vision", client.end_vision
    for index, desire in enumerate(client.desires):
        yield f"desires.{index}.name", desire.name.replace("_", " ")
        yield f"desires.{index}.words", desire.words
    yield "manager.name", manager.name
    yield "manager.title", manager.title
    yield "manager.signature", manager.signature
    yield "manager.email", manager.email
    yield "firm.name", firm.name
    yield "firm.compliance", firm.compliance_for(client.trade, client.jurisdiction)


def _watch(ref: str, watch: Watch) -> Iterator[tuple[str, str | None]]:
    yield f"{ref}.name", watch.name
    yield f"{ref}.aliases", "\n".join(watch.aliases)
    yield f"{ref}.tickers", "\n".join(watch.tickers)
    yield f"{ref}.isin", watch.isin
    yield f"{ref}.note", watch.note
    if watch.weight is not None:
        yield f"{ref}.weight", f"{share_percent(watch.weight)} % and {watch.weight * 100:.4g} %"


def _effects(alert: Alert, client: Client) -> Iterator[tuple[str, str]]:
    """Yield what a share move comes to in the client's portfolio: computed from the evidence and the book."""
    for watch in client.assets:
        if watch.entity_id == alert.entity_id and (effect := portfolio_effect(alert, watch)) is not None:
            yield f"assets.{watch.entity_id}.effect", effect.of_whole


def _notes(client: Client) -> Iterator[tuple[str, Note]]:
    for name, notes in (("views", client.views), ("history", client.history)):
        for index, note in enumerate(notes):
            yield f"{name}.{index}.text", note
