from __future__ import annotations

import pytest

from services.ingest.schedule.moves import stays_on_site


@pytest.mark.parametrize(
    ("added", "moved", "stays"),
    [
        ("https://ledger.example/rss", "https://www.ledger.example/feed.xml", True),
        ("http://ledger.example/rss", "https://feeds.ledger.example/main", True),
        ("https://rss.ledger.example/rss", "https://ledger.example/rss", True),
        ("https://ledger.example/rss", "https://ledger.example.evil.example/rss", False),
        ("https://ledger.example/rss", "https://other-ledger.example/rss", False),
        ("https://rss.example/a", "https://evil.example/a", False),
        ("https://one.platform.example/feed", "https://two.platform.example/feed", False),
    ],
)
def test_a_feed_moves_for_good_only_within_its_own_site(added: str, moved: str, stays: bool) -> None:
    assert stays_on_site(added, moved) is stays
