"""Numbers, shares, days and flags as people write them."""

from __future__ import annotations

from datetime import date

import pytest

from services.notifier.client_import.cells import (
    days_come_first,
    parse_day,
    parse_flag,
    parse_number,
    parse_weight,
)


@pytest.mark.parametrize(
    ("text", "comma", "number"),
    [
        ("1234.5", False, 1234.5), ("1,234.50", False, 1234.5), ("1.234,50", False, 1234.5),
        ("1'234.50", False, 1234.5),
        ("1 234,5", True, 1234.5), ("1,234", False, 1234), ("1,234", True, 1.234), ("1.234", True, 1234),
        ("12,5", False, 12.5), ("1.234.567", False, 1234567), ("1,234,567", True, 1234567), ("€ 5", False, 5),
        ("5 EUR", False, 5), ("-3", False, -3), ("a lot", False, None), ("", False, None), (".", False, None),
    ],
)  # fmt: skip
def test_numbers(text: str, comma: bool, number: float | None) -> None:
    assert parse_number(text, comma_decimals=comma) == number


@pytest.mark.parametrize(
    ("text", "share"),
    [("12%", 0.12), ("12,5 %", 0.125), ("0.12", 0.12), ("0,12", 0.12), ("12", 0.12), ("100", 1), ("1", 1),
     ("101", None), ("-1", None), ("x", None)],
)  # fmt: skip
def test_weights(text: str, share: float | None) -> None:
    assert parse_weight(text, comma_decimals=False) == share


def test_days() -> None:
    assert days_come_first(["03/04/2026", "31/01/2026"])
    assert not days_come_first(["03/04/2026", "01/31/2026"])
    assert days_come_first([])
    for text in ("2026-01-31", "31.01.2026", "31/01/26", "2026-01-31T09:00:00Z"):
        assert parse_day(text, day_first=True) == date(2026, 1, 31)
    assert parse_day("1/31/2026", day_first=False) == date(2026, 1, 31)
    assert parse_day("31.01.2026", day_first=False) == date(2026, 1, 31)
    assert parse_day("31/31/2026", day_first=True) is None
    assert parse_day("soon", day_first=True) is None


def test_flags() -> None:
    assert [parse_flag(text) for text in ("Yes", "ja", "1", "no", "", "on leave")] == [
        True, True, True, False, False, None,
    ]  # fmt: skip
