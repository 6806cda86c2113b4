"""Warnings about one document, gathered by kind: a feed with 500 undated items gives one line, not 500."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Notes"]

#: An example is shown as far as this many characters.
EXAMPLE_LENGTH = 80


class Notes:
    """Counts each kind of warning and keeps its first example."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, str | None] = {}

    def add(self, message: str, example: str | None = None) -> None:
        """Note that ``message`` is so once more; of all examples the first is shown."""
        self._counts[message] = self._counts.get(message, 0) + 1
        self._examples.setdefault(message, example)

    def extend(self, messages: Iterable[str]) -> None:
        """Note each of ``messages``."""
        for message in messages:
            self.add(message)

    def lines(self) -> tuple[str, ...]:
        """One sentence for each kind, in the order in which they first came up."""
        return tuple(self._line(message, count) for message, count in self._counts.items())

    def _line(self, message: str, count: int) -> str:
        example = self._examples[message]
        times = f"{count} times" if count > 1 else ""
        shown = "" if example is None else repr(example[:EXAMPLE_LENGTH])
        if times and shown:
            return f"{message} ({times}, first: {shown})"
        return f"{message} ({times or shown})" if times or shown else message
