from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import content_id
from schemas.items import Item, Source
from services.ingest.parse.item_lines import ITEM_FIELDS, SOURCE_FIELDS, BadLine, dump_item, read_items

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
MOMENTS = st.datetimes(timezones=st.just(UTC))
ITEMS = st.builds(
    Item,
    id=TEXTS.filter(bool),
    title=TEXTS.filter(str.strip),
    url=st.none() | st.just("https://n.example.org/1"),
    summary=st.none() | TEXTS,
    published_at=st.none() | MOMENTS,
    authors=st.lists(TEXTS, max_size=2).map(tuple),
    source=st.builds(Source, host=st.just("n.example.org"), publisher=st.none() | TEXTS),
)


def test_a_line_has_exactly_the_fields_of_the_contract_in_order() -> None:
    line = dump_item(Item(id="itm_1", title="Zürich – “öffnet”", published_at=datetime(2026, 3, 2, 8, tzinfo=UTC)))
    assert list(json.loads(line)) == list(ITEM_FIELDS)
    assert list(json.loads(line)["source"]) == list(SOURCE_FIELDS)
    assert "Zürich – “öffnet”" in line
    assert '"published_at":"2026-03-02T08:00:00Z"' in line
    assert "\n" not in line


@given(ITEMS)
def test_a_written_item_can_be_read(item: Item) -> None:
    assert list(read_items([dump_item(item)], "items.jsonl")) == [item]


def test_title_and_url_are_enough() -> None:
    (item,) = read_items([b'{"title": "A", "url": "https://www.n.example.org/a?utm_source=x"}'], "-")
    assert isinstance(item, Item)
    assert item.id == content_id("itm", "https://www.n.example.org/a")
    assert item.source.host == "n.example.org"


def test_an_id_from_the_url_depends_on_the_feed() -> None:
    line = '{"title": "A", "url": "https://n.example.org/a", "source": {"feed_url": "https://FEED.example/"}}'
    items = [item for item in read_items([line, line.replace("FEED", "evil")], "-") if isinstance(item, Item)]
    assert len({item.id for item in items}) == 2


def test_a_line_cannot_vouch_for_a_publisher() -> None:
    line = '{"title": "A", "id": "1", "source": {"host": "evil.example", "speaks_for": ["reuters.com"]}}'
    item, warning = read_items([line], "-")
    assert isinstance(item, Item)
    assert item.source.speaks_for == ()
    assert isinstance(warning, BadLine)
    assert (warning.field, warning.severity) == ("source.speaks_for", "warning")


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("nonsense", None),
        ("[]", None),
        ('{"url": "https://n.example.org"}', "title"),
        ('{"title": " ", "id": "1"}', "title"),
        ('{"title": "A"}', "url"),
        ('{"title": "A", "url": 5}', "url"),
        ('{"title": "A", "id": "1", "published_at": "soon"}', "published_at"),
        ('{"title": "A", "id": "1", "published_at": "2026-01-01T00:00:00"}', "published_at"),
        ('{"title": "A", "id": "1", "authors": "me"}', "authors"),
    ],
)
def test_a_bad_line_is_reported_and_the_rest_is_read(line: str, field: str | None) -> None:
    bad, good = read_items([line, '{"title": "B", "id": "2"}'], "items.jsonl")
    assert isinstance(bad, BadLine)
    assert (bad.line, bad.field, bad.severity) == (1, field, "error")
    assert str(bad).startswith("items.jsonl:1")
    assert bad.fix
    assert isinstance(good, Item)


def test_each_unknown_field_is_reported_once() -> None:
    lines = ['{"title": "A", "id": "1", "mood": 1, "source": {"x": 1}}', "", '{"title": "B", "id": "2", "mood": 2}']
    *items, mood, inner = read_items(lines, "-")
    assert len(items) == 2
    assert isinstance(mood, BadLine)
    assert isinstance(inner, BadLine)
    assert (mood.severity, mood.field, mood.line, mood.count) == ("warning", "mood", 1, 2)
    assert inner.field == "source.x"


@given(st.lists(st.binary(max_size=80)))
def test_no_line_is_fatal(lines: list[bytes]) -> None:
    assert all(isinstance(result, Item | BadLine) for result in read_items(lines, "-"))
