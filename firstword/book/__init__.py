"""Read and write the client book, YAML or JSON ↔ :class:`schemas.clients.Book`; report every problem with its line."""

from __future__ import annotations

from firstword.book.problem import Problem
from firstword.book.read import load_book
from firstword.book.write import dump_book

__all__ = ["Problem", "dump_book", "load_book"]
