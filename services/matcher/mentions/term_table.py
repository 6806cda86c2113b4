"""All search terms of all clients in one table, found in a text word by word.

A change costs only what it changes, whatever the size of the table. The table does not judge occurrences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.matcher.mentions.terms import TermStyle
from services.matcher.text.compact_map import SEPARATOR, CompactMap

__all__ = ["TermEntry", "TermHit", "TermTable"]

#: Terms of up to this length have no plural.
_SHORT = 2
# The filter holds one byte for each hash. The byte says whether a term, or the beginning of a longer one, may have
# that hash. At its fullest, one word in five passes it and is then looked up in vain. It starts small, so that it
# stays in the processor's cache, and grows eightfold with the terms, up to 16 MB.
_SMALLEST_MASK, _LARGEST_MASK = (1 << 18) - 1, (1 << 24) - 1
#: The filter has at least this many bytes for each term.
_BYTES_PER_TERM = 8
_TERM, _BEGINNING = 1, 2
#: Number of terms whose entries stay decoded, and of words known to begin no term: those of the day's news.
_CACHED = 1 << 13


class TermEntry(NamedTuple):
    """The meaning of a term: an entity, or None for a longer name that nobody watches.

    Longer names are kept because they may contain a watched one. An ``anchor`` does not name its entity, but only if
    it occurs can one of the entity's queries match.
    """

    entity_id: str | None
    style: TermStyle
    anchor: bool


class TermHit(NamedTuple):
    """An occurrence of a term: its first and last word, and whether the text adds a plural "s"."""

    first: int
    last: int
    plural: bool
    entries: tuple[TermEntry, ...]


class TermTable:
    """Terms in normal form, each with its entries."""

    def __init__(self) -> None:
        self._terms = CompactMap()
        self._mask = _SMALLEST_MASK
        self._filter = bytearray(_SMALLEST_MASK + 1)
        self._styles: list[TermStyle] = []
        self._style_numbers: dict[TermStyle, int] = {}
        self._decoded: dict[str, tuple[TermEntry, ...]] = {}
        #: Words seen in texts that begin no term.
        self._idle_words: set[str] = set()

    def __len__(self) -> int:
        return len(self._terms)

    def add(self, norm: str, entry: TermEntry) -> None:
        """Add an entry for the term ``norm``."""
        number = self._style_numbers.setdefault(entry.style, len(self._styles))
        if number == len(self._styles):
            self._styles.append(entry.style)
        self._decoded.pop(norm, None)
        encoded = f"{number}{'!' if entry.anchor else ':'}{entry.entity_id or ''}".encode()
        known = self._terms.get(norm)
        if known is None:
            self._terms.put(norm, encoded)
            if len(self._terms) * _BYTES_PER_TERM > self._mask and self._mask < _LARGEST_MASK:
                self._grow()
            self._mark(norm)
        else:
            self._terms.put(norm, SEPARATOR.join(sorted({encoded, *known.split(SEPARATOR)})))

    def _grow(self) -> None:
        """Enlarge the filter: at 30,000 terms and again at 260,000, where it takes half a second."""
        self._mask = self._mask * _BYTES_PER_TERM + _BYTES_PER_TERM - 1
        self._filter = bytearray(self._mask + 1)
        for norm in self._terms.keys():  # noqa: SIM118 - not a dictionary
            self._mark(norm)

    def _mark(self, norm: str) -> None:
        self._idle_words.clear()
        self._filter[hash(norm) & self._mask] |= _TERM
        end = norm.find(" ")
        while end >= 0:
            self._filter[hash(norm[:end]) & self._mask] |= _BEGINNING
            end = norm.find(" ", end + 1)

    def remove(self, norm: str, entity_id: str) -> None:
        """Remove the entries of an entity for the term ``norm``. The filter keeps its marks, which does no harm."""
        self._decoded.pop(norm, None)
        raw = entity_id.encode()
        known = self._terms.get(norm)
        if known is not None:
            kept = [encoded for encoded in known.split(SEPARATOR) if _encoded_entity(encoded) != raw]
            self._terms.put(norm, SEPARATOR.join(kept) if kept else None)

    def entries(self, norm: str) -> tuple[TermEntry, ...]:
        """Return the entries of the term ``norm``."""
        entries = self._decoded.get(norm)
        if entries is None:
            known = self._terms.get(norm)
            if len(self._decoded) >= _CACHED:
                self._decoded.clear()
            entries = self._decoded[norm] = () if known is None else tuple(self._decode(known))
        return entries

    def _decode(self, known: bytes) -> Iterable[TermEntry]:
        for encoded in known.split(SEPARATOR):
            raw = _encoded_entity(encoded)
            head = encoded[: len(encoded) - len(raw)]
            entity_id = raw.decode() or None
            yield TermEntry(entity_id, self._styles[int(head[:-1])], head[-1:] == b"!")

    def hits(self, norms: Sequence[str]) -> list[TermHit]:
        """Return every term among the words of a text, including overlapping ones."""
        hits: list[TermHit] = []
        filter_, mask, last_word = self._filter, self._mask, len(norms) - 1
        idle_words = self._idle_words
        for first, word in enumerate(norms):
            if word in idle_words:
                continue  # true of most words
            marks = filter_[hash(word) & mask]
            if not marks and word[-1] != "s":
                if len(idle_words) < _CACHED:
                    idle_words.add(word)
                continue
            text, last = word, first
            while True:
                if marks & _TERM:
                    self._add_hit(hits, first, last, text, plural=False)
                if text[-1] == "s" and filter_[hash(text[:-1]) & mask] & _TERM and len(text) - 1 > _SHORT:
                    self._add_hit(hits, first, last, text[:-1], plural=True)
                if marks < _BEGINNING or last == last_word:
                    break
                last += 1
                text = f"{text} {norms[last]}"
                marks = filter_[hash(text) & mask]
        return hits

    def _add_hit(self, hits: list[TermHit], first: int, last: int, norm: str, *, plural: bool) -> None:
        entries = self.entries(norm)
        if entries:
            hits.append(TermHit(first, last, plural, entries))


def _encoded_entity(encoded: bytes) -> bytes:
    """Return the entity id of an encoded entry: the bytes after the style's number and the anchor mark."""
    end = 1
    while encoded[end] not in b":!":
        end += 1
    return encoded[end + 1 :]
