"""Reads a security advisory in CSAF 2.0 (and what 2.1 renames) as an entry of a feed.

https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html. An advisory is written for programs; the entry says in
sentences what its fields say: which products are affected, how severe the vendor rates it, whether it is exploited,
what to do, and which revision it is. Nothing is concluded from texts, with one exception: words that mark a CVE as
rejected.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from services.ingest.parse.clean import lead, plain_text, title_text
from services.ingest.parse.csaf_products import Products
from services.ingest.parse.entry import RawEntry, RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.lenient_json import entries_of, moment_of, number_of, object_of, text_of, texts_of

__all__ = ["advisory_name", "is_advisory", "parse_advisory"]

Status = Literal["affected", "fixed", "investigated", "not_affected", "unknown"]

MOST_VULNERABILITIES = 500
#: Vulnerabilities and products that the text names; of the rest it gives the number.
_MOST_TOLD, _MOST_NAMES = 25, 40
_MOST_PRODUCTS = 50_000
_DETAIL = 600
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[^+\-a-z0-9]+")
#: How CVE records, and notes that quote them, mark a number that was given by mistake.
_REJECTED = re.compile(r"^\W{0,5}(?:reject(?:ed)?\b|withdrawn\b)|\*\*\s*reject", re.I)
_WITHDRAWN = re.compile(r"^\W{0,5}(?:withdrawn|retracted)\b|\((?:withdrawn|retracted)\)\s*$", re.I)
#: The fields of an exploit status that Microsoft and Red Hat fill in by program.
_EXPLOITED = re.compile(r"\bexploited\s*:\s*yes\b|/known-exploited-vulnerabilities-catalog\b", re.I)
_STATUSES: Mapping[str, Status] = {
    "first_affected": "affected",
    "known_affected": "affected",
    "last_affected": "affected",
    "under_investigation": "investigated",
    "fixed": "fixed",
    "first_fixed": "fixed",
    "recommended": "fixed",
    "known_not_affected": "not_affected",
}
_SEVERITIES = ("none", "low", "medium", "high", "critical")
_REMEDIES = {
    "vendor_fix": "Fix",
    "optional_patch": "Fix",
    "workaround": "Workaround",
    "mitigation": "Mitigation",
    "fix_planned": "A fix is planned",
    "none_available": "There is no fix",
    "no_fix_planned": "No fix is planned",
}


@dataclass(frozen=True, slots=True)
class _Score:
    """A CVSS base score with its version, such as 3.1, and its word."""

    value: float
    version: str
    severity: str

    def __str__(self) -> str:
        return f"CVSS {self.value:.1f} {self.severity}" if self.version[0] != "2" else f"CVSS v2 {self.value:.1f}"


@dataclass(frozen=True, slots=True)
class _Vulnerability:
    """One of an advisory's vulnerabilities, as far as it could be read."""

    name: str
    title: str | None
    status: Status
    score: _Score | None
    exploited: bool
    rejected: bool
    affected: Sequence[str]
    fixed: Sequence[str]
    exploit_status: str | None
    text: str | None

    @property
    def counts(self) -> bool:
        """Return whether it says something about the severity for somebody."""
        return not self.rejected and self.status != "not_affected"


