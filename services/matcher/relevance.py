"""Which clients an event concerns, why, how much, and which way it points for each of them.

Clients of a watched thing are found through an index kept up to date client by client; nobody else is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, cast

from schemas.clients import Client, Stance, Watch
from schemas.mentions import Direction, EventKind, Impact
from services.matcher.lexicon import read_yaml

__all__ = ["BookIndex", "Concern", "Relevance", "Stake", "shipped_relevance"]


class Stake(NamedTuple):
    """A client and the thing of theirs that is watched."""

    client_id: str
    watch: Watch


class Concern(NamedTuple):
    """How much an event concerns a client: ``degree`` 0–1, the direction it has for them, and why, as a clause."""

    degree: float
    direction: Direction
    why: str


class BookIndex:
    """Who watches what: watched entity → stakes, changed one client at a time."""

    def __init__(self) -> None:
        # Most things are watched by one client only; a dictionary for each of a million would be half the memory.
        self._stakes: dict[str, Stake | dict[str, Stake]] = {}
        self._watched: dict[str, tuple[Watch, ...]] = {}

    def __len__(self) -> int:
        return len(self._watched)

    def changed(self, client: Client) -> frozenset[str]:
        """Take in ``client`` as they are from now on; the entities that are watched otherwise than before."""
        before = self._watched.get(client.id, ())
        if before == client.watches and client.id in self._watched:
            return frozenset()
        self.removed(client.id)
        self._watched[client.id] = client.watches
        for watch in client.watches:
            self._add(watch.entity_id, Stake(client.id, watch))
        return _entities_of_difference(before, client.watches)

    def _add(self, entity_id: str, stake: Stake) -> None:
        """Watched twice (held, and followed as well): the asset comes first in ``watches`` and counts."""
        known = self._stakes.get(entity_id)
        if known is None:
            self._stakes[entity_id] = stake
        elif isinstance(known, dict):
            known.setdefault(stake.client_id, stake)
        elif known.client_id != stake.client_id:
            self._stakes[entity_id] = {known.client_id: known, stake.client_id: stake}

    def removed(self, client_id: str) -> frozenset[str]:
        """Forget the client, if they are known; the entities that they watched."""
        watches = self._watched.pop(client_id, ())
        for watch in watches:
            known = self._stakes.get(watch.entity_id)
            if isinstance(known, dict):
                known.pop(client_id, None)
            if not known or (isinstance(known, Stake) and known.client_id == client_id):
                self._stakes.pop(watch.entity_id, None)
        return frozenset(watch.entity_id for watch in watches)

    def _of(self, entity_id: str) -> dict[str, Stake]:
        known = self._stakes.get(entity_id)
        if isinstance(known, Stake):
            return {known.client_id: known}
        return known or {}

    def stakes(self, entity_id: str) -> tuple[Stake, ...]:
        """Who watches ``entity_id``, by client id."""
        found = self._of(entity_id)
        return tuple(found[client_id] for client_id in sorted(found))

    def stake(self, entity_id: str, client_id: str) -> Stake | None:
        """The stake of one client, if they still have it."""
        return self._of(entity_id).get(client_id)

    def name_of(self, entity_id: str) -> str | None:
        """What the first of those who watch ``entity_id`` calls it; None where nobody does."""
        found = self._of(entity_id)
        return found[min(found)].watch.name if found else None

    def watches_of(self, entity_id: str) -> tuple[Watch, ...]:
        """All watches of one entity, by client id and then in the client's own order."""
        clients = sorted(self._of(entity_id))
        return tuple(w for client_id in clients for w in self._watched[client_id] if w.entity_id == entity_id)

    def watches(self) -> tuple[Watch, ...]:
        """All watches of all clients, by client id: what a watchlist is built from."""
        return tuple(watch for client_id in sorted(self._watched) for watch in self._watched[client_id])


def _entities_of_difference(before: Sequence[Watch], now: Sequence[Watch]) -> frozenset[str]:
    """The entities whose watches, or their order, differ; weights and notes count too, for that is seldom."""
    grouped: list[dict[str, list[Watch]]] = [{}, {}]
    for groups, watches in zip(grouped, (before, now), strict=True):
        for watch in watches:
            groups.setdefault(watch.entity_id, []).append(watch)
    old, new = grouped
    return frozenset(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))


@dataclass(frozen=True, slots=True)
class _StanceRule:
    base: float
    words: str
    most: frozenset[EventKind]
    least: frozenset[EventKind]
    directions: dict[EventKind, Direction]


class Relevance:
    """The rules of ``lexicon/relevance.yaml``, ready to be asked."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        """Build from a lexicon of the shape of ``relevance.yaml``."""
        self._lexicon = lexicon
        self._stances: dict[Stance, _StanceRule] = {}
        for stance, entry in lexicon["stances"].items():
            turned = cast("dict[Direction, list[EventKind]]", lexicon["directions"].get(stance, {}))
            self._stances[stance] = _StanceRule(
                base=entry["base"],
                words=entry["words"],
                most=frozenset(entry["most"]),
                least=frozenset(entry["least"]),
                directions={kind: direction for direction, kinds in turned.items() for kind in kinds},
            )

    def concern(self, watch: Watch, impact: Impact, salience: float) -> Concern:
        """How much ``impact``, found where ``watch`` has this ``salience`` (0–1), concerns the client who watches."""
        rules = self._lexicon
        stance = self._stances[watch.stance]
        factor = 1.0
        if impact.kind in stance.most:
            factor = rules["most_factor"]
        elif impact.kind in stance.least:
            factor = rules["least_factor"]
        if impact.size == "minor" and impact.kind != "other":
            least = rules["least_factor"] if impact.kind in stance.most else factor
            factor = min(factor, least) * rules["minor_factor"]
        floor: float = rules["salience_floor"]
        degree = stance.base * factor * (floor + (1 - floor) * salience) * self._weight(watch.weight)
        why = f"the client {stance.words}"
        if watch.weight is not None:
            why += f" ({watch.weight:.0%} of {'the portfolio' if watch.kind == 'holding' else 'spend'})"
        return Concern(min(1.0, round(degree, 3)), _turned(stance, impact), why)

    def _weight(self, weight: float | None) -> float:
        rules = self._lexicon
        if weight is None:
            return 1.0
        if weight < rules["small_weight"]:
            return float(rules["small_factor"])
        return float(rules["large_factor"]) if weight >= rules["large_weight"] else 1.0


def _turned(stance: _StanceRule, impact: Impact) -> Direction:
    turned = stance.directions.get(impact.kind)
    if turned is None or (impact.direction == "neutral" and impact.kind != "campaign"):
        return impact.direction
    return turned


@cache
def shipped_relevance() -> Relevance:
    """After the shipped lexicon."""
    return Relevance(read_yaml("relevance.yaml"))
