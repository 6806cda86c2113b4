"""Grade how credible a story is, from the evidence so far: Admiralty grades of source and information, with reasons.

The two axes are independent: a good source may be denied, a poor one confirmed. Origins are counted, never items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.alerts import InformationGrade, Reason
from schemas.mentions import ClaimStatus, SourceLetter
from services.matcher.judgment.reasons import reason
from services.matcher.stories.evidence import EvidenceRecord
from services.matcher.text.humanize import capitalize_first, join_names, number_word

__all__ = ["Assessment", "assess"]

#: One of these asserting a story makes it probable; two confirm it.
GOOD: frozenset[SourceLetter] = frozenset(("A", "B"))
#: Neither good nor a reason for doubt. F means unknown, not bad.
FAIR: frozenset[SourceLetter] = frozenset(("C", "F"))


class Assessment(NamedTuple):
    """Both grades, the number of independent origins that support the story, and the reasons.

    ``disputed``: some origin doubts, denies or withdraws it; it is a rumor, not just a minor source's report.
    """

    source: SourceLetter
    information: InformationGrade
    origins: int
    reasons: tuple[Reason, ...]
    disputed: bool = False


@dataclass(slots=True)
class OriginPosition:
    """One origin's position on a story, after everything it has published."""

    origin_id: str
    name: str
    grade: SourceLetter
    status: ClaimStatus
    primary: bool
    regulator: bool
    own_sources: bool
    record: str | None
    speculative: bool

    @property
    def supports(self) -> bool:
        """True if it reports the story, with or without doubt."""
        return self.status in ("asserted", "hedged")


class _Positions(NamedTuple):
    """All origins' positions, by status."""

    asserting: list[OriginPosition]
    hedging: list[OriginPosition]
    denying: list[OriginPosition]
    withdrawn: list[OriginPosition]


def assess(evidence: Sequence[EvidenceRecord]) -> Assessment:
    """Grade a story by its ``evidence``, taken in the order of publication."""
    counted = sorted((record for record in evidence if record.counts), key=lambda record: record.said_at)
    if not counted:
        return _no_news(evidence)
    judged = [record for record in counted if record.judged]
    if not judged:
        return _foreign_language(counted)
    origins = _positions_by_origin(judged)
    positions = _Positions(
        asserting=[origin for origin in origins if origin.status == "asserted"],
        hedging=[origin for origin in origins if origin.status == "hedged"],
        denying=[origin for origin in origins if origin.status == "denied"],
        withdrawn=[origin for origin in origins if origin.status == "retracted"],
    )
    supporting = [origin for origin in origins if origin.supports]
    letter = _best(origin.grade for origin in supporting or origins)
    for rule in _RULES:
        finding = rule(positions)
        if finding is not None:
            information, why = finding
            disputed = len(positions.asserting) < len(origins)
            reasons = (why, *_no_comment(origins, information), *_track_records(origins))
            return Assessment(letter, information, len(supporting), reasons, disputed)
    raise AssertionError("the last rule always applies")


def _positions_by_origin(records: Sequence[EvidenceRecord]) -> list[OriginPosition]:
    """Return one position for each origin: its latest, but doubt after a plain statement withdraws nothing."""
    positions: dict[str, OriginPosition] = {}
    for record in records:
        position = positions.get(record.origin_id)
        if position is None:
            positions[record.origin_id] = OriginPosition(
                origin_id=record.origin_id,
                name=record.origin_name,
                grade=record.origin_grade,
                status=record.status,
                primary=record.primary,
                regulator=record.by_regulator,
                own_sources=record.basis == "unnamed",
                record=record.origin_record,
                speculative=record.speculative,
            )
            continue
        if not (position.status == "asserted" and record.status == "hedged"):
            position.status = record.status
        position.grade = min(position.grade, record.origin_grade)
        position.primary = position.primary or record.primary
        position.record = record.origin_record or position.record
        position.regulator = position.regulator or record.by_regulator
        position.speculative = position.speculative and record.speculative
        position.own_sources = position.own_sources or record.basis == "unnamed"
    return list(positions.values())


_Finding = tuple[InformationGrade, Reason] | None


def _regulator_confirms(positions: _Positions) -> _Finding:
    names = [origin.name for origin in positions.asserting if origin.regulator]
    if not names:
        return None
    text = f"Confirmed by {join_names(names)} as the responsible authority."
    if positions.denying:
        text = f"{text[:-1]}; this outweighs the denial by {join_names(origin.name for origin in positions.denying)}."
    return 1, reason("regulator", join_names(names), "confirmed by the primary source", text)


def _primary_denies(positions: _Positions) -> _Finding:
    names = [origin.name for origin in positions.denying if origin.primary]
    if not names or any(origin.primary for origin in positions.asserting):
        return None  # one party against another: a contradiction, see below
    text = f"Denied first-hand by {join_names(names)}."
    return 5, reason("primary-denial", join_names(names), "denied by the primary source", text)


def _all_withdrawn(positions: _Positions) -> _Finding:
    if not positions.withdrawn or positions.asserting or positions.hedging:
        return None
    names = join_names(origin.name for origin in positions.withdrawn)
    text = f"{names} withdrew the report, and nobody else stands by it."
    return 5, reason("retraction", names, "withdrawn by its source", text)


