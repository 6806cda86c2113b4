"""A publisher's grade applies only to what comes through a channel that may speak for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item, Source
from schemas.mentions import SourceGrade
from services.matcher.sources.channels import attribute, publisher_id, trust_source
from services.matcher.sources.publishers import SourceTable, default_sources

LEDGER = SourceGrade(domain="ledger.example", publisher="The Ledger", owner="Ledger Media", grade="A")
WEEKLY = SourceGrade(domain="ledger-weekly.example", publisher="Ledger Weekly", owner="Ledger Media", grade="C")
HERALD = SourceGrade(domain="herald.example", publisher="The Herald", owner="Herald Press", grade="B")
BLOG = SourceGrade(domain="blog.example", publisher="A Blog", kind="blog", grade="D")
TABLE = SourceTable().with_grades([LEDGER, WEEKLY, HERALD, BLOG])
SHIPPED = default_sources()
BOTH = SHIPPED.with_grades([BLOG, LEDGER])
RANKS = "ABCDEF"


def item(
    feed_url: str | None,
    host: str | None = None,
    publisher: str | None = None,
    *,
    speaks_for: tuple[str, ...] = (),
    owner: str | None = None,
    summary: str | None = None,
    authors: tuple[str, ...] = (),
) -> Item:
    source = Source(feed_url=feed_url, host=host, publisher=publisher, owner=owner, speaks_for=speaks_for)
    return Item(id="i", title="Halden closes plant", summary=summary, authors=authors, source=source)


@pytest.mark.parametrize("host", ["ledger.example", "elsewhere.example", None])
@pytest.mark.parametrize(
    "feed", ["https://ledger.example/rss", "https://www.ledger.example/", "http://feeds.ledger.example:80"]
)
def test_a_publishers_own_feed_speaks_for_it(feed: str, host: str | None) -> None:
    found = attribute(item(feed, host), TABLE)
    assert found.source == LEDGER
    assert found.provenance.verified
    assert (found.provenance.channel, found.provenance.claimed) == ("owner:ledger-media", None)


@pytest.mark.parametrize(
    ("host", "publisher"),
    [
        ("ledger.example", None),
        ("www.ledger.example", "A Blog"),
        (None, "The Ledger"),
        ("blog.example", "the ledger"),
        (None, "The Ledger Business News"),
    ],
)
def test_link_and_name_are_claims(host: str | None, publisher: str | None) -> None:
    found = attribute(item("https://site.example/feed", host, publisher), TABLE)
    assert (found.source.publisher, found.source.grade) == ("site.example", "F")
    assert found.provenance.model_dump() == {
        "channel": "source:site.example",
        "verified": False,
        "claimed": "A Blog" if host == "blog.example" else "The Ledger",
        "imitates": None,
    }


@pytest.mark.parametrize("feed_url", [None, "", "file:///tmp/feed.xml", "not a url", "https://", "http://[::1"])
def test_an_item_without_a_channel_is_unknown(feed_url: str | None) -> None:
    found = attribute(item(feed_url, "ledger.example", "The Ledger"), TABLE)
    assert (found.source.grade, found.source.publisher) == ("F", "unknown publisher")
    assert not found.provenance.verified
    assert found.provenance.claimed == "The Ledger"


def test_files_are_channels_of_their_own() -> None:
    channels = {attribute(item(url), TABLE).provenance.channel for url in ("file:///a.xml", "file:///b.xml", None)}
    assert len(channels) == 3


def test_an_unknown_publisher_is_named_beside_its_host() -> None:
    found = attribute(item("https://x.example/feed", "x.example", "The X", owner="Ledger Media"), TABLE)
    assert (found.source.publisher, found.source.owner, found.source.grade) == ("The X (x.example)", None, "F")
    assert found.provenance.verified
    assert found.provenance.channel == "source:x.example"


def test_a_publisher_of_the_same_owner_is_no_claim_and_gains_nothing() -> None:
    found = attribute(item("https://ledger-weekly.example/feed", "ledger.example", "The Ledger"), TABLE)
    assert (found.source.grade, found.provenance.verified, found.provenance.claimed) == ("C", True, None)


def test_a_person_can_vouch_for_a_channel() -> None:
    for feed_url in ("https://hosting.example/1.xml", "file:///ledger.xml", "https://feeds.feedburner.com/ledger"):
        found = attribute(item(feed_url, None, None, speaks_for=("ledger.example",)), TABLE)
        assert found.source == LEDGER
        assert found.provenance.verified
    claim = attribute(item("https://hosting.example/1.xml", "herald.example", speaks_for=("ledger.example",)), TABLE)
    assert (claim.source, claim.provenance.claimed) == (LEDGER, "The Herald")


def test_a_channel_of_several_publishers_speaks_for_the_one_it_names() -> None:
    both = ("ledger.example", "herald.example")
    found = [
        attribute(item("https://hosting.example/", host, name, speaks_for=both), TABLE)
        for host, name in (("herald.example", None), (None, "The Ledger"), (None, None), ("blog.example", None))
    ]
    assert [attributed.source.grade for attributed in found] == ["B", "A", "F", "F"]
    assert [attributed.provenance.claimed for attributed in found] == [None, None, None, "A Blog"]


@pytest.mark.parametrize(
    ("feed", "host", "publisher", "expected"),
    [
        ("https://news.google.com/rss/search?q=x", "news.google.com", "Reuters", "reuters.com"),
        ("https://news.google.com/rss", "reuters.com", None, "reuters.com"),
        ("https://finance.yahoo.com/rss", "finance.yahoo.com", "Reuters", "reuters.com"),
        ("https://www.marketscreener.com/rss", "marketscreener.com", "Reuters", "reuters.com"),
    ],
)
def test_a_listed_aggregator_carries_publishers(feed: str, host: str, publisher: str | None, expected: str) -> None:
    found = attribute(item(feed, host, publisher), SHIPPED)
    assert (found.source.domain, found.source.grade, found.provenance.verified) == (expected, "A", True)


@pytest.mark.parametrize(
    ("feed", "host", "publisher"),
    [
        ("https://www.marketscreener.com/rss", "marketscreener.com", "Bloomberg"),
        ("https://flipboard.com/@someone/feed.rss", "reuters.com", "Reuters"),
        ("https://news.ycombinator.com/rss", "reuters.com", "Reuters"),
        ("https://news.google.com/rss", "evil.example", "Reuters"),
        ("https://news.google.com/rss", "bbc.co.uk", "Reuters"),
        ("https://feeds.feedburner.com/reuters/topNews", "reuters.com", "Reuters"),
        ("https://medium.com/feed/@reuters", "reuters.com", "Reuters"),
        ("https://someone.substack.com/feed", "sec.gov", "SEC"),
        ("https://someone.github.io/feed.xml", None, "Reuters"),
        ("https://www.youtube.com/feeds/videos.xml?channel_id=1", None, "Reuters"),
    ],
)
def test_other_aggregators_and_platforms_carry_nobody(feed: str, host: str | None, publisher: str) -> None:
    found = attribute(item(feed, host, publisher), SHIPPED)
    assert found.source.grade in "CDEF"
    assert not found.provenance.verified
    assert found.provenance.claimed


def test_an_aggregator_names_publishers_that_no_table_knows() -> None:
    named = attribute(item("https://news.google.com/rss", "news.google.com", "Selva Post"), SHIPPED)
    assert (named.source.publisher, named.source.grade, named.provenance.verified) == ("Selva Post", "F", True)
    linked = attribute(item("https://news.google.com/rss", "selva-post.example", "Selva Post"), SHIPPED)
    assert (linked.source.domain, linked.source.grade) == ("selva-post.example", "F")


def test_a_tenant_gets_nothing_from_its_platform() -> None:
    generous = [
        SourceGrade(domain="substack.com", publisher="Substack", grade="A"),
        SourceGrade(domain="medium.com", publisher="Medium", grade="A"),
        SourceGrade(domain="known.substack.com", publisher="Known", grade="B"),
    ]
    table = TABLE.with_grades(generous)
    tenants = ("https://a.substack.com/feed", "https://medium.com/feed/@a", "https://medium.com/feed/@b")
    found = [attribute(item(url), table) for url in tenants]
    assert {attributed.source.grade for attributed in found} == {"F"}
    assert len({attributed.provenance.channel for attributed in found}) == 3
    assert attribute(item("https://known.substack.com/feed"), table).source.grade == "B"


def test_users_pages_get_nothing_from_the_company_they_are_about() -> None:
    cisco = SHIPPED.lookup("cisco.com")
    assert cisco.kind == "company"
    found = attribute(item("https://community.cisco.com/rss/board?id=1"), SHIPPED)
    assert (found.source.grade, found.source.kind) == ("F", "blog")
    graded = SHIPPED.with_grades([cisco.model_copy(update={"domain": "community.cisco.com", "grade": "C"})])
    assert attribute(item("https://community.cisco.com/rss/board?id=1"), graded).source.grade == "C"


@pytest.mark.parametrize(
    ("feed", "host", "publisher"),
    [
        ("https://reuters.com.evil.example/feed", None, None),
        ("https://reuters-news.example/feed", None, None),
        ("https://reuters.substack.com/feed", None, None),
        ("https://site.example/feed", "rеuters.com", None),
        ("https://site.example/feed", "xn--ruters-3of.com", None),
        ("https://site.example/feed", None, "Rеuters"),
        ("https://site.example/feed", None, "Reutres"),
    ],
)
def test_an_imitation_is_unreliable(feed: str, host: str | None, publisher: str | None) -> None:
    found = attribute(item(feed, host, publisher), SHIPPED)
    assert (found.provenance.imitates, found.source.grade, found.provenance.verified) == ("Reuters", "E", False)


def test_a_credit_is_a_claim_of_those_who_do_not_relay_reliably() -> None:
    text = "OSLO (The Ledger) - Halden closes its plant."
    paper = attribute(item("https://herald.example/feed", summary=text), TABLE)
    blog = attribute(item("https://blog.example/feed", summary=text), TABLE)
    author = attribute(item("https://blog.example/feed", authors=("The Ledger",)), TABLE)
    assert paper.credited == blog.credited == author.credited == LEDGER
    assert [attributed.provenance.claimed for attributed in (paper, blog, author)] == [None, "The Ledger", "The Ledger"]
    assert blog.source == BLOG
    assert attribute(item("https://ledger.example/feed", summary=text), TABLE).credited is None


def test_a_trusted_item_comes_through_its_publishers_channel() -> None:
    for host, publisher, domain, grade in (
        ("ledger.example", "Whatever", "ledger.example", "A"),
        (None, "The Ledger", "ledger.example", "A"),
        ("x.example", "The X", "x.example", "F"),
    ):
        trusted = trust_source(item(None, host, publisher), TABLE)
        found = attribute(trusted, TABLE)
        assert (found.source.domain, found.source.grade, found.provenance.verified) == (domain, grade, True)
    by_name = attribute(trust_source(item("https://evil.example/", None, "Selva Post"), TABLE), TABLE)
    assert (by_name.source.publisher, by_name.provenance.verified) == ("Selva Post", True)
    carried = attribute(trust_source(item(None, "news.google.com", "Reuters"), SHIPPED), SHIPPED)
    assert carried.source.domain == "reuters.com"
    nothing = item(None)
    assert trust_source(nothing, TABLE) is nothing


texts = st.one_of(st.none(), st.sampled_from(["Reuters", "The Ledger", "SEC", "Rеuters"]), st.text(max_size=20))
hosts = st.one_of(st.none(), st.sampled_from(["reuters.com", "sec.gov", "ledger.example"]), st.text(max_size=20))


@given(hosts, texts, texts, st.lists(st.text(max_size=10), max_size=2).map(tuple), texts)
def test_nothing_that_an_item_says_raises_the_grade_of_its_channel(
    host: str | None, publisher: str | None, summary: str | None, authors: tuple[str, ...], owner: str | None
) -> None:
    for feed_url, grade in (("https://site.example/feed", "F"), ("https://blog.example/feed", "D"), (None, "F")):
        said = item(feed_url, host, publisher, owner=owner, summary=summary, authors=authors)
        found = attribute(said, BOTH)
        assert found.source.grade in (grade, "E")
        assert found.source.kind not in ("company", "regulator", "newswire")
        own = attribute(item(feed_url), BOTH)
        assert found.provenance.channel == own.provenance.channel


def test_publishers_of_one_owner_share_an_id() -> None:
    assert publisher_id(LEDGER) == publisher_id(WEEKLY) == "owner:ledger-media"
    assert publisher_id(BLOG) == "source:blog.example"


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("Quick Finance", "Quick Finance (site.example)"),
        ("\u202esretueR", "sretueR (site.example)"),
        ("Quick\u200b Finance\n", "Quick Finance (site.example)"),
        ("Site.example", "site.example"),
        ("\u200b", "site.example"),
    ],
)
def test_a_stated_name_is_shown_beside_the_host_without_hidden_letters(stated: str, shown: str) -> None:
    found = attribute(item("https://site.example/feed", "site.example", stated), BOTH)
    assert found.source.publisher == shown
