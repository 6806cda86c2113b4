"""The evidence for a story: one record for each item, small enough for the state, complete enough to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from schemas.alerts import Evidence, Support
from schemas.mentions import (
    ClaimBasis,
    ClaimStatus,
    Direction,
    EventKind,
    ItemAnnotated,
    ItemField,
    SourceKind,
    SourceLetter,
    Span,
)
from schemas.readings import Role
from services.matcher.reading.claims import is_speculation
from services.matcher.reading.events import is_unsure_kind
from services.matcher.sources.publishers import slug

__all__ = [
    "FROM_BEST",
    "LIKELY_OF_EVENT",
    "EvidenceRecord",
    "Objection",
    "is_speculative",
    "record_evidence",
    "said_at",
    "select_evidence",
    "stated_at",
    "states_date",
]

#: A date further than this after the item was seen is wrong.
_FUTURE_ALLOWED = timedelta(days=1)
#: With this probability an item reports the story's event: it may confirm it, and a draft may say that its paper
#: reports it as well.
SURE_OF_EVENT = 0.8
#: From here on, whoever must know settles the story.
LIKELY_OF_EVENT = 0.5
#: A second reader's objection to telling an item: the name takes no part in the event (``speaker``, ``mention``,
#: ``homonym``), it isn't news, or it is too small; ``none`` if there is no objection.
Objection = Literal["none", "speaker", "mention", "homonym", "not_news", "too_small"]
#: These may relay the words of a party, a court or an authority as first-hand. Who has a poorer grade only says that
#: they were spoken.
_RELAYS: frozenset[SourceLetter] = frozenset(("A", "B"))
#: The own channel of who speaks, or one that carries nothing but statements.
_OWN_CHANNELS: frozenset[SourceKind] = frozenset(("company", "newswire", "regulator"))
#: The parts of a name in an event of its own; in any other, the event is somebody else's.
_TAKES_PART: frozenset[Role] = frozenset(("actor", "object", "party"))
#: From the best grade to the worst; F is unknown, not bad.
FROM_BEST: tuple[SourceLetter, ...] = ("A", "B", "C", "F", "D", "E")


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """One item's statement about a story. Field names are also the keys in the stored state.

    ``counts`` is False if the item is not news: satire, advertising, opinion, old items. ``said_at`` is when the item
    was published or, if revised, updated; statements are ordered by it, because items arrive in any order.
    ``published_at`` is None if the item states no date.
    ``objection`` is None as long as no second reader has read the item. ``channel`` identifies through whom it came
    (empty in states from before provenance was checked), ``claimed`` is the publisher that it names without proof.
    ``copies``: it repeats the text of another channel's item, so it is no evidence of its own. ``kind`` and
    ``direction`` are those of the event as this item tells it (None in older states). ``other_party``: it is the
    statement of a party to the event other than the watched thing. ``of_event`` is the probability that it reports the
    story's event, None for the first item and in older states. ``role`` is the watched thing's part in the event, as
    this item was read; None if it was not, and in older states.
    """

    item_id: str
    revision: int
    publisher: str
    host: str | None
    url: str | None
    title: str
    quote: str
    published_at: datetime | None
    seen_at: datetime
    said_at: datetime
    source_grade: SourceLetter
    source_kind: SourceKind
    status: ClaimStatus
    basis: ClaimBasis
    attributed_to: str | None
    judged: bool
    origin_id: str
    origin_name: str
    origin_grade: SourceLetter
    primary: bool
    counts: bool
    spans: tuple[tuple[ItemField, int, int, str], ...]
    origin_domain: str | None = None
    origin_record: str | None = None
    speculative: bool = False
    objection: Objection | None = None
    channel: str = ""
    claimed: str | None = None
    copies: bool = False
    kind: EventKind | None = None
    direction: Direction | None = None
    other_party: bool = False
    of_event: float | None = None
    role: Role | None = None

    @property
    def through(self) -> str:
        """The channel that it came through; in states that have none, its publisher's."""
        if self.channel or (self.origin_name == self.publisher and not self.primary):
            return self.channel or self.origin_id
        return f"source:{self.host or self.publisher}"

    @property
    def is_first_hand(self) -> bool:
        """True for a party's or an authority's own statement, through a channel that can speak for it."""
        return self.primary and (self.source_grade in _RELAYS or self.source_kind in _OWN_CHANNELS)

    @property
    def by_regulator(self) -> bool:
        """True for the own statement of an authority or court, published by it or reliably reported."""
        return self.is_first_hand and (self.source_kind == "regulator" or self.basis in ("regulator", "court"))

    @property
    def is_surely_of_event(self) -> bool:
        """True if it reports the story's event beyond doubt; else it may be the next step of the story."""
        return self.of_event is None or self.of_event >= SURE_OF_EVENT

    @property
    def is_likely_of_event(self) -> bool:
        """True if it reports the story's event rather than another one; a denial may join a story with less."""
        return self.of_event is None or self.of_event >= LIKELY_OF_EVENT

    @property
    def is_about_thing(self) -> bool:
        """True if the watched thing takes part in the event that it reports, or if it was not read."""
        return self.role is None or self.role in _TAKES_PART

    @property
    def grade(self) -> SourceLetter:
        """The grade of what it says: the origin's, or that of a channel that is too poor to relay it."""
        if self.source_grade in _RELAYS or self.is_first_hand:
            return self.origin_grade
        return max(self.origin_grade, self.source_grade, key=FROM_BEST.index)

    @property
    def is_own_statement(self) -> bool:
        """True if it is news in a language that is judged, and not the copy of another item."""
        return self.counts and self.judged and not self.copies

    def as_copy_of(self, other: EvidenceRecord) -> EvidenceRecord:
        """Return this record as a copy, attributed to the origin of ``other``, whose text it repeats."""
        return replace(
            self,
            copies=True,
            origin_id=other.origin_id,
            origin_name=other.origin_name,
            origin_grade=other.origin_grade,
            origin_domain=other.origin_domain,
            origin_record=other.origin_record,
        )

    def to_evidence(self, supports: Support | None = None, same_event: tuple[str, ...] | None = None) -> Evidence:
        """Return this record as the evidence of an alert.

        ``supports``: what it is for the story's claim; ``same_event``: items that surely report the same event.
        """
        return Evidence.model_construct(
            item_id=self.item_id,
            publisher=self.publisher,
            host=self.host,
            url=self.url,
            title=self.title,
            quote=self.quote,
            published_at=self.published_at,
            source_grade=self.source_grade,
            status=self.status,
            basis=self.basis,
            attributed_to=self.attributed_to,
            origin=self.origin_name,
            spans=tuple(Span.model_construct(field=f, start=s, end=e, text=t) for f, s, e, t in self.spans),
            channel=self.channel or None,
            claimed_publisher=self.claimed,
            supports=supports,
            same_event=same_event,
        )


