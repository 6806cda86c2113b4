"""The states of one processor in a Faust table, by partition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["StateTable"]


class StateTable:
    """Reads and writes a table's local store directly.

    ``table[key] = …`` would write at once and send the change to the partition of the current event. But a batch has
    events of several partitions, and its states count only once the changelog has them. So the worker sends them
    itself, waits, and then writes them here.
    """

    def __init__(self, table: Any, changelog_partition: Callable[[int], Any]) -> None:
        """``changelog_partition`` returns Faust's identifier of a changelog partition."""
        self._changelog_partition = changelog_partition
        self._store = table.data
        self._on_disk = hasattr(self._store, "_db_for_partition")

    def get(self, partition: int, key: str) -> bytes | None:
        """Return the latest value of ``key``."""
        raw = self._store._db_for_partition(partition).get(key.encode()) if self._on_disk else None
        if not self._on_disk:
            raw = self._store.data.get(key.encode())
        return None if raw is None else bytes(raw)

    def put(self, partition: int, key: str, raw: bytes | None) -> None:
        """Store a value that the changelog has; None deletes the key."""
        if raw is None:
            self._delete(partition, key)
        elif self._on_disk:
            self._store._db_for_partition(partition).put(key.encode(), raw)
        else:
            self._store.data[key.encode()] = raw
            # Otherwise, values written after recovery stay when the partition moves to another worker.
            self._store._key_partition[key.encode()] = partition

    def set_position(self, changelog_partition: Any, offset: int) -> None:
        """Record the changelog offset that the local store has reached; recovery continues there."""
        self._store.set_persisted_offset(changelog_partition, offset)

    def position(self, partition: int) -> int:
        """Return the changelog offset that the local store has reached, or -1 if it is unknown."""
        offset = self._store.persisted_offset(self._changelog_partition(partition))
        return -1 if offset is None else int(offset)

    def _delete(self, partition: int, key: str) -> None:
        if self._on_disk:
            self._store._db_for_partition(partition).delete(key.encode())
        else:
            self._store.data.pop(key.encode(), None)
            self._store._key_partition.pop(key.encode(), None)

    def items(self) -> Iterator[tuple[str, bytes]]:
        """Yield every key of this worker's partitions with its value."""
        items = self._store._iteritems() if self._on_disk else list(self._store.data.items())
        for key, raw in items:
            yield bytes(key).decode(), bytes(raw)
