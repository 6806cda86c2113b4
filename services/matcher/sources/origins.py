"""Finds the origin of a statement: the speaker or newsroom that it comes from in the end.

Reports confirm each other only if their origins differ. So everything that traces two items back to one origin belongs
here: attributions, wire credits, statements, common owners.
"""

from __future__ import annotations

from typing import Literal

from schemas.mentions import Claim, Origin, SourceGrade, SourceLetter
from services.matcher.sources.channels import RELAYS, Attributed, publisher_id
from services.matcher.sources.publishers import NEWSROOMS, SourceTable, slug

__all__ = ["find_origin"]

#: Bases that name a newsroom.
REPORTS = frozenset(("outlet", "wire"))

Via = Literal["itself", "attribution", "wire_credit"]


def find_origin(
    claim: Claim, attributed: Attributed, table: SourceTable, *, entity: str | None = None, party: bool = True
) -> Origin:
    """Return the origin of what an item states.

    ``attributed`` is its publisher. ``entity`` is the name of the company that "the company" refers to. ``party`` says
    whether a quoted company is a party to the event, which makes it the primary source.
    """
    speaker, source = claim.attributed_to, attributed.source
    if source.kind in ("company", "newswire", "regulator"):
        return _published_statement(claim, source, entity, party)
    if speaker is not None and (claim.status != "retracted" or claim.basis in REPORTS):
        known = table.named(speaker)
        if known is not None and known.domain != source.domain and _is_newsroom(known, claim):
            return _relayed(known, "attribution", _poorest_relay(claim, source, table))
    if claim.status != "retracted" and claim.basis in ("company", "filing", "regulator", "court"):
        statement = _statement_origin(claim, source, table, entity, party)
        if statement is not None:
            return statement
    if claim.basis == "researcher" and speaker is not None:
        # The newsroom that reports the finding vouches for it, but two reports of one finding have one origin.
        return _origin(f"researcher:{slug(speaker)}", speaker, "attribution", source.grade)
    if claim.basis in REPORTS and speaker is None and claim.status != "retracted":
        return _origin("outlet:unnamed", "unnamed press reports", "attribution", _relayed_grade("F", source))
    if claim.basis in REPORTS and speaker is not None and table.named(speaker) is None:
        return _origin(f"outlet:{slug(speaker)}", speaker, "attribution", _relayed_grade("F", source))
    if attributed.credited is not None:
        return _relayed(attributed.credited, "wire_credit", source)
    if attributed.claimed is not None:
        return _relayed(attributed.claimed, "attribution", source)
    return _newsroom_origin(source, "itself", source.grade, source.domain)


def party_origin(party: str, source: SourceGrade) -> Origin:
    """Return the origin of what a party to an event says of it, as ``source`` relays it."""
    grade, primary = _relayed_grade("B", source), _relays(source)
    return _origin(f"company:{slug(party)}", party, "primary", grade, primary=primary)


def _published_statement(claim: Claim, source: SourceGrade, entity: str | None, party: bool) -> Origin:
    """Return the origin of what an authority's or a company's own channel, or a press wire, publishes.

    A press wire prints what it is paid for: the words are those of who issued the release. Whoever is no party to the
    event is no primary source of it, and the wire's grade says nothing about an issuer that nobody knows.
    """
    if source.kind == "regulator":
        return _origin(_primary_id(source, source.publisher), source.publisher, "primary", source.grade, primary=True)
    if source.kind == "company":
        grade = source.grade if party else max(source.grade, "C")
        return _origin(_primary_id(source, source.publisher), source.publisher, "primary", grade, primary=party)
    issuer = entity or claim.attributed_to or source.publisher
    grade = source.grade if party else "F"
    return _origin(_primary_id(source, issuer), issuer, "primary", grade, primary=party and _relays(source))


def _poorest_relay(claim: Claim, source: SourceGrade, table: SourceTable) -> SourceGrade:
    """Return whichever is poorer: ``source``, or the newsroom from which it has what another one reported first."""
    if claim.relayed_by is None:
        return source
    unknown = source.model_copy(update={"grade": "F", "set_grade": None})
    return max(source, table.named(claim.relayed_by) or unknown, key=lambda relay: relay.granted)


def _is_newsroom(known: SourceGrade, claim: Claim) -> bool:
    """Return whether a speaker with the name of ``known`` is that newsroom, and not a company of the same name."""
    if known.kind in ("company", "regulator"):
        return False
    return claim.basis in REPORTS or (known.kind in NEWSROOMS and " " in known.publisher)


def _statement_origin(
    claim: Claim, source: SourceGrade, table: SourceTable, entity: str | None, party: bool
) -> Origin | None:
    """Return the origin of a statement by an authority or a party; it is primary if the relay is reliable."""
    reliable = _relays(source)
    if claim.basis in ("regulator", "court"):
        if not claim.attributed_to:
            return None
        known = table.named(claim.attributed_to)
        name = known.publisher if known else claim.attributed_to
        origin_id = f"{claim.basis}:{known.domain if known else slug(name)}"
        return _origin(origin_id, name, "primary", _relayed_grade("A", source), primary=reliable)
    if party:
        company = entity or claim.attributed_to
        if company:
            grade = _relayed_grade("B", source)
            return _origin(f"company:{slug(company)}", company, "primary", grade, primary=reliable)
    return None


def _primary_id(source: SourceGrade, name: str) -> str:
    return f"regulator:{source.domain}" if source.kind == "regulator" else f"company:{slug(name)}"


def _relayed(known: SourceGrade, via: Via, relay: SourceGrade) -> Origin:
    """Return the publisher that ``relay`` names as its source, which ``relay`` alone says.

    The origin has a domain, whose track record the report enters, only if the relay is reliable.
    """
    grade = _relayed_grade(known.grade, relay)
    if known.kind in ("company", "regulator"):
        return _origin(_primary_id(known, known.publisher), known.publisher, "attribution", grade)
    return _newsroom_origin(known, via, grade, known.domain if _relays(relay) else None)


def _newsroom_origin(source: SourceGrade, via: Via, grade: SourceLetter, domain: str | None) -> Origin:
    """Return a newsroom as the origin; newsrooms of one owner share an id."""
    return Origin.model_construct(
        id=publisher_id(source),
        name=source.publisher,
        via=via,
        grade=grade,
        domain=domain,
        record=source.record if domain else None,
    )


def _relays(source: SourceGrade) -> bool:
    """Return whether ``source`` relays the words of others reliably: by the grade that was set, never by its record."""
    return source.granted in RELAYS


def _relayed_grade(origin: SourceLetter, relay: SourceGrade) -> SourceLetter:
    """Return the grade of what ``relay`` has from another: never above its own unless it relays reliably."""
    return origin if _relays(relay) else max(origin, relay.grade)


def _origin(
    origin_id: str, name: str, via: Literal["attribution", "primary"], grade: SourceLetter, *, primary: bool = False
) -> Origin:
    return Origin.model_construct(id=origin_id, name=name, via=via, primary=primary, grade=grade)
