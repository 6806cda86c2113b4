"""What is kept of each item of a story: a witness, small enough for state, full enough to be shown as evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.alerts import Evidence
from schemas.mentions import ClaimBasis, ClaimStatus, ItemAnnotated, ItemField, SourceKind, SourceLetter, Span
from services.matcher.reading.claims import is_speculation

__all__ = ["Witness", "keep_most_telling", "said_at", "testimony_of"]


@dataclass(frozen=True, slots=True)
class Witness:
    """One item's word on a story. ``counts`` is False for what is no news: satire, advertising, opinion, old pieces.

    ``said_at`` is when it was published, a revision when it was revised: words are put in the order in which they were
    said, for they arrive in any.
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

    @property
    def by_regulator(self) -> bool:
        """Whether an authority speaks, itself or as somebody to be relied on reports it."""
        return self.primary and (self.source_kind == "regulator" or self.basis == "regulator")

    def in_the_name_of(self, other: Witness) -> Witness:
        """This item as the word of the origin of ``other``, which it only repeats."""
        return replace(
            self,
            origin_id=other.origin_id,
            origin_name=other.origin_name,
            origin_grade=other.origin_grade,
            origin_domain=other.origin_domain,
            origin_record=other.origin_record,
        )

    def as_evidence(self) -> Evidence:
        """As it stands in an alert."""
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
        )


def testimony_of(data: ItemAnnotated, *, counts: bool, copy_of: Witness | None) -> Witness:
    """What ``data`` testifies. A near-copy of another newsroom's text (``copy_of``) is that newsroom's word."""
    item, origin = data.item, data.origin
    result = Witness(
        item_id=item.id,
        revision=data.revision,
        publisher=data.source.publisher,
        host=item.source.host,
        url=item.url,
        title=item.title,
        quote=data.quote or item.title,
        published_at=item.published_at,
        seen_at=data.seen_at,
        said_at=said_at(data),
        source_grade=data.source.grade,
        source_kind=data.source.kind,
        status=data.claim.status,
        basis=data.claim.basis,
        attributed_to=data.claim.attributed_to,
        judged=data.claim.judged,
        origin_id=origin.id,
        origin_name=origin.name,
        origin_grade=origin.grade,
        primary=origin.primary,
        counts=counts,
        spans=tuple((span.field, span.start, span.end, span.text) for span in data.mention.spans),
        origin_domain=origin.domain,
        origin_record=origin.record,
        speculative=is_speculation(data.claim),
    )
    if copy_of is None or origin.primary or origin.via != "itself" or not counts:
        return result
    return result.in_the_name_of(copy_of)


def said_at(data: ItemAnnotated) -> datetime:
    """When the words of ``data`` were published or revised; never later than they were seen."""
    stated = data.item.updated_at if data.revision else data.item.published_at
    return min(stated or data.seen_at, data.seen_at)


def keep_most_telling(testimonies: Sequence[Witness], limit: int) -> tuple[Witness, ...]:
    """At most ``limit``: one of each origin first, then the newest; in their order of arrival."""
    if len(testimonies) <= limit:
        return tuple(testimonies)
    last_of = {(each.origin_id, each.status): index for index, each in enumerate(testimonies) if each.counts}
    ranked = sorted(range(len(testimonies)), key=lambda n: (n not in last_of.values(), -n))
    return tuple(testimonies[n] for n in sorted(ranked[:limit]))
