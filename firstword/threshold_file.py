"""A file of thresholds: only what it changes need stand in it; every problem is told, with line, field and fix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from firstword.book import Problem
from firstword.book.fields import Report, nearest
from firstword.book.nodes import MappingNode, Node, ScalarNode, SequenceNode, Unreadable, parse_nodes
from services.common.errors import BadInput
from services.matcher.thresholds import Thresholds, default_thresholds

__all__ = ["read_thresholds", "require_thresholds"]


def require_thresholds(path: Path) -> Thresholds:
    """The thresholds in the file; what it doesn't name is as shipped.

    Raises:
        BadInput: when the file can't be read, or has errors; it names all of them.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}.",
            fix="Give a copy of services/matcher/lexicon/thresholds.yaml with what you want to change.",
        ) from None
    found, problems = read_thresholds(text, str(path))
    if found is None:
        told = [f"{each.file}:{each.line}: {each.field}: {each.message} {each.fix}" for each in problems]
        raise BadInput("\n".join([f"{path}: {len(problems)} error(s).", *told]))
    return found


def read_thresholds(text: str, name: str) -> tuple[Thresholds | None, Sequence[Problem]]:
    """The thresholds in ``text`` over the shipped ones; None where there are errors."""
    report = Report(name)
    if not text.strip():
        return default_thresholds(), ()
    try:
        tree = parse_nodes(text)
    except Unreadable as error:
        report.error(error.line, "", error.message, error.fix)
        return None, report.problems
    if not isinstance(tree, MappingNode):
        report.error(tree.line, "", "This is no list of thresholds.", "Write lines such as: tell_relevance: 0.4")
        return None, report.problems
    given = _named(tree, report)
    found: Thresholds | None = None
    try:
        values = default_thresholds().model_dump() | {key: _plain(node) for key, node in given.items()}
        found = Thresholds.model_validate(values)
    except ValidationError as error:
        for one in error.errors():
            line, path = _where(given, one["loc"])
            report.error(line, path, f"{one['msg']} (given: {one['input']!r}).", _mend(str(one["loc"][0])))
    return (None if report.failed else found), sorted(report.problems, key=lambda problem: problem.line)


def _named(tree: MappingNode, report: Report) -> dict[str, Node]:
    given: dict[str, Node] = {}
    for key, value in tree.pairs:
        name = key.value if isinstance(key, ScalarNode) else ""
        if name not in Thresholds.model_fields:
            alike = nearest(name, Thresholds.model_fields) if name else None
            known = "See services/matcher/lexicon/thresholds.yaml for those that there are."
            report.error(
                key.line, name, f"No threshold is called {name!r}.", f"Did you mean {alike!r}?" if alike else known
            )
        elif name in given:
            report.error(key.line, name, f"{name!r} stands twice (first on line {given[name].line}).", "Keep one.")
        else:
            given[name] = value
    return given


def _plain(node: Node) -> Any:
    if isinstance(node, ScalarNode):
        return None if node.is_null else node.value
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.items]
    return {key.value: _plain(value) for key, value in node.pairs if isinstance(key, ScalarNode)}


def _where(given: dict[str, Node], loc: tuple[int | str, ...]) -> tuple[int, str]:
    """The line of what ``loc`` leads to, as near as the file tells, and its path."""
    node = given.get(str(loc[0]))
    line = node.line if node else 1
    for step in loc[1:]:
        if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        elif isinstance(node, MappingNode):
            node = next((value for key, value in node.pairs if isinstance(key, ScalarNode) and key.value == step), None)
        else:
            break
        line = node.line if node else line
    return line, ".".join(str(step) for step in loc)


def _mend(name: str) -> str:
    shipped = getattr(default_thresholds(), name)
    return f"Shipped is: {', '.join(sorted(shipped))}." if isinstance(shipped, frozenset) else f"Shipped is: {shipped}."
