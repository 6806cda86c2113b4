"""Warnings about a document, grouped by kind: a feed with 500 undated items gives one line, not 500."""

from __future__ import annotations

__all__ = ["Notes"]

#: Characters shown of an example.
EXAMPLE_LENGTH = 80


class Notes:
    """Counts each kind of warning and keeps its first example."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, str | None] = {}

    def add(self, message: str, example: str | None = None) -> None:
        """Count ``message`` once more; the first example is kept."""
        self._counts[message] = self._counts.get(message, 0) + 1
        self._examples.setdefault(message, example)

    def copy(self) -> Notes:
        """Return notes of their own that begin with these."""
        copied = Notes()
        copied._counts, copied._examples = self._counts.copy(), self._examples.copy()
        return copied

    def total(self) -> int:
        """Return how many notes there are."""
        return sum(self._counts.values())

    def lines(self) -> tuple[str, ...]:
        """Return one sentence for each kind, in order of first occurrence."""
        return tuple(self._line(message, count) for message, count in self._counts.items())

    def _line(self, message: str, count: int) -> str:
        example = self._examples[message]
        times = f"{count} times" if count > 1 else ""
        shown = "" if example is None else repr(example[:EXAMPLE_LENGTH])
        if times and shown:
            return f"{message} ({times}, first: {shown})"
        return f"{message} ({times or shown})" if times or shown else message
