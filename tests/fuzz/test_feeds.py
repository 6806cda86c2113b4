"""A short run of the fuzzer; the long ones are for the command line."""

from __future__ import annotations

import random
from typing import Any

import pytest

from services.ingest import fetch_and_parse
from tests.fuzz.feeds import BrokenPromise, damaged, fuzz, seeds
from tests.patience import PATIENCE_SECONDS


@pytest.mark.slow
async def test_no_damaged_feed_breaks_a_promise() -> None:
    summary = await fuzz(seeds(), seed=7, seconds=4 * PATIENCE_SECONDS, most=400)
    assert summary.cases > 50
    assert summary.outcomes["fetched"] > summary.cases // 10
    assert summary.items > summary.cases // 4


async def test_a_broken_promise_is_reported_with_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(fetch_and_parse, "parse_feed", crash)
    with pytest.raises(BrokenPromise, match=r"case \d+: Parsing this feed failed") as it:
        await fuzz(seeds(), seed=1, seconds=PATIENCE_SECONDS, most=50)
    monkeypatch.undo()
    again = await fuzz(seeds(), seed=1, seconds=PATIENCE_SECONDS, only=it.value.number)
    assert again.cases == 1


def test_cases_depend_on_seed_and_number_alone() -> None:
    first = [damaged(random.Random(f"3/{number}"), seeds()) for number in range(30)]  # noqa: S311 - no secret
    second = [damaged(random.Random(f"3/{number}"), seeds()) for number in range(30)]  # noqa: S311 - no secret
    assert first == second
    assert len(set(first)) > 25
