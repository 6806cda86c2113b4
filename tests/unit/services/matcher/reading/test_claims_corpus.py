"""The line that claims must hold on our own headlines; `make eval` shows the figures."""

from __future__ import annotations

import pytest

from bench.eval_claims import confusion, headlines

#: What was reached, less a margin for a rule that helps elsewhere.
FLOORS = {"dev": 0.93, "kept": 0.80}


def test_the_corpus_is_large_and_varied() -> None:
    rows = headlines("both")
    assert len(rows) >= 300
    assert len({row.item.title for row in rows}) == len(rows)
    assert {row.status for row in rows} == {"asserted", "hedged", "denied", "retracted"}
    assert len({row.basis for row in rows}) == 7
    assert all(row.why for row in rows)


@pytest.mark.parametrize("half", sorted(FLOORS))
def test_what_is_not_asserted_is_found(half: str) -> None:
    found = confusion(headlines(half))
    assert found.f1 >= FLOORS[half], found
    assert found.accuracy >= FLOORS[half] - 0.05, found
