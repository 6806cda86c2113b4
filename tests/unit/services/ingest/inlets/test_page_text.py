"""A page whose text is watched is one item; what a reader would call a change of it is a revision."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from services.common.errors import BadInput
from services.ingest.inlets.page_text import MOST_CHARACTERS, parse_page_text
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedItem
from tests.choice import one_of_each
from tests.http_server import Reply
from tests.unit.services.ingest.harness import running

URL = "https://agency.example/terms"
TERMS = "<p>The fee is two percent of the sum.</p><p>It is due within thirty days of the notice.</p>"
TEXT = "The fee is two percent of the sum.\n\nIt is due within thirty days of the notice."


def page(main: str = f"<main><h1>Terms of <i>the agency</i></h1>{TERMS}</main>", around: str = "") -> bytes:
    return f"<html lang='en'><title>Terms | Agency</title><body><nav>Home</nav>{main}{around}</body></html>".encode()


def read(raw: bytes, part: str | None = None) -> ParsedItem:
    (found,) = parse_page_text(raw, feed_url=URL, fetched_url=URL, part=part).items
    return found


def test_a_page_is_an_item_with_its_heading_and_its_main_text() -> None:
    item = read(page(around="<footer>Imprint</footer><script>var x = 'text of a program';</script>")).item
    assert (item.title, item.url, item.language) == ("Terms of the agency", URL, "en")
    assert item.body == f"Terms of the agency\n\n{TEXT}"
    assert item.dating() == "undated"


@pytest.mark.parametrize(
    "main",
    [
        f"<article>{TERMS}</article><div>Other pages of the agency, and what else there is to read</div>",
        f"<div>{TERMS}</div>",
        f"<aside>Our best offers of this week, only here</aside><div>{TERMS}</div><form>Your address</form>",
        f"<div>{TERMS}<time>3 minutes ago</time><noscript>Turn it on</noscript><template>x</template></div>",
        f"<nav>Home<main>{TERMS}</main>",
    ],
)
def test_the_main_text_is_what_stands_in_the_best_place(main: str) -> None:
    assert read(page(main)).item.body == TEXT


def test_a_named_part_is_read_wherever_it_is() -> None:
    other = "<div><p>Not this one, which changes every day.</p></div>"
    main = f"{other}<aside class='a fees'><div>{TERMS}</div></aside><p>Nor this</p>"
    assert read(page(main), "aside.fees").item.body == TEXT
    with pytest.raises(NotAFeed, match="no part #fees"):
        read(page(main), "#fees")
    with pytest.raises(BadInput):
        read(page(main), "a > b")


def test_only_what_a_reader_sees_is_a_change() -> None:
    before = read(page())
    same = [
        page(f"<main id=a><h1 class='b'>Terms of the agency</h1>\n\n{TERMS.replace('<p>', '<p data-x=1>')}</main>"),
        page(around="<script>1</script><footer>2026</footer>"),
        page(f"<main><h1>Terms of the agency</h1>{TERMS}<time>now</time></main>"),
    ]
    assert [read(raw).fingerprint for raw in same] == [before.fingerprint] * 3
    after = read(page(f"<main><h1>Terms of the agency</h1>{TERMS.replace('two', 'four')}</main>"))
    assert (after.item.id, after.fingerprint == before.fingerprint) == (before.item.id, False)


@pytest.mark.parametrize("raw", [page("<div id=app></div>"), b"", page("<main>Wait.</main>"), b"\x00\x01\x02"])
def test_a_page_without_text_says_so(raw: bytes) -> None:
    with pytest.raises(NotAFeed):
        read(raw)


@pytest.mark.parametrize(
    "piece", one_of_each(["<nav>", "<div>", "<main><article>", "</nav>", "<p", "<!--", "&#60;script>", "a "], 4)
)
def test_hostile_pages_take_linear_time_and_give_a_bounded_text(piece: str) -> None:
    started = time.process_time()
    try:
        found = read(page(TERMS + piece * (1_000_000 // len(piece))))
    except NotAFeed:
        return
    finally:
        assert time.process_time() - started < 20
    assert len(found.item.body or "") <= MOST_CHARACTERS
    assert "<script" not in (found.item.body or "")


@given(
    st.lists(
        st.sampled_from(["<main>", "</main>", "<nav>", "</nav>", "<p>", "text ", "<article>", "</div>", "&lt;", "<"])
    )
)
def test_any_page_is_read_or_refused(pieces: list[str]) -> None:
    with suppress(NotAFeed):
        assert read(page("".join(pieces) + TERMS)).item.body


async def test_a_change_of_the_text_revises_the_item_and_the_first_text_is_background(database: Engine) -> None:
    replies = {"/terms": Reply(200, page()), "/robots.txt": Reply(200, b"User-agent: *\nDisallow: /secret")}
    async with running(database, replies) as (ingest, server):
        tried = await ingest.service.test_page(server.url("/terms"), text=True)
        assert tried.parsed is not None
        assert tried.parsed.format == "text of a page"
        watched = ingest.service.watch_page(server.url("/terms"), links_in="main", text=True)
        first = await ingest.poll(watched.id)
        assert (first.new, first.background, first.health.status) == (1, 1, "ok")
        ingest.clock.advance(minutes=20)
        replies["/terms"] = Reply(200, page(around="<script>2</script>"))
        assert (await ingest.poll(watched.id)).revised == 0
        replies["/terms"] = Reply(200, page(f"<main>{TERMS.replace('two', 'four')}</main>"))
        assert (await ingest.poll(watched.id)).revised == 1
        event = ingest.items()[-1]
        assert (event.change, event.background, event.revision) == ("revised", False, 1)
        assert "four percent" in (event.item.body or "")
        (state,) = ingest.service.list_feeds()
        assert (state.feed.kind, state.feed.links_in) == ("text", "main")
        secret = ingest.service.watch_page(server.url("/secret"), text=True)
        assert "robots.txt" in ((await ingest.poll(secret.id)).outcome.reason or "")
        with pytest.raises(BadInput, match="has no path"):
            ingest.service.watch_page(server.url("/other"), links_under="/x/", text=True)
