"""Playbooks: what to advise when a kind of event meets a stance, a desire and a risk tolerance.

Later layers win over earlier ones (shipped, then the firm's); within a layer the most specific rule wins, then the
first. Where no rule fits there is no advice, and none may be made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files

from schemas.clients import Risk, Stance, Trade
from schemas.mentions import Direction, EventKind

__all__ = ["Playbook", "Playbooks", "Rule", "desire_key"]

_Case = tuple[Trade | None, EventKind, Stance]


def desire_key(name: str) -> str:
    """A desire's name as it is compared: lower case, single spaces for hyphens and underscores."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


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
    action: str = ""
    reason: str = ""
    meaning: str | None = None
    question: str | None = None
    silent: bool = False

    @property
    def specificity(self) -> int:
        """How many of desire, risk and direction the rule asks for."""
        return sum(bool(condition) for condition in (self.directions, self.desires, self.risks))

    def fits(self, direction: Direction, desire: str, risk: Risk) -> bool:
        """Whether the rule's further conditions hold; ``desire`` as :func:`desire_key` gives it."""
        return (
            (not self.directions or direction in self.directions)
            and (not self.desires or desire in self.desires)
            and (not self.risks or risk in self.risks)
        )


@dataclass(frozen=True, slots=True)
class Playbook:
    """The rules of one file. ``trade`` None: for every trade."""

    name: str
    trade: Trade | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Playbooks:
    """All playbooks in force, least important layer first."""

    layers: tuple[tuple[Playbook, ...], ...]
    _index: tuple[dict[_Case, tuple[Rule, ...]], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Most important layer first.
        object.__setattr__(self, "_index", tuple(_cases(layer) for layer in reversed(self.layers)))

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

    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order of layers and files."""
        return tuple(rule for layer in self.layers for book in layer for rule in book.rules)

    def lookup(
        self, kind: EventKind, stance: Stance, direction: Direction, desire: str, risk: Risk, trade: Trade
    ) -> Rule | None:
        """The rule for this case, or None where no opinion is to be given."""
        key = desire_key(desire)
        for cases in self._index:
            for case in ((trade, kind, stance), (None, kind, stance)):
                for rule in cases.get(case, ()):
                    if rule.fits(direction, key, risk):
                        return None if rule.silent else rule
        return None


def _cases(layer: Iterable[Playbook]) -> dict[_Case, tuple[Rule, ...]]:
    cases: dict[_Case, list[Rule]] = {}
    for book in layer:
        for rule in book.rules:
            for kind in rule.kinds:
                for stance in rule.stances:
                    cases.setdefault((book.trade, kind, stance), []).append(rule)
    # sorted() is stable: among equally specific rules the first in the file stays first.
    return {case: tuple(sorted(rules, key=lambda rule: -rule.specificity)) for case, rules in cases.items()}
