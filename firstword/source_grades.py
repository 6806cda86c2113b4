"""A firm's own grades of sources, set by hand or imported from a file of ratings, and the explanation of a grade.

The grades that ship with Firstword apply until another is set. A file never changes a grade that was set by hand.
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
from services.ingest.identity.inlet_addresses import is_inlet_url
from services.ingest.opml import feed_id
from services.ingest.repository import Repository
from services.matcher.sources.publishers import NEWSROOMS, SourceTable, default_sources
from services.matcher.sources.track_record import RumorOutcomes, TrackRecord
from services.notifier import tables as notifier

__all__ = [
    "BadRow",
    "GradeChange",
    "Rating",
    "RatingsImport",
    "SourceGrades",
    "SourceProfile",
    "grade_of_score",
    "parse_domain",
    "read_ratings",
]

BY_HAND, BY_IMPORT = "hand", "import"
#: The least score (0–1) for each grade. A is never derived from a score: a person must take responsibility for it. The
#: limits are halfway between the median public aggregate ratings of the sources that ship with grades B, C, D and E.
LETTERS: tuple[tuple[float, SourceLetter], ...] = ((0.85, "B"), (0.65, "C"), (0.40, "D"), (0.0, "E"))
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.(?!-)[a-z0-9-]{1,63})+")


class Rating(NamedTuple):
    """A row of a file of ratings. ``score`` is 0–1, ``line`` counts from 1."""

    domain: str
    score: float
    line: int


@dataclass(frozen=True)
class BadRow:
    """An invalid row of a file of ratings, with its fix."""

    file: str
    line: int
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} {self.fix}"


class GradeChange(NamedTuple):
    """A grade before and after a change."""

    before: SourceGrade
    after: SourceGrade


@dataclass(frozen=True)
class RatingsImport:
    """The result of an import: domains by kind of change."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept_by_hand: tuple[str, ...]
    kept_shipped: tuple[str, ...]


class SourceProfile(NamedTuple):
    """A source: the grade that was set, its track record, its grade today, and whether the table has the domain."""

    set_grade: SourceGrade
    record: TrackRecord
    today: SourceGrade
    known: bool


def parse_domain(text: str) -> str:
    """Return the domain in ``text`` in the form in which grades are stored.

    Raises:
        BadInput: ``text`` is not a valid domain.
    """
    domain = text.strip().lower().rstrip(".").removeprefix("www.")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise BadInput(
            f"{text!r} is not a valid domain.", fix="Write the domain without scheme and path, such as news.example."
        )
    return domain


def grade_of_score(score: float) -> SourceLetter:
    """Return the grade for a score of 0–1: B from 0.85, C from 0.65, D from 0.4, otherwise E; never A."""
    return next(letter for least, letter in LETTERS if score >= least)


def read_ratings(lines: Iterable[str], name: str) -> Iterator[Rating | BadRow]:
    """Yield the rows of a CSV file with the column ``domain`` and a column with scores of 0–1, under any name.

    Raises:
        BadInput: the first line doesn't name these columns.
    """
    rows = csv.reader(lines)
    heading = [cell.strip().lower().removeprefix("\ufeff") for cell in next(rows, [])]
    if len(heading) < 2 or heading[0] != "domain":
        raise BadInput(
            f"{name}:1: the first line is {', '.join(heading)!r}.",
            fix="The first line must name the columns: domain,score",
        )
    first: dict[str, int] = {}
    for row in rows:
        if not row or not "".join(row).strip():
            continue
        rating = _parse_row(row, name, rows.line_num)
        if isinstance(rating, Rating):
            if rating.domain in first:
                message = f"{rating.domain} is already on line {first[rating.domain]}."
                rating = BadRow(name, rows.line_num, message, "Remove one of them; the first one counts.")
            else:
                first[rating.domain] = rating.line
        yield rating


def _parse_row(row: list[str], name: str, line: int) -> Rating | BadRow:
    if len(row) < 2:
        return BadRow(name, line, "the score is missing.", "Give domain and score, separated by a comma.")
    try:
        domain = parse_domain(row[0])
    except BadInput as error:
        return BadRow(name, line, error.message, error.fix or "")
    try:
        score = float(row[1])
    except ValueError:
        return BadRow(name, line, f"the score {row[1]!r} is not a number.", "Give a number from 0 to 1, such as 0.85.")
    if not 0 <= score <= 1:
        return BadRow(
            name, line, f"the score {row[1]} is not between 0 and 1.", "Divide all scores by the highest possible one."
        )
    return Rating(domain, score, line)


