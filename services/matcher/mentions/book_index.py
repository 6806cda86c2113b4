"""Who watches what: found by the watched thing, changed one client at a time, and packed so that a million watches fit.

A watch is kept as JSON of what is not at its default, and becomes a :class:`~schemas.clients.Watch` again when an item
touches it; what the day's news touches stays unpacked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from schemas.clients import Client, Query, Watch
from services.matcher.text.compact_map import PART, CompactMap

__all__ = ["BookIndex", "ClientWatch"]

#: From so many clients on a thing has a dictionary of its own; below, its stakes lie together in one piece of text.
_MANY = 16
#: Stakes kept unpacked at most, about half a kilobyte each.
_READY = 1 << 15
_FIELDS = tuple(name for name in Watch.model_fields if name != "entity_id")
_DEFAULTS = {name: Watch.model_fields[name].get_default() for name in _FIELDS}


class ClientWatch(NamedTuple):
    """A client and the thing of theirs that is watched."""

    client_id: str
    watch: Watch


class BookIndex:
    """Watched entity → stakes. Equal to one that is made anew from the clients' last versions."""

    def __init__(self) -> None:
        self._few = CompactMap()
        self._many: dict[str, dict[str, bytes]] = {}
        self._clients = CompactMap()
        self._ready: dict[str, tuple[ClientWatch, ...]] = {}
        self._ready_stakes = 0
        self._names: dict[str, str | None] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def put_client(self, client: Client) -> frozenset[str]:
        """Take in ``client`` as they are from now on; the entities that are watched otherwise than before."""
        grouped: dict[str, list[Watch]] = {}
        for watch in client.watches:
            grouped.setdefault(watch.entity_id, []).append(watch)
        differing = set()
        for entity_id in self._entities_of(client.id) - grouped.keys():
            self._set(entity_id, client.id, None)
            differing.add(entity_id)
        for entity_id, watches in grouped.items():
            packed = orjson.dumps([_packed(watch) for watch in watches])
            if self._packed_of(entity_id).get(client.id) != packed:
                self._set(entity_id, client.id, packed)
                differing.add(entity_id)
        self._clients.put(client.id, orjson.dumps(list(grouped)))
        return frozenset(differing)

    def remove_client(self, client_id: str) -> frozenset[str]:
        """Forget the client, if they are known; the entities that they watched."""
        entities = self._entities_of(client_id)
        for entity_id in entities:
            self._set(entity_id, client_id, None)
        self._clients.put(client_id, None)
        return frozenset(entities)

    def entities(self) -> Iterator[str]:
        """All that is watched. Nothing may be changed meanwhile."""
        yield from self._few.keys()
        yield from self._many

    def client_watches(self, entity_id: str) -> tuple[ClientWatch, ...]:
        """Who watches ``entity_id``, by client id. Watched twice (held, and followed as well), the asset counts."""
        ready = self._ready.get(entity_id)
        if ready is None:
            packed = self._packed_of(entity_id)
            ready = tuple(
                ClientWatch(client_id, _unpacked(entity_id, orjson.loads(packed[client_id])[0]))
                for client_id in sorted(packed)
            )
            if self._ready_stakes + len(ready) > _READY:
                self._ready.clear()
                self._ready_stakes = 0
            self._ready[entity_id] = ready
            self._ready_stakes += len(ready)
        return ready

    def client_watch(self, entity_id: str, client_id: str) -> ClientWatch | None:
        """The stake of one client, if they still have it."""
        packed = self._packed_of(entity_id).get(client_id)
        return None if packed is None else ClientWatch(client_id, _unpacked(entity_id, orjson.loads(packed)[0]))

    def name_of(self, entity_id: str) -> str | None:
        """What the first of those who watch ``entity_id`` calls it; None where nobody does."""
        if entity_id not in self._names:
            if len(self._names) >= _READY:
                self._names.clear()
            packed = self._packed_of(entity_id)
            first = orjson.loads(packed[min(packed)])[0] if packed else None
            self._names[entity_id] = None if first is None else _unpacked(entity_id, first).name
        return self._names[entity_id]

    def is_listed(self, entity_id: str) -> bool:
        """Whether it has a price: somebody holds it, or knows its ticker."""
        return any(stake.watch.kind == "holding" or stake.watch.tickers for stake in self.client_watches(entity_id))

    def watches_of(self, entity_id: str) -> tuple[Watch, ...]:
        """All watches of one entity, by client id and then in the client's own order: assets, then interests."""
        packed = self._packed_of(entity_id)
        return tuple(
            _unpacked(entity_id, each) for client_id in sorted(packed) for each in orjson.loads(packed[client_id])
        )

    def _entities_of(self, client_id: str) -> set[str]:
        known = self._clients.get(client_id)
        return set() if known is None else set(orjson.loads(known))

    def _packed_of(self, entity_id: str) -> dict[str, bytes]:
        many = self._many.get(entity_id)
        if many is not None:
            return many
        known = self._few.get(entity_id)
        if known is None:
            return {}
        parts = known.split(PART)
        return {parts[n].decode(): parts[n + 1] for n in range(0, len(parts), 2)}

    def _set(self, entity_id: str, client_id: str, packed: bytes | None) -> None:
        self._ready_stakes -= len(self._ready.pop(entity_id, ()))
        self._names.pop(entity_id, None)
        stakes = self._packed_of(entity_id)
        if packed is None:
            stakes.pop(client_id, None)
        else:
            stakes[client_id] = packed
        if len(stakes) > _MANY:
            if entity_id not in self._many:
                self._many[entity_id] = stakes
                self._few.put(entity_id, None)
            return
        self._many.pop(entity_id, None)
        parts = [part for key in sorted(stakes) for part in (key.encode(), stakes[key])]
        self._few.put(entity_id, PART.join(parts) if parts else None)


def _packed(watch: Watch) -> list[Any]:
    """Place and value of each field that is not at its default, one after the other."""
    found: list[Any] = []
    for place, (name, default) in enumerate(_DEFAULTS.items()):
        value = getattr(watch, name)
        if value != default:
            found += (place, value.model_dump() if isinstance(value, Query) else value)
    return found


def _unpacked(entity_id: str, packed: Sequence[Any]) -> Watch:
    fields = {"entity_id": entity_id, **_DEFAULTS}
    for place, value in zip(packed[::2], packed[1::2], strict=True):
        if isinstance(value, list):
            value = tuple(value)
        elif isinstance(value, dict):
            value = Query.model_validate(value)
        fields[_FIELDS[place]] = value
    return Watch.model_construct(**fields)
