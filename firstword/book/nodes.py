"""Parse YAML into a tree of plain nodes with line numbers, from the events of the C parser.

A hostile book can do no harm: tags construct no objects, depth and size are limited, and aliases are refused. A hundred
thousand watches take seconds; a round-trip loader would take minutes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

__all__ = ["MAX_CHARACTERS", "MappingNode", "Node", "ScalarNode", "SequenceNode", "Unreadable", "parse_nodes"]

#: A book of 10,000 clients with 100,000 watches has about 13 million characters.
MAX_CHARACTERS = 64_000_000
#: The format needs 7 levels; libyaml's time grows with the square of the depth.
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A value as written. ``quoted`` distinguishes ``"no"`` from ``no``."""

    line: int
    value: str
    quoted: bool

    @property
    def is_null(self) -> bool:
        """Return whether the value is empty or null."""
        return not self.quoted and self.value in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    line: int
    items: list[Node]


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Fields in the order written, duplicates included."""

    line: int
    pairs: list[tuple[Node, Node]]


Node = ScalarNode | SequenceNode | MappingNode


class Unreadable(Exception):
    """The text is not YAML, or not a YAML document that a book can be."""

    def __init__(self, line: int, message: str, fix: str) -> None:
        super().__init__(message)
        self.line, self.message, self.fix = line, message, fix


def parse_nodes(text: str) -> Node:
    """Return the tree of the one document in ``text``.

    Raises:
        Unreadable: the text is not YAML, is too large or too deep, or uses aliases.
    """
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(1, f"The file has more than {MAX_CHARACTERS:,} characters.", "Split it into several files.")
    try:
        with _no_collection():
            return _build(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or "unreadable"
        raise Unreadable(
            mark.line + 1 if mark else 1,
            f"This is not valid YAML: {problem}.",
            "Check the indentation, quotes and brackets on this line and the line before.",
        ) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise Unreadable(1, f"This is not valid YAML: {error}.", "Save the file as UTF-8 text.") from None


@contextmanager
def _no_collection() -> Iterator[None]:
    """Turn the garbage collector off: millions of events without a cycle take 8 times as long with it (measured)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _build(text: str) -> Node:
    root: list[Node] = []
    stack: list[tuple[Node, list[Node]]] = []
    events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
    for event in events:
        kind = type(event)
        into = stack[-1][1] if stack else root
        if kind is yaml.ScalarEvent:
            into.append(ScalarNode(event.start_mark.line + 1, event.value, not event.implicit[0]))
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            line = event.start_mark.line + 1
            if len(stack) >= MAX_DEPTH:
                raise Unreadable(line, f"The file has more than {MAX_DEPTH} levels.", "No field needs that many.")
            node = MappingNode(line, []) if kind is yaml.MappingStartEvent else SequenceNode(line, [])
            into.append(node)
            stack.append((node, []))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            _close(*stack.pop())
        elif kind is yaml.AliasEvent:
            line = event.start_mark.line + 1
            raise Unreadable(
                line, f"The alias *{event.anchor} isn't supported.", "Replace it with the value that it refers to."
            )
    if len(root) != 1:
        line = root[1].line if root else 1
        what = "has more than one document" if root else "is empty"
        raise Unreadable(line, f"The file {what}.", "See examples/book.yaml for the format.")
    return root[0]


def _close(node: Node, children: list[Node]) -> None:
    if isinstance(node, MappingNode):
        node.pairs.extend(zip(children[::2], children[1::2], strict=True))
    elif isinstance(node, SequenceNode):
        node.items.extend(children)
