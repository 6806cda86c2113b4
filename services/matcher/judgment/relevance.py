"""Score how relevant an event is to a client who watches the entity, and which direction it has for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import pow
from typing import Any, NamedTuple, cast

from schemas.clients import Stance, Trade, Watch
from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import EventFamily, Role
from services.matcher.judgment.scope import INSIDE, ScopeFit
from services.matcher.lexicon import read_yaml
from services.matcher.reading.impact import Size
from services.matcher.stories.audience import worth_writing
from services.matcher.stories.threads import EventSummary
from services.matcher.text.humanize import join_names
from services.matcher.thresholds import Thresholds

__all__ = ["ClientRelevance", "RelevanceRules", "default_relevance_rules"]

#: The relevance of an event that is just worth telling; ``tell_relevance`` in thresholds.yaml starts from here.
TELL_RELEVANCE = 0.4
_TAKES_PART: frozenset[Role] = frozenset(("actor", "object", "party"))


class ClientRelevance(NamedTuple):
    """An event's relevance to one client: ``score`` is 0–1, ``direction`` the client's, ``why`` a clause.

    ``size`` is that of the event for this client. ``outside`` is the sentence that says why it is outside the client's
    scope, if it is; the score is then 0.
    """

    score: float
    direction: Direction
    why: str
    size: Size
    outside: str | None = None


@dataclass(frozen=True, slots=True)
class _StanceRule:
    base: float
    words: str
    most: frozenset[EventKind]
    least: frozenset[EventKind]
    grave: frozenset[EventKind]
    every_trade: frozenset[EventKind]
    directions: dict[EventKind, Direction]


class RelevanceRules:
    """The rules of ``lexicon/relevance.yaml``."""

    def __init__(self, lexicon: dict[str, Any]) -> None:
        """Read the rules from the content of ``relevance.yaml``."""
        self._lexicon = lexicon
        self._for_everybody: frozenset[EventFamily] = frozenset(lexicon["for_everybody"])
        self._for_owners: frozenset[Trade] = frozenset(lexicon["for_owners"])
        self._stances: dict[Stance, _StanceRule] = {}
        for stance, entry in lexicon["stances"].items():
            directions = cast("dict[Direction, list[EventKind]]", lexicon["directions"].get(stance, {}))
            self._stances[stance] = _StanceRule(
                base=entry["base"],
                words=entry["words"],
                most=frozenset(entry["most"]),
                least=frozenset(entry["least"]),
                grave=frozenset(entry.get("grave", ())),
                every_trade=frozenset(entry.get("every_trade", ())),
                directions={kind: direction for direction, kinds in directions.items() for kind in kinds},
            )

    def score(
        self,
        watch: Watch,
        event: EventSummary,
        thresholds: Thresholds,
        fit: ScopeFit = INSIDE,
        *,
        trade: Trade,
        newsrooms: int = 1,
    ) -> ClientRelevance:
        """Score ``event`` for the client who has ``watch``.

        ``fit`` is the story's relation to the watch's scope; ``newsrooms`` is the number that report it independently.
        """
        rules = self._lexicon
        stance, size = self._stances[watch.stance], event.size
        if self._depends_on_trade(watch.stance, event, trade):
            worth, least, factor = worth_writing(event.audience, trade, watch.stance), thresholds.worth_writing, 1.0
            if size == "minor" and worth >= least:
                size = "moderate"  # minor to an owner, and not to this client
        else:
            worth, least = event.worth, thresholds.worth_telling
            factor = stance.base * self._kind_factor(stance, event)
        scaled = _scaled(_with_coverage(worth, newsrooms, thresholds.coverage), least)
        score = scaled * factor * self._weight_factor(watch, event)
        if event.kind in stance.grave and not event.unsure and event.worth >= rules["grave_from"]:
            score = max(score, rules["grave"] * self._weight_factor(watch, event))
        if fit.particular and self._happens_in_scope(event):
            score = max(score, rules["in_scope"])
        why = f"the client {stance.words}"
        if watch.weight is not None:
            why += f" ({_percent(watch.weight)} of {'the portfolio' if watch.kind == 'holding' else 'spend'})"
        if fit.matched:
            why += f" (scope: {join_names(fit.matched)})"
        direction = _client_direction(stance, event)
        if fit.outside is not None:
            return ClientRelevance(0.0, direction, why, event.size, fit.outside)
        return ClientRelevance(min(1.0, round(score, 3)), direction, why, size)

    def _depends_on_trade(self, stance: Stance, event: EventSummary, trade: Trade) -> bool:
        """Return whether a client's trade decides how far the event is worth writing about."""
        for_all = event.kind in self._stances[stance].every_trade and not event.unsure
        return bool(event.audience) and trade not in self._for_owners and stance != "holds" and not for_all

    def _kind_factor(self, stance: _StanceRule, event: EventSummary) -> float:
        """Return the factor for the kind of event."""
        if event.kind in stance.most and event.size != "minor":
            return float(self._lexicon["most_factor"])
        return float(self._lexicon["least_factor"]) if event.kind in stance.least and event.size != "major" else 1.0

    def _happens_in_scope(self, event: EventSummary) -> bool:
        """Return whether the event is the subject's own and happens to somebody, not to everybody."""
        is_own = event.role in _TAKES_PART and event.worth >= self._lexicon["in_scope_from"]
        return is_own and FAMILY_OF[event.kind] not in self._for_everybody

    def _weight_factor(self, watch: Watch, event: EventSummary) -> float:
        """Return the factor for the share of the portfolio or spend; a tiny holding makes only a major event matter."""
        rules, weight = self._lexicon, watch.weight
        if weight is None:
            return 1.0
        if weight < rules["tiny_holding"] and watch.kind == "holding" and event.size != "major":
            return float(rules["tiny_factor"])
        if weight < rules["small_weight"]:
            return float(rules["small_factor"])
        return float(rules["large_factor"]) if weight >= rules["large_weight"] else 1.0


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "less than 1%"


def _scaled(probability: float, threshold: float) -> float:
    """Return a probability on the scale of relevance, where its ``threshold`` is that of relevance."""
    needed = TELL_RELEVANCE
    if probability < threshold:
        return needed * probability / threshold
    return needed + (1 - needed) * (probability - threshold) / (1 - threshold)


def _with_coverage(probability: float, newsrooms: int, weight: float) -> float:
    """Return ``probability`` with its odds multiplied by the number of newsrooms to the power of ``weight``.

    Each newsroom that reports an event as well makes it more probably worth telling: what matters is reported widely.
    """
    if newsrooms <= 1 or not 0 < probability < 1:
        return probability
    odds = probability / (1 - probability) * pow(newsrooms, weight)
    return odds / (1 + odds)


def _client_direction(stance: _StanceRule, event: EventSummary) -> Direction:
    direction = stance.directions.get(event.kind)
    if direction is None or (event.direction == "neutral" and event.kind != "campaign"):
        return event.direction
    return direction


@cache
def default_relevance_rules() -> RelevanceRules:
    """Return the rules that ship with the package."""
    return RelevanceRules(read_yaml("relevance.yaml"))
