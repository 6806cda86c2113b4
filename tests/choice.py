"""Choose the few cases of many that belong to the fast tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

__all__ = ["one_of_each"]


def one_of_each(values: Iterable[Any], number: int) -> list[Any]:
    """Return all ``values`` as parameters: the first of each ``number`` is fast, the others are slow.

    For many cases of one kind that take long together. CI runs them all.
    """
    return [
        value if index % number == 0 else pytest.param(value, marks=pytest.mark.slow)
        for index, value in enumerate(values)
    ]
