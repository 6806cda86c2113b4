"""Playbooks: what to advise for a kind of event, the client's stance, their desire and their risk tolerance.

Later layers override earlier ones: shipped, then the firm's, then the account manager's own. Within a layer the most
specific rule wins, then the first. A rule for a broad kind of event is also for the finer kinds below it, where no rule
for the finer kind itself fits, and a rule for ``any`` event is for all of them. A rule whose presuppositions the
reading of the event contradicts does not fit. Where no rule fits at all there is no advice, and none is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import product

from schemas.clients import Stance, Trade
from schemas.mentions import FAMILY_OF
from services.notifier.drafting.fit import Contradiction, contradiction
from services.notifier.drafting.playbook_files import parse_playbook
from services.notifier.drafting.playbook_rules import ANY, Playbook, Rule, RuleKind, RuleQuery
from services.notifier.trades.catalog import Trades

__all__ = ["LAYERS", "Playbooks"]

#: The names of the layers, least important first.
LAYERS = ("shipped", "firm", "manager")
#: The account manager (None: all), the trade (None: every), the event and the stance that a rule is for.
_Place = tuple[str | None, Trade | None, RuleKind, Stance]


@dataclass(frozen=True)
class Playbooks:
    """All playbooks in force, least important layer first, and the trades that they are for."""

    layers: tuple[tuple[Playbook, ...], ...]
    trades: Trades = field(default_factory=Trades.shipped)
    _index: tuple[dict[_Place, tuple[Rule, ...]], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Most important layer first.
        object.__setattr__(self, "_index", tuple(_places(layer) for layer in reversed(self.layers)))

    @classmethod
    def shipped(cls) -> Playbooks:
        """Return the playbooks that ship with the product: one for each trade, and the general one for all."""
        return cls((_shipped(),))

    def with_layer(self, playbooks: Iterable[Playbook]) -> Playbooks:
        """Return these playbooks with another layer over them, whose rules win where they fit."""
        return Playbooks((*self.layers, tuple(playbooks)), self.trades)

    def with_trades(self, trades: Trades) -> Playbooks:
        """Return these playbooks for the trades in force."""
        return Playbooks(self.layers, trades)

    def with_firm_playbooks(self, playbooks: Iterable[Playbook]) -> Playbooks:
        """Return these playbooks with the firm's own over them, and account managers' own over those."""
        own = tuple(playbooks)
        firm = [playbook for playbook in own if playbook.manager is None]
        return self.with_layer(firm).with_layer([playbook for playbook in own if playbook.manager is not None])

    def rules(self) -> tuple[Rule, ...]:
        """Return every rule, in the order of layers and files."""
        return tuple(rule for layer in self.layers for playbook in layer for rule in playbook.rules)

    def lookup(self, query: RuleQuery) -> Rule | None:
        """Return the rule for ``query``, or None where no opinion is given."""
        rule = self.find(query)
        return None if rule is None or rule.silent else rule

    def find(self, query: RuleQuery) -> Rule | None:
        """As :meth:`lookup`, but return silent rules too, which explain why there is no opinion."""
        return next((rule for rule, refused in self._candidates(query) if refused is None), None)

    def refusals(self, query: RuleQuery) -> tuple[tuple[Rule, Contradiction], ...]:
        """Return the rules for a kind of event that come before the one for ``query``, and why each doesn't fit."""
        found = []
        for rule, refused in self._candidates(query):
            if refused is None:
                break
            if ANY not in rule.kinds:
                found.append((rule, refused))
        return tuple(found)

    def _candidates(self, query: RuleQuery) -> Iterator[tuple[Rule, Contradiction | None]]:
        """Yield the rules for the case, best first, each with what the reading contradicts of it."""
        owners = (None,) if query.manager is None else (query.manager, None)
        trades: tuple[Trade | None, ...] = (*self.trades.rules_for(query.trade), None)
        desires = self.trades.desire_names(query.trade, query.desire)
        family = FAMILY_OF[query.kind]
        kinds = dict.fromkeys((query.kind, family, *(() if family == "none" else (ANY,))))
        for kind, places in product(kinds, self._index):
            for owner, trade in product(owners, trades):
                for rule in places.get((owner, trade, kind, query.stance), ()):
                    if rule.fits(query, desires):
                        yield rule, contradiction(rule, kind, query)


@cache
def _shipped() -> tuple[Playbook, ...]:
    """Return the shipped files, parsed once in a process: that takes most of a second."""
    folder = files("services.notifier.drafting").joinpath("playbooks")
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".yaml")), key=lambda path: path.name)
    return tuple(parse_playbook(path.read_text(encoding="utf-8"), path.name) for path in paths)


def _places(layer: Iterable[Playbook]) -> dict[_Place, tuple[Rule, ...]]:
    places: dict[_Place, list[Rule]] = {}
    for playbook in layer:
        for rule in playbook.rules:
            for kind in rule.kinds:
                for stance in rule.stances:
                    places.setdefault((playbook.manager, playbook.trade, kind, stance), []).append(rule)
    # sorted() is stable: among equally specific rules the first in the file stays first.
    return {place: tuple(sorted(rules, key=lambda rule: -rule.specificity)) for place, rules in places.items()}
