"""Parses and checks a trade file. All faults are reported at once, each with file, line, field and fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from services.common.errors import BadInput
from services.common.yaml_table import Rows, Table, line_of, load_table
from services.notifier.trades.definition import (
    ALLOWED,
    AssetKinds,
    DiscoveryQuestion,
    Examples,
    InterestKinds,
    People,
    StanceWords,
    StandingSentence,
    TradeDefinition,
    TradeDesire,
)

__all__ = ["TradeFile", "overlaid", "parse_trade"]

#: The model of each part, by the first field of its path.
_PARTS: Mapping[str, type[BaseModel]] = {
    "people": People,
    "assets": AssetKinds,
    "interests": InterestKinds,
    "desires": TradeDesire,
    "stances": StanceWords,
    "discovery": DiscoveryQuestion,
    "always": StandingSentence,
    "examples": Examples,
}
#: Fields whose entries are merged with those of the trade that is overridden; others replace them.
_MERGED = ("people", "desires", "stances", "share", "jargon", "tone", "never", "examples")


@dataclass(frozen=True, slots=True)
class TradeFile:
    """A file and what it says itself, without what it takes from another trade."""

    file: str
    definition: TradeDefinition
    lines: Mapping[str, int]

    def at(self, field: str) -> str:
        """Return the place of a field for messages: file, line and field."""
        return f"{self.file}:{self.lines.get(field, 1)}: {field}:"


def parse_trade(text: str, file: str) -> TradeFile:
    """Return the trade in ``text``. ``file`` is only used in messages.

    Raises:
        BadInput: the file can't be used; the message has one line for each fault.
    """
    root = load_table(text, file, lacks="trade", start="Start with the fields trade, title and description.")
    try:
        definition = TradeDefinition.model_validate(dict(root))
    except ValidationError as error:
        faults = sorted({_fault(detail, root) for detail in error.errors()})
    else:
        faults = [(line_of(root, field), f"{field}: {fault}") for field, fault in _conflicts(definition)]
    if faults:
        raise BadInput("\n".join(f"{file}:{line}: {fault}" for line, fault in faults))
    return TradeFile(file, definition, {str(field): line_of(root, field) for field in root})


def overlaid(base: TradeDefinition, own: TradeDefinition) -> TradeDefinition:
    """Return ``own`` with the parts of ``base`` that it doesn't set. Its entries are added to those of ``base``."""
    below, above = (trade.model_dump(exclude_unset=True) for trade in (base, own))
    merged = {**below, **{name: value for name, value in above.items() if name not in _MERGED}}
    for name in _MERGED:
        if name in below or name in above:
            merged[name] = _merge(below.get(name, {}), above.get(name, {}))
    return TradeDefinition.model_validate(merged)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        if isinstance(value, dict):
            known = merged.get(name, {})
            merged[name] = _merge(known, value)
            if isinstance(also := known.get("also"), tuple):  # other names of a desire
                merged[name]["also"] = (*also, *(other for other in value.get("also", ()) if other not in also))
        elif value == ALLOWED:
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged


def _conflicts(trade: TradeDefinition) -> Iterator[tuple[str, str]]:
    """Yield what is set twice within one file: field and fault."""
    if trade.like == trade.trade:
        yield "like", "a trade can't be like itself. Name another trade, or remove the field."
    ids = [question.id for question in trade.discovery]
    for twice in dict.fromkeys(id for id in ids if ids.count(id) > 1):
        yield "discovery", f"two questions have the id {twice!r}. Give each an id of its own."


def _fault(detail: ErrorDetails, root: Table) -> tuple[int, str]:
    steps = [step for step in detail["loc"] if step != "[key]"]
    line, field = _place(steps, root)
    cause, fix = _cause(detail, steps)
    return line, f"{field}: {cause}. {fix}"


def _place(steps: list[int | str], root: Table) -> tuple[int, str]:
    """Return the line of the value at a path, or of its closest ancestor in the file, and the path."""
    node: Any = root
    line, field = 1, ""
    for step in steps:
        field += f"[{step}]" if isinstance(step, int) else f".{step}" if field else step
        if isinstance(node, Table):
            line = line_of(node, step) if step in node else line
            node = node.get(step)
        elif isinstance(node, Rows) and isinstance(step, int) and step < len(node):
            line = node.lines[step] + 1
            node = node[step]
    return line, field or "file"


def _cause(detail: ErrorDetails, steps: list[int | str]) -> tuple[str, str]:
    """Return what is wrong, and how to fix it."""
    kind, name, given = detail["type"], str(steps[-1] if steps else "file"), detail["input"]
    context = detail.get("ctx", {})
    if kind == "trade":
        return str(context["cause"]), str(context["fix"])
    if kind == "missing":
        return "it is missing", f"Add a line such as {name}: …"
    if kind == "extra_forbidden":
        model = TradeDefinition if len(steps) == 1 else _PARTS[str(steps[0])]
        close = get_close_matches(name, model.model_fields, n=1)
        fix = f"Did you mean {close[0]}?" if close else f"Valid fields: {', '.join(model.model_fields)}."
        return "there is no such field", fix
    if kind == "literal_error":
        options = re.findall(r"'([^']*)'", str(context["expected"]))
        close = get_close_matches(str(given), options, n=1)
        fix = f"Did you mean {close[0]}?" if close else f"Use one of {', '.join(options)}."
        return f"{given!r} is not one of the possible values", fix
    if kind == "string_pattern_mismatch":
        return (
            f"{given!r} is not a valid name",
            "Use lower-case letters, digits, - and _, beginning with a letter: it-services.",
        )
    if kind in ("string_type", "string_too_short"):
        return "it is not text", 'Write text, in quotes if need be; "" for nothing, where that makes sense.'
    if kind in ("tuple_type", "list_type"):
        return "it is not a list", f"Write {name}: [one, another], or a line with `- ` for each."
    if kind in ("dict_type", "model_type", "mapping_type"):
        return "it has no fields of its own", "Write `name: value` below it, indented, one a line."
    return f"{detail['msg'].rstrip('.').lower()}", "See the guide to trades for what it may be."
