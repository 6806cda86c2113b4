"""A source's track record: how the rumors it published ended, and how far that moves its grade.

A pure function of the outcomes, the grade that was set, and the day.

- Slow: an outcome counts from the next midnight UTC, a few outcomes change nothing, and after a step there is none for
  a quarter. Of the confirmed rumors of a week only the first count, so that no flood of safe guesses earns a grade.
- Bounded: the grade moves by at most one letter from the grade that was set; an unknown source may rise to D and, after
  twice as many outcomes, to C.
- Reversible: outcomes leave the window, a later outcome of a story replaces the earlier one, and setting a grade
  again starts a new record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from schemas.mentions import RumorOutcome, RumorResolved, SourceGrade, SourceKind, SourceLetter
from services.matcher.sources.publishers import SourceTable
from services.matcher.text.humanize import join_words, number_word
from services.matcher.thresholds import Thresholds

__all__ = ["RumorOutcomes", "TrackRecord", "adjust_grade", "compute_record", "start_of_day"]

#: Kinds that report. Authorities, companies and satirists publish no rumors that come true or not.
REPORTING: frozenset[SourceKind] = frozenset(("wire", "news", "trade", "blog", "social", "other"))
#: One letter up or down. A source with a record is no longer unknown (F).
ONE_UP: Mapping[SourceLetter, SourceLetter] = {"B": "A", "C": "B", "D": "C", "E": "D", "F": "D"}
ONE_DOWN: Mapping[SourceLetter, SourceLetter] = {"A": "B", "B": "C", "C": "D", "D": "E", "F": "E"}
#: The least time between two steps.
QUARTER = timedelta(days=91)
#: Confirmed rumors that count within seven days.
CONFIRMED_A_WEEK = 2
#: Outcomes kept for one source. If a window holds more, only the newest count.
OUTCOMES_KEPT = 50
_OUTCOME_PHRASES: dict[RumorOutcome, str] = {
    "confirmed": "confirmed",
    "denied": "denied",
    "fizzled": "never taken up",
}


class TrackRecord(NamedTuple):
    """The outcomes of one source's rumors that count on a given day, newest first."""

    outcomes: tuple[RumorResolved, ...]

    def count(self, outcome: RumorOutcome) -> int:
        """Return the number of rumors that ended with ``outcome``."""
        return sum(resolved.outcome == outcome for resolved in self.outcomes)

    @property
    def decided(self) -> int:
        """The number of rumors that turned out true or false; one that nobody took up is neither."""
        return self.count("confirmed") + self.count("denied")

    def describe(self) -> str:
        """Return ``of its last nine rumors, seven were confirmed and two were denied``."""
        counts = Counter(resolved.outcome for resolved in self.outcomes)
        parts = [
            f"{number_word(counts[outcome])} {'was' if counts[outcome] == 1 else 'were'} {phrase}"
            for outcome, phrase in _OUTCOME_PHRASES.items()
            if counts[outcome]
        ]
        return f"of its last {number_word(len(self.outcomes))} rumors, {join_words(parts)}"


def start_of_day(moment: datetime) -> datetime:
    """Return the UTC midnight with which the day of ``moment`` begins."""
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)


def compute_record(
    outcomes: Iterable[RumorResolved], day: datetime, thresholds: Thresholds, since: datetime | None = None
) -> TrackRecord:
    """Return the outcomes that count on ``day``: before that day, inside the window, after ``since``, one per story.

    Of those confirmed within seven days, only the first ``CONFIRMED_A_WEEK`` count.
    Outcomes of one entity at the same moment count as one story, even under different story ids. A replayed item
    stream can arrive in another order, and the story then takes its id from another item.
    """
    window_end = start_of_day(day)
    window_start = window_end - timedelta(days=thresholds.record_window_days)
    latest_by_story: dict[str, RumorResolved] = {}
    for resolved in sorted(outcomes, key=_order):
        if window_start <= resolved.at < window_end and (since is None or resolved.at >= since):
            latest_by_story[resolved.story_id] = resolved
    distinct = {
        (resolved.entity_id, resolved.at): resolved for resolved in sorted(latest_by_story.values(), key=_order)
    }
    newest_first = sorted(_without_floods(distinct.values()), key=_order, reverse=True)
    return TrackRecord(tuple(newest_first[:OUTCOMES_KEPT]))


def _without_floods(outcomes: Iterable[RumorResolved]) -> Iterator[RumorResolved]:
    """Yield ``outcomes`` without the confirmed ones beyond the first ``CONFIRMED_A_WEEK`` of any seven days."""
    confirmed: list[datetime] = []
    for resolved in sorted(outcomes, key=_order):
        if resolved.outcome == "confirmed":
            if len([at for at in confirmed if resolved.at - at < timedelta(days=7)]) >= CONFIRMED_A_WEEK:
                continue
            confirmed.append(resolved.at)
        yield resolved


