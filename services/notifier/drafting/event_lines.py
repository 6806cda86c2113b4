"""The meaning of an event for a client and the question about it, by its kind, the client's stance and its outcome.

The lines are data (meanings.yaml, and ``by_event`` in questions.yaml). A playbook rule's own meaning or question comes
first; these serve wherever a rule has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from schemas.clients import Stance
from schemas.mentions import FAMILY_OF
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.fit import is_company, is_of_companies, presuppositions, speaks_of_company
from services.notifier.drafting.playbook_files import CHOICES
from services.notifier.drafting.playbook_rules import ANY, WORDS_WEIGHT, RuleKind, RuleQuery, names_any

__all__ = ["EventLine", "event_lines", "meanings_for", "questions_for"]

Use = Literal["meaning", "question"]
#: The conditions of a line besides kind and stance, and the fields of a query that they are about.
_CONDITIONS = ("trade", "direction", "stage", "role", "size", "status")


@dataclass(frozen=True, slots=True)
class EventLine:
    """Sentences for one case. ``conditions`` are pairs of a field of the query and its possible values."""

    kinds: tuple[RuleKind, ...]
    stances: tuple[Stance, ...]
    conditions: tuple[tuple[str, tuple[str, ...]], ...]
    words: tuple[str, ...]
    sentences: tuple[str, ...]

    @property
    def specificity(self) -> int:
        """The number of conditions. The trade counts twice, and words as much as in a rule."""
        return len(self.conditions) + self.of_trade + WORDS_WEIGHT * bool(self.words)

    @property
    def of_trade(self) -> bool:
        """Return whether it is written for certain trades."""
        return "trade" in dict(self.conditions)

    def fits(self, query: RuleQuery) -> bool:
        """Return whether the conditions hold. One about what is not known does not."""
        for name, values in self.conditions:
            known = (query.trade, *query.like) if name == "trade" else (getattr(query, name),)
            if not set(known) & set(values):
                return False
        return not self.words or names_any(query.text, self.words)


@cache
def event_lines(use: Use) -> tuple[EventLine, ...]:
    """Return all lines for a meaning or a question, in the order of their file."""
    listed = read_yaml("meanings.yaml") if use == "meaning" else read_yaml("questions.yaml")["by_event"]
    return tuple(_line(entry) for entry in listed)


def meanings_for(query: RuleQuery, *, only_of_trade: bool = False) -> tuple[str, ...]:
    """Return the sentences that say what the event of ``query`` means; none if its kind is a guess.

    ``only_of_trade``: only those that are written for the client's trade.
    """
    return _lines_for("meaning", query, only_of_trade)


def questions_for(query: RuleQuery, *, only_of_trade: bool = False) -> tuple[str, ...]:
    """Return the open questions that fit the event of ``query``; general ones if its kind is a guess."""
    return _lines_for("question", query, only_of_trade)


def _lines_for(use: Use, query: RuleQuery, only_of_trade: bool) -> tuple[str, ...]:
    family = FAMILY_OF[query.kind]
    sure = not query.unsure and (query.family is None or query.family == family)
    for kind in (query.kind, family, ANY) if sure else (ANY,):
        lines = [
            line
            for line in event_lines(use)
            if kind in line.kinds and query.stance in line.stances and (line.of_trade or not only_of_trade)
        ]
        for line in sorted(lines, key=lambda line: -line.specificity):
            sentences = tuple(text for text in line.sentences if _suits(text, query))
            if sentences and line.fits(query) and _presupposes(line, kind, query):
                return sentences
    return ()


def _presupposes(line: EventLine, kind: RuleKind, query: RuleQuery) -> bool:
    """Return whether the reading contradicts nothing that a sentence about ``kind`` presupposes."""
    needed, named = presuppositions(kind, query.stance), dict(line.conditions)
    if query.stance == "holds" and kind != ANY and not is_company(query.asset) and is_of_companies(query.kind):
        return False
    if query.role is not None and query.role not in named.get("role", needed.roles):
        return False
    stages = named.get("stage", needed.stages)
    if query.stage is not None and stages and query.stage not in stages:
        return False
    return not needed.directions or query.direction in needed.directions


def _suits(text: str, query: RuleQuery) -> bool:
    return query.stance != "holds" or is_company(query.asset) or not speaks_of_company(text)


def _line(entry: dict[str, Any]) -> EventLine:
    when = entry["when"]
    values = {name: _listed(when[name]) for name in when}
    unknown = [
        f"{name}: {value}" for name in CHOICES if name in values for value in values[name] if value not in CHOICES[name]
    ]
    if unknown or not set(when) <= {"kind", "stance", "words", *_CONDITIONS}:
        raise ValueError(f"{when} has conditions that do not exist: {unknown or sorted(when)}")
    return EventLine(
        kinds=values["kind"],  # type: ignore[arg-type]
        stances=values["stance"],  # type: ignore[arg-type]
        conditions=tuple((name, values[name]) for name in _CONDITIONS if name in values),
        words=tuple(word.casefold() for word in values.get("words", ())),
        sentences=tuple(entry["say"]),
    )


def _listed(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (value,)
