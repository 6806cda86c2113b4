"""The client book indexed by watched entity: which clients watch it, and how.

The index changes one client at a time and is packed so that a million watches fit in memory. A watch is stored as the
JSON of its non-default fields and decoded when an item mentions its entity. Entities in the day's news stay decoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from schemas.clients import Client, Query, TopicScope, Trade, Watch
from services.matcher.text.compact_map import SEPARATOR, CompactMap

__all__ = ["BookIndex", "ClientWatch"]

#: An entity with more clients than this gets its own dictionary; otherwise its watches are one value of the map.
_MANY_CLIENTS = 16
#: Watches kept decoded at most, about half a kilobyte each.
_CACHED = 1 << 15
_FIELDS = tuple(name for name in Watch.model_fields if name != "entity_id")
#: The fields that are models of their own.
_MODELS: dict[str, type[Query] | type[TopicScope]] = {"query": Query, "scope": TopicScope}
_DEFAULTS = {name: Watch.model_fields[name].get_default() for name in _FIELDS}


class ClientWatch(NamedTuple):
    """A watch, and the client it belongs to, with their trade."""

    client_id: str
    trade: Trade
    watch: Watch


class BookIndex:
    """The watches of all clients by entity. Its state depends only on the last version of each client."""

    def __init__(self) -> None:
        self._few = CompactMap()
        self._many: dict[str, dict[str, bytes]] = {}
        self._clients = CompactMap()
        self._decoded: dict[str, tuple[ClientWatch, ...]] = {}
        self._decoded_count = 0
        self._names: dict[str, str | None] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def put_client(self, client: Client) -> frozenset[str]:
        """Add ``client`` or replace its last version; return the entities whose watches changed."""
        grouped: dict[str, list[Watch]] = {}
        for watch in client.watches:
            grouped.setdefault(watch.entity_id, []).append(watch)
        changed = set()
        for entity_id in self._entities_of(client.id) - grouped.keys():
            self._set(entity_id, client.id, None)
            changed.add(entity_id)
        for entity_id, watches in grouped.items():
            packed = orjson.dumps([client.trade, *map(_pack, watches)])
            if self._packed_watches(entity_id).get(client.id) != packed:
                self._set(entity_id, client.id, packed)
                changed.add(entity_id)
        self._clients.put(client.id, orjson.dumps(list(grouped)))
        return frozenset(changed)

    def remove_client(self, client_id: str) -> frozenset[str]:
        """Remove the client, if known; return the entities that the client watched."""
        entities = self._entities_of(client_id)
        for entity_id in entities:
            self._set(entity_id, client_id, None)
        self._clients.put(client_id, None)
        return frozenset(entities)

    def entities(self) -> Iterator[str]:
        """Yield the ids of all watched entities. Do not change the index while iterating."""
        yield from self._few.keys()
        yield from self._many

    def client_watches(self, entity_id: str) -> tuple[ClientWatch, ...]:
        """Return one watch of ``entity_id`` for each client who watches it, ordered by client id.

        If a client watches it twice, for example as a holding and as an interest, the asset counts.
        """
        decoded = self._decoded.get(entity_id)
        if decoded is None:
            packed = self._packed_watches(entity_id)
            decoded = tuple(_client_watch(entity_id, client_id, packed[client_id]) for client_id in sorted(packed))
            if self._decoded_count + len(decoded) > _CACHED:
                self._decoded.clear()
                self._decoded_count = 0
            self._decoded[entity_id] = decoded
            self._decoded_count += len(decoded)
        return decoded

    def client_watch(self, entity_id: str, client_id: str) -> ClientWatch | None:
        """Return the client's watch of ``entity_id``, or None if the client no longer watches it."""
        packed = self._packed_watches(entity_id).get(client_id)
        return None if packed is None else _client_watch(entity_id, client_id, packed)

    def name_of(self, entity_id: str) -> str | None:
        """Return the name that the first client who watches ``entity_id`` gives it, or None if nobody watches it."""
        if entity_id not in self._names:
            if len(self._names) >= _CACHED:
                self._names.clear()
            packed = self._packed_watches(entity_id)
            first = min(packed, default=None)
            known = None if first is None else _client_watch(entity_id, first, packed[first])
            self._names[entity_id] = None if known is None else known.watch.name
        return self._names[entity_id]

    def is_listed(self, entity_id: str) -> bool:
        """Return whether the entity has a price: a client holds it or gives its ticker."""
        return any(
            client_watch.watch.kind == "holding" or client_watch.watch.tickers
            for client_watch in self.client_watches(entity_id)
        )

    def watches_of(self, entity_id: str) -> tuple[Watch, ...]:
        """Return all watches of an entity, by client id and then in the client's order: assets before interests."""
        by_client = self._packed_watches(entity_id)
        return tuple(
            _unpack(entity_id, packed)
            for client_id in sorted(by_client)
            for packed in orjson.loads(by_client[client_id])[1:]
        )

    def _entities_of(self, client_id: str) -> set[str]:
        known = self._clients.get(client_id)
        return set() if known is None else set(orjson.loads(known))

    def _packed_watches(self, entity_id: str) -> dict[str, bytes]:
        many = self._many.get(entity_id)
        if many is not None:
            return many
        known = self._few.get(entity_id)
        if known is None:
            return {}
        parts = known.split(SEPARATOR)
        return {parts[n].decode(): parts[n + 1] for n in range(0, len(parts), 2)}

    def _set(self, entity_id: str, client_id: str, packed: bytes | None) -> None:
        self._decoded_count -= len(self._decoded.pop(entity_id, ()))
        self._names.pop(entity_id, None)
        by_client = self._packed_watches(entity_id)
        if packed is None:
            by_client.pop(client_id, None)
        else:
            by_client[client_id] = packed
        if len(by_client) > _MANY_CLIENTS:
            if entity_id not in self._many:
                self._many[entity_id] = by_client
                self._few.put(entity_id, None)
            return
        self._many.pop(entity_id, None)
        parts = [part for key in sorted(by_client) for part in (key.encode(), by_client[key])]
        self._few.put(entity_id, SEPARATOR.join(parts) if parts else None)


def _client_watch(entity_id: str, client_id: str, packed: bytes) -> ClientWatch:
    """Return the first of a client's watches of an entity: if they watch it twice, the asset."""
    trade, first, *_ = orjson.loads(packed)
    return ClientWatch(client_id, trade, _unpack(entity_id, first))


def _pack(watch: Watch) -> list[Any]:
    """Return the number and value of each non-default field, in one flat list."""
    packed: list[Any] = []
    for number, (name, default) in enumerate(_DEFAULTS.items()):
        value = getattr(watch, name)
        if value != default:
            packed += (number, value.model_dump() if name in _MODELS else value)
    return packed


def _unpack(entity_id: str, packed: Sequence[Any]) -> Watch:
    fields = {"entity_id": entity_id, **_DEFAULTS}
    for number, value in zip(packed[::2], packed[1::2], strict=True):
        name = _FIELDS[number]
        if name in _MODELS:
            value = _MODELS[name].model_validate(value)
        fields[name] = tuple(value) if isinstance(value, list) else value
    return Watch.model_construct(**fields)