def is_speculative(annotated: ItemAnnotated) -> bool:
    """Return whether the item only says what somebody expects; nobody in it knows."""
    if annotated.reading is None or not annotated.claim.judged:
        return is_speculation(annotated.claim)
    return annotated.reading.status == "forecast" and annotated.claim.status == "hedged"


def record_evidence(annotated: ItemAnnotated, *, counts: bool) -> EvidenceRecord:
    """Return the evidence record of an item. ``counts``: it is news."""
    item, origin = annotated.item, annotated.origin
    return EvidenceRecord(
        item_id=item.id,
        revision=annotated.revision,
        publisher=annotated.source.publisher,
        host=item.source.host,
        url=item.url,
        title=item.title,
        quote=annotated.quote or item.title,
        published_at=stated_at(annotated),
        seen_at=annotated.seen_at,
        said_at=said_at(annotated),
        source_grade=annotated.source.grade,
        source_kind=annotated.source.kind,
        status=annotated.claim.status,
        basis=annotated.claim.basis,
        attributed_to=annotated.claim.attributed_to,
        judged=annotated.claim.judged,
        origin_id=origin.id,
        origin_name=origin.name,
        origin_grade=origin.grade,
        primary=origin.primary,
        counts=counts,
        spans=tuple((span.field, span.start, span.end, span.text) for span in annotated.mention.spans),
        origin_domain=origin.domain,
        origin_record=origin.record,
        speculative=is_speculative(annotated),
        channel=annotated.provenance.channel if annotated.provenance else "",
        claimed=annotated.provenance.claimed if annotated.provenance else None,
        kind="other" if is_unsure_kind(annotated) else annotated.impact.kind,
        direction=annotated.impact.direction,
        other_party=_is_other_party(annotated),
        role=annotated.reading.role if annotated.reading is not None and annotated.claim.judged else None,
    )


def _is_other_party(annotated: ItemAnnotated) -> bool:
    """Return whether a company speaks in the item that bears none of the names of what is watched."""
    origin = annotated.origin
    if not origin.primary or not origin.id.startswith("company:"):
        return False
    speaker = slug(origin.name)
    names = [slug(span.text) for span in annotated.mention.spans]
    return not any(f"{speaker}-".startswith(f"{name}-") or f"{name}-".startswith(f"{speaker}-") for name in names)


def stated_at(annotated: ItemAnnotated) -> datetime | None:
    """Return the date that the item states, its own or else that of its update; None if it states no possible one."""
    stated = annotated.item.stated_at()
    return None if stated is None or stated > annotated.seen_at + _FUTURE_ALLOWED else stated


def states_date(annotated: ItemAnnotated) -> bool:
    """Return whether the item states a date of its own; an update alone doesn't say how old it is."""
    return stated_at(annotated) is not None and annotated.item.dating() != "updated"


def said_at(annotated: ItemAnnotated) -> datetime:
    """Return when this version of the item was published or updated, at the latest when it was seen.

    A new item counts from its own date, whenever it was updated; a revision from its update.
    """
    stated = stated_at(annotated)
    if annotated.revision and stated is not None:
        stated = annotated.item.updated_at or annotated.seen_at
    return min(stated or annotated.seen_at, annotated.seen_at)


def select_evidence(records: Sequence[EvidenceRecord], limit: int) -> tuple[EvidenceRecord, ...]:
    """Return at most ``limit`` records in order of arrival.

    The last own statement of each channel, origin and status takes precedence, better channels first, then the newest.
    No number of items of poor channels pushes out what a good one said.
    """
    if len(records) <= limit:
        return tuple(records)
    last_of = {
        (record.through, record.origin_id, record.status): index
        for index, record in enumerate(records)
        if record.is_own_statement
    }
    last = set(last_of.values())
    ranked = sorted(
        range(len(records)), key=lambda index: (index not in last, FROM_BEST.index(records[index].grade), -index)
    )
    return tuple(records[index] for index in sorted(ranked[:limit]))
