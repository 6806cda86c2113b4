"""Of a page, the article is read and not what stands around it; what is for subscribers is not read at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.articles.page import MOST_TEXT, read_article
from tests.growth import assert_linear

FIRST = "Halden said on Monday that it would buy Kestrel Foods for 2 billion crowns, its largest purchase so far."
SECOND = "The board of Kestrel recommends the offer, which <a>regulators</a> still have to approve."
THIRD = "Analysts had expected a lower price. Shares of Kestrel rose by a fifth in early trading in Oslo."
PARAGRAPHS = f"<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>"
TEXT = f"{FIRST}\n\n{SECOND.replace('<a>', '').replace('</a>', '')}\n\n{THIRD}"


def page(body: str, head: str = "") -> bytes:
    return f"<html><head><title>Halden buys Kestrel | Northgate</title>{head}</head><body>{body}</body></html>".encode()


def data(**values: object) -> str:
    article = {"@type": "NewsArticle", "headline": "Halden buys Kestrel", **values}
    return f"<script type='application/ld+json'>{json.dumps({'@graph': [article]})}</script>"


@pytest.mark.parametrize(
    "body",
    [
        f"<article><h1>Halden buys Kestrel</h1>{PARAGRAPHS}</article>",
        f"<main><h1>Halden buys Kestrel</h1><div class='lead'>{PARAGRAPHS}</div></main>",
        f"<div><div class='entry-content'>{PARAGRAPHS}</div></div>",
        f"<div itemprop='articleBody'>{PARAGRAPHS}</div>",
        f"<form><div>{PARAGRAPHS}</div></form>",
        PARAGRAPHS,
        PARAGRAPHS.replace("</p>", ""),
        f"<div class='related-news'><div>{PARAGRAPHS}</div></div>",
    ],
)
def test_the_paragraphs_of_the_article_are_read(body: str) -> None:
    found = read_article(page(body))
    assert (found.result, found.text) == ("read", TEXT)


@pytest.mark.parametrize(
    "between",
    [
        "<div class='cookie-banner'><p>We and our 120 partners store data on your device. You may object.</p></div>",
        "<p>We use cookies to show you news that you may like, and for our partners' advertisements.</p>",
        "<aside><p>Halden recalls a million toys after a fire in a plant that it does not name here.</p></aside>",
        "<div class='related'><div><p>Halden recalls a million toys after a fire in a plant.</p></div></div>",
        "<p><a href='/toys'>Halden recalls a million toys after a fire in a plant. Read it here.</a></p>",
        "<ul><li><a href='/1'>Halden recalls toys after a fire in its plant in the north of the country.</a></li></ul>",
        "<p hidden>Nobody sees that Halden recalls a million toys after a fire in a plant.</p>",
        "<div style='display: none'><p>Nobody sees that Halden recalls a million toys after a fire.</p></div>",
        "<figure><img><figcaption>Halden's chief executive, in his office in May. It was warm.</figcaption></figure>",
        "<h2>What the purchase means</h2>",
        "<p class='byline'>By Anna Berg, who reports on the industry from Oslo. Reach her by mail.</p>",
        "<form><p>Sign up for our newsletter to get the news of the day every morning at seven.</p></form>",
        "<script>document.write('<p>Halden recalls a million toys after a fire in a plant.</p>')</script>",
        f"<p>{FIRST}</p>",
    ],
)
def test_what_stands_between_the_paragraphs_is_left_out(between: str) -> None:
    found = read_article(page(f"<article><p>{FIRST}</p>{between}<p>{SECOND}</p><p>{THIRD}</p></article>"))
    assert (found.result, found.text) == ("read", TEXT)


def test_of_several_articles_the_longest_is_meant() -> None:
    card = "<article><p>Halden recalls a million toys after a fire in a plant, the company says.</p></article>"
    assert read_article(page(f"{card}<article>{PARAGRAPHS}</article>{card}")).text == TEXT


def test_a_page_that_a_program_fills_is_read_by_its_data() -> None:
    found = read_article(page("<div id=app></div>", data(articleBody=TEXT + "\x00\ud800", isAccessibleForFree=True)))
    assert found.result == "read"
    assert found.text is not None
    assert found.text.startswith(FIRST)
    assert "Halden buys Kestrel" in found.titles


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (data(isAccessibleForFree=False, articleBody=TEXT), PARAGRAPHS),
        (data(isAccessibleForFree="False"), PARAGRAPHS),
        (data(hasPart={"isAccessibleForFree": False, "cssSelector": ".paid"}), f"<div class='paid'>{PARAGRAPHS}</div>"),
        ("<meta property='article:content_tier' content='locked'>", PARAGRAPHS),
        ("", f"<article><p>{FIRST}</p><p>{SECOND}</p><div class='wall'>Subscribe to continue reading.</div></article>"),
        ("", f"<article><p>{FIRST}</p></article><dialog>Already a subscriber? Log in</dialog>"),
        ("", f"<article><p>{FIRST}</p><p>{SECOND}</p><p>Jetzt weiterlesen mit Northgate+</p></article>"),
    ],
)
def test_an_article_for_subscribers_is_not_read(head: str, body: str) -> None:
    found = read_article(page(body, head))
    assert (found.result, found.text) == ("paywall", None)


@pytest.mark.parametrize(
    "body",
    [
        f"<header>Already a subscriber? Log in</header><article>{PARAGRAPHS}</article>",
        f"<article>{PARAGRAPHS}</article><footer>Subscribe to read more of us.</footer>",
        f"<article>{PARAGRAPHS * 3}<p>{FIRST * 12}</p><p>Subscribe to read all our news.</p></article>",
    ],
)
def test_an_invitation_on_every_page_is_no_paywall(body: str) -> None:
    assert read_article(page(body)).result == "read"


def test_what_others_articles_are_says_nothing_of_this_one() -> None:
    other = {"itemListElement": [{"@type": "NewsArticle", "isAccessibleForFree": False}]}
    assert read_article(page(PARAGRAPHS, data(**other))).result == "read"


@pytest.mark.parametrize("raw", [b"", b"<html></html>", b"\xff\xfe\x00", page("<p>Too short.</p>"), b"%PDF-1.7 \x00"])
def test_a_page_without_an_article_is_unread(raw: bytes) -> None:
    assert read_article(raw).result == "unread"


def test_a_long_article_is_cut_after_a_sentence() -> None:
    text = read_article(page("".join(f"<p>{number} {FIRST}</p>" for number in range(1_000)))).text
    assert text is not None
    assert MOST_TEXT * 0.8 <= len(text) <= MOST_TEXT
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("before", "again", "after"),
    [
        ("", "<div class=related>", ""),
        ("", "<a>", ""),
        ("", "<article>", ""),
        ("", "<p hidden>x", ""),
        ("<p>", "a " * 10, "</p>"),
        ("<script type='application/ld+json'>", "[", ""),
        ("<p class='", "-ad", ""),
    ],
)
def test_a_hostile_page_takes_linear_time(before: str, again: str, after: str) -> None:
    assert_linear(lambda count: read_article(page(before + again * count + after)), 16_000)


@given(st.text(max_size=300), st.binary(max_size=300))
def test_any_page_gives_a_result_without_controls(text: str, raw: bytes) -> None:
    for found in (read_article(raw), read_article(page(f"<article>{PARAGRAPHS}<p>{text}</p></article>"))):
        assert not any(letter < " " and letter != "\n" for letter in found.text or "")
