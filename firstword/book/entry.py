"""Read one client's entry from plain values, with the checks of the book's file, and identify what they watch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from firstword.book.fields import Fields, Report
from firstword.book.identity import assign_entities, bare_name
from firstword.book.nodes import MappingNode, Node, ScalarNode, SequenceNode
from firstword.book.people import CLIENT, Defaults, read_client
from firstword.book.problem import Problem
from firstword.book.scopes import scope_warnings
from schemas.clients import Client, Watch

__all__ = ["WatchedEntities", "read_entry"]


def read_entry(entry: Mapping[str, Any], defaults: Defaults) -> tuple[Client | None, tuple[Problem, ...]]:
    """Return the client that ``entry`` describes (None if it has errors) and its problems.

    Watches have only the ids that the entry sets; :class:`WatchedEntities` gives them the others.
    """
    report = Report("")
    found = read_client(Fields(_mapping(entry), "", CLIENT, report), defaults)
    ids = iter(found.watches)
    assets = tuple(_with_id(watch, next(ids).entity_id) for watch in found.client.assets)
    interests = tuple(_with_id(watch, next(ids).entity_id) for watch in found.client.interests)
    client = found.client.model_copy(update={"assets": assets, "interests": interests})
    for unscoped in scope_warnings(_with_own_ids(client), defaults.trades.of(client.trade)):
        report.warning(0, found.watches[unscoped.position].path, unscoped.message, unscoped.fix)
    return (None if report.failed else client), tuple(report.problems)


def _with_id(watch: Watch, entity_id: str | None) -> Watch:
    return watch.model_copy(update={"entity_id": entity_id or ""})


def _with_own_ids(client: Client) -> Client:
    """Return ``client`` with ids that are right among their own watches."""
    own = assign_entities(client.watches, [watch.entity_id or None for watch in client.watches])
    split = len(client.assets)
    return client.model_copy(update={"assets": own[:split], "interests": own[split:]})


def _mapping(values: Mapping[str, Any]) -> MappingNode:
    pairs: list[tuple[Node, Node]] = [
        (ScalarNode(0, str(name), True), _node(inner)) for name, inner in values.items() if inner is not None
    ]
    return MappingNode(0, pairs)


def _node(value: Any) -> Node:
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, list | tuple):
        return SequenceNode(0, [_node(inner) for inner in value])
    if isinstance(value, bool):
        return ScalarNode(0, "true" if value else "false", False)
    return ScalarNode(0, str(value), True)


class WatchedEntities:
    """The entities that the clients of a book watch. A new watch of one of them gets its id."""

    def __init__(self, watches: Iterable[Mapping[str, Any]]) -> None:
        """Take ``watches`` as they are stored; only those that may mean the same are validated, later."""
        self._by_key: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
        self._names: dict[str, str] = {}
        for watch in watches:
            entity_id = str(watch["entity_id"])
            for key in self._keys(str(watch["name"]), watch.get("isin"), watch.get("cik"), watch.get("tickers") or ()):
                self._by_key[key].setdefault(entity_id, watch)

    def identified(self, client: Client) -> Client:
        """Return ``client`` with the ids of their watches; those that are set already stay."""
        watches = client.watches
        candidates: dict[str, Mapping[str, Any]] = {}
        for watch in watches:
            if not watch.entity_id:
                for key in self._keys(watch.name, watch.isin, watch.cik, watch.tickers):
                    candidates.update(self._by_key.get(key, {}))
        known = [Watch.model_validate(stored) for stored in candidates.values()]
        ids = [watch.entity_id or None for watch in (*known, *watches)]
        own = assign_entities([*known, *watches], ids)[len(known) :]
        split = len(client.assets)
        return client.model_copy(update={"assets": own[:split], "interests": own[split:]})

    def _keys(self, name: str, isin: str | None, cik: str | None, tickers: Iterable[str]) -> list[str]:
        bare = self._names.get(name)
        if bare is None:
            bare = self._names[name] = bare_name(name)
        numbers = [f"{kind}:{number}" for kind, number in (("isin", isin), ("cik", cik)) if number]
        return [f"name:{bare}", *numbers, *(f"ticker:{ticker}" for ticker in tickers)]
