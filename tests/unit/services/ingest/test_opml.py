from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.feeds import Feed
from services.common.errors import BadInput
from services.ingest.opml import feed_id, read_opml, write_opml

LISTING = b"""<?xml version="1.0"?>
<opml version="1.0"><head><title> My
 feeds</title></head><body>
<outline text="News"><outline text="Asia/Pacific">
<outline type="rss" text="One" title="The One" xmlUrl="https://one.example/feed?a=1&b=2" htmlUrl="https://one.example"/>
</outline>
<outline type="rss" text="No address" htmlUrl="https://none.example"/>
</outline>
<outline text="Two" XMLURL=" feed://two.example/rss "/>
<outline text="Twice" xmlUrl="feed:https://one.example/feed?a=1&amp;b=2"/>
<outline text="Html" description="It's <em class="a">the</em> <a href="/x">best</a>" xmlUrl="https://html.example/"/>
<outline text="Mail" type="rss" xmlUrl="mailto:a@b.example"/>
<outline text="Empty folder"/>
</body></opml>"""


def test_folders_become_groups_and_problems_have_their_line() -> None:
    listing = read_opml(LISTING)
    assert listing.title == "My feeds"
    assert listing.feeds == (
        Feed(
            id=feed_id("https://one.example/feed?a=1&b=2"),
            url="https://one.example/feed?a=1&b=2",
            title="The One",
            group="News/Asia∕Pacific",
            site_url="https://one.example",
        ),
        Feed(id=feed_id("http://two.example/rss"), url="http://two.example/rss", title="Two"),
        Feed(id=feed_id("https://html.example/"), url="https://html.example/", title="Html"),
    )
    assert [str(problem) for problem in listing.problems] == [
        "line 7: 'No address' has no feed address (xmlUrl); 'firstword feeds add' finds that of its page (htmlUrl)",
        "line 10: 'Twice' repeats the address 'https://one.example/feed?a=1&b=2'; it is added once",
        "line 12: 'Mail' has an address that is not a web address: 'mailto:a@b.example'",
    ]


def test_a_list_that_is_cut_off_is_read_up_to_the_cut() -> None:
    cut = LISTING[: LISTING.index(b'<outline text="Two"') + 30]
    listing = read_opml(cut)
    assert [feed.title for feed in listing.feeds] == ["The One"]
    assert "could not be read" in str(listing.problems[-1])
    assert listing.problems[-1].line >= 9


@pytest.mark.parametrize("raw", [b"", b"<html><body>", b"<rss/>", b"\xff\xfe\0", b"just text"])
def test_other_documents_are_refused(raw: bytes) -> None:
    with pytest.raises(BadInput, match="my list is not an OPML list"):
        read_opml(raw, "my list")


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opml><body><outline text="&b;"/></body></opml>'
    with pytest.raises(BadInput, match="entities"):
        read_opml(bomb)


NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20).map(str.strip)
FEEDS = st.builds(
    lambda path, title, publisher, group: Feed(
        id=feed_id(f"https://news.example/{path}?a&b"),
        url=f"https://news.example/{path}?a&b",
        title=title or None,
        publisher=publisher or None,
        group="/".join(step for step in (name.replace("/", "").strip() for name in group) if step) or None,
    ),
    st.integers(0, 10_000),
    NAMES,
    NAMES,
    st.lists(NAMES, max_size=3),
)


@given(st.lists(FEEDS, unique_by=lambda feed: feed.id))
def test_a_written_list_is_read_again(feeds: list[Feed]) -> None:
    written = write_opml(feeds)
    assert write_opml(feeds) == written
    listing = read_opml(written)
    assert not listing.problems
    untitled = [feed.model_copy(update={"title": feed.title or feed.url}) for feed in feeds]
    assert sorted(map(repr, listing.feeds)) == sorted(map(repr, untitled))


@pytest.mark.data
def test_public_lists_are_read_completely() -> None:
    folder = Path(__file__).parents[5] / "shared" / "data" / "feeds" / "opml"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    for path in sorted(folder.glob("*.opml")):
        listing = read_opml(path.read_bytes(), path.name)
        assert len(listing.feeds) + len(listing.problems) == path.read_text().count("xmlUrl="), path.name
