"""The fast reader and feedparser give the same raw entries for every feed that the fast reader takes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import services.ingest.parse.xmlfeed as xmlfeed
from services.ingest.parse.charset import decode_document
from services.ingest.parse.entry import RawFeed
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.notes import Notes
from services.ingest.parse.plainxml import parse_plain
from services.ingest.parse.sniff import find_start

CORPUS = Path(__file__).parents[4] / "corpus" / "feeds"
SHARED = Path(__file__).parents[5].parent / "shared" / "data" / "feeds"
FEED_URL = "https://news.example/section/feed.xml"


def both(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[RawFeed | str, RawFeed | str, bool]:
    """Return what the fast reader and feedparser make of ``text``, and whether the fast reader took it."""
    taken: list[bool] = []

    def fast(document: bytes, url: str) -> RawFeed | None:
        found = parse_plain(document, url)
        taken.append(found is not None and bool(found.entries))
        return found

    results: list[RawFeed | str] = []
    for reader in (fast, lambda *_: None):
        monkeypatch.setattr(xmlfeed, "parse_plain", reader)
        try:
            results.append(xmlfeed.parse_xml_feed(text, FEED_URL, Notes()))
        except NotAFeed as error:
            results.append(error.message)
    return results[0], results[1], any(taken)


def text_of(path: Path) -> str | None:
    try:
        text = find_start(decode_document(path.read_bytes(), None, Notes()), Notes())
    except NotAFeed:
        return None
    return None if text[0] in "{[" else text


def documents(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in (".xml", ".rss", ".atom"))


def test_no_feed_of_the_corpus_is_read_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    found = 0
    for path in documents(CORPUS):
        if (text := text_of(path)) is not None:
            fast, slow, taken = both(text, monkeypatch)
            found += taken
            assert _plain(fast) == _plain(slow), path.name
    assert found >= 5


@pytest.mark.data
def test_no_real_feed_is_read_differently_and_most_are_read_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing")
    paths = [*documents(SHARED / "formats"), *documents(SHARED / "replay")[::7]]
    taken = []
    for path in paths:
        if (text := text_of(path)) is not None:
            fast, slow, quick = both(text, monkeypatch)
            taken.append(quick)
            assert _plain(fast) == _plain(slow), path.name
    assert sum(taken) > len(taken) / 2


def _plain(result: RawFeed | str) -> object:
    return result if isinstance(result, str) else asdict(result)


WORDS = st.sampled_from([
    "", " ", "Halden cuts", "a & b", "<p>Half</p>", "caf\u00e9", "Caf\u00c3\u00a9", "\u0093quoted\u0094", "guid-1",
    "/relative", "https://n.example/1?a=1&b=2", "//cdn.example/x", "http:////n.example/x#f", "Ann Lee", "one, two",
    "ann@n.example (Ann Lee)", "ann@n.example", "mailto:ann", "Mon, 06 Jan 2025 10:00:00 GMT", "\u65e5\u672c",
    "2025-01-06T10:00:00Z", "text\n  with\tblanks", "60", "hourly",
])  # fmt: skip
RSS_TAGS = [
    "title", "link", "description", "guid", "pubDate", "author", "category", "source", "comments", "enclosure", "id",
    "updated", "content:encoded", "dc:creator", "dc:date", "dc:subject", "dc:title", "dcterms:modified", "own:thing",
    "media:content", "media:title", "media:description", "media:keywords", "media:category", "media:group", "thing",
    "itunes:summary", "itunes:author", "itunes:keywords", "atom:link", "atom:updated", "slash:comments", "summary",
    "news:source", "body",
]  # fmt: skip
ATOM_TAGS = [
    "title", "link", "id", "published", "updated", "summary", "content", "author", "category", "rights", "dc:creator",
    "dc:subject", "media:group", "media:title", "media:description", "own:thing", "source", "contributor",
]  # fmt: skip
HEAD_TAGS = [
    "title", "link", "language", "ttl", "sy:updatePeriod", "sy:updateFrequency", "image", "description", "atom:link",
]  # fmt: skip
NAMES = ["type", "rel", "href", "isPermaLink", "domain", "term", "label", "url", "xml:lang", "xml:base", "scheme"]
VALUES = [
    "",
    "html",
    "text",
    "xhtml",
    "self",
    "alternate",
    "related",
    "https://n.example/a",
    "/a",
    "false",
    "true",
    "x",
]
ATTRIBUTES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=2)
NAMESPACES = " ".join(
    f'xmlns:{prefix}="{namespace}"'
    for prefix, namespace in {
        "content": "http://purl.org/rss/1.0/modules/content/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "dcterms": "http://purl.org/dc/terms/",
        "media": "http://search.yahoo.com/mrss/",
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "atom": "http://www.w3.org/2005/Atom",
        "slash": "http://purl.org/rss/1.0/modules/slash/",
        "sy": "http://purl.org/rss/1.0/modules/syndication/",
        "own": "https://own.example/ns",
        "news": "https://news.example/ns",
    }.items()
)


RDF_NAMESPACES = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
RDF_IMAGE = '<image rdf:about="https://n.example/i"><title>Logo</title><link>https://n.example/logo</link></image>'
#: The attributes that a tag usually has.
USUAL = {
    "guid": ["isPermaLink"],
    "category": ["domain", "term", "label"],
    "source": ["url"],
    "atom:link": ["rel", "type"],
}


@st.composite
def element(draw: st.DrawFn, tag: str, atom: bool, depth: int = 0) -> str:
    odd = draw(st.integers(0, 39))  # 0 and 1: something unusual
    names = st.sampled_from([*USUAL.get(tag, ["type"]), "rel" if atom else "domain"])
    usual = st.dictionaries(names, st.sampled_from(VALUES), max_size=1) if tag in USUAL else st.just({})
    attributes = dict(draw(ATTRIBUTES if odd == 0 else usual))
    if tag == "atom:link" or (atom and tag == "link"):
        attributes.setdefault("href", draw(st.sampled_from(["https://n.example/page", "/page?a=1&b=2"])))
    said = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    inner = draw(WORDS)
    inner = f"<![CDATA[{inner}]]>" if draw(st.booleans()) else escape(inner)
    tags = ATOM_TAGS if atom else RSS_TAGS
    if tag == "author" and atom:
        inner = f"<name>{inner}</name>"
    elif tag == "image":
        inner = "<url>https://n.example/i.png</url><title>Logo</title><link>https://n.example/</link>"
    elif depth < 2 and (odd == 1 or tag in ("media:group", "media:content")):
        inside = tags if odd == 1 else ["media:content", "media:title", "media:description", "media:thumbnail"]
        inner = "".join(draw(element(inner_tag, atom, depth + 1)) for inner_tag in draw(tag_lists(inside, 3)))
    return f"<{tag}{said}>{inner}</{tag}>"


def tag_lists(tags: list[str], most: int) -> st.SearchStrategy[list[str]]:
    """Return lists of tags, most of them without repetition, as in ordinary feeds."""
    once = st.lists(st.sampled_from(tags), max_size=most, unique=True)
    return st.one_of(once, once, once, st.lists(st.sampled_from(tags), max_size=most))


@st.composite
def feeds(draw: st.DrawFn) -> str:
    atom = draw(st.booleans())
    rdf = not atom and draw(st.integers(0, 2)) == 0
    tags, wrap = (ATOM_TAGS, "entry") if atom else (RSS_TAGS, "item")
    head_tags = [tag for tag in HEAD_TAGS if not atom or tag in ("title", "link", "sy:updatePeriod")]
    head = "".join(draw(element(tag, atom)) for tag in draw(tag_lists(head_tags, 4)))
    tail = ""
    for _ in range(draw(st.integers(1, 2))):
        ordinary = draw(st.lists(st.sampled_from(tags[:10]), max_size=6, unique=True))
        rare = draw(st.lists(st.sampled_from(tags), max_size=2))
        both_sorts = draw(st.permutations([*ordinary, *rare]))
        about = draw(st.sampled_from(["", "urn:x", "https://n.example/1?a=1&b=2", "/a"])) if rdf else ""
        begin = f"{wrap} rdf:about={quoteattr(about)}" if about else wrap
        tail += f"<{begin}>{''.join(draw(element(tag, atom)) for tag in both_sorts)}</{wrap}>"
    lang = draw(st.sampled_from(["", "", ' xml:lang="en-US"', ' xml:base="https://cdn.example/b/"']))
    if atom:
        return f'<feed xmlns="http://www.w3.org/2005/Atom" {NAMESPACES}{lang}>{head}{tail}</feed>'
    if rdf:
        channel = f'<channel rdf:about="https://n.example/">{head}</channel>'
        parts = draw(st.sampled_from([channel + tail, channel + tail, channel + RDF_IMAGE + tail, RDF_IMAGE + channel]))
        return f"<rdf:RDF {RDF_NAMESPACES} {NAMESPACES}{lang}>{parts}</rdf:RDF>"
    version = draw(st.sampled_from(["2.0", "2.0", "2.0", "0.91", "0.92", "1.0"]))
    return f'<rss version="{version}" {NAMESPACES}{lang}><channel>{head}{tail}</channel></rss>'


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=feeds())
def test_no_feed_is_read_differently(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, slow, _ = both(text, monkeypatch)
    assert _plain(fast) == _plain(slow)


def test_what_it_does_not_know_is_left_to_feedparser() -> None:
    ordinary = '<rss version="2.0"><channel><item><title>A</title></item></channel></rss>'
    assert parse_plain(ordinary.encode(), FEED_URL) is not None
    for strange in (
        "<title>B</title>",
        "<title><b>B</b></title>",
        "<summary>x</summary>",
        '<link href="/x"/>',
        "<id>1</id>",
    ):
        changed = ordinary.replace("</item>", f"{strange}</item>")
        assert parse_plain(changed.encode(), FEED_URL) is None, strange
    assert parse_plain(ordinary[:-5].encode(), FEED_URL) is None
    assert parse_plain(b"<html><body/></html>", FEED_URL) is None


def test_rdf_is_read_in_its_usual_order_and_otherwise_left_to_feedparser(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = (
        '<channel rdf:about="https://n.example/"><title>News</title><link>https://n.example/</link>'
        '<items><rdf:Seq><rdf:li rdf:resource="https://n.example/1"/></rdf:Seq></items></channel>'
    )
    item = (
        '<item rdf:about="https://n.example/1"><title>Halden cuts</title><link>https://n.example/1</link>'
        "<description>By half.</description><dc:date>2026-03-04T11:00:00Z</dc:date></item>"
    )
    bare = '<item rdf:about="urn:1"><title>A</title></item>'
    bare_guid = "<item><title>A</title><guid>urn:1</guid></item>"
    for parts, is_usual in (
        (channel + item + bare, True), (channel + RDF_IMAGE + item, True), (RDF_IMAGE + channel + item, False),
        (item + channel, False), (channel + channel + item, False), (channel.replace("</channel>", item), False),
        (channel + bare_guid, False), (channel + item + "<title>B</title>", False),
    ):  # fmt: skip
        fast, slow, taken = both(f"<rdf:RDF {RDF_NAMESPACES} {NAMESPACES}>{parts}</rdf:RDF>", monkeypatch)
        assert (_plain(fast), taken) == (_plain(slow), is_usual), parts
    rss = f'<rss version="2.0" xmlns:one="http://purl.org/rss/1.0/"><channel>{bare_guid}</channel></rss>'
    assert parse_plain(rss.encode(), FEED_URL) is None


@pytest.mark.parametrize("attributes", ["", ' domain="https://n.example/tags"'])
@pytest.mark.parametrize("tag", ["category", "media:category", "dc:subject"])
def test_a_repeated_category_is_read_as_by_feedparser(
    tag: str, attributes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"<{tag}{attributes if tag == 'category' else ''}>Pumps</{tag}>"
    text = f'<rss version="2.0" {NAMESPACES}><channel><item><title>A</title>{said}{said}</item></channel></rss>'
    fast, slow, taken = both(text, monkeypatch)
    assert taken
    assert _plain(fast) == _plain(slow)


def test_many_categories_take_linear_time() -> None:
    many = "".join(f"<category>c{number}</category>" for number in range(60_000))
    text = f'<rss version="2.0"><channel><item><title>A</title>{many}</item></channel></rss>'
    found = parse_plain(text.encode(), FEED_URL)
    assert found is not None
    assert len(found.entries[0].categories) == 60_000


@pytest.mark.parametrize(
    ("strange", "told"),
    [
        ("".join(f"<category>c{number}</category>" for number in range(4_000)), "more than 3,000 elements"),
        ("".join(f'<a{number} xmlns="urn:{number}"/>' for number in range(2_000)), "more than 1,000 namespaces"),
    ],
)
def test_what_would_take_feedparser_too_long_is_refused(strange: str, told: str) -> None:
    text = f'<rss version="2.0"><channel><item><title>A</title><title>B</title>{strange}</item></channel></rss>'
    with pytest.raises(NotAFeed, match=told):
        xmlfeed.parse_xml_feed(text, FEED_URL, Notes())


def test_only_the_formats_own_guid_identifies_an_entry() -> None:
    text = (
        f'<rss version="2.0" {NAMESPACES}><channel><item><title>A</title><title>B</title><guid>one</guid>'
        "<atom:id>two</atom:id></item></channel></rss>"
    )
    (entry,) = xmlfeed.parse_xml_feed(text, FEED_URL, Notes()).entries
    assert entry.guid == "one"
