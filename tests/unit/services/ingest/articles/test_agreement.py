"""The text of a page counts only if the page is about the headline."""

from __future__ import annotations

import pytest

from services.ingest.articles.agreement import is_about

TEXT = "Halden said on Monday that it would buy Kestrel Foods for 2 billion crowns. Regulators must approve."


@pytest.mark.parametrize(
    ("headline", "titles", "text"),
    [
        ("Halden buys Kestrel Foods", "Halden buys Kestrel Foods | Northgate", TEXT),
        ("Halden to acquire Kestrel for 2 billion", "Halden snaps up Kestrel Foods", TEXT),
        ("Kestrel: Halden's largest purchase", "Halden and Kestrel to merge", TEXT),
        ("Halden", "Halden in talks", TEXT),
        (
            "ハルデンがケストレルを買収",
            "ハルデンがケストレルを買収へ",
            "ハルデンは月曜日、ケストレルを買収すると発表",
        ),
    ],
)
def test_about_it(headline: str, titles: str, text: str) -> None:
    assert is_about(headline, titles, text)


@pytest.mark.parametrize(
    ("headline", "titles", "text"),
    [
        ("Halden buys Kestrel Foods", "Sign in | Northgate", "Sign in to your account, or create one to read on."),
        ("Halden buys Kestrel Foods", "Halden buys Kestrel Foods", "We value what you read and use cookies for it."),
        ("Halden buys Kestrel Foods", "Northgate: news of the day", "Storms in the north. Halden recalls toys."),
        ("What they said about it", "What they said about it", "What they said about it could have been more."),
        ("", "Halden", TEXT),
    ],
)
def test_about_something_else(headline: str, titles: str, text: str) -> None:
    assert not is_about(headline, titles, text)