def adjust_grade(
    source: SourceGrade, outcomes: Sequence[RumorResolved], day: datetime, thresholds: Thresholds
) -> SourceGrade:
    """Return ``source`` with the grade that its ``outcomes`` earn on ``day`` and a sentence that explains it.

    Return ``source`` itself if it does not report, or if too few of its rumors were decided.
    """
    if source.kind not in REPORTING or len(outcomes) < thresholds.record_least:
        return source
    steps = _steps(source, outcomes, day, thresholds)
    record = compute_record(outcomes, day, thresholds, source.record_since)
    if not record.outcomes or (not steps and record.decided < thresholds.record_least):
        return source
    grade = source.grade
    for _ in range(abs(steps)):
        grade = (ONE_UP if steps > 0 else ONE_DOWN).get(grade, grade)
    if grade == source.grade:
        text = f"{source.publisher} keeps its grade {grade}: {record.describe()}."
    else:
        text = f"{source.publisher} counts as {grade} instead of {source.grade}: {record.describe()}."
    return source.model_copy(update={"grade": grade, "record": text, "set_grade": source.granted})


def _steps(source: SourceGrade, outcomes: Sequence[RumorResolved], day: datetime, thresholds: Thresholds) -> int:
    """Return how many letters up (or down, if negative) the source has moved by ``day``.

    What a record earns changes at the midnight after an outcome, and when one leaves the window; a step is taken as
    soon as a quarter has passed since the last one.
    """
    kept = timedelta(days=thresholds.record_window_days)
    midnights = [start_of_day(resolved.at) + timedelta(days=1) for resolved in outcomes]
    today = start_of_day(day)
    changes = {moment for start in midnights for moment in (start, start + kept) if moment <= today}
    steps, free_from = 0, datetime.min.replace(tzinfo=UTC)
    for start, end in pairwise((*sorted(changes), today + timedelta(days=1))):
        earned = _earned(source, compute_record(outcomes, start, thresholds, source.record_since), thresholds)
        while steps != earned and (at := max(start, free_from)) < end:
            steps += 1 if earned > steps else -1
            free_from = at + QUARTER
    return steps


def _earned(source: SourceGrade, record: TrackRecord, thresholds: Thresholds) -> int:
    """Return how many letters up (or down, if negative) a record would move the source in the end."""
    if record.decided < thresholds.record_least:
        return 0
    confirmed_share = record.count("confirmed") / record.decided
    if confirmed_share >= thresholds.record_up_share:
        return 2 if source.grade == "F" and record.decided >= 2 * thresholds.record_least else 1
    return -1 if confirmed_share <= thresholds.record_down_share else 0


class RumorOutcomes:
    """All rumor outcomes seen so far, by source."""

    def __init__(self, thresholds: Thresholds) -> None:
        """Start with no outcomes."""
        self._thresholds = thresholds
        self._by_domain: dict[str, dict[tuple[str, str], RumorResolved]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_domain)

    def add(self, resolved: RumorResolved) -> None:
        """Add an outcome. For each story and entity the latest one counts, in whatever order they arrive."""
        outcomes = self._by_domain.setdefault(resolved.domain, {})
        key = resolved.story_id, resolved.entity_id
        if key not in outcomes or outcomes[key].at <= resolved.at:
            outcomes[key] = resolved
        if len(outcomes) > 2 * OUTCOMES_KEPT:
            oldest_first = sorted(outcomes, key=lambda story: _order(outcomes[story]))
            for story in oldest_first[: len(outcomes) - OUTCOMES_KEPT]:
                del outcomes[story]

    def record(self, source: SourceGrade, day: datetime) -> TrackRecord:
        """Return the record of ``source`` that counts on ``day``."""
        outcomes = self._by_domain.get(source.domain, {})
        return compute_record(outcomes.values(), day, self._thresholds, source.record_since)

    def apply_to(self, table: SourceTable, day: datetime) -> SourceTable:
        """Return ``table`` with the grades that the track records earn on ``day``."""
        adjusted = list(self._adjusted_grades(table, day))
        return table.with_grades(adjusted) if adjusted else table

    def _adjusted_grades(self, table: SourceTable, day: datetime) -> Iterator[SourceGrade]:
        for domain in sorted(self._by_domain):
            source = table.lookup(domain)
            if source.domain != domain:  # a subdomain without a grade of its own has its own record
                source = source.model_copy(update={"domain": domain})
            adjusted = adjust_grade(source, tuple(self._by_domain[domain].values()), day, self._thresholds)
            if adjusted is not source:
                yield adjusted


def _order(resolved: RumorResolved) -> tuple[datetime, str, str]:
    return resolved.at, resolved.story_id, resolved.entity_id
