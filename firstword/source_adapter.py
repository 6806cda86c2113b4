"""Connect the desk's page of sources with the firm's grades and the track records; the desk knows neither."""

from __future__ import annotations

from collections.abc import Sequence

from firstword.source_grades import SourceGrades, SourceProfile, parse_domain
from schemas.mentions import SourceGrade, SourceLetter
from services.notifier.desk.dependencies import SourceView

__all__ = ["SourceAdapter"]


class SourceAdapter:
    """Implements the desk's ports ``sources_view`` and ``source_actions``."""

    def __init__(self, grades: SourceGrades) -> None:
        self._grades = grades

    def view(self) -> Sequence[SourceView]:
        """Return all sources, sorted by domain."""
        return [_view(profile) for profile in self._grades.overview()]

    def current(self, domain: str) -> SourceGrade:
        """Return the grade that is set for a domain, which may be that of a parent domain."""
        return self._grades.table().lookup(parse_domain(domain))

    def grade(self, domain: str, letter: SourceLetter, ground: str, publisher: str | None) -> SourceGrade:
        """Set a grade by hand and start a new track record; return it."""
        return self._grades.grade(parse_domain(domain), letter, ground, publisher=publisher).after

    def put_back(self, grade: SourceGrade) -> None:
        """Set a grade as it was before."""
        self._grades.put_back(grade)


def _view(profile: SourceProfile) -> SourceView:
    source = profile.set_grade
    return SourceView(
        domain=source.domain,
        publisher=source.publisher,
        owner=source.owner,
        kind=source.kind,
        grade=profile.today.grade,
        granted=source.grade,
        ground=source.ground,
        set_by="hand" if source.set_by == "hand" else "import" if source.set_by == "import" else "shipped",
        record=profile.record.describe() if profile.record.outcomes else None,
    )
