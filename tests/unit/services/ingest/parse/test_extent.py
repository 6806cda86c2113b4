"""A text that ends, and is as long as news, is whole; all others are a headline or a teaser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.feeds import Feed
from schemas.items import Item
from services.ingest.parse import extent as rules
from services.ingest.parse.extent import WHOLE_FROM, Extent, extent_of, has_articles, has_only_headlines

TITLE = "Halden buys Kestrel"
LONG = "Halden said on Monday that it would buy Kestrel. " * (WHOLE_FROM // 40)


@pytest.mark.parametrize(
    ("summary", "body", "extent"),
    [
        (None, None, "headline"),
        (f" {TITLE.upper()} ", None, "headline"),
        ("Halden said on Monday that it would buy Kestrel.", None, "teaser"),
        (LONG, None, "whole"),
        ("Short.", LONG, "whole"),
        (f"{LONG} …", None, "teaser"),
        (f"{LONG} [...]", None, "teaser"),
        (f"{LONG} Read more »", None, "teaser"),
        (f"{LONG} Continue reading Halden buys Kestrel", None, "teaser"),
        (f"{LONG} Lire la suite.", None, "teaser"),
        (f"{LONG} […] The post Halden buys Kestrel appeared first on Northgate.", None, "teaser"),
        (f"{LONG} The post Halden buys Kestrel appeared first on Northgate.", None, "whole"),
        (f"{LONG} Nobody will read more into it than that.", None, "whole"),
    ],
)
def test_extent(summary: str | None, body: str | None, extent: Extent) -> None:
    assert extent_of(Item(id="itm_1", title=TITLE, summary=summary, body=body)) == extent


_ENDS = (
    "...", "…", "read more", "read on", "read the full story", "continue reading Halden", "more here", "full story",
    "full article", "weiterlesen", "mehr lesen", "lire la suite", "lire plus", "leer más", "seguir leyendo",
    "continua a leggere", "leggi tutto", "lees meer", "lees verder", "läs mer", "les mer", "læs mere",
    "The post A appeared first on B", "The post A first appeared on B", "The post A appeared on B",
)  # fmt: skip


@given(
    st.lists(st.sampled_from([*_ENDS, " ", ".", "]", "»", "Halden", "\n"]), max_size=6),
    st.sampled_from([str, str.upper, str.title, lambda end: end.replace("s", "ſ"), lambda end: end.replace("i", "ı")]),
)
def test_looking_for_parts_first_finds_the_same_ends(parts: list[str], written: Callable[[str], str]) -> None:
    end = written("".join(parts))
    assert rules._is_cut(end) is (rules._CUT.search(rules._FOOTER.sub("", end)) is not None)


@pytest.mark.parametrize(
    ("headlines", "teasers", "only"), [(9, 0, False), (10, 0, True), (8, 2, True), (7, 3, False), (0, 40, False)]
)
def test_a_feed_has_only_headlines_if_eight_in_ten_of_at_least_ten_items_have_no_more(
    headlines: int, teasers: int, only: bool
) -> None:
    extents: list[Extent] = [*["headline"] * headlines, *["teaser"] * teasers]  # type: ignore[list-item]
    assert has_only_headlines(extents) is only


@pytest.mark.parametrize(
    ("feed", "has"),
    [
        (Feed(id="f1", url="https://n.example/rss"), True),
        (Feed(id="f1", url="https://n.example/news", kind="page"), True),
        (Feed(id="f1", url="https://n.example/terms", kind="text"), False),
        (Feed(id="f1", url="file:///feeds/rss.xml"), False),
        (Feed(id="f1", url="https://press-desk.inlet.invalid/", kind="push"), False),
    ],
)
def test_only_web_feeds_and_pages_of_links_lead_to_articles(feed: Feed, has: bool) -> None:
    assert has_articles(feed) is has
