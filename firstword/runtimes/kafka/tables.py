"""The states of one processor in a Faust table, by partition: what recovery brought, and what was written since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["StateTable"]


class StateTable:
    """Reads and writes a table's local store without Faust's way of writing.

    Faust writes on ``table[key] = …`` at once, and sends the change to the partition of whatever event is current. A
    batch has events of several partitions, and its states count only once the changelog has them: so the worker sends
    them itself, waits, and then puts them here.
    """

    def __init__(self, table: Any, place: Callable[[int], Any]) -> None:
        """``place`` gives Faust's name of a changelog partition."""
        self._place = place
        self._store = table.data
        self._on_disk = hasattr(self._store, "_db_for_partition")

    def get(self, partition: int, key: str) -> bytes | None:
        """The newest value of ``key``."""
        raw = self._store._db_for_partition(partition).get(key.encode()) if self._on_disk else None
        if not self._on_disk:
            raw = self._store.data.get(key.encode())
        return None if raw is None else bytes(raw)

    def put(self, partition: int, key: str, raw: bytes | None) -> None:
        """Keep a value that the changelog has; None takes the key out."""
        if raw is None:
            self._drop(partition, key)
        elif self._on_disk:
            self._store._db_for_partition(partition).put(key.encode(), raw)
        else:
            self._store.data[key.encode()] = raw
            # Else what is written after recovery stays when its partition goes to another worker.
            self._store._key_partition[key.encode()] = partition

    def persisted(self, at: Any, offset: int) -> None:
        """Note how far on the changelog partition ``at`` the local store has come; recovery goes on from there."""
        self._store.set_persisted_offset(at, offset)

    def position(self, partition: int) -> int:
        """How far on its changelog partition the local store has come; -1 when it doesn't know."""
        offset = self._store.persisted_offset(self._place(partition))
        return -1 if offset is None else int(offset)

    def _drop(self, partition: int, key: str) -> None:
        if self._on_disk:
            self._store._db_for_partition(partition).delete(key.encode())
        else:
            self._store.data.pop(key.encode(), None)
            self._store._key_partition.pop(key.encode(), None)

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Every key of the partitions that this worker has, with its value."""
        items = self._store._iteritems() if self._on_disk else list(self._store.data.items())
        for key, raw in items:
            yield bytes(key).decode(), bytes(raw)
