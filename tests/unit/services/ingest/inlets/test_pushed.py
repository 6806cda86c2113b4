"""Items that programs put into an inlet are read as a feed's entries are, and nothing is dropped in silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.feeds import Feed
from schemas.inlets import PushedItem
from services.common.errors import BadInput
from services.ingest.identity.inlet_addresses import inlet_domain, inlet_name, inlet_url, is_inlet_url
from services.ingest.inlets.pushed import read_pushed
from services.ingest.parse.feed import parse_feed
from services.ingest.readers import InProcesses

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
INLET = Feed(id="feed_1", url=inlet_url("press-desk"), kind="push", title="Our press desk")


def test_the_channel_is_the_inlet_whatever_an_item_says() -> None:
    batch = read_pushed(
        [PushedItem(title="Halden cuts", url="https://www.reuters.com/x", publisher="Reuters")], INLET, NOW
    )
    (item,) = batch.items
    assert (item.source.feed_url, item.source.speaks_for) == ("https://press-desk.inlet.invalid/", ())
    assert (item.source.host, item.source.publisher) == ("reuters.com", "Reuters"), "both are claims"
    unnamed = read_pushed([PushedItem(title="Halden cuts", id="7")], INLET, NOW).items[0]
    assert (unnamed.source.publisher, unnamed.source.host, unnamed.fetched_at) == ("Our press desk", None, NOW)


def test_texts_are_cleaned_as_those_of_a_feed() -> None:
    pushed = PushedItem(
        title="List&lt;String&gt; &amp; more\u200b", id="1", url="https://n.example/1",
        body="<p>One</p><script>x()</script><p>Two\u0007</p>",
        published_at=datetime.fromisoformat("2026-03-04T12:00:00+02:00"),
        authors=("Ann",), categories=("Energy",), language="de_CH",
    )  # fmt: skip
    (item,) = read_pushed([pushed], INLET, NOW).items
    feed = """<rss version="2.0"><channel><title>Our press desk</title><language>de-CH</language><item>
        <guid>1</guid><title>List&amp;lt;String&amp;gt; &amp;amp; more\u200b</title><link>https://n.example/1</link>
        <description>&lt;p>One&lt;/p>&lt;script>x()&lt;/script>&lt;p>Two&lt;/p></description>
        <author>Ann</author><category>Energy</category><pubDate>Wed, 04 Mar 2026 12:00:00 +0200</pubDate>
        </item></channel></rss>"""
    (parsed,) = parse_feed(feed.encode(), feed_url=INLET.url, fetched_at=NOW).items
    assert (item.title, item.body) == ("List<String> & more", "One\n\nTwo")
    same = {"summary": None, "body": None}
    assert item.model_copy(update=same) == parsed.item.model_copy(update=same)


def test_the_id_comes_from_the_senders_id_else_the_link_else_title_and_date() -> None:
    def id_of(**fields: object) -> str:
        return read_pushed([PushedItem.model_validate({"title": "Halden cuts", **fields})], INLET, NOW).items[0].id

    assert id_of(id="1") == id_of(id="1", url="https://n.example/other") != id_of(id="2")
    assert id_of(url="https://n.example/1?utm_source=x") == id_of(url="http://n.example/1")
    assert id_of() == id_of() != id_of(published_at="2026-03-04T10:00:00Z")
    other = INLET.model_copy(update={"url": inlet_url("other")})
    assert read_pushed([PushedItem(title="Halden cuts", id="1")], other, NOW).items[0].id != id_of(id="1")


def test_every_field_that_cannot_be_used_is_named_and_then_nothing_is_taken() -> None:
    batch = read_pushed(
        [
            PushedItem(title="Good", id="1"),
            PushedItem(title="<b> </b>", id="2"),
            PushedItem(title="Late", id="3", published_at=NOW + timedelta(days=3)),
            PushedItem(title="Early", id="4", updated_at=datetime(1, 1, 1, tzinfo=UTC)),
            PushedItem(title="Again", id="1"),
            PushedItem(title="One", url="https://n.example/1"),
            PushedItem(title="Two", url="https://n.example/1?utm_source=mail"),
        ],
        INLET,
        NOW,
    )
    assert batch.items == ()
    assert [tuple(problem) for problem in batch.problems] == [
        (1, "title", "It has no text that people can read."),
        (2, "published_at", "It is in the future."),
        (3, "updated_at", "It is not the date of an item."),
        (4, "id", "It is the same as that of items.0."),
        (6, "url", "It is the same as that of items.5."),
    ]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({}, "title"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": "x", "url": "ftp://n.example"}, "url"),
        ({"title": "x", "url": "https://[half"}, "url"),
        ({"title": "x", "published_at": "2026-03-04T10:00"}, "published_at"),
        ({"title": "x", "pubished_at": "2026-03-04T10:00Z"}, "pubished_at"),
        ({"title": "x", "language": "English"}, "language"),
        ({"title": "x", "authors": ["a" * 201]}, "authors"),
        ({"title": "x", "body": "\ud800"}, "body"),
    ],
)
def test_a_field_that_does_not_fit_is_refused_by_name(fields: dict[str, object], where: str) -> None:
    with pytest.raises(ValidationError) as raised:
        PushedItem.model_validate(fields)
    assert raised.value.errors()[0]["loc"][0] == where


@given(st.lists(st.builds(PushedItem, title=st.text(min_size=1, max_size=80).filter(str.strip),
                          id=st.none() | st.text(min_size=1, max_size=5).filter(str.strip),
                          body=st.none() | st.text(max_size=200)), max_size=5))  # fmt: skip
def test_a_batch_is_taken_whole_or_its_problems_say_why_not(pushed: list[PushedItem]) -> None:
    batch = read_pushed(pushed, INLET, NOW)
    if batch.problems:
        assert batch.items == ()
    else:
        assert len(batch.items) == len(pushed)
        assert len({item.id for item in batch.items}) == len(pushed)


async def test_items_are_read_in_another_process_as_in_this_one() -> None:
    pushed = [PushedItem(title="Halden cuts", id="1"), PushedItem(title="Halden cuts", id="1")]
    readers = InProcesses(1, seconds=20, memory_bytes=600_000_000)
    try:
        for some in (pushed, pushed[:1]):
            assert await readers.run(read_pushed, some, INLET, NOW) == read_pushed(some, INLET, NOW)
    finally:
        await readers.aclose()


def test_no_feed_has_the_address_of_an_inlet() -> None:
    assert inlet_domain(" Press-Desk ") == "press-desk.inlet.invalid"
    assert is_inlet_url(inlet_url("press-desk"))
    assert is_inlet_url("http://WWW.inlet.invalid/feed")
    assert not is_inlet_url("https://inlet.invalid.example/")
    for wrong in ("", "-a", "a_b", "ä", "a" * 41, "a.b"):
        with pytest.raises(BadInput, match="can't be the name"):
            inlet_name(wrong)
