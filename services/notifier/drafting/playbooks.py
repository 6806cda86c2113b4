"""Playbooks: what to advise when a kind of event meets a stance, a desire and a risk tolerance.

Later layers win over earlier ones (shipped, then the firm's, then the account manager's own); within a layer the most
specific rule wins, then the first. Where no rule fits there is no advice, and none may be made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from schemas.clients import Risk, Stance, Trade
from schemas.mentions import Direction, EventKind

__all__ = ["LAYERS", "Case", "Playbook", "Playbooks", "Rule", "Size", "Urgency", "desire_key"]

#: As an alert has them.
Size = Literal["minor", "moderate", "major"]
Urgency = Literal["low", "normal", "high", "urgent"]
#: What the layers are called, least important first.
LAYERS = ("shipped", "firm", "manager")
#: Whose (None: everybody's), for which trade (None: every), of which event and stance.
_Place = tuple[str | None, Trade | None, EventKind, Stance]


@lru_cache(maxsize=1024)
def desire_key(name: str) -> str:
    """A desire's name as it is compared: lower case, single spaces for hyphens and underscores."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule is looked for: what happened, how the client stands to it, what they want and how much they dare.

    ``manager`` may have rules of their own.
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
    """One piece of advice and when it fits. An empty condition fits everything; ``kinds`` and ``stances`` never are.

    ``action`` is a gerund phrase, ``reason`` a clause, ``meaning`` and ``question`` sentences; ``{asset}`` may stand
    in each.
    ``silent`` rules say that in this case no opinion is given.
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
        """How many of desire, risk, direction, size and urgency the rule asks for."""
        conditions = (self.directions, self.desires, self.risks, self.sizes, self.urgencies)
        return sum(bool(condition) for condition in conditions)

    def fits(self, case: Case) -> bool:
        """Whether the rule's further conditions hold; its events and stances are looked up, and not asked again."""
        return (
            (not self.directions or case.direction in self.directions)
            and (not self.desires or desire_key(case.desire) in self.desires)
            and (not self.risks or case.risk in self.risks)
            and (not self.sizes or case.size in self.sizes)
            and (not self.urgencies or case.urgency in self.urgencies)
        )


@dataclass(frozen=True, slots=True)
class Playbook:
    """The rules of one file. ``trade`` None: for every trade; ``manager`` names the one whose own they are."""

    name: str
    trade: Trade | None
    rules: tuple[Rule, ...]
    manager: str | None = None
    file: str = ""


@dataclass(frozen=True)
class Playbooks:
    """All playbooks in force, least important layer first."""

    layers: tuple[tuple[Playbook, ...], ...]
    _index: tuple[dict[_Place, tuple[Rule, ...]], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Most important layer first.
        object.__setattr__(self, "_index", tuple(_places(layer) for layer in reversed(self.layers)))

    @classmethod
    def shipped(cls) -> Playbooks:
        """The playbooks that come with the product: wealth, it, agency, legal."""
        from services.notifier.drafting.playbook_files import read_playbook

        folder = files("services.notifier.drafting").joinpath("playbooks")
        paths = sorted((path for path in folder.iterdir() if path.name.endswith(".yaml")), key=lambda path: path.name)
        return cls((tuple(read_playbook(path.read_text(encoding="utf-8"), path.name) for path in paths),))

    def with_layer(self, books: Iterable[Playbook]) -> Playbooks:
        """These playbooks with ``books`` laid over them: where a rule of theirs fits, it wins."""
        return Playbooks((*self.layers, tuple(books)))

    def of_house(self, books: Iterable[Playbook]) -> Playbooks:
        """These playbooks with a house's own laid over them: the firm's, and over those each account manager's."""
        own = tuple(books)
        firm = [book for book in own if book.manager is None]
        return self.with_layer(firm).with_layer([book for book in own if book.manager is not None])

    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order of layers and files."""
        return tuple(rule for layer in self.layers for book in layer for rule in book.rules)

    def lookup(self, case: Case) -> Rule | None:
        """The rule for ``case``, or None where no opinion is given."""
        rule = self.find(case)
        return None if rule is None or rule.silent else rule

    def find(self, case: Case) -> Rule | None:
        """As :meth:`lookup`, but a silent rule is returned too: it is known then why there is no opinion."""
        whose = (None,) if case.manager is None else (case.manager, None)
        trades: tuple[Trade | None, ...] = (case.trade, None)
        for places in self._index:
            for place in ((owner, trade, case.kind, case.stance) for owner in whose for trade in trades):
                for rule in places.get(place, ()):
                    if rule.fits(case):
                        return rule
        return None


def _places(layer: Iterable[Playbook]) -> dict[_Place, tuple[Rule, ...]]:
    places: dict[_Place, list[Rule]] = {}
    for book in layer:
        for rule in book.rules:
            for kind in rule.kinds:
                for stance in rule.stances:
                    places.setdefault((book.manager, book.trade, kind, stance), []).append(rule)
    # sorted() is stable: among equally specific rules the first in the file stays first.
    return {place: tuple(sorted(rules, key=lambda rule: -rule.specificity)) for place, rules in places.items()}
