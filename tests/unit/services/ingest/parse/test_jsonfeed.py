from __future__ import annotations

import json
from typing import Any

import pytest

from services.ingest.parse.feed import ParsedFeed, parse_feed

FEED_URL = "https://news.example.org/feed.json"


def feed(*items: Any, **head: Any) -> ParsedFeed:
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": items, **head}
    return parse_feed(json.dumps(document).encode(), feed_url=FEED_URL)


@pytest.mark.parametrize(
    ("fields", "authors"),
    [
        ({"author": "Joe"}, ("Joe",)),
        ({"authors": "Joe"}, ("Joe",)),
        ({"authors": ["Joe", {"name": "Ann"}]}, ("Joe", "Ann")),
        ({"authors": {"name": "Ann"}}, ("Ann",)),
        ({"author": 7}, ()),
        ({"authors": [7, {"name": "Ann"}]}, ("Ann",)),
        ({"author": {"name": ["Joe"]}}, ()),
    ],
)
def test_an_author_in_another_form_costs_nothing_else(fields: dict[str, Any], authors: tuple[str, ...]) -> None:
    item = feed({"id": "1", "title": "A", **fields}).items[0].item
    assert (item.title, item.authors) == ("A", authors)


def test_a_field_of_the_wrong_type_costs_neither_its_item_nor_others() -> None:
    parsed = feed(
        {"id": "1", "title": "A", "summary": {"text": "x"}, "tags": "one", "date_published": [5]},
        7,
        {"id": 2, "title": "B", "content_html": ["<p>"], "url": False},
    )
    assert [(found.guid, found.item.title, found.item.categories) for found in parsed.items] == [
        ("1", "A", ("one",)),
        ("2", "B", ()),
    ]
    assert any("summary: Input should be a valid string" in warning for warning in parsed.warnings)
    assert any("not an object" in warning for warning in parsed.warnings)


def test_half_a_character_costs_nothing_else() -> None:
    assert feed({"id": "1", "title": "A \ud83d b"}).items[0].item.title == "A \ufffd b"
