"""Typed access to a mapping of the book. Each getter checks one field and reports its problems without raising."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from rapidfuzz import process

from firstword.book.nodes import MappingNode, Node, ScalarNode, SequenceNode
from firstword.book.problem import Problem

__all__ = ["Fields", "Report", "nearest"]

_TRUE, _FALSE = frozenset({"true", "yes", "on"}), frozenset({"false", "no", "off"})
#: The least similarity (0–100) of a suggestion; below it, a suggestion would be a guess.
_ALIKE = 60


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar of ``known``, or None if none is similar."""
    found = process.extractOne(name.lower(), list(known), score_cutoff=_ALIKE)
    return str(found[0]) if found else None


@dataclass
class Report:
    """Collects the problems of one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def error(self, line: int, path: str, message: str, fix: str) -> None:
        """Report a problem that makes the book unusable."""
        self.problems.append(Problem("error", self.file, line, path, message, fix))

    def warning(self, line: int, path: str, message: str, fix: str) -> None:
        """Report a problem that leaves the book usable."""
        self.problems.append(Problem("warning", self.file, line, path, message, fix))

    @property
    def failed(self) -> bool:
        """Return whether there is an error."""
        return any(problem.severity == "error" for problem in self.problems)


class Fields:
    """The fields of the mapping at ``path``. Unknown fields, and fields that are set twice, are errors."""

    def __init__(self, node: MappingNode, path: str, known: Iterable[str], report: Report) -> None:
        self.line = node.line
        self.path = path
        self.report = report
        self._values: dict[str, Node] = {}
        names = list(known)
        for key, value in node.pairs:
            self._take(key, value, names)

    def _take(self, key: Node, value: Node, known: list[str]) -> None:
        name = key.value if isinstance(key, ScalarNode) else None
        where = f"{self.path}.{name}" if self.path else str(name)
        if name is None or name not in known:
            alike = nearest(name, known) if name else None
            fix = f"Did you mean {alike!r}?" if alike else f"Possible fields: {', '.join(known)}."
            self.report.error(key.line, where, f"Unknown field {name!r}.", fix)
        elif name in self._values:
            first = self._values[name].line
            self.report.error(key.line, where, f"{name!r} is set twice (first on line {first}).", "Keep one of them.")
        elif not (isinstance(value, ScalarNode) and value.is_null):
            self._values[name] = value

    def where(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def line_of(self, name: str) -> int:
        """Return the line of a field, or of the mapping if the field is absent."""
        node = self._values.get(name)
        return node.line if node else self.line

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def error(self, name: str, message: str, fix: str) -> None:
        """Report an error in a field."""
        self.report.error(self.line_of(name), self.where(name), message, fix)

    def warning(self, name: str, message: str, fix: str) -> None:
        """Report a warning about a field."""
        self.report.warning(self.line_of(name), self.where(name), message, fix)

    def node(self, name: str) -> Node | None:
        """Return the node of a field."""
        return self._values.get(name)

    def text(self, name: str, *, required: bool = False) -> str | None:
        """Return a text, stripped; numbers and words such as ``on`` are kept as written."""
        node = self._values.get(name)
        if node is None:
            if required:
                self.error(name, f"{name!r} is missing.", f"Add `{name}: …`.")
            return None
        if not isinstance(node, ScalarNode):
            self.error(name, f"{name!r} must be text.", f"Write `{name}: …` on one line, in quotes if need be.")
            return None
        value = node.value.strip()
        if not value and required:
            self.error(name, f"{name!r} is empty.", f"Write `{name}: …`.")
        return value or None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts; a single text counts as a list of one."""
        node = self._values.get(name)
        nodes = [] if node is None else node.items if isinstance(node, SequenceNode) else [node]
        values = []
        for at, item in enumerate(nodes):
            if not isinstance(item, ScalarNode) or not item.value.strip():
                self.report.error(
                    item.line, f"{self.where(name)}[{at}]", "This must be text.", f"Write `{name}: [a, b]`."
                )
            else:
                values.append(item.value.strip())
        return tuple(values)

    def choice(self, name: str, options: Iterable[str], default: str) -> str:
        """Return one of ``options``."""
        value = self.text(name)
        if value is None or value in (known := list(options)):
            return value or default
        alike = nearest(value, known)
        fix = f"Did you mean {alike!r}? " if alike else ""
        self.error(name, f"{value!r} is not a valid {name}.", f"{fix}One of: {', '.join(known)}.")
        return default

    def whole(self, name: str, default: int, least: int) -> int:
        """Return a whole number of at least ``least``."""
        value = self.text(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdigit() and len(value) < 7 and int(value) >= least):
            self.error(name, f"{value!r} is not a whole number of at least {least}.", f"Write `{name}: {default}`.")
            return default
        return int(value)

    def flag(self, name: str) -> bool:
        """Return true or false; absent means false."""
        value = (self.text(name) or "false").lower()
        if value not in _TRUE | _FALSE:
            self.error(name, f"{value!r} is not true or false.", f"Write `{name}: true`.")
        return value in _TRUE

    def flag_or_reason(self, name: str) -> bool | str:
        """Return true, false, or a reason, which means true."""
        value = self.text(name) or "false"
        node = self._values.get(name)
        quoted = isinstance(node, ScalarNode) and node.quoted
        if not quoted and value.lower() in _TRUE | _FALSE:
            return value.lower() in _TRUE
        return value

    def day(self, name: str, *, required: bool = False) -> date | None:
        """Return a date."""
        value = self.text(name, required=required)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.error(name, f"{value!r} is not a valid date.", "Write it as 2026-01-31.")
            return None

    def entries(self, name: str) -> Iterator[tuple[str, Node]]:
        """Yield each entry of a list with its path."""
        node = self._values.get(name)
        if node is not None and not isinstance(node, SequenceNode):
            self.error(name, f"{name!r} must be a list.", f"Begin a line with `- ` for each entry of {name}.")
        elif node is not None:
            yield from ((f"{self.where(name)}[{at}]", item) for at, item in enumerate(node.items))

    def mapping(self, name: str, known: Iterable[str]) -> Fields:
        """Return the fields of a mapping; an empty one if it is absent or invalid."""
        node = self._values.get(name)
        if node is not None and not isinstance(node, MappingNode):
            self.error(name, f"{name!r} must have fields of its own.", f"Possible fields: {', '.join(known)}.")
        found = node if isinstance(node, MappingNode) else MappingNode(self.line_of(name), [])
        return Fields(found, self.where(name), known, self.report)
