"""A source's own track record: how what it ran as a rumor ended, and by how much that moves its grade.

A pure function of outcomes, the set grade and the day. Slow: an outcome counts from the next midnight UTC, and too few
of them move nothing. Bounded: one letter up or down from the grade that was set. Reversible: outcomes leave the window,
a later outcome of the same story takes an earlier one's place, and a grade that is set anew begins a new record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from schemas.mentions import RumorOutcome, RumorResolved, SourceGrade, SourceKind, SourceLetter
from services.matcher.sources.publishers import SourceTable
from services.matcher.text.phrasing import in_words, listed_in_words
from services.matcher.thresholds import Thresholds

__all__ = ["Outcomes", "Record", "midnight", "moved", "record_of"]

#: Those who report; what an authority, a company or a satirist says is no rumor that comes true or doesn't.
REPORTING: frozenset[SourceKind] = frozenset(("wire", "news", "trade", "blog", "social", "other"))
#: One letter up and down. Whose record shows something is no longer unknown (F): fair or not usually reliable.
UP: Mapping[SourceLetter, SourceLetter] = {"B": "A", "C": "B", "D": "C", "E": "D", "F": "C"}
DOWN: Mapping[SourceLetter, SourceLetter] = {"A": "B", "B": "C", "C": "D", "D": "E", "F": "D"}
#: Outcomes kept of one source; a window that holds more is judged by the newest.
KEPT = 50
_WORDS: dict[RumorOutcome, str] = {"confirmed": "confirmed", "denied": "denied", "fizzled": "never taken up"}


class Record(NamedTuple):
    """How the rumors of one source ended that count on a day, newest first."""

    outcomes: tuple[RumorResolved, ...]

    def count(self, outcome: RumorOutcome) -> int:
        """How many ended so."""
        return sum(each.outcome == outcome for each in self.outcomes)

    @property
    def decided(self) -> int:
        """How many turned out true or false; what nobody took up says neither."""
        return self.count("confirmed") + self.count("denied")

    def in_words(self) -> str:
        """``of its last nine rumors here, seven were confirmed and one was denied``."""
        counts = Counter(each.outcome for each in self.outcomes)
        said = [
            f"{in_words(counts[outcome])} {'was' if counts[outcome] == 1 else 'were'} {words}"
            for outcome, words in _WORDS.items()
            if counts[outcome]
        ]
        return f"of its last {in_words(len(self.outcomes))} rumors here, {listed_in_words(said)}"


def midnight(moment: datetime) -> datetime:
    """The beginning of the day (UTC) of ``moment``."""
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)


def record_of(
    outcomes: Iterable[RumorResolved], day: datetime, thresholds: Thresholds, since: datetime | None = None
) -> Record:
    """What counts on ``day``: ended before it began, inside the window, after ``since``; one outcome for a story.

    What ended for one thing at one moment is one story, whatever it is called: a house that has moved hears its last
    week again, in another order, so that a story may begin with, and be called by, another item.
    """
    begun = midnight(day)
    opened = begun - timedelta(days=thresholds.record_window_days)
    counted: dict[str, RumorResolved] = {}
    for each in sorted(outcomes, key=_order):
        if opened <= each.at < begun and (since is None or each.at >= since):
            counted[each.story_id] = each
    once = {(each.entity_id, each.at): each for each in sorted(counted.values(), key=_order)}
    newest = sorted(once.values(), key=_order, reverse=True)[:KEPT]
    return Record(tuple(newest))


def moved(source: SourceGrade, record: Record, thresholds: Thresholds) -> SourceGrade:
    """``source`` with the grade that its ``record`` earns it, and the sentence that says so; else as it is."""
    if source.kind not in REPORTING or record.decided < thresholds.record_least:
        return source
    share = record.count("confirmed") / record.decided
    grade = source.grade
    if share >= thresholds.record_up_share:
        grade = UP.get(source.grade, source.grade)
    elif share <= thresholds.record_down_share:
        grade = DOWN.get(source.grade, source.grade)
    if grade == source.grade:
        text = f"{source.publisher} keeps its grade {grade}: {record.in_words()}."
    else:
        text = f"{source.publisher} counts as {grade} instead of {source.grade}: {record.in_words()}."
    return source.model_copy(update={"grade": grade, "record": text})


class Outcomes:
    """All outcomes known so far, by source; the grades of a day after them."""

    def __init__(self, thresholds: Thresholds) -> None:
        """Nothing known yet."""
        self._thresholds = thresholds
        self._known: dict[str, dict[tuple[str, str], RumorResolved]] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    def add(self, resolved: RumorResolved) -> None:
        """Take note of ``resolved``; of one story and entity the latest counts, in whatever order they come."""
        known = self._known.setdefault(resolved.domain, {})
        key = resolved.story_id, resolved.entity_id
        if key not in known or known[key].at <= resolved.at:
            known[key] = resolved
        if len(known) > 2 * KEPT:
            for old in sorted(known, key=lambda each: _order(known[each]))[: len(known) - KEPT]:
                del known[old]

    def record(self, source: SourceGrade, day: datetime) -> Record:
        """The record of ``source`` as it counts on ``day``."""
        known = self._known.get(source.domain, {})
        return record_of(known.values(), day, self._thresholds, source.record_since)

    def applied(self, table: SourceTable, day: datetime) -> SourceTable:
        """``table`` as it stands on ``day``, after all records."""
        changed = list(self._changed(table, day))
        return table.with_grades(changed) if changed else table

    def _changed(self, table: SourceTable, day: datetime) -> Iterator[SourceGrade]:
        for domain in sorted(self._known):
            found = table.lookup(domain)
            if found.domain != domain:  # the site of a subdomain nobody set a grade for: judged as its own
                found = found.model_copy(update={"domain": domain})
            after = moved(found, self.record(found, day), self._thresholds)
            if after is not found:
                yield after


def _order(resolved: RumorResolved) -> tuple[datetime, str, str]:
    return resolved.at, resolved.story_id, resolved.entity_id
