"""Build evidence for tests of judgment."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.mentions import ClaimStatus, SourceLetter
from services.matcher.stories.evidence import EvidenceRecord

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def record(
    origin: str,
    grade: SourceLetter = "B",
    status: ClaimStatus = "asserted",
    *,
    primary: bool = False,
    regulator: bool = False,
    own_sources: bool = False,
) -> EvidenceRecord:
    return EvidenceRecord(
        item_id=f"{origin}-{status}",
        revision=0,
        publisher=origin,
        host=None,
        url=None,
        title="t",
        quote="t",
        published_at=AT,
        seen_at=AT,
        said_at=AT,
        source_grade=grade,
        source_kind="regulator" if regulator else "news",
        status=status,
        basis="unnamed" if own_sources else "own",
        attributed_to=None,
        judged=True,
        origin_id=origin,
        origin_name=origin,
        origin_grade=grade,
        primary=primary or regulator,
        counts=True,
        spans=(),
    )
