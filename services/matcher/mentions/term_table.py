"""All terms of all clients in one table, found in a text word by word. A change costs what it changes, at any size.

Which occurrence means what is not its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.matcher.mentions.terms import Style
from services.matcher.text.compact_map import PART, CompactMap

__all__ = ["Hit", "Posting", "TermTable"]

#: Shorter terms are found as they are, never as a plural.
_SHORT = 2
# A byte for each of so many hashes says whether a term, or the beginning of a longer one, may have it. It is only a
# sieve: at its fullest one word in five passes it for nothing, and looks in the table in vain. It grows eightfold,
# with the terms, up to 16 MB: as long as it is small the processor has it near.
_SIEVE, _LARGEST = (1 << 18) - 1, (1 << 24) - 1
#: Hashes for each term at least.
_ROOM = 8
_TERM, _BEGINNING = 1, 2
#: Terms whose postings stay unpacked, and words of which one remembers that they begin none: those of the day's news.
_READY = 1 << 13


class Posting(NamedTuple):
    """A term stands for an entity; None for names that nobody watches, kept because they contain shorter ones.

    An ``anchor`` is no name of it, but makes one of its queries worth asking.
    """

    entity_id: str | None
    style: Style
    anchor: bool


class Hit(NamedTuple):
    """A term's occurrence: its first and last word, and whether an s was added to it."""

    first: int
    last: int
    plural: bool
    postings: tuple[Posting, ...]


class TermTable:
    """Terms in normal form, each with what it stands for."""

    def __init__(self) -> None:
        self._terms = CompactMap()
        self._mask = _SIEVE
        self._sieve = bytearray(_SIEVE + 1)
        self._styles: list[Style] = []
        self._number_of: dict[Style, int] = {}
        self._ready: dict[str, tuple[Posting, ...]] = {}
        #: Words that begin no term, as far as has been seen.
        self._idle: set[str] = set()

    def __len__(self) -> int:
        return len(self._terms)

    def add(self, norm: str, posting: Posting) -> None:
        """Let ``norm`` stand for this as well."""
        number = self._number_of.setdefault(posting.style, len(self._styles))
        if number == len(self._styles):
            self._styles.append(posting.style)
        self._ready.pop(norm, None)
        told = f"{number}{'!' if posting.anchor else ':'}{posting.entity_id or ''}".encode()
        known = self._terms.get(norm)
        if known is None:
            self._terms.put(norm, told)
            if len(self._terms) * _ROOM > self._mask and self._mask < _LARGEST:
                self._grow()
            self._mark(norm)
        else:
            self._terms.put(norm, PART.join(sorted({told, *known.split(PART)})))

    def _grow(self) -> None:
        """Once at 30,000 terms and once at 260,000, where it takes half a second."""
        self._mask = self._mask * _ROOM + _ROOM - 1
        self._sieve = bytearray(self._mask + 1)
        for norm in self._terms.keys():  # noqa: SIM118 - it is no dictionary
            self._mark(norm)

    def _mark(self, norm: str) -> None:
        self._idle.clear()
        self._sieve[hash(norm) & self._mask] |= _TERM
        end = norm.find(" ")
        while end >= 0:
            self._sieve[hash(norm[:end]) & self._mask] |= _BEGINNING
            end = norm.find(" ", end + 1)

    def remove(self, norm: str, entity_id: str) -> None:
        """Let ``norm`` stand for this entity no longer. What the sieve holds of it stays, and does no harm."""
        self._ready.pop(norm, None)
        raw = entity_id.encode()
        known = self._terms.get(norm)
        if known is not None:
            left = [told for told in known.split(PART) if _entity(told) != raw]
            self._terms.put(norm, PART.join(left) if left else None)

    def postings(self, norm: str) -> tuple[Posting, ...]:
        """What ``norm`` stands for."""
        ready = self._ready.get(norm)
        if ready is None:
            known = self._terms.get(norm)
            if len(self._ready) >= _READY:
                self._ready.clear()
            ready = self._ready[norm] = () if known is None else tuple(self._read(known))
        return ready

    def _read(self, known: bytes) -> Iterable[Posting]:
        for told in known.split(PART):
            raw = _entity(told)
            head = told[: len(told) - len(raw)]
            entity_id = raw.decode() or None
            yield Posting(entity_id, self._styles[int(head[:-1])], head[-1:] == b"!")

    def hits(self, norms: Sequence[str]) -> list[Hit]:
        """Every term among these words of a text, overlapping ones too."""
        found: list[Hit] = []
        sieve, mask, last_word = self._sieve, self._mask, len(norms) - 1
        idle = self._idle
        for first, word in enumerate(norms):
            if word in idle:
                continue  # as most words
            passed = sieve[hash(word) & mask]
            if not passed and word[-1] != "s":
                if len(idle) < _READY:
                    idle.add(word)
                continue
            text, last = word, first
            while True:
                if passed & _TERM:
                    self._take(found, first, last, text, plural=False)
                if text[-1] == "s" and sieve[hash(text[:-1]) & mask] & _TERM and len(text) - 1 > _SHORT:
                    self._take(found, first, last, text[:-1], plural=True)
                if passed < _BEGINNING or last == last_word:
                    break
                last += 1
                text = f"{text} {norms[last]}"
                passed = sieve[hash(text) & mask]
        return found

    def _take(self, found: list[Hit], first: int, last: int, norm: str, *, plural: bool) -> None:
        postings = self.postings(norm)
        if postings:
            found.append(Hit(first, last, plural, postings))


def _entity(told: bytes) -> bytes:
    """The entity's part of a posting: what stands behind the style's number and the mark."""
    end = 1
    while told[end] not in b":!":
        end += 1
    return told[end + 1 :]
