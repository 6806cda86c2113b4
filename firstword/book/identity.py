"""Decide which watches mean the same entity, and give each entity an id. The order in the book doesn't matter."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib.resources import files

from firstword.book.interest_queries import implied_topic
from schemas.clients import Watch

__all__ = ["assign_entities", "bare_name", "slug"]

_WORD = re.compile(r"[^a-z0-9]+")


def _legal_suffixes() -> frozenset[str]:
    lines = files("firstword.book").joinpath("legal_suffixes.txt").read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


_SUFFIXES = _legal_suffixes()


def slug(text: str) -> str:
    """Return ``text`` as an id: ``Claire Arnaud`` → ``claire-arnaud``; a hash if it has no Latin letter or digit."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _WORD.sub("-", folded).strip("-") or f"x-{_hash(text)}"


def bare_name(name: str) -> str:
    """Return a company's name without legal form, case and punctuation: ``Halden Energy plc`` → ``halden energy``."""
    words = re.sub(r"[^\w&]+", " ", unicodedata.normalize("NFKC", name).casefold().replace(".", "")).split()
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return " ".join(words) or name.casefold()


def assign_entities(watches: Sequence[Watch], explicit: Sequence[str | None]) -> tuple[Watch, ...]:
    """Return ``watches`` with their entity ids. ``explicit`` are the ids that the book sets, in the same order.

    Watches that share an ISIN, a name (with equal context and exclusions), a ticker or a CIK mean one entity, unless
    the book gives them different ids, or they have different ISINs and share only a ticker or a CIK. The id is the one
    that the book sets; otherwise it is derived from the ISIN, the ticker or the name, in this order. A CIK that is
    added later changes no id.
    """
    groups = _Groups(watches, explicit)
    groups.join((watch.isin, at) for at, watch in enumerate(watches))
    groups.join((_name_key(watch), at) for at, watch in enumerate(watches))
    groups.join(((ticker, at) for at, watch in enumerate(watches) for ticker in watch.tickers), same_isin=True)
    groups.join(((watch.cik, at) for at, watch in enumerate(watches)), same_isin=True)
    ids = {
        root: _entity_id([watches[at] for at in members], groups.explicit_id(root)) for root, members in groups.all()
    }
    return tuple(watch.model_copy(update={"entity_id": ids[groups.root(at)]}) for at, watch in enumerate(watches))


def _entity_id(members: Sequence[Watch], explicit: str | None) -> str:
    if explicit:
        return explicit
    isins = sorted(watch.isin for watch in members if watch.isin)
    if isins:
        return f"isin:{isins[0]}"
    tickers = sorted(ticker for watch in members for ticker in watch.tickers)
    if tickers:
        return f"ticker:{tickers[0]}"
    return min(_id_by_name(watch) for watch in members)


def _id_by_name(watch: Watch) -> str:
    qualifiers = _qualifiers(watch)
    return slug(bare_name(watch.name)) + (f"-{_hash(qualifiers)}" if qualifiers else "")


def _name_key(watch: Watch) -> str:
    return f"{bare_name(watch.name)}\n{_qualifiers(watch)}"


def _qualifiers(watch: Watch) -> str:
    return _context_key(watch) + _query_key(watch)


def _query_key(watch: Watch) -> str:
    """Return query and topic as text, with case: a capital makes a name. Leave out a topic that the name implies."""
    parts = [] if watch.topic is None or implied_topic(watch.name, "topic") == watch.topic else [watch.topic]
    if watch.query is not None:
        near = sorted(f"{near.within} {' | '.join(near.words)}" for near in watch.query.near)
        for terms in (watch.query.any_of, watch.query.all_of, watch.query.none_of, near):
            parts.append("\x1f".join(sorted(set(terms))))
    return "\x1d".join(["", *parts]) if parts else ""


def _context_key(watch: Watch) -> str:
    if not watch.context and not watch.exclude:
        return ""
    parts = [sorted({word.casefold() for word in words}) for words in (watch.context, watch.exclude)]
    return "\x1e".join("\x1f".join(part) for part in parts)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=3).hexdigest()


class _Groups:
    """Disjoint sets of watches that mean the same entity."""

    def __init__(self, watches: Sequence[Watch], explicit: Sequence[str | None]) -> None:
        self._parent = list(range(len(watches)))
        self._explicit = list(explicit)
        self._isins = [frozenset({watch.isin}) if watch.isin else frozenset[str]() for watch in watches]
        self.join((entity_id, at) for at, entity_id in enumerate(explicit))

    def root(self, at: int) -> int:
        while self._parent[at] != at:
            self._parent[at] = self._parent[self._parent[at]]
            at = self._parent[at]
        return at

    def explicit_id(self, root: int) -> str | None:
        return self._explicit[root]

    def all(self) -> Iterable[tuple[int, list[int]]]:
        members: dict[int, list[int]] = defaultdict(list)
        for at in range(len(self._parent)):
            members[self.root(at)].append(at)
        return members.items()

    def join(self, keyed: Iterable[tuple[str | None, int]], *, same_isin: bool = False) -> None:
        """Join watches with the same key; none of them if the book sets two ids, because order must not matter."""
        by_key: dict[str, list[int]] = defaultdict(list)
        for key, at in keyed:
            if key:
                by_key[key].append(at)
        for key in sorted(by_key):
            roots = sorted({self.root(at) for at in by_key[key]})
            explicit = {self._explicit[root] for root in roots} - {None}
            isins = frozenset[str]().union(*(self._isins[root] for root in roots))
            if len(explicit) > 1 or (same_isin and len(isins) > 1 and len(roots) > 1):
                continue
            for root in roots[1:]:
                self._parent[root] = roots[0]
            self._explicit[roots[0]] = next(iter(explicit), None)
            self._isins[roots[0]] = isins
