"""What the house says sources are worth: set by hand, or taken from a file of ratings; and why one is worth what it is.

The grades that ship with the package hold until another is set. What is set by hand is never changed by a file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from firstword.runtimes.replay import source_graded_event
from firstword.store import Store
from firstword.threshold_file import thresholds_in_force
from schemas.mentions import RumorResolved, SourceGrade, SourceGraded, SourceKind, SourceLetter
from services.common.db import reading
from services.common.errors import BadInput
from services.common.processing import AnyEvent
from services.matcher.sources.publishers import NEWSROOMS, SourceTable, default_sources
from services.matcher.sources.track_record import RumorOutcomes, TrackRecord
from services.notifier import tables as notifier

__all__ = ["BadRow", "Change", "Imported", "Rating", "Sources", "Standing", "domain_of", "letter_of", "read_ratings"]

BY_HAND, BY_IMPORT = "hand", "import"
#: From which score of 0–1 on a rating is worth which letter. A is not given for a number: somebody must stand for it.
#: The cuts lie between the medians of what our own table grades B, C, D and E in public aggregate ratings.
LETTERS: tuple[tuple[float, SourceLetter], ...] = ((0.85, "B"), (0.65, "C"), (0.40, "D"), (0.0, "E"))
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})+")


class Rating(NamedTuple):
    """One row of a file of ratings; ``score`` is 0–1, ``line`` counts from 1."""

    domain: str
    score: float
    line: int


@dataclass(frozen=True)
class BadRow:
    """A row that can't be used, and what to do about it."""

    file: str
    line: int
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} {self.fix}"


class Change(NamedTuple):
    """A grade before and after."""

    before: SourceGrade
    after: SourceGrade