class SourceGrades:
    """The sources of an installation and their grades."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def grades(self) -> tuple[SourceGrade, ...]:
        """Return all grades as they are set, sorted by domain."""
        return self.table().grades()

    def grade(
        self,
        domain: str,
        letter: SourceLetter,
        ground: str,
        *,
        publisher: str | None = None,
        owner: str | None = None,
        kind: SourceKind | None = None,
    ) -> GradeChange:
        """Set a grade by hand and start a new track record. Arguments that are not given keep their values.

        Raises:
            BadInput: it is the domain of a mailbox, to which anybody can write.
        """
        if letter != "F":
            self._refuse_mailbox(domain)
        now = self._store.clock.now()
        before = self.table().lookup(domain)
        if before.domain != domain:
            before = before.model_copy(update={"domain": domain})
        new = kind or ("news" if before.kind == "other" else before.kind)
        given = {"publisher": publisher or before.publisher, "owner": owner or before.owner, "kind": new}
        set_now = {"set_by": BY_HAND, "set_at": now, "record_since": now}
        after = before.model_copy(update={**given, **set_now, "grade": letter, "ground": ground})
        self._publish([after], now)
        return GradeChange(before, after)

    def _refuse_mailbox(self, domain: str) -> None:
        url = f"https://{domain}/"
        if not is_inlet_url(url):
            return
        with reading(self._store.engine) as connection:
            inlet = Repository().get(connection, feed_id(url))
        if inlet is not None and inlet.feed.kind == "mailbox":
            raise BadInput(
                "A mailbox has no grade of its own: anybody can write to it.",
                fix="Grade the publishers that send the newsletters, by their own domains.",
            )

    def put_back(self, grade: SourceGrade) -> None:
        """Set a grade as it was before, with its reason, the date, and the track record that it had."""
        self._publish([grade], self._store.clock.now())

    def reset(self, domain: str) -> SourceGrade:
        """Start a new track record for a source, whose grade stays as it was set."""
        now = self._store.clock.now()
        after = self.table().lookup(domain).model_copy(update={"domain": domain, "record_since": now})
        self._publish([after], now)
        return after

    def import_ratings(self, ratings: Iterable[Rating], name: str, *, over_shipped: bool = False) -> RatingsImport:
        """Import the ratings of the file ``name`` in one transaction, without changing grades that were set by hand.

        Grades that ship with Firstword change only with ``over_shipped``.
        """
        now, table = self._store.clock.now(), self.table()
        known = {source.domain: source for source in table.grades()}
        groups: dict[str, list[str]] = {group: [] for group in ("added", "changed", "same", "hand", "shipped")}
        new: list[SourceGrade] = []
        for rating in ratings:
            before = known.get(rating.domain)
            above = table.lookup(rating.domain)
            after = _rated(rating, before, name, now)
            group = _group(before or (above if above.kind in NEWSROOMS else None), after, over_shipped)
            groups[group].append(rating.domain)
            if group in ("added", "changed"):
                new.append(after)
        self._publish(new, now)
        added, changed, same, by_hand, shipped = (tuple(domains) for domains in groups.values())
        return RatingsImport(added, changed, same, by_hand, shipped)

    def explain(self, domain: str) -> SourceProfile:
        """Return the grade of a source today, and what it is based on."""
        now, table = self._store.clock.now(), self.table()
        outcomes = RumorOutcomes(thresholds_in_force(self._store.settings))
        query = select(notifier.outcomes.c.payload).where(notifier.outcomes.c.domain == domain)
        with reading(self._store.engine) as connection:
            for (payload,) in connection.execute(query):
                outcomes.add(RumorResolved.model_validate(payload))
        set_grade = table.lookup(domain)
        today = outcomes.apply_to(table, now).lookup(domain)
        record = outcomes.record(set_grade.model_copy(update={"domain": domain}), now)
        return SourceProfile(set_grade, record, today, domain in table)

    def overview(self) -> list[SourceProfile]:
        """Return all sources with their grades today and their track records, sorted by domain."""
        now, table = self._store.clock.now(), self.table()
        outcomes = RumorOutcomes(thresholds_in_force(self._store.settings))
        with reading(self._store.engine) as connection:
            for (payload,) in connection.execute(select(notifier.outcomes.c.payload)):
                outcomes.add(RumorResolved.model_validate(payload))
        today = {source.domain: source for source in outcomes.apply_to(table, now).grades()}
        return [
            SourceProfile(source, outcomes.record(source, now), today.get(source.domain, source), True)
            for source in table.grades()
        ]

    def _known(self) -> dict[str, SourceGraded]:
        with self._store.engine.connect() as connection:
            latest = self._store.events.latest_by_key(connection, "sources")
        return {key: event.data for key, event in latest.items() if isinstance(event.data, SourceGraded)}

    def table(self) -> SourceTable:
        """Return the table of sources with the grades that are set."""
        return default_sources().with_grades(graded.source for graded in self._known().values())

    def _publish(self, grades: Iterable[SourceGrade], now: datetime) -> None:
        known = self._known()
        events: list[AnyEvent] = []
        for grade in grades:
            before = known.get(grade.domain)
            events.append(source_graded_event(grade, now, before.revision + 1 if before else 0))
        with self._store.engine.begin() as connection:
            self._store.events.publish(connection, events)


def _rated(rating: Rating, before: SourceGrade | None, name: str, now: datetime) -> SourceGrade:
    letter = grade_of_score(rating.score)
    ground = f"Rated {rating.score:.2f} of 1 in {name}; {letter} by the table of 'firstword sources import --help'."
    known = before or SourceGrade(domain=rating.domain, publisher=rating.domain)
    return known.model_copy(update={"grade": letter, "ground": ground, "set_by": BY_IMPORT, "set_at": now})


def _group(before: SourceGrade | None, after: SourceGrade, over_shipped: bool) -> str:
    """Return the kind of change. ``before`` is the current grade, which a newsroom's subdomains inherit."""
    if before is None or (before.domain != after.domain and before.set_by == BY_IMPORT):
        return "added"
    if before.set_by == BY_HAND:
        return "hand"
    if before.set_by != BY_IMPORT and not over_shipped:
        return "shipped"
    return "same" if (before.grade, before.ground) == (after.grade, after.ground) else "changed"
