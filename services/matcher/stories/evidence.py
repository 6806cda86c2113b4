"""The evidence for a story: one record for each item, small enough for the state, complete enough to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from schemas.alerts import Evidence
from schemas.mentions import ClaimBasis, ClaimStatus, ItemAnnotated, ItemField, SourceKind, SourceLetter, Span
from services.matcher.reading.claims import is_speculation

__all__ = [
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
#: A second reader's objection to telling an item: the name takes no part in the event (``speaker``, ``mention``,
#: ``homonym``), it isn't news, or it is too small; ``none`` if there is no objection.
Objection = Literal["none", "speaker", "mention", "homonym", "not_news", "too_small"]


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """One item's statement about a story. Field names are also the keys in the stored state.

    ``counts`` is False if the item is not news: satire, advertising, opinion, old items. ``said_at`` is when the item
    was published or, if revised, updated; statements are ordered by it, because items arrive in any order.
    ``published_at`` is None if the item states no date.
    ``objection`` is None as long as no second reader has read the item. ``channel`` identifies through whom it came
    (empty in states from before provenance was checked), ``claimed`` is the publisher that it names without proof.
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

    @property
    def by_regulator(self) -> bool:
        """True for the own statement of an authority or court, published by it or reliably reported."""
        return self.primary and (self.source_kind == "regulator" or self.basis in ("regulator", "court"))

    def with_origin_of(self, other: EvidenceRecord) -> EvidenceRecord:
        """Return this record attributed to the origin of ``other``, whose text it repeats."""
        return replace(
            self,
            origin_id=other.origin_id,
            origin_name=other.origin_name,
            origin_grade=other.origin_grade,
            origin_domain=other.origin_domain,
            origin_record=other.origin_record,
        )

    def to_evidence(self) -> Evidence:
        """Return this record as the evidence of an alert."""
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
        )


def is_speculative(annotated: ItemAnnotated) -> bool:
    """Return whether the item only says what somebody expects; nobody in it knows."""
    if annotated.reading is None or not annotated.claim.judged:
        return is_speculation(annotated.claim)
    return annotated.reading.status == "forecast" and annotated.claim.status == "hedged"


def record_evidence(annotated: ItemAnnotated, *, counts: bool, copy_of: EvidenceRecord | None) -> EvidenceRecord:
    """Return the evidence record of an item. A near-copy (``copy_of``) is attributed to the origin it copies."""
    item, origin = annotated.item, annotated.origin
    record = EvidenceRecord(
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
    )
    if copy_of is None or origin.primary or origin.via != "itself" or not counts:
        return record
    return record.with_origin_of(copy_of)


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

    The last one of each origin and status takes precedence, then the newest.
    """
    if len(records) <= limit:
        return tuple(records)
    last_of = {(record.origin_id, record.status): index for index, record in enumerate(records) if record.counts}
    ranked = sorted(range(len(records)), key=lambda index: (index not in last_of.values(), -index))
    return tuple(records[index] for index in sorted(ranked[:limit]))
