"""Recognizes the entries of a document that are written as in the document before: they bring nothing new.

Most entries of a feed that has changed are old, and reading them again, cleaned, dated and hashed, takes the most time.
"""

from __future__ import annotations

import hashlib
import marshal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.ingest.parse.entry import RawEntry

__all__ = ["KnownEntries", "digests_of"]

_DIGEST_BYTES = 16
#: Equal values give equal bytes in this version; later ones also say which of them are one object.
_MARSHAL = 2


@dataclass(frozen=True, slots=True)
class KnownEntries:
    """The digests of a document's entries, one after the other, and the ids of their items, separated by spaces.

    ``read_at`` is when they were read: if the clock is set back, a date may lie in the future that did not before.

    An entry is left out if anything else of the document, or the time, had a say in what became of it: if its id is
    that of another entry too, or if there was anything to note about it. So an entry that is written as before is the
    same item as before.
    """

    digests: bytes = b""
    ids: str = ""
    read_at: datetime | None = None

    @classmethod
    def of(cls, read: Sequence[tuple[bytes | None, str]], read_at: datetime | None) -> KnownEntries:
        """Return those of ``read``, digests and ids, that have a digest, and an id that is that of no other."""
        counts = Counter(item_id for _, item_id in read)
        single = [(digest, item_id) for digest, item_id in read if digest is not None and counts[item_id] == 1]
        return cls(b"".join(digest for digest, _ in single), " ".join(item_id for _, item_id in single), read_at)

    @property
    def size_bytes(self) -> int:
        """The memory that this takes, about."""
        return len(self.digests) + len(self.ids)

    def by_digest(self, now: datetime | None) -> Mapping[bytes, str]:
        """Return the ids by the digests; none if they were read after ``now``."""
        if self.read_at is not None and (now is None or now < self.read_at):
            return {}
        starts = range(0, len(self.digests), _DIGEST_BYTES)
        return {
            self.digests[start : start + _DIGEST_BYTES]: item_id
            for start, item_id in zip(starts, self.ids.split(), strict=True)
        }


def digests_of(entries: Sequence[RawEntry], context: object) -> Iterator[bytes]:
    """Yield the digest of each entry and of ``context``, all else on which its reading depends."""
    start = hashlib.blake2b(repr(context).encode(), digest_size=_DIGEST_BYTES)
    for entry in entries:
        digest = start.copy()
        digest.update(_written(entry))
        yield digest.digest()


def _written(entry: RawEntry) -> bytes:
    """Return the entry as bytes that no other entry gives."""
    fields = vars(entry) | {"filers": repr(entry.filers)}
    try:
        return marshal.dumps(tuple(fields.values()), _MARSHAL)
    except ValueError:  # a type of its own
        return repr(entry).encode()
