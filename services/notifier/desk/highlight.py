"""Marks the sources of numbers, names and quotations in a text, and what should be fixed. All text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from schemas.alerts import Evidence
from schemas.drafts import Finding, Grounding

__all__ = ["mark_sources", "quoted", "safe_url"]


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    kind: str
    ref: str
    title: str


def mark_sources(
    text: str, grounding: Sequence[Grounding], findings: Sequence[Finding], evidence: Sequence[Evidence]
) -> Markup:
    """Return ``text`` with a mark on each number, name and quotation that says its source, and on each finding."""
    publishers = {item.item_id: item.publisher for item in evidence}
    wanted: list[tuple[str, str, str, str]] = []
    for entry in grounding:
        if entry.where == "nowhere":
            wanted.append((entry.text, "nowhere", "", "Neither in the evidence nor in the client book."))
    for finding in findings:
        fix = f" {finding.mend}" if finding.mend else ""
        wanted.append((finding.text, "finding", "", f"{finding.message}{fix}"))
    for entry in grounding:
        if entry.where == "evidence":
            name = publishers.get(entry.ref or "", "the evidence")
            wanted.append((entry.text, "evidence", entry.ref or "", f"Source: {name}"))
        elif entry.where == "book":
            wanted.append((entry.text, "book", "", "Source: client book"))
    return _render(text, _place(text, wanted))


def quoted(quote: str, spans: Sequence[str]) -> Markup:
    """Return ``quote`` with the watched names marked."""
    return _render(quote, _place(quote, [(span, "watched", "", "") for span in spans]))


def safe_url(url: str | None) -> str | None:
    """Return ``url`` if it is a web address; feeds may contain anything, also ``javascript:``."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _place(text: str, wanted: Sequence[tuple[str, str, str, str]]) -> list[_Mark]:
    """Find each wanted text; earlier kinds win, and of one kind the longer texts."""
    taken: list[_Mark] = []
    order = {kind: rank for rank, kind in enumerate(dict.fromkeys(kind for _, kind, _, _ in wanted))}
    for piece, kind, ref, title in sorted(wanted, key=lambda entry: (order[entry[1]], -len(entry[0]), entry[0])):
        start = text.find(piece) if piece else -1
        while start >= 0:
            end = start + len(piece)
            if _is_whole(text, start, end) and all(end <= other.start or start >= other.end for other in taken):
                taken.append(_Mark(start, end, kind, ref, title))
            start = text.find(piece, end)
    return sorted(taken, key=lambda mark: mark.start)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Return whether the text is not part of a longer word or number, as 12 is in 120."""
    before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    after = end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
    return not before and not after


def _render(text: str, marks: Sequence[_Mark]) -> Markup:
    parts: list[Markup] = []
    at = 0
    for mark in marks:
        parts.append(escape(text[at : mark.start]))
        piece = text[mark.start : mark.end]
        if mark.title:
            parts.append(
                Markup('<mark class="{}" data-ref="{}" title="{}" tabindex="0">{}</mark>').format(
                    mark.kind, mark.ref, mark.title, piece
                )
            )
        else:
            parts.append(Markup('<mark class="{}">{}</mark>').format(mark.kind, piece))
        at = mark.end
    parts.append(escape(text[at:]))
    return Markup("").join(parts)
