"""How much an event concerns a client who watches what it happened to, why, and which way it points for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, cast

from schemas.clients import Stance, Watch
from schemas.mentions import Direction, EventKind, Impact
from services.matcher.lexicon import read_yaml

__all__ = ["Concern", "Relevance", "shipped_relevance"]


class Concern(NamedTuple):
    """How much an event concerns a client: ``degree`` 0–1, the direction it has for them, and why, as a clause."""

    degree: float
    direction: Direction
    why: str


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
        if impact.kind == "other":
            factor = rules["other_factor"]
        elif impact.kind in stance.most:
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
