"""The rules of a playbook: one piece of advice each, the case it applies to, and the query that looks it up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

from schemas.clients import Risk, Stance, Trade
from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import EventFamily, Firmness, Role

__all__ = [
    "ANY",
    "BOUGHT",
    "WORDS_WEIGHT",
    "Playbook",
    "Rule",
    "RuleKind",
    "RuleQuery",
    "Size",
    "Stage",
    "Urgency",
    "is_waiting",
    "names_any",
]

#: As in an alert.
Size = Literal["minor", "moderate", "major"]
Urgency = Literal["low", "normal", "high", "urgent"]
#: How far an event has come, by the words of the news.
Stage = Literal["rumored", "announced", "completed", "called_off"]
#: An action that begins so changes nothing.
_WAITING = (
    "leaving ",
    "keeping ",
    "holding off",
    "staying ",
    "waiting ",
    "making no ",
    "not ",
    "noting ",
    "watching ",
    "pausing ",
    "continuing ",
    "coming back ",
)
#: What a rule is for: an exact kind of event, a broad kind, or any event at all.
RuleKind = EventKind | EventFamily | Literal["any"]
ANY: Literal["any"] = "any"
#: What the client buys or depends on. Who deals so with a group has one of its lines; who owns it has all of them.
BOUGHT: frozenset[Stance] = frozenset(("uses", "supplied_by", "contracts_with"))
#: Words of the news count as much as so many other conditions.
WORDS_WEIGHT = 4


def is_waiting(action: str) -> bool:
    """Return whether ``action`` is to leave things as they are."""
    return action.startswith(_WAITING)


def names_any(text: str, words: tuple[str, ...]) -> bool:
    """Return whether ``text``, in lower case, contains any of ``words``. A word that ends in * is a beginning."""
    return any(_word_pattern(word).search(text) for word in words)


@lru_cache(maxsize=4096)
def _word_pattern(word: str) -> re.Pattern[str]:
    end = "" if word.endswith("*") else r"(?!\w)"
    return re.compile(rf"(?<!\w){re.escape(word.rstrip('*'))}{end}")


def _of_family(family: str) -> tuple[str, ...]:
    return tuple(kind for kind, broad in FAMILY_OF.items() if broad == family)


@dataclass(frozen=True, slots=True)
class RuleQuery:
    """The case that a rule is looked up for: the event, the client's stance to it, their desire and risk tolerance.

    ``manager`` is the account manager, who may have rules of their own. ``role``, ``status`` and ``family`` are the
    watched name's part, the firmness and the broad kind as read; None where that is not known, which contradicts
    only a rule that names it. ``stage`` is how far the event has come, None where
    that is not known either. ``unsure``: the kind is a guess, so only rules for any event may serve. ``asset`` is the
    client's name for what it is about, ``text`` what the news says, in lower case. ``risk`` None is
    not known, so no rule with a condition on it fits. ``like`` are the trades that ``trade`` takes its words from.
    """

    kind: EventKind
    stance: Stance
    trade: Trade
    direction: Direction = "unclear"
    desire: str = ""
    risk: Risk | None = None
    size: Size = "moderate"
    urgency: Urgency = "normal"
    manager: str | None = None
    role: Role | None = None
    status: Firmness | None = None
    family: EventFamily | None = None
    unsure: bool = False
    asset: str = ""
    stage: Stage | None = None
    text: str = ""
    like: tuple[Trade, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One piece of advice and its conditions. An empty condition fits everything; ``kinds`` and ``stances`` are set.

    ``action`` is a gerund phrase, ``reason`` a clause, ``meaning`` and ``question`` are sentences. Each may contain
    ``{asset}``. A ``silent`` rule says that no opinion is given in its case; one that also ``skips`` says that such
    news is not told at all, because it is nothing to clients of the trade. ``roles``, ``statuses`` and ``stages`` are
    what the rule presupposes of the event; empty: what its kind presupposes (presuppositions.yaml). ``words``: the
    news contains one of them. ``variants`` are other phrasings of action and reason.
    """

    id: str
    playbook: str
    line: int
    kinds: tuple[RuleKind, ...]
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
    skips: bool = False
    roles: tuple[Role, ...] = ()
    statuses: tuple[Firmness, ...] = ()
    variants: tuple[tuple[str, str], ...] = ()
    stages: tuple[Stage, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def events(self) -> tuple[EventKind, ...]:
        """Return the exact kinds of events that the rule may be tried on: for a rule for any event, ``other``."""
        exact = {kind: (kind,) if kind in FAMILY_OF else _of_family(kind) for kind in self.kinds}
        return tuple(cast("EventKind", event) for kind in self.kinds for event in exact[kind]) or ("other",)

    @property
    def phrasings(self) -> tuple[tuple[str, str], ...]:
        """Return all pairs of action and reason."""
        return ((self.action, self.reason), *self.variants)

    @property
    def is_general(self) -> bool:
        """Return whether the rule is for any event."""
        return ANY in self.kinds

    @property
    def waits(self) -> bool:
        """Return whether the advice is to leave things as they are."""
        return is_waiting(self.action)

    @property
    def specificity(self) -> int:
        """The number of further conditions, with words for several: they name the event most closely."""
        conditions = (
            self.roles, self.statuses, self.stages, self.directions, self.desires, self.risks, self.sizes,
            self.urgencies,
        )  # fmt: skip
        return sum(bool(condition) for condition in conditions) + WORDS_WEIGHT * bool(self.words)

    def fits(self, query: RuleQuery, desires: frozenset[str]) -> bool:
        """Return whether the rule's conditions on client and case hold. ``desires`` are all names of one desire.

        Its events and stances were looked up before; what it presupposes of the event is checked by
        :func:`~services.notifier.drafting.fit.contradiction`.
        """
        return (
            (not self.directions or query.direction in self.directions)
            and (not self.desires or not self.desires.isdisjoint(desires))
            and (not self.risks or query.risk in self.risks)
            and (not self.sizes or query.size in self.sizes)
            and (not self.urgencies or query.urgency in self.urgencies)
            and (not self.words or names_any(query.text, self.words))
        )


@dataclass(frozen=True, slots=True)
class Playbook:
    """The rules of one file. ``trade`` None: for every trade. ``manager``: only for this account manager's clients."""

    name: str
    trade: Trade | None
    rules: tuple[Rule, ...]
    manager: str | None = None
    file: str = ""
