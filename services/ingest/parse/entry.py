"""Raw entries, as the parser of a format returns them: exactly as written in the document, before cleaning."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.items import Filer

__all__ = ["RawEntry", "RawFeed"]


@dataclass(frozen=True)
class RawEntry:
    """One entry. Texts may contain markup, URLs may be relative to ``base``, dates are unparsed."""

    guid: str | None = None
    url: str | None = None
    base: str = ""
    title: str | None = None
    summary: str | None = None
    body: str | None = None
    language: str | None = None
    published: str | None = None
    updated: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    source_title: str | None = None
    filers: tuple[Filer, ...] = ()


@dataclass(frozen=True)
class RawFeed:
    """A document. ``format`` is for people: ``RSS 2.0``, ``Atom 1.0``, ``JSON Feed 1.1``."""

    format: str
    title: str | None = None
    site_url: str | None = None
    language: str | None = None
    ttl_seconds: int | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    entries: tuple[RawEntry, ...] = field(default=())
