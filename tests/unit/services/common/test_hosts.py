from __future__ import annotations

import pytest

from services.common.hosts import is_within


@pytest.mark.parametrize(
    ("host", "within"),
    [
        ("news.example", True),
        ("feeds.news.example", True),
        ("badnews.example", False),
        ("news.example.evil.example", False),
        ("example", False),
        ("", False),
        (None, False),
    ],
)
def test_a_host_is_within_its_own_domain_and_those_above(host: str | None, within: bool) -> None:
    assert is_within(host, "news.example") is within
