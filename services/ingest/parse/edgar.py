"""Gives the filings in a feed of the SEC's EDGAR titles that say who filed what, from form type and items.

The company is named by its number at the SEC (CIK) as well, which is exact where names are not.
EDGAR's own titles name only the form ("8-K - Current report"). What a filing says stands in its documents; the title
says no more than the form and the items that the company checked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from schemas.items import Filer
from services.ingest.parse.clean import plain_text, title_text
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.notes import Notes

__all__ = ["is_edgar", "with_titles"]

_ID = "urn:tag:sec.gov,2008:accession-number="
#: "AMAZON COM INC  (0001018724)", and of the feed of all companies "8-K - Amazon Com Inc (0001018724) (Filer)".
_COMPANY = re.compile(r"(.{1,200}?)\s*\((\d{10})\)", re.ASCII)
_LATEST = re.compile(r"(\S.{0,28}?)\s+-\s+(.{1,200}?)\s*\((\d{10})\)\s*\((?:Filer|Subject|Issuer)\)", re.ASCII)
_FORM = re.compile(r"(\S.{0,28}?)\s+-\s")
_ITEM = re.compile(r"\bitem\s+(\d{1,2}\.\d{2})\b", re.I | re.ASCII)
#: Items in a list: "items 1.01, 3.02, 8.01and9.01".
_ITEMS = re.compile(r"\bitems?\s+((?:\d{1,2}\.\d{2}(?:\s*,\s*|\s*and\s*)?){1,30})", re.I | re.ASCII)
_NUMBER = re.compile(r"\d{1,2}\.\d{2}", re.ASCII)
#: Legal forms that a name in capitals keeps, and state and class marks behind it, which nobody says.
_MARK = re.compile(r"\s*/[A-Z]{2,5}/?\s*$")
_KEPT = frozenset(
    ("II", "III", "IV", "LP", "LLC", "LLP", "PLC", "NV", "SA", "AG", "SE", "ADR", "ETF", "REIT", "USA", "US", "UK")
)
_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class _Forms:
    items: Mapping[str, str]
    silent: frozenset[str]
    forms: Mapping[str, str]
    routine: frozenset[str]


def is_edgar(feed: RawFeed) -> bool:
    """Return whether all entries are filings with the SEC."""
    return bool(feed.entries) and all((entry.guid or "").startswith(_ID) for entry in feed.entries)


def with_titles(feed: RawFeed, notes: Notes, *, by_sec: bool) -> RawFeed:
    """Return ``feed`` with titles that say who filed what, without filings of routine.

    If it comes from the SEC itself (``by_sec``), the entries name their companies by number.
    """
    named = _COMPANY.match(title_text(feed.title) or "")
    company = _filer(named[1], named[2]) if named else None
    entries: list[RawEntry] = []
    for entry in feed.entries:
        form, filer = _form_and_filer(entry, company)
        if form is not None and _base(form) in _forms().routine:
            notes.add("Filings of routine were left out", form)
            continue
        if form is not None and filer is not None:
            entry = replace(_titled(entry, form, filer), filers=(filer,) if by_sec else ())
        entries.append(entry)
    title = f"{company.name}: SEC filings" if company else feed.title
    return replace(feed, title=title, entries=tuple(entries), format=f"EDGAR, {feed.format}")


def _form_and_filer(entry: RawEntry, company: Filer | None) -> tuple[str | None, Filer | None]:
    title = title_text(entry.title) or ""
    latest = _LATEST.match(title)
    if latest is not None:
        return latest[1].upper(), _filer(latest[2], latest[3])
    form = _FORM.match(f"{title} - ")
    return (form[1].upper() if form else None), company


def _titled(entry: RawEntry, form: str, filer: Filer) -> RawEntry:
    text = f"{plain_text(entry.summary) or ''}\n{plain_text(entry.body) or ''}"
    items = _items(text)
    acts = [_forms().items[item] for item in items if item in _forms().items]
    if not acts:
        acts = [_forms().forms.get(_base(form)) or f"files form {_base(form)}"]
    if form.endswith("/A"):
        acts = [f"amends an earlier filing and {acts[0]}", *acts[1:]]
    told = acts[:_MOST_TOLD]
    sentence = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    number = f", item{'s' if len(items) > 1 else ''} {', '.join(items)}" if items else ""
    return replace(
        entry,
        title=f"{filer.name} {sentence} (SEC form {form}{number})",
        body=None,
        categories=(form, *items),
        source_title="SEC EDGAR",
    )


def _items(text: str) -> Sequence[str]:
    """Return the numbers of the items of an 8-K, in order, without those that say nothing."""
    numbers = [*_ITEM.findall(text), *(number for found in _ITEMS.findall(text) for number in _NUMBER.findall(found))]
    return [number for number in dict.fromkeys(numbers) if number not in _forms().silent]


def _base(form: str) -> str:
    return form.removesuffix("/A")


def _filer(company: str, number: str) -> Filer:
    return Filer(name=_name(company), cik=number.lstrip("0") or "0")


def _name(company: str) -> str:
    """Return a company's name as people write it; EDGAR has most of them in capitals."""
    name = _MARK.sub("", " ".join(company.split()))
    if name != name.upper():
        return name
    return " ".join(
        word if word in _KEPT or "&" in word or len(word) == 1 else word.capitalize() for word in name.split()
    )


@cache
def _forms() -> _Forms:
    import yaml  # not in each process that reads, for feeds of the SEC only

    given = yaml.safe_load(files("services.ingest.parse").joinpath("edgar_forms.yaml").read_text("utf-8"))
    return _Forms(given["items"], frozenset(given["silent"]), given["forms"], frozenset(given["routine"]))