def _primary_confirms(positions: _Positions) -> _Finding:
    names = join_names(origin.name for origin in positions.asserting if origin.primary)
    if not names or any(origin.primary for origin in positions.denying):
        return None
    return 1, reason("primary", names, "confirmed by the primary source", f"Confirmed first-hand by {names}.")


def _contradicted(positions: _Positions) -> _Finding:
    if not positions.denying:
        return None
    deniers = join_names(origin.name for origin in positions.denying)
    speakers = join_names(origin.name for origin in positions.asserting + positions.hedging)
    if not speakers:
        return 4, reason("denial", deniers, "doubtful", f"{deniers} reports that it is not true.")
    text = f"{speakers} reports it, but {deniers} contradicts it."
    return 4, reason("contradiction", f"{speakers} against {deniers}", "doubtful", text)


def _independent_confirm(positions: _Positions) -> _Finding:
    names = [origin.name for origin in positions.asserting if origin.grade in GOOD]
    if len(names) < 2:
        return None
    listed = join_names(names)
    text = f"{capitalize_first(number_word(len(names)))} independent newsrooms, {listed}, report it."
    return 1, reason("independent-origins", listed, "confirmed by independent origins", text)


def _good_source(positions: _Positions) -> _Finding:
    names = join_names(origin.name for origin in positions.asserting if origin.grade in GOOD)
    if not names:
        return None
    text = f"{names}, a reliable source, states it as a fact, and nothing contradicts it."
    return 2, reason("good-source", names, "probably true", text)


def _two_with_own_sources(positions: _Positions) -> _Finding:
    good = [origin.name for origin in positions.hedging if origin.grade in GOOD and origin.own_sources]
    if len(good) < 2:
        return None
    listed = join_names(good)
    text = f"{listed} report it, each citing its own sources, and nothing contradicts it."
    return 2, reason("two-rumors", listed, "probably true", text)


def _fair_sources(positions: _Positions) -> _Finding:
    fair = [origin.name for origin in positions.asserting if origin.grade == "C"]
    if len(fair) >= 2 or (fair and any(origin.grade in GOOD and origin.own_sources for origin in positions.hedging)):
        listed = join_names(fair + [origin.name for origin in positions.hedging if origin.grade in GOOD])
        text = f"{listed} report it independently of each other, and nothing contradicts it."
        return 2, reason("fair-sources", listed, "probably true", text)
    names = join_names(origin.name for origin in positions.asserting if origin.grade in FAIR)
    if not names:
        return None
    text = f"Only {names} reports it so far, and this source alone is not enough."
    return 3, reason("single-fair-source", names, "possibly true", text)


def _speculation(positions: _Positions) -> _Finding:
    if positions.withdrawn or not positions.hedging or not all(origin.speculative for origin in positions.hedging):
        return None
    names = join_names(origin.name for origin in positions.hedging)
    text = f"{names} only speculates about it and cites nobody who knows."
    return 6, reason("speculation", names, "cannot be judged", text)


def _rumor(positions: _Positions) -> _Finding:
    names = join_names(origin.name for origin in positions.hedging if origin.grade in GOOD or origin.grade == "C")
    if not names:
        return None
    text = f"{names} reports it as unconfirmed; no second independent source has reported it."
    return 3, reason("rumor", names, "possibly true", text)


def _doubtful(positions: _Positions) -> _Finding:
    names = join_names(origin.name for origin in positions.asserting + positions.hedging + positions.withdrawn)
    text = f"Only {names or 'an unknown source'} reports it, which is not reliable enough on its own."
    return 4, reason("weak-source", names, "doubtful", text)


_RULES: tuple[Callable[[_Positions], _Finding], ...] = (
    _regulator_confirms,
    _primary_denies,
    _primary_confirms,
    _all_withdrawn,
    _contradicted,
    _independent_confirm,
    _good_source,
    _two_with_own_sources,
    _fair_sources,
    _speculation,
    _rumor,
    _doubtful,
)


def _no_comment(origins: list[OriginPosition], information: InformationGrade) -> tuple[Reason, ...]:
    if information in (5, 6) or any(origin.primary for origin in origins):
        return ()
    return (
        reason("no-comment", "no statement from the party itself", "open", "The company itself has not commented."),
    )


def _track_records(origins: list[OriginPosition]) -> tuple[Reason, ...]:
    """Return a reason for each origin whose track record changed its grade."""
    with_record = [origin for origin in origins if origin.record is not None]
    return tuple(reason("track-record", origin.name, origin.grade, origin.record or "") for origin in with_record)


def _foreign_language(records: Sequence[EvidenceRecord]) -> Assessment:
    text = f"{join_names(r.publisher for r in records)} wrote in a language that Firstword does not assess."
    why = reason("language", f"{len(records)} item(s) not in English", "cannot be judged", text)
    return Assessment(_best(r.origin_grade for r in records), 6, len({r.origin_id for r in records}), (why,))


def _no_news(evidence: Sequence[EvidenceRecord]) -> Assessment:
    publishers = join_names(record.publisher for record in evidence)
    text = f"{publishers} published it, but not as news." if publishers else "Nothing is known about it."
    why = reason("no-news", publishers, "cannot be judged", text)
    return Assessment(_best(record.source_grade for record in evidence), 6, 0, (why,))


def _best(grades: Iterable[SourceLetter]) -> SourceLetter:
    return min(grades, default="F")
