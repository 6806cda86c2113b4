"""The table of publishers with their grades.

A grade rates the publisher and not the truth of a single report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import get_args

from schemas.mentions import SourceGrade, SourceKind
from services.matcher.lexicon import read_table
from services.matcher.sources.lookalikes import Lookalikes, is_worth_imitating
from services.matcher.text.normalize import fold_case

__all__ = ["NEWSROOMS", "SourceTable", "default_sources", "slug", "without_legal_form"]

#: Kinds of sources that report themselves; the others carry what somebody else says.
NEWSROOMS: frozenset[SourceKind] = frozenset(("wire", "news", "trade", "blog"))

_NOT_SLUG = re.compile(r"[^\w]+")
_LEGAL_FORM = re.compile(r"[ ,]+(?:inc|corp|co|ltd|plc|gmbh|ag|sa|nv|se|llc|group|holdings?|company|limited)\.?$", re.I)


def without_legal_form(name: str) -> str:
    """Return ``name`` without its legal form: "Halden Energy, Inc." → "Halden Energy"."""
    return _LEGAL_FORM.sub("", name.strip())


def slug(name: str) -> str:
    """Return ``name`` as part of an id: lower case, hyphenated, without article and legal form."""
    return (
        _NOT_SLUG.sub("-", fold_case(without_legal_form(name)).removeprefix("the ").replace("'s", "")).strip("-")
        or "unknown"
    )


#: With more changed publishers than this, those that are imitated are collected anew.
MOST_CHANGED = 500


class SourceTable:
    """Publishers by domain and by name. Immutable: :meth:`with_grades` returns a new table."""

    def __init__(self, grades: Iterable[tuple[SourceGrade, tuple[str, ...]]] = ()) -> None:
        """Build from grades, each with further names of the publisher."""
        self._by_domain: dict[str, SourceGrade] = {}
        self._by_name: dict[str, str] = {}
        self._lookalikes: Lookalikes | None = None
        #: The table that this one was derived from, and the publishers whose imitations differ from there.
        self._root: SourceTable | None = None
        self._changed: frozenset[str] = frozenset()
        for grade, names in grades:
            self._by_domain[grade.domain] = grade
            for name in (grade.publisher, *names):
                self._by_name.setdefault(slug(name), grade.domain)

    def __len__(self) -> int:
        return len(self._by_domain)

    def __contains__(self, domain: str) -> bool:
        return domain in self._by_domain

    def lookup(self, host: str | None) -> SourceGrade:
        """Return the grade of ``host``: its own, else that of the nearest parent domain, else F."""
        domain = (host or "").lower().rstrip(".")
        while domain:
            known = self._by_domain.get(domain)
            if known is not None:
                return known
            _, _, domain = domain.partition(".")
        return SourceGrade.model_construct(
            domain=host or "unknown",
            publisher=host or "unknown publisher",
            kind="other",
            ground="Not in the table of sources.",
        )

    def named(self, name: str) -> SourceGrade | None:
        """Return the publisher called ``name``, or None."""
        domain = self._by_name.get(slug(name))
        return self._by_domain[domain] if domain else None

    def get(self, domain: str) -> SourceGrade | None:
        """Return the grade of exactly ``domain``, or None."""
        return self._by_domain.get(domain)

    def lookalikes(self) -> Lookalikes:
        """Return the publishers of this table that are worth imitating, built once from what was changed."""
        if self._lookalikes is None:
            if self._root is None:
                self._lookalikes = Lookalikes(self._imitable(self._by_domain))
            else:
                base = self._root.lookalikes()
                # A domain comes before its subdomains, in an order that is always the same.
                ordered = sorted(self._changed, key=lambda domain: (domain.count("."), domain))
                self._lookalikes = Lookalikes(self._imitable(ordered), base, self._changed)
        return self._lookalikes

    def _imitable(self, domains: Iterable[str]) -> list[tuple[SourceGrade, tuple[str, ...]]]:
        """Return those publishers of ``domains`` that are worth imitating, each with all its names."""
        sources = {domain: self._by_domain[domain] for domain in domains}
        worth = {domain for domain, source in sources.items() if is_worth_imitating(source)}
        names: dict[str, list[str]] = {}
        for name, domain in self._by_name.items() if worth else ():
            if domain in worth:
                names.setdefault(domain, []).append(name)
        return [
            (source, (source.publisher, *names.get(domain, ())))
            for domain, source in sources.items()
            if domain in worth
        ]

    def with_grades(self, grades: Iterable[SourceGrade]) -> SourceTable:
        """Return this table with ``grades`` added or replaced."""
        table = SourceTable()
        table._by_domain = dict(self._by_domain)
        table._by_name = dict(self._by_name)
        changed: set[str] = set()
        for grade in grades:
            if self._changes_lookalikes(grade):
                changed.add(grade.domain)
            table._by_domain[grade.domain] = grade
            if grade.set_by == "hand":
                table._by_name[slug(grade.publisher)] = grade.domain
            else:
                table._by_name.setdefault(slug(grade.publisher), grade.domain)
        table._changed = self._changed | changed
        if len(table._changed) <= MOST_CHANGED:
            table._root = self._root or self
            table._lookalikes = None if changed else self._lookalikes
        else:
            table._changed = frozenset()
        return table

    def _changes_lookalikes(self, grade: SourceGrade) -> bool:
        """Return whether ``grade`` is that of a publisher worth imitating whose names or rank are new."""
        before = self._by_domain.get(grade.domain)
        worth = is_worth_imitating(grade)
        if before is None:
            return worth
        return worth != is_worth_imitating(before) or (worth and before.publisher != grade.publisher)

    def grades(self) -> tuple[SourceGrade, ...]:
        """Return all grades, ordered by domain."""
        return tuple(self._by_domain[domain] for domain in sorted(self._by_domain))


def _parse_row(row: dict[str, str]) -> tuple[SourceGrade, tuple[str, ...]]:
    grade = SourceGrade.model_validate({**row, "owner": row["owner"] or None})
    return grade, tuple(name for name in row["names"].split(";") if name)


@cache
def default_sources() -> SourceTable:
    """Return the table of ``lexicon/publishers.csv``."""
    kinds = get_args(SourceKind)
    rows = read_table("publishers.csv")
    assert all(row["kind"] in kinds for row in rows)  # noqa: S101 - the table is tested
    return SourceTable(_parse_row(row) for row in rows)
