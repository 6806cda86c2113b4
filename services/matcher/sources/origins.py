"""Finds the origin of a statement: the speaker or newsroom that it comes from in the end.

Reports confirm each other only if their origins differ. So everything that traces two items back to one origin belongs
here: attributions, wire credits, statements, common owners.
"""

from __future__ import annotations

import re
from typing import Literal

from schemas.items import Item
from schemas.mentions import Claim, Origin, SourceGrade, SourceKind, SourceLetter
from services.matcher.sources.publishers import NEWSROOMS, SourceTable, slug

__all__ = ["find_origin"]

#: Publishers that relay a statement reliably. A statement relayed by another counts no more than that publisher.
RELIABLE_RELAYS: frozenset[SourceLetter] = frozenset(("A", "B", "C"))
#: Bases that name a newsroom.
REPORTS = frozenset(("outlet", "wire"))
#: Characters at the start of the summary or body that may hold a dateline or credit.
CREDIT_CHARS = 160

_CREDIT = re.compile(
    r"\(([A-Z][\w.&' ]{1,40})\) ?[-–—:]"  # OSLO (Northgate Wire) -
    r"|^(?:By|Source:|Credit:) ([A-Z][\w.&' ]{1,40}?)(?:[.,;\n]|$)"
)


def find_origin(
    item: Item, claim: Claim, source: SourceGrade, table: SourceTable, *, entity: str | None = None, party: bool = True
) -> Origin:
    """Return the origin of what ``item`` states.

    ``entity`` is the name of the company that "the company" refers to. ``party`` says whether a quoted company is a
    party to the event, which makes it the primary source.
    """
    speaker = claim.attributed_to
    if source.kind in ("company", "newswire", "regulator"):
        name = (entity or source.publisher) if source.kind == "newswire" else source.publisher
        return _origin(_primary_id(source.kind, name, source), name, "primary", source.grade, primary=True)
    if speaker is not None and (claim.status != "retracted" or claim.basis in REPORTS):
        known = table.named(speaker)
        if known is not None and known.domain != source.domain and _is_newsroom(known, claim):
            return _newsroom_origin(known, "attribution", _relayed_grade(known.grade, source.grade))
    if claim.status != "retracted" and claim.basis in ("company", "filing", "regulator", "court"):
        statement = _statement_origin(claim, source, table, entity, party)
        if statement is not None:
            return statement
    if claim.basis == "researcher" and speaker is not None:
        # The newsroom that reports the finding vouches for it, but two reports of one finding have one origin.
        return _origin(f"researcher:{slug(speaker)}", speaker, "attribution", source.grade)
    if claim.basis in REPORTS and speaker is None and claim.status != "retracted":
        return _origin("outlet:unnamed", "unnamed press reports", "attribution", _relayed_grade("F", source.grade))
    if claim.basis in REPORTS and speaker is not None and table.named(speaker) is None:
        return _origin(f"outlet:{slug(speaker)}", speaker, "attribution", _relayed_grade("F", source.grade))
    credited = _credited_newsroom(item, table)
    if credited is not None and credited.domain != source.domain:
        return _newsroom_origin(credited, "wire_credit", _relayed_grade(credited.grade, source.grade))
    return _newsroom_origin(source, "itself", source.grade)


def _is_newsroom(known: SourceGrade, claim: Claim) -> bool:
    """Return whether a speaker with the name of ``known`` is that newsroom, and not a company of the same name."""
    if known.kind in ("company", "regulator"):
        return False
    return claim.basis in REPORTS or (known.kind in NEWSROOMS and " " in known.publisher)


def _statement_origin(
    claim: Claim, source: SourceGrade, table: SourceTable, entity: str | None, party: bool
) -> Origin | None:
    """Return the origin of a statement by an authority or a party; it is primary if the relay is reliable."""
    reliable = source.grade in RELIABLE_RELAYS
    if claim.basis in ("regulator", "court"):
        if not claim.attributed_to:
            return None
        known = table.named(claim.attributed_to)
        name = known.publisher if known else claim.attributed_to
        origin_id = f"{claim.basis}:{known.domain if known else slug(name)}"
        return _origin(origin_id, name, "primary", _relayed_grade("A", source.grade), primary=reliable)
    if party:
        company = entity or claim.attributed_to
        if company:
            grade = _relayed_grade("B", source.grade)
            return _origin(f"company:{slug(company)}", company, "primary", grade, primary=reliable)
    return None


def _credited_newsroom(item: Item, table: SourceTable) -> SourceGrade | None:
    """Return the newsroom credited as an author, in a dateline or in the first words."""
    for author in item.authors:
        known = table.named(author)
        if known is not None:
            return known
    for text in (item.summary, item.body):
        credit = _CREDIT.search(text[:CREDIT_CHARS]) if text else None
        if credit:
            known = table.named(credit.group(1) or credit.group(2))
            if known is not None:
                return known
    return None


def _primary_id(kind: SourceKind, name: str, source: SourceGrade) -> str:
    return f"regulator:{source.domain}" if kind == "regulator" else f"company:{slug(name)}"


def _newsroom_origin(
    source: SourceGrade, via: Literal["itself", "attribution", "wire_credit"], grade: SourceLetter
) -> Origin:
    """Return a newsroom as the origin; newsrooms of one owner share an id."""
    return Origin.model_construct(
        id=f"owner:{slug(source.owner)}" if source.owner else f"source:{source.domain}",
        name=source.publisher,
        via=via,
        grade=grade,
        domain=source.domain,
        record=source.record,
    )


def _relayed_grade(origin: SourceLetter, relay: SourceLetter) -> SourceLetter:
    return origin if relay in RELIABLE_RELAYS else relay


def _origin(
    origin_id: str, name: str, via: Literal["attribution", "primary"], grade: SourceLetter, *, primary: bool = False
) -> Origin:
    return Origin.model_construct(id=origin_id, name=name, via=via, primary=primary, grade=grade)