@dataclass(frozen=True)
class Imported:
    """What an import did: domains by what became of them."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept_by_hand: tuple[str, ...]
    kept_shipped: tuple[str, ...]


class Standing(NamedTuple):
    """All about one source: the grade that was set, its record, and what it counts as today."""

    set_grade: SourceGrade
    record: TrackRecord
    today: SourceGrade
    known: bool


def domain_of(text: str) -> str:
    """``text`` as the domain under which grades are kept.

    Raises:
        BadInput: when it is none.
    """
    domain = text.strip().lower().rstrip(".").removeprefix("www.")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise BadInput(
            f"{text!r} is no domain.", fix="Grades are for whole domains, without scheme and path: news.example"
        )
    return domain


def letter_of(score: float) -> SourceLetter:
    """The letter that a score of 0–1 is worth: B from 0.85, C from 0.65, D from 0.4 on, else E; never A."""
    return next(letter for least, letter in LETTERS if score >= least)


def read_ratings(lines: Iterable[str], name: str) -> Iterator[Rating | BadRow]:
    """The rows of a CSV file with the columns ``domain`` and a score of 0–1, whatever that is called.

    Raises:
        BadInput: when the heading is not that.
    """
    rows = csv.reader(lines)
    heading = [cell.strip().lower().removeprefix("\ufeff") for cell in next(rows, [])]
    if len(heading) < 2 or heading[0] != "domain":
        raise BadInput(
            f"{name}:1: the heading is {', '.join(heading) or 'missing'}.",
            fix="The first line must name the columns: domain,score",
        )
    first: dict[str, int] = {}
    for row in rows:
        if not row or not "".join(row).strip():
            continue
        read = _rating(row, name, rows.line_num)
        if isinstance(read, Rating):
            if read.domain in first:
                message = f"{read.domain} stands in line {first[read.domain]} already."
                read = BadRow(name, rows.line_num, message, "Leave one of them out; the first counts.")
            else:
                first[read.domain] = read.line
        yield read


def _rating(row: list[str], name: str, line: int) -> Rating | BadRow:
    if len(row) < 2:
        return BadRow(name, line, "the score is missing.", "Give domain and score, separated by a comma.")
    try:
        domain = domain_of(row[0])
    except BadInput as error:
        return BadRow(name, line, error.message, error.fix or "")
    try:
        score = float(row[1])
    except ValueError:
        return BadRow(name, line, f"the score {row[1]!r} is no number.", "Give a number from 0 to 1, such as 0.85.")
    if not 0 <= score <= 1:
        return BadRow(name, line, f"the score {row[1]} is not between 0 and 1.", "Divide it by the highest there is.")
    return Rating(domain, score, line)


class Sources:
    """The sources of a data folder."""

    def __init__(self, store: Store) -> None:
        """Look at and change those of ``store``."""
        self._store = store

    def grades(self) -> tuple[SourceGrade, ...]:
        """All grades as they are set, by domain."""
        return self._table().grades()

    def grade(
        self,
        domain: str,
        letter: SourceLetter,
        ground: str,
        *,
        publisher: str | None = None,
        owner: str | None = None,
        kind: SourceKind | None = None,
    ) -> Change:
        """Set a grade by hand. What is not given stays; the track record begins anew."""
        now = self._store.clock.now()
        before = self._table().lookup(domain)
        if before.domain != domain:
            before = before.model_copy(update={"domain": domain})
        new = kind or ("news" if before.kind == "other" else before.kind)
        given = {"publisher": publisher or before.publisher, "owner": owner or before.owner, "kind": new}
        set_now = {"set_by": BY_HAND, "set_at": now, "record_since": now}
        after = before.model_copy(update={**given, **set_now, "grade": letter, "ground": ground})
        self._publish([after], now)
        return Change(before, after)

    def reset(self, domain: str) -> SourceGrade:
        """Begin the track record of a source anew; its grade stays as it was set."""
        now = self._store.clock.now()
        after = self._table().lookup(domain).model_copy(update={"domain": domain, "record_since": now})
        self._publish([after], now)
        return after

    def take_in(self, ratings: Iterable[Rating], name: str, *, over_shipped: bool = False) -> Imported:
        """Take in a file of ratings, in one transaction. What is set by hand stays, what ships unless asked."""
        now, table = self._store.clock.now(), self._table()
        own = {each.domain: each for each in table.grades()}
        groups: dict[str, list[str]] = {name: [] for name in ("added", "changed", "same", "hand", "shipped")}
        new: list[SourceGrade] = []
        for rating in ratings:
            before = own.get(rating.domain)
            above = table.lookup(rating.domain)
            after = _imported(rating, before, name, now)
            group = _group(before or (above if above.kind in NEWSROOMS else None), after, over_shipped)
            groups[group].append(rating.domain)
            if group in ("added", "changed"):
                new.append(after)
        self._publish(new, now)
        found = {group: tuple(domains) for group, domains in groups.items()}
        return Imported(found["added"], found["changed"], found["same"], found["hand"], found["shipped"])

    def explain(self, domain: str) -> Standing:
        """What a source is worth today, and why."""
        now, table = self._store.clock.now(), self._table()
        outcomes = RumorOutcomes(thresholds_in_force(self._store.settings))
        query = select(notifier.outcomes.c.payload).where(notifier.outcomes.c.domain == domain)
        with reading(self._store.engine) as connection:
            for (payload,) in connection.execute(query):
                outcomes.add(RumorResolved.model_validate(payload))
        found = table.lookup(domain)
        today = outcomes.apply_to(table, now).lookup(domain)
        record = outcomes.record(found.model_copy(update={"domain": domain}), now)
        return Standing(found, record, today, domain in table)

    def _known(self) -> dict[str, SourceGraded]:
        with self._store.engine.connect() as connection:
            newest = self._store.events.latest_by_key(connection, "sources")
        return {key: each.data for key, each in newest.items() if isinstance(each.data, SourceGraded)}

    def _table(self) -> SourceTable:
        return default_sources().with_grades(each.source for each in self._known().values())

    def _publish(self, grades: Iterable[SourceGrade], now: datetime) -> None:
        known = self._known()
        events: list[AnyEvent] = []
        for grade in grades:
            before = known.get(grade.domain)
            events.append(source_graded_event(grade, now, before.revision + 1 if before else 0))
        with self._store.engine.begin() as connection:
            self._store.events.publish(connection, events)


def _imported(rating: Rating, before: SourceGrade | None, name: str, now: datetime) -> SourceGrade:
    letter = letter_of(rating.score)
    ground = f"Rated {rating.score:.2f} of 1 in {name}; {letter} by the table of 'firstword sources import --help'."
    known = before or SourceGrade(domain=rating.domain, publisher=rating.domain)
    return known.model_copy(update={"grade": letter, "ground": ground, "set_by": BY_IMPORT, "set_at": now})


def _group(before: SourceGrade | None, after: SourceGrade, over_shipped: bool) -> str:
    """What becomes of a rating; ``before`` is the grade that held, a newsroom's also for the sites below its own."""
    if before is None or (before.domain != after.domain and before.set_by == BY_IMPORT):
        return "added"
    if before.set_by == BY_HAND:
        return "hand"
    if before.set_by != BY_IMPORT and not over_shipped:
        return "shipped"
    return "same" if (before.grade, before.ground) == (after.grade, after.ground) else "changed"
