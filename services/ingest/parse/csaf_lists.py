"""Reads the lists by which CSAF providers say which advisories there are, and where.

These are a provider's ``provider-metadata.json``, a ROLIE feed, and the ``changes.csv`` of a directory (CSAF 2.0, 7.1).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Any
from urllib.parse import urlsplit

from services.ingest.identity.urls import absolute_url
from services.ingest.parse.charset import decode_document
from services.ingest.parse.clean import title_text
from services.ingest.parse.csaf import advisory_name
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.lenient_json import entries_of, load_json, moment_of, object_of, text_of
from services.ingest.parse.notes import Notes

__all__ = ["AdvisoryList", "ListedAdvisory", "NotAnAdvisoryList", "Provider", "read_csaf_list"]

#: Advisories of a list that are considered, the newest first.
MOST_LISTED = 2_000
#: Entries among which they are, if some are listed twice or have no usable address.
_MOST_NEWEST = 6_000
#: Entries of a list that are looked at.
_MOST_READ = 200_000
#: Lists of one provider that are followed.
MOST_LISTS = 5
_PUBLIC = frozenset(("WHITE", "CLEAR", "UNLABELED"))
_CHANGES = re.compile(r'\s*"?[^",\r\n]{1,500}\.json"?\s*,\s*"?\d{4}-\d\d-\d\d', re.ASCII)


class NotAnAdvisoryList(NotAFeed):
    """The document is no list of advisories at all."""


@dataclass(frozen=True, slots=True)
class ListedAdvisory:
    """An advisory in a list: its address, and when the list says that it was revised last."""

    url: str
    updated: datetime

    @property
    def name(self) -> str:
        """The name by which it is known, whatever list it is in."""
        return advisory_name(self.url)


@dataclass(frozen=True, slots=True)
class AdvisoryList:
    """The newest advisories of a list, newest first, each once."""

    advisories: tuple[ListedAdvisory, ...]
    title: str | None = None
    format: str = "CSAF"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's own description: its name, and the addresses of its public lists."""

    title: str | None
    lists: tuple[str, ...]


def read_csaf_list(raw: bytes, url: str, content_type: str | None = None) -> AdvisoryList | Provider:
    """Read the list at ``url``, to which its addresses are relative.

    Raises:
        NotAnAdvisoryList: it is none of these lists.
        NotAFeed: it is one, but of no use; the message says why.
    """
    text = decode_document(raw, content_type, Notes()).lstrip("\ufeff \t\r\n")
    if text[:1] == "{":
        document = object_of(load_json(text))
        if "distributions" in document and "metadata_version" in document:
            return _provider(document, url)
        if isinstance(object_of(document.get("feed")).get("entry"), list):
            return _rolie(object_of(document["feed"]), url)
    elif _CHANGES.match(text):
        return AdvisoryList(_newest(_changes(text), url), format="CSAF directory")
    raise NotAnAdvisoryList(
        "This is no list of security advisories.", fix="Give the address of a provider-metadata.json."
    )


def _provider(document: Mapping[str, Any], url: str) -> Provider:
    """Return the provider with its ROLIE feeds for everybody, or else its first directory."""
    distributions = entries_of(document.get("distributions"), 100)
    feeds = [
        address
        for distribution in distributions
        for feed in entries_of(object_of(distribution.get("rolie")).get("feeds"), 100)
        if (text_of(feed.get("tlp_label"), 20) or "UNLABELED").upper() in _PUBLIC
        and (address := _address(feed.get("url"), url))
    ]
    directories = [
        f"{address.rstrip('/')}/changes.csv"
        for distribution in distributions
        if (
            address := _address(
                distribution.get("directory_url") or object_of(distribution.get("directory")).get("url"), url
            )
        )
    ]
    lists = tuple(dict.fromkeys(feeds))[:MOST_LISTS] or tuple(directories[:1])
    if not lists:
        raise NotAFeed(
            "This provider of security advisories has no list of them that everybody may read.",
            fix="Ask the provider for the address of its ROLIE feed, and add that.",
        )
    return Provider(title_text(text_of(object_of(document.get("publisher")).get("name"), 200)), lists)


def _rolie(feed: Mapping[str, Any], url: str) -> AdvisoryList:
    advisories = _newest(_rolie_entries(feed["entry"]), url)
    return AdvisoryList(advisories, title=title_text(text_of(feed.get("title"), 300)), format="CSAF ROLIE feed")


def _rolie_entries(listed: object) -> Iterator[tuple[datetime, object]]:
    for entry in entries_of(listed, _MOST_READ):
        links = {text_of(link.get("rel"), 20): link.get("href") for link in entries_of(entry.get("link"), 20)[::-1]}
        updated = moment_of(entry.get("updated")) or moment_of(entry.get("published"))
        if updated is not None:
            yield updated, object_of(entry.get("content")).get("src") or links.get("self")


def _changes(text: str) -> Iterator[tuple[datetime, object]]:
    """Yield the lines of a ``changes.csv``; those that can't be read are skipped."""
    lines = csv.reader(io.StringIO(text))
    for _ in range(_MOST_READ):
        try:
            row = next(lines)
        except StopIteration:
            return
        except csv.Error:
            continue
        if len(row) >= 2 and (updated := moment_of(row[1])) is not None:
            yield updated, row[0]


def _newest(listed: Iterator[tuple[datetime, object]], url: str) -> tuple[ListedAdvisory, ...]:
    """Return the newest advisories, each once. Of long lists, the rest is not even looked at."""
    newest: dict[str, ListedAdvisory] = {}
    for updated, given in nlargest(_MOST_NEWEST, listed, key=lambda entry: entry[0]):
        address = _address(given, url)
        if address is not None:
            advisory = ListedAdvisory(address, updated)
            newest.setdefault(advisory.name, advisory)
    ordered = sorted(newest.values(), key=lambda advisory: (advisory.updated, advisory.name), reverse=True)
    return tuple(ordered[:MOST_LISTED])


def _address(value: object, base: str) -> str | None:
    """Return an address in a list; one without encryption only if the list itself came without it."""
    address = absolute_url(text_of(value, 2_000), base)
    if address is None or (base.startswith("https://") and urlsplit(address).scheme != "https"):
        return None
    return address
