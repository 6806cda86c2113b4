"""Read a firm's own thresholds of judgment from a YAML file, which lists only those that it changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from firstword.book import Problem
from firstword.book.fields import Report, nearest
from firstword.book.nodes import MappingNode, Node, ScalarNode, SequenceNode, Unreadable, parse_nodes
from firstword.firm_files import read_text
from services.common.errors import BadInput
from services.common.settings import Settings
from services.matcher.thresholds import Thresholds, default_thresholds

__all__ = ["read_thresholds", "require_thresholds", "thresholds_in_force"]

EXAMPLE = "services/matcher/lexicon/thresholds.yaml"


def thresholds_in_force(settings: Settings) -> Thresholds:
    """Return the thresholds of the file that FIRSTWORD_THRESHOLDS names, or those that ship with Firstword.

    Raises:
        BadInput: the file can't be read or has errors; the message lists all of them.
    """
    return require_thresholds(settings.thresholds) if settings.thresholds else default_thresholds()


def require_thresholds(path: Path) -> Thresholds:
    """Read a file of thresholds. A threshold that it doesn't name keeps its default.

    Raises:
        BadInput: the file can't be read or has errors; the message lists all of them.
    """
    fix = f"Give a YAML file such as {EXAMPLE}, with only the thresholds that you want to change."
    text = read_text(path, fix)
    thresholds, problems = read_thresholds(text, str(path))
    if thresholds is None:
        lines = [
            f"{problem.file}:{problem.line}: {problem.field}: {problem.message} {problem.fix}" for problem in problems
        ]
        raise BadInput("\n".join([f"{path}: {len(problems)} error(s).", *lines]))
    return thresholds


def read_thresholds(text: str, name: str) -> tuple[Thresholds | None, Sequence[Problem]]:
    """Parse ``text`` and apply it to the default thresholds; return None and the problems if there are errors."""
    report = Report(name)
    if not text.strip():
        return default_thresholds(), ()
    try:
        tree = parse_nodes(text)
    except Unreadable as error:
        report.error(error.line, "", error.message, error.fix)
        return None, report.problems
    if not isinstance(tree, MappingNode):
        report.error(tree.line, "", "This is not a list of thresholds.", "Write lines such as: tell_relevance: 0.4")
        return None, report.problems
    given = _known_thresholds(tree, report)
    thresholds: Thresholds | None = None
    try:
        values = default_thresholds().model_dump() | {key: _plain(node) for key, node in given.items()}
        thresholds = Thresholds.model_validate(values)
    except ValidationError as invalid:
        for detail in invalid.errors():
            line, path = _position(given, detail["loc"])
            message = f"{detail['msg']} (given: {detail['input']!r})."
            report.error(line, path, message, _default_of(str(detail["loc"][0])))
    return (None if report.failed else thresholds), sorted(report.problems, key=lambda problem: problem.line)


def _known_thresholds(tree: MappingNode, report: Report) -> dict[str, Node]:
    """Return the nodes of the file by threshold; report unknown and duplicate names."""
    given: dict[str, Node] = {}
    for key, value in tree.pairs:
        name = key.value if isinstance(key, ScalarNode) else ""
        if name not in Thresholds.model_fields:
            alike = nearest(name, Thresholds.model_fields) if name else None
            fix = f"Did you mean {alike!r}?" if alike else f"See {EXAMPLE} for all thresholds."
            report.error(key.line, name, f"There is no threshold {name!r}.", fix)
        elif name in given:
            report.error(key.line, name, f"{name!r} is set twice (first on line {given[name].line}).", "Keep one.")
        else:
            given[name] = value
    return given


def _plain(node: Node) -> Any:
    if isinstance(node, ScalarNode):
        return None if node.is_null else node.value
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.items]
    return {key.value: _plain(value) for key, value in node.pairs if isinstance(key, ScalarNode)}


def _position(given: dict[str, Node], loc: tuple[int | str, ...]) -> tuple[int, str]:
    """Return the line of the value at ``loc``, or of its closest ancestor in the file, and the path to it."""
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


def _default_of(name: str) -> str:
    default = getattr(default_thresholds(), name)
    return (
        f"The default is: {', '.join(sorted(default))}."
        if isinstance(default, frozenset)
        else f"The default is {default}."
    )
