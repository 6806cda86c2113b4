"""The columns of the programs that clients come from, and the fields that they fill. A mapping can be changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

__all__ = ["FORMATS", "TARGETS", "Format", "FormatName", "detect_format", "suggest_mapping"]

FormatName = Literal["salesforce", "hubspot", "zoho", "pipedrive", "custodian", "plain"]

#: The fields that a column can fill, with their names on the page.
TARGETS: dict[str, str] = {
    "id": "Id",
    "name": "Name",
    "first_name": "First name",
    "last_name": "Last name",
    "organisation": "Organization",
    "email": "Email",
    "phone": "Phone",
    "manager": "Account manager (id or name)",
    "trade": "Trade",
    "time_zone": "Time zone",
    "language": "Language",
    "salutation": "Salutation",
    "jurisdiction": "Jurisdiction",
    "goal": "Goals (a; b)",
    "risk": "Risk tolerance",
    "end_vision": "What they want to reach",
    "personality": "Personality",
    "note": "Note",
    "note_day": "Day of the note",
    "do_not_contact": "Do not contact (yes/no, or the reason)",
    "max_per_week": "Messages per week",
    "quiet": "Quiet hours",
    "assets": "Assets by name (a; b)",
    "interests": "Interests by name (a; b)",
    "asset_name": "Holding: name",
    "asset_ticker": "Holding: ticker",
    "asset_isin": "Holding: ISIN",
    "asset_cik": "Holding: CIK (number at the SEC)",
    "asset_weight": "Holding: weight",
    "asset_value": "Holding: market value",
    "asset_note": "Holding: note",
}


class Format(NamedTuple):
    """A program's export: its name, the columns that tell it, and the fields of its columns, in lower case."""

    title: str
    marks: frozenset[str]
    columns: Mapping[str, str]


#: Columns that mean the same everywhere.
_COMMON = {
    "id": "id", "client id": "id", "name": "name", "full name": "name", "client": "name", "client name": "name",
    "first name": "first_name", "last name": "last_name", "surname": "last_name", "company": "organisation",
    "company name": "organisation", "organisation": "organisation", "organization": "organisation",
    "email": "email", "e-mail": "email", "email address": "email", "mail": "email", "phone": "phone",
    "phone number": "phone", "mobile": "phone", "telephone": "phone", "manager": "manager",
    "account manager": "manager", "owner": "manager", "advisor": "manager", "adviser": "manager", "trade": "trade",
    "time zone": "time_zone", "timezone": "time_zone", "language": "language", "salutation": "salutation",
    "jurisdiction": "jurisdiction", "goal": "goal", "goals": "goal", "desires": "goal", "risk": "risk",
    "risk tolerance": "risk", "risk profile": "risk", "vision": "end_vision", "personality": "personality",
    "note": "note", "notes": "note", "note date": "note_day", "do not contact": "do_not_contact",
    "messages per week": "max_per_week", "quiet hours": "quiet", "assets": "assets", "interests": "interests",
    "holding": "asset_name", "security": "asset_name", "security name": "asset_name", "ticker": "asset_ticker",
    "symbol": "asset_ticker", "isin": "asset_isin", "cik": "asset_cik", "cik number": "asset_cik",
    "sec cik": "asset_cik", "weight": "asset_weight", "market value": "asset_value",
}  # fmt: skip

FORMATS: dict[FormatName, Format] = {
    "salesforce": Format(
        "Salesforce",
        frozenset(("contact id", "account name", "contact owner", "mailing country")),
        {
            "contact id": "id", "contact id 18": "id", "account name": "organisation", "contact owner": "manager",
            "full name": "name", "description": "note", "email opt out": "do_not_contact",
            "do not call": "", "salutation": "", "title": "", "account id": "",
        },
    ),
    "hubspot": Format(
        "HubSpot",
        frozenset(("record id", "contact owner", "associated company", "lifecycle stage")),
        {
            "record id": "id", "record id - contact": "id", "contact owner": "manager", "phone number": "phone",
            "associated company": "organisation", "company name": "organisation", "preferred language": "language",
            "unsubscribed from all email": "do_not_contact", "message": "note", "salutation": "",
        },
    ),
    "zoho": Format(
        "Zoho CRM",
        frozenset(("record id", "account name", "contact owner", "email opt out", "contact name")),
        {
            "record id": "id", "contact id": "id", "account name": "organisation", "contact owner": "manager",
            "contact name": "name", "email opt out": "do_not_contact", "description": "note", "salutation": "",
            "account name.id": "", "contact owner.id": "",
        },
    ),
    "pipedrive": Format(
        "Pipedrive",
        frozenset(("person - id", "person - name", "person - organization", "person - email - work")),
        {
            "person - id": "id", "person - name": "name", "person - organization": "organisation",
            "person - email": "email", "person - email - work": "email", "person - phone": "phone",
            "person - phone - work": "phone", "person - owner": "manager", "person - notes": "note",
            "person - first name": "", "person - last name": "", "person - marketing status": "",
        },
    ),
    "custodian": Format(
        "Custodian holdings",
        frozenset(("isin", "account number", "account", "portfolio", "quantity", "market value", "security name")),
        {
            "account number": "id", "account": "id", "portfolio": "id", "portfolio number": "id",
            "account name": "name", "client name": "name", "instrument": "asset_name", "security": "asset_name",
            "security name": "asset_name", "description": "asset_name", "name": "asset_name",
            "market value": "asset_value", "value": "asset_value", "valuation": "asset_value",
            "% of portfolio": "asset_weight", "weight %": "asset_weight", "allocation": "asset_weight",
            "quantity": "", "currency": "", "price": "",
        },
    ),
    "plain": Format("Plain table", frozenset(), {}),
}  # fmt: skip


def normalized(column: str) -> str:
    """Return the name of a column for comparison."""
    return re.sub(r"[\s_]+", " ", column).strip().casefold()


def detect_format(columns: Sequence[str]) -> FormatName:
    """Return the format with the most of its marks among ``columns``; plain if none has two."""
    names = {normalized(column) for column in columns}
    scores = {name: len(known.marks & names) for name, known in FORMATS.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= 2 else "plain"


def suggest_mapping(columns: Sequence[str], name: FormatName) -> tuple[str, ...]:
    """Return the field of each column, or an empty text for one that is left out. Each field is filled once."""
    own = FORMATS[name].columns
    taken: set[str] = set()
    mapping = []
    for column in columns:
        key = normalized(column)
        field = own[key] if key in own else _COMMON.get(key, "")
        if field in taken:
            field = ""
        if field:
            taken.add(field)
        mapping.append(field)
    return tuple(mapping)
