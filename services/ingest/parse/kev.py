"""Reads CISA's catalog of known exploited vulnerabilities (KEV) as a feed, each vulnerability an entry.

https://www.cisa.gov/known-exploited-vulnerabilities-catalog. That a vulnerability is in it says that it is exploited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from services.ingest.parse.clean import title_text
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.lenient_json import entries_of, object_of, text_of, texts_of
from services.ingest.parse.notes import Notes
from services.ingest.parse.prescan import MAX_ENTRIES

__all__ = ["is_kev", "parse_kev"]

#: Entries read of a catalog; the newest of them by their date become items.
_MOST_READ = 50_000
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PAGE = "https://www.cisa.gov/known-exploited-vulnerabilities-catalog"
#: What the catalog calls a flaw ends with this word, which the title needs no second time.
_VULNERABILITY = re.compile(r"\s+vulnerabilit(?:y|ies)$", re.I)
_WITHDRAWN = re.compile(r"\*\*\s*rejec|^(?:rejected|withdrawn)\b", re.I)


def is_kev(document: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is this catalog."""
    return "catalogVersion" in document and isinstance(document.get("vulnerabilities"), list)


def parse_kev(document: Mapping[str, Any], notes: Notes) -> RawFeed:
    """Return the catalog's vulnerabilities as entries, the newest first, in whatever order it lists them."""
    listed = entries_of(document.get("vulnerabilities"), _MOST_READ)
    known = [(vulnerability, cve) for vulnerability in listed if (cve := _cve(vulnerability)) is not None]
    if len(known) < len(document["vulnerabilities"]):
        notes.add(f"Entries without a CVE number were left out: {len(document['vulnerabilities']) - len(known)}")
    known.sort(key=lambda pair: (_day(pair[0].get("dateAdded")) or "", pair[1]), reverse=True)
    if len(known) > MAX_ENTRIES:
        notes.add(f"Only the {MAX_ENTRIES} newest entries were read")
    return RawFeed(
        "CISA KEV catalog",
        title=text_of(document.get("title"), 500) or "Known exploited vulnerabilities",
        site_url=_PAGE,
        language="en",
        entries=tuple(_entry(vulnerability, cve) for vulnerability, cve in known[:MAX_ENTRIES]),
    )


def _entry(vulnerability: Mapping[str, Any], cve: str) -> RawEntry:
    name = _line(vulnerability.get("vulnerabilityName"))
    product = _product(vulnerability)
    withdrawn = bool(_WITHDRAWN.search(name or "") or _WITHDRAWN.search(_line(vulnerability.get("notes")) or ""))
    flaw = _VULNERABILITY.sub("", name) if name else product
    subject = flaw if not product or (flaw or "").casefold().startswith(product.casefold()) else f"{product}: {flaw}"
    state = "was withdrawn" if withdrawn else "is actively exploited"
    added, due = _day(vulnerability.get("dateAdded")), _day(vulnerability.get("dueDate"))
    return RawEntry(
        guid=cve,
        url=f"{_PAGE}?field_cve={cve}",
        title=f"{subject or 'A flaw'} vulnerability {state} ({cve})",
        summary=text_of(vulnerability.get("shortDescription")),
        body="\n\n".join(_paragraphs(vulnerability, cve, product, due, withdrawn)),
        published=added,
        categories=(cve, *texts_of(vulnerability.get("cwes"), 20, 40)),
        source_title="CISA",
    )


def _paragraphs(
    vulnerability: Mapping[str, Any], cve: str, product: str | None, due: str | None, withdrawn: bool
) -> list[str]:
    affected = f" It affects {product}." if product else ""
    if withdrawn:
        stated = f"CISA lists {cve} as withdrawn.{affected}"
    else:
        stated = f"CISA lists {cve} as a known exploited vulnerability: it is already exploited.{affected}"
    action = text_of(vulnerability.get("requiredAction"))
    until = f" US federal agencies must act by {due}." if due else ""
    ransomware = _line(vulnerability.get("knownRansomwareCampaignUse")) or ""
    return [
        stated + (until if not withdrawn else ""),
        *([f"Required action: {action}"] if action else []),
        *(["It is known to be used in ransomware campaigns."] if ransomware.casefold() == "known" else []),
    ]


def _product(vulnerability: Mapping[str, Any]) -> str | None:
    vendor, product = _line(vulnerability.get("vendorProject")), _line(vulnerability.get("product"))
    if vendor and product and not product.casefold().startswith(vendor.casefold()):
        return f"{vendor} {product}"
    return product or vendor


def _cve(vulnerability: Mapping[str, Any]) -> str | None:
    found = _CVE.fullmatch((text_of(object_of(vulnerability).get("cveID"), 40) or "").upper())
    return found[0] if found else None


def _day(value: object) -> str | None:
    text = text_of(value, 40) or ""
    return text[:10] if _DAY.match(text) else None


def _line(value: object) -> str | None:
    return title_text(text_of(value, 500))