def is_advisory(document: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is a CSAF document."""
    return text_of(object_of(document.get("document")).get("csaf_version"), 10) is not None


def advisory_name(url: str, id: str = "") -> str:
    """Return the name by which an advisory is known: that of its file at ``url``, else its tracking ``id``.

    A file has the id in lower case, with underscores for what may be in no name (CSAF 2.0, 5.1).
    """
    file = url.partition("#")[0].partition("?")[0].rpartition("/")[2].lower()
    return _NOT_IN_NAMES.sub("_", file.removesuffix(".json") if file.endswith(".json") else id.lower() or file)


def parse_advisory(document: Mapping[str, Any], url: str, listed_at: str | None = None) -> RawFeed:
    """Return the advisory at ``url`` as a document with one entry. ``listed_at`` is when its list says it was revised.

    Raises:
        NotAFeed: it has no tracking id.
    """
    head = object_of(document.get("document"))
    tracking = object_of(head.get("tracking"))
    id = title_text(text_of(tracking.get("id"), 500))
    if id is None:
        raise NotAFeed("This CSAF document has no tracking id.", fix="Tell the publisher.")
    products = Products(document.get("product_tree"))
    listed = entries_of(document.get("vulnerabilities"), MOST_VULNERABILITIES)
    found = [_vulnerability(entry, products, number) for number, entry in enumerate(listed, 1)]
    publisher = title_text(text_of(object_of(head.get("publisher")).get("name"), 200))
    withdrawn = _is_withdrawn(head, found)
    entry = RawEntry(
        guid=advisory_name(url, id),
        url=_page(head, url),
        base=url,
        title=_title(head, id, found, withdrawn),
        summary=_note(head.get("notes"), ("summary", "description", "general")),
        body="\n\n".join(_paragraphs(head, tracking, id, publisher, found, products, document, withdrawn)),
        language=text_of(head.get("lang"), 40) or "en",
        published=text_of(tracking.get("initial_release_date"), 100),
        updated=_later(text_of(tracking.get("current_release_date"), 100), listed_at),
        categories=tuple(found.name for found in found if _CVE.fullmatch(found.name)),
        source_title=publisher,
    )
    version = text_of(head.get("csaf_version"), 10)
    return RawFeed(f"CSAF {version}", title=publisher, site_url=url, language=entry.language, entries=(entry,))


def _title(head: Mapping[str, Any], id: str, found: Sequence[_Vulnerability], withdrawn: bool) -> str:
    title = title_text(text_of(head.get("title"), 1_000)) or id
    title = lead(title, 380)
    if withdrawn:
        return title if _WITHDRAWN.search(title) else f"Withdrawn: {title}"
    counting = [vulnerability for vulnerability in found if vulnerability.counts]
    if found and not counting:
        return f"{title} (not affected)" if any(flaw.status == "not_affected" for flaw in found) else title
    shown = [str(score) for score in [_highest(counting)] if score is not None and score.version[0] != "2"]
    if any(vulnerability.exploited for vulnerability in counting):
        shown.append("actively exploited")
    return f"{title} ({', '.join(shown)})" if shown else title


def _is_withdrawn(head: Mapping[str, Any], found: Sequence[_Vulnerability]) -> bool:
    """Return whether the publisher took the advisory back, or all that it is about was rejected."""
    category = (text_of(head.get("category"), 100) or "").casefold()
    titled = _WITHDRAWN.search(title_text(text_of(head.get("title"), 1_000)) or "") is not None
    return "withdrawn" in category or titled or (bool(found) and all(flaw.rejected for flaw in found))


def _paragraphs(
    head: Mapping[str, Any],
    tracking: Mapping[str, Any],
    id: str,
    publisher: str | None,
    found: Sequence[_Vulnerability],
    products: Products,
    document: Mapping[str, Any],
    withdrawn: bool,
) -> Iterator[str]:
    counting = [] if withdrawn else [vulnerability for vulnerability in found if vulnerability.counts]
    yield _severity(head, id, publisher, counting, withdrawn)
    for label, names in (
        ("Affected", [name for flaw in counting for name in flaw.affected]),
        ("Fixed in", [name for flaw in counting for name in flaw.fixed]),
    ):
        if names:
            yield f"{label}: {_listed(names)}."
    for vulnerability in found[:_MOST_TOLD]:
        yield _told(vulnerability)
    if len(found) > _MOST_TOLD:
        yield f"And {len(found) - _MOST_TOLD:,} more vulnerabilities."
    yield from _remedies(document)
    yield _revision(tracking)


def _severity(
    head: Mapping[str, Any], id: str, publisher: str | None, counting: Sequence[_Vulnerability], withdrawn: bool
) -> str:
    """Say in a sentence or two how severe the publisher says it is."""
    whose = f"{publisher}: advisory {id}" if publisher else f"Advisory {id}"
    if withdrawn:
        return f"{whose} was withdrawn."
    rated = title_text(text_of(object_of(head.get("aggregate_severity")).get("text"), 100))
    highest = _highest(counting)
    parts = [*([f"severity {rated}"] if rated else []), *([f"highest score {highest}"] if highest else [])]
    said = f"{whose}, {', '.join(parts)}." if parts else f"{whose}."
    exploited = [flaw.name for flaw in counting if flaw.exploited]
    return (
        f"{said} {_listed(exploited)} {'is' if len(exploited) == 1 else 'are'} already exploited."
        if exploited
        else said
    )


def _told(vulnerability: _Vulnerability) -> str:
    name = vulnerability.name
    if vulnerability.title and vulnerability.title.casefold() != name.casefold():
        name = f"{name}, {vulnerability.title}"
    if vulnerability.rejected:
        return f"{name}: rejected or withdrawn, it does not count."
    states = {"not_affected": "not affected", "investigated": "under investigation"}
    facts = [
        *([str(vulnerability.score)] if vulnerability.score is not None and vulnerability.counts else []),
        *([states[vulnerability.status]] if vulnerability.status in states else []),
    ]
    if facts:
        name = f"{name} ({', '.join(facts)})"
    text = f"{name}: {vulnerability.text}" if vulnerability.text else f"{name}."
    return f"{text} Exploit status: {vulnerability.exploit_status}" if vulnerability.exploit_status else text


def _remedies(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to do, each text once."""
    told: dict[str, None] = {}
    for entry in entries_of(document.get("vulnerabilities"), MOST_VULNERABILITIES):
        for remedy in entries_of(entry.get("remediations"), 100):
            label = _REMEDIES.get(text_of(remedy.get("category"), 40) or "")
            details = plain_text(text_of(remedy.get("details"), 4_000))
            if label and details:
                told[f"{label}: {lead(details, _DETAIL)}"] = None
    yield from list(told)[:10]


def _revision(tracking: Mapping[str, Any]) -> str:
    """Say which revision it is, and what its publisher says has changed."""
    version, status = text_of(tracking.get("version"), 40) or "?", text_of(tracking.get("status"), 20)
    history = entries_of(tracking.get("revision_history"), 5_000)
    latest = next((entry for entry in history if text_of(entry.get("number"), 40) == version), None)
    if latest is None:
        latest = max(history, key=lambda entry: text_of(entry.get("date"), 40) or "", default={})
    changed = plain_text(text_of(latest.get("summary"), 4_000))
    day = text_of(tracking.get("current_release_date"), 10)
    kind = f" ({status})" if status and status != "final" else ""
    return f"Revision {version}{kind}{f' of {day}' if day else ''}{f': {lead(changed, _DETAIL)}' if changed else '.'}"


def _vulnerability(entry: Mapping[str, Any], products: Products, number: int) -> _Vulnerability:
    cve = _CVE.fullmatch((text_of(entry.get("cve"), 40) or "").upper())
    title = title_text(text_of(entry.get("title"), 300))
    ids = [*entries_of(entry.get("ids"), 20), object_of(entry.get("id"))]
    own = next((text for other in ids if (text := title_text(text_of(other.get("text"), 100)))), None)
    text = _note(entry.get("notes"), ("description", "summary", "general"))
    by_status = _by_status(entry.get("product_status"))
    unaffected = frozenset(by_status.get("not_affected", ()))
    threats = [
        detail
        for threat in entries_of(entry.get("threats"), 100)
        if text_of(threat.get("category"), 40) == "exploit_status"
        and (detail := plain_text(text_of(threat.get("details"), 2_000)))
    ]
    known = entries_of(entry.get("first_known_exploitation_dates"), 10)
    return _Vulnerability(
        name=cve[0] if cve else own or title or f"Vulnerability {number}",
        title=title,
        status=next(
            (status for status in ("affected", "investigated", "fixed", "not_affected") if status in by_status),
            "unknown",
        ),
        score=_score(entry, unaffected),
        exploited=bool(known) or any(_EXPLOITED.search(detail) for detail in threats),
        rejected=any(_REJECTED.search(said) for said in (title or "", text or "")),
        affected=products.names(by_status.get("affected", ())),
        fixed=products.names(by_status.get("fixed", ())),
        exploit_status=lead(threats[0], _DETAIL) if threats else None,
        text=lead(text, _DETAIL) if text else None,
    )


def _by_status(value: object) -> dict[Status, list[str]]:
    """Return the ids of products by what is known of them; statuses without products are left out."""
    by_status: dict[Status, list[str]] = {}
    for field, status in _STATUSES.items():
        ids = texts_of(object_of(value).get(field), _MOST_PRODUCTS)
        if ids:
            by_status.setdefault(status, []).extend(ids)
    return by_status


def _score(entry: Mapping[str, Any], unaffected: frozenset[str]) -> _Score | None:
    """Return the highest score of the newest version of CVSS among those for products that may be affected."""
    scores: list[_Score] = []
    for given in (*entries_of(entry.get("scores"), 1_000), *entries_of(entry.get("metrics"), 1_000)):
        ids = texts_of(given.get("products"), _MOST_PRODUCTS)
        if ids and unaffected.issuperset(ids):
            continue
        content = object_of(given.get("content")) or given
        for field, version in (("cvss_v4", "4.0"), ("cvss_v3", "3.1"), ("cvss_v2", "2.0")):
            value = number_of(object_of(content.get(field)).get("baseScore"))
            if value is not None and 0 <= value <= 10:
                scores.append(_Score(value, version, _word(value)))
                break
    return max(scores, key=lambda score: (score.version[0] != "2", score.value), default=None)


def _word(value: float) -> str:
    """Return the severity of a base score (CVSS v3.1 and v4.0, qualitative severity rating scale)."""
    return _SEVERITIES[(value > 0) + (value >= 4) + (value >= 7) + (value >= 9)]


def _highest(found: Sequence[_Vulnerability]) -> _Score | None:
    scores = [vulnerability.score for vulnerability in found if vulnerability.score is not None]
    return max(scores, key=lambda score: (score.version[0] != "2", score.value), default=None)


def _note(notes: object, categories: Sequence[str]) -> str | None:
    """Return the first note of the first of these categories that there is."""
    given = entries_of(notes, 200)
    for category in categories:
        for note in given:
            if text_of(note.get("category"), 40) == category and (text := plain_text(text_of(note.get("text")))):
                return text
    return None


def _page(head: Mapping[str, Any], url: str) -> str:
    """Return the address of the advisory for people, which is the first of its own that is no file for programs."""
    for reference in entries_of(head.get("references"), 200):
        address = text_of(reference.get("url"), 2_000) or ""
        is_page = address.startswith("https://") and not address.partition("?")[0].endswith((".json", ".txt", ".asc"))
        if text_of(reference.get("category"), 40) == "self" and is_page:
            return address
    return url


def _later(first: str | None, second: str | None) -> str | None:
    """Return the later of two dates of RFC 3339; what is written otherwise does not count."""
    dates = [(moment, date) for date in (first, second) if (moment := moment_of(date)) is not None]
    return max(dates)[1] if dates else first


def _listed(names: Sequence[str]) -> str:
    """Return the names, each once, as an enumeration that stops after the first of many."""
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _MOST_NAMES
    return ", ".join(distinct[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
