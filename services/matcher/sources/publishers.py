"""Who published an item, how far to rely on them, and whom their statement comes from in the end.

Grades say what a publisher is worth, never what is true. Independence is counted over origins, so everything that
leads two items back to one mouth belongs here: attribution, wire credits, statements, common owners.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Literal, get_args

from schemas.items import Item
from schemas.mentions import Claim, Origin, SourceGrade, SourceKind, SourceLetter
from services.matcher.lexicon import read_table
from services.matcher.text.phrases import fold

__all__ = ["NEWSROOMS", "SourceTable", "origin_of", "shipped_sources", "slug"]

#: Publishers whose relaying of a statement can be relied on; what others relay is worth no more than they are.
GOOD_RELAYS: frozenset[SourceLetter] = frozenset(("A", "B", "C"))
#: Kinds of sources that report; the others carry what somebody else says.
NEWSROOMS: frozenset[SourceKind] = frozenset(("wire", "news", "trade", "blog"))
#: Characters of summary or body in which a dateline or credit may stand.
CREDIT_CHARS = 160

_CREDIT = re.compile(
    r"\(([A-Z][\w.&' ]{1,40})\) ?[-–—:]"  # OSLO (Northgate Wire) -
    r"|^(?:By|Source:|Credit:) ([A-Z][\w.&' ]{1,40}?)(?:[.,;\n]|$)"
)
_NOT_SLUG = re.compile(r"[^\w]+")
_LEGAL_FORM = re.compile(r"[ ,]+(?:inc|corp|co|ltd|plc|gmbh|ag|sa|nv|se|llc|group|holdings?|company|limited)\.?$", re.I)


def slug(name: str) -> str:
    """``name`` as a part of an id: lower case, words joined by hyphens, article and legal form left out."""
    bare = _LEGAL_FORM.sub("", name.strip())
    return _NOT_SLUG.sub("-", fold(bare).removeprefix("the ").replace("'s", "")).strip("-") or "unknown"


class SourceTable:
    """Publishers by domain and by the names that others call them. Never changes: ``with_grades`` makes another."""

    def __init__(self, grades: Iterable[tuple[SourceGrade, tuple[str, ...]]] = ()) -> None:
        """Build from grades and the further names of each."""
        self._by_domain: dict[str, SourceGrade] = {}
        self._by_name: dict[str, str] = {}
        for grade, names in grades:
            self._by_domain[grade.domain] = grade
            for name in (grade.publisher, *names):
                self._by_name.setdefault(slug(name), grade.domain)

    def __len__(self) -> int:
        return len(self._by_domain)

    def __contains__(self, domain: str) -> bool:
        return domain in self._by_domain

    def lookup(self, host: str | None) -> SourceGrade:
        """The grade of ``host``: its own, else that of the nearest domain above it, else F."""
        domain = (host or "").lower().rstrip(".")
        while domain:
            known = self._by_domain.get(domain)
            if known is not None:
                return known
            _, _, domain = domain.partition(".")
        return SourceGrade.model_construct(
            domain=host or "unknown", publisher=host or "unknown publisher", kind="other", ground="Not known here."
        )

    def named(self, name: str) -> SourceGrade | None:
        """The publisher that is called ``name``."""
        domain = self._by_name.get(slug(name))
        return self._by_domain[domain] if domain else None

    def of(self, item: Item) -> SourceGrade:
        """Who published ``item``: by host, by name where the host only passes on, else as the feed says."""
        said = item.source
        found = self.lookup(said.host)
        if said.publisher and (found.kind == "aggregator" or not said.host):
            found = self.named(said.publisher) or found
        if found.domain in self and not (said.publisher and found.publisher == found.domain):
            return found
        return found.model_copy(
            update={"publisher": said.publisher or found.publisher, "owner": said.owner or found.owner}
        )

    def with_grades(self, grades: Iterable[SourceGrade]) -> SourceTable:
        """This table with ``grades`` added or replaced."""
        table = SourceTable()
        table._by_domain = dict(self._by_domain)
        table._by_name = dict(self._by_name)
        for grade in grades:
            table._by_domain[grade.domain] = grade
            table._by_name[slug(grade.publisher)] = grade.domain
        return table

    def grades(self) -> tuple[SourceGrade, ...]:
        """All of them, by domain."""
        return tuple(self._by_domain[domain] for domain in sorted(self._by_domain))


def _row(row: dict[str, str]) -> tuple[SourceGrade, tuple[str, ...]]:
    grade = SourceGrade.model_validate({**row, "owner": row["owner"] or None})
    return grade, tuple(name for name in row["names"].split(";") if name)


@cache
def shipped_sources() -> SourceTable:
    """The table of ``lexicon/publishers.csv``."""
    kinds = get_args(SourceKind)
    rows = read_table("publishers.csv")
    assert all(row["kind"] in kinds for row in rows)  # noqa: S101 - the shipped table is tested
    return SourceTable(_row(row) for row in rows)


def origin_of(
    item: Item, claim: Claim, source: SourceGrade, table: SourceTable, *, entity: str | None = None, party: bool = True
) -> Origin:
    """Whom the statement of ``item`` comes from in the end.

    ``entity`` names the company that "the company" stands for; ``party`` says whether a company that is quoted is a
    party to the event, so that its word is the primary source.
    """
    speaker = claim.attributed_to
    if source.kind in ("company", "newswire", "regulator"):
        name = (entity or source.publisher) if source.kind == "newswire" else source.publisher
        return _origin(_company_id(source.kind, name, source), name, "primary", source.grade, primary=True)
    if claim.status != "retracted" and speaker is not None:
        known = table.named(speaker)
        if known is not None and known.domain != source.domain and _is_newsroom(known, claim):
            return _spoken(known, "attribution", _relayed(known.grade, source.grade))
    if claim.status != "retracted" and claim.basis in ("company", "filing", "regulator"):
        stated = _statement(claim, source, table, entity, party)
        if stated is not None:
            return stated
    if claim.basis == "outlet" and speaker is None:
        return _origin("outlet:unnamed", "unnamed press reports", "attribution", _relayed("F", source.grade))
    if claim.basis == "outlet" and speaker is not None and table.named(speaker) is None:
        return _origin(f"outlet:{slug(speaker)}", speaker, "attribution", _relayed("F", source.grade))
    credited = _credit(item, table)
    if credited is not None and credited.domain != source.domain:
        return _spoken(credited, "wire_credit", _relayed(credited.grade, source.grade))
    return _spoken(source, "itself", source.grade)


def _is_newsroom(known: SourceGrade, claim: Claim) -> bool:
    """Whether a speaker who is called like ``known`` is that newsroom, and not a firm that bears the same name."""
    if known.kind in ("company", "regulator"):
        return False
    return claim.basis == "outlet" or (known.kind in NEWSROOMS and " " in known.publisher)


def _statement(claim: Claim, source: SourceGrade, table: SourceTable, entity: str | None, party: bool) -> Origin | None:
    """A statement of a regulator or of a company that is a party; as good as primary where the relay is a fair one."""
    trusted = source.grade in GOOD_RELAYS
    if claim.basis == "regulator" and claim.attributed_to:
        known = table.named(claim.attributed_to)
        name = known.publisher if known else claim.attributed_to
        origin_id = f"regulator:{known.domain if known else slug(name)}"
        return _origin(origin_id, name, "primary", _relayed("A", source.grade), primary=trusted)
    if claim.basis != "regulator" and party:
        company = entity or claim.attributed_to
        if company:
            return _origin(f"company:{slug(company)}", company, "primary", _relayed("B", source.grade), primary=trusted)
    return None


def _credit(item: Item, table: SourceTable) -> SourceGrade | None:
    """The agency credited in a dateline, an author line or the first words."""
    for author in item.authors:
        known = table.named(author)
        if known is not None:
            return known
    for text in (item.summary, item.body):
        found = _CREDIT.search(text[:CREDIT_CHARS]) if text else None
        if found:
            known = table.named(found.group(1) or found.group(2))
            if known is not None:
                return known
    return None


def _company_id(kind: SourceKind, name: str, source: SourceGrade) -> str:
    return f"regulator:{source.domain}" if kind == "regulator" else f"company:{slug(name)}"


def _owner_id(source: SourceGrade) -> str:
    return f"owner:{slug(source.owner)}" if source.owner else f"source:{source.domain}"


def _spoken(source: SourceGrade, via: Literal["itself", "attribution", "wire_credit"], grade: SourceLetter) -> Origin:
    """A publisher as the origin of its own report."""
    return Origin.model_construct(
        id=_owner_id(source), name=source.publisher, via=via, grade=grade, domain=source.domain, record=source.record
    )


def _relayed(origin: SourceLetter, relay: SourceLetter) -> SourceLetter:
    return origin if relay in GOOD_RELAYS else relay


def _origin(
    origin_id: str,
    name: str,
    via: Literal["itself", "attribution", "wire_credit", "near_copy", "owner", "primary"],
    grade: SourceLetter,
    *,
    primary: bool = False,
) -> Origin:
    return Origin.model_construct(id=origin_id, name=name, via=via, primary=primary, grade=grade)
