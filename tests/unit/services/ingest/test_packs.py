"""The packs of feeds that ship with Firstword."""

from __future__ import annotations

from collections import Counter

import pytest

from schemas.items import Item, Source
from services.common.errors import BadInput
from services.ingest.opml import read_opml
from services.ingest.packs.shipped import FOLDER, find_pack, shipped_packs
from services.matcher.sources.channels import attribute
from services.matcher.sources.publishers import default_sources


def test_every_pack_is_whole_and_no_feed_is_in_two() -> None:
    for path in FOLDER.glob("*.opml"):
        listing = read_opml(path.read_bytes())
        assert (listing.problems, bool(listing.title), len(listing.feeds) > 1) == ((), True, True), path.name
    feeds = [feed for pack in shipped_packs() for feed in pack.feeds]
    assert all(feed.url.startswith("https://") and feed.title and feed.group and feed.site_url for feed in feeds)
    assert [url for url, times in Counter(feed.url for feed in feeds).items() if times > 1] == []


def test_every_feed_of_a_pack_has_a_known_publisher() -> None:
    sources = default_sources()
    unknown = [
        feed.url
        for pack in shipped_packs()
        for feed in pack.feeds
        if attribute(Item(id="1", title="News", source=Source(feed_url=feed.url)), sources).source.grade not in "ABC"
    ]
    assert unknown == []


def test_a_pack_has_a_name() -> None:
    assert find_pack("security").title == "Security advisories"
    with pytest.raises(BadInput, match="no pack 'sports'") as caught:
        find_pack("sports")
    assert "statistics" in (caught.value.fix or "")
