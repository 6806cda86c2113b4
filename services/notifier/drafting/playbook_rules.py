"""The rules of a playbook: one piece of advice each, the case it applies to, and the query that looks it up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from schemas.clients import Risk, Stance, Trade
from schemas.mentions import Direction, EventKind

__all__ = ["Playbook", "Rule", "RuleQuery", "Size", "Urgency", "desire_key"]

#: As in an alert.
Size = Literal["minor", "moderate", "major"]
Urgency = Literal["low", "normal", "high", "urgent"]


@lru_cache(maxsize=1024)
def desire_key(name: str) -> str:
    """Return a desire's name for comparison: in lower case, with single spaces for hyphens and underscores."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True, slots=True)
class RuleQuery:
    """The case that a rule is looked up for: the event, the client's stance to it, their desire and risk tolerance.

    ``manager`` is the account manager, who may have rules of their own.
    """

    kind: EventKind
    stance: Stance
    trade: Trade
    direction: Direction = "unclear"
    desire: str = ""
    risk: Risk = "moderate"
    size: Size = "moderate"
    urgency: Urgency = "normal"
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One piece of advice and its conditions. An empty condition fits everything; ``kinds`` and ``stances`` are set.

    ``action`` is a gerund phrase, ``reason`` a clause, ``meaning`` and ``question`` are sentences. Each may contain
    ``{asset}``. A ``silent`` rule says that no opinion is given in its case.
    """

    id: str
    playbook: str
    line: int
    kinds: tuple[EventKind, ...]
    stances: tuple[Stance, ...]
    directions: tuple[Direction, ...] = ()
    desires: frozenset[str] = frozenset()
    risks: tuple[Risk, ...] = ()
    sizes: tuple[Size, ...] = ()
    urgencies: tuple[Urgency, ...] = ()
    action: str = ""
    reason: str = ""
    meaning: str | None = None
    question: str | None = None
    silent: bool = False

    @property
    def specificity(self) -> int:
        """The number of further conditions: desire, risk, direction, size and urgency."""
        conditions = (self.directions, self.desires, self.risks, self.sizes, self.urgencies)
        return sum(bool(condition) for condition in conditions)

    def fits(self, query: RuleQuery) -> bool:
        """Return whether the rule's further conditions hold. Its events and stances were looked up before."""
        return (
            (not self.directions or query.direction in self.directions)
            and (not self.desires or desire_key(query.desire) in self.desires)
            and (not self.risks or query.risk in self.risks)
            and (not self.sizes or query.size in self.sizes)
            and (not self.urgencies or query.urgency in self.urgencies)
        )


@dataclass(frozen=True, slots=True)
class Playbook:
    """The rules of one file. ``trade`` None: for every trade. ``manager``: only for this account manager's clients."""

    name: str
    trade: Trade | None
    rules: tuple[Rule, ...]
    manager: str | None = None
    file: str = ""
