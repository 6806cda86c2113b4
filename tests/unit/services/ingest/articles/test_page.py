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
OTHER = "Ostrava recalls a million toys after a fire in a plant in the north of the country, it says."
COMMENT = "This purchase will never work, I say, and I have worked there for more than twenty years. "
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
        f"<article><h2><a href='/halden'>Halden buys Kestrel</a></h2>{PARAGRAPHS}</article>",
        PARAGRAPHS.replace("</p>", ""),
        f"<div class='related-news'><div>{PARAGRAPHS}</div></div>",
        f"<div class='post tag-social category-ads'><div>{PARAGRAPHS}</div></div>",
        f"<div class='page-with-ads'><article>{PARAGRAPHS}</article></div>",
        f"<div><h1>Halden buys Kestrel</h1>{FIRST}<br><br>{SECOND}<br><br>{THIRD}</div>",
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
        f"<div class='RelatedStories_root__x7'><p>{OTHER}</p></div>",
        f"<div data-component='related-links'><p>{OTHER}</p></div>",
        f"<div role='complementary'><p>{OTHER}</p></div>",
        f"<div class='you-may-also-like'><p>{OTHER}</p></div>",
        f"<section id='most-read'><p>{OTHER}</p></section>",
        f"<div><h3><a href='/1'>Toys recalled</a></h3><p>{OTHER}</p></div>",
        f"<div><a href='/1'><h3>Toys recalled</h3><p>{OTHER}</p></a></div>",
        "<h2><a href='#what'>What the purchase means</a></h2>",
        "<p><a name='more'>",
        f"<div itemprop='comment' itemscope><p>{COMMENT}</p></div>",
        f"<div class='userComments'><p>{COMMENT}</p></div>",
        f"<article class='comment'><p>{COMMENT}</p></article>",
        f"<div style='height: 0; overflow: hidden'><p>{OTHER}</p></div>",
        "<p class='sr-only'>Skip the pictures of the plants of Kestrel that follow here.</p>",
        "<div class='author-bio'><p>Anna Berg has reported on the industry from Oslo since 2009.</p></div>",
        "<div role='dialog'><p>Our 834 partners store identifiers on your device to show you advertisements.</p></div>",
        "<p>With your consent, we and our partners store data on your device, such as identifiers.</p>",
    ],
)
def test_what_stands_between_the_paragraphs_is_left_out(between: str) -> None:
    found = read_article(page(f"<article><p>{FIRST}</p>{between}<p>{SECOND}</p><p>{THIRD}</p></article>"))
    assert (found.result, found.text) == ("read", TEXT)


@pytest.mark.parametrize(
    "after",
    [
        f"<section id='comments'><article><p>{COMMENT * 9}</p></article></section>",
        f"<div class='forum'><article><p>{COMMENT * 9}</p></article></div>",
        f"<article><h1>Toys recalled</h1><div class='article-body'><p>{OTHER * 9}</p></div></article>",
    ],
)
def test_the_article_with_the_heading_is_meant_however_long_comments_and_other_news_are(after: str) -> None:
    article = f"<article><h1>Halden buys Kestrel</h1><div class='article-body'>{PARAGRAPHS}{{}}</div></article>"
    assert read_article(page(f"<main>{article.format('')}{after}</main>")).text == TEXT
    assert read_article(page(f"<main>{article.format(after)}</main>")).text == TEXT
    assert read_article(page(f"<main>{article.format('').replace('article-body', 'x')}{after}</main>")).text == TEXT


def test_the_entries_of_a_live_page_are_read() -> None:
    entries = [f"At {hour} in the morning, the price of a share of Kestrel was {hour * 7} crowns." for hour in range(5)]
    for tag in ("article", "section"):
        told = "".join(f"<{tag}><h2>{hour}:00</h2><p>{entry}</p></{tag}>" for hour, entry in enumerate(entries))
        found = read_article(page(f"<main><h1>Halden buys Kestrel</h1><p>{FIRST}</p>{told}</main>"))
        assert found.text == "\n\n".join((FIRST, *entries))


@pytest.mark.parametrize(
    "paragraphs",
    [
        ("ハルデン社は月曜日、ケストレル食品を二十億クローネで買収すると発表した。同社で最大の買収となる。",
         "規制当局の承認が必要となる見通しだ。", "社長は「長く望んでいた会社だ。」", "株価は午前の取引で二割上昇した。",
         "アナリストはより低い価格を予想していたという。"),
        ("海登公司周一宣布，将以二十亿克朗收购红隼食品公司，这是其迄今为止最大的一笔收购。公司发言人拒绝进一步置评。",
         "监管机构仍须批准这项收购。", "分析师此前预计价格会更低。", "工会对此表示欢迎，并要求保留所有岗位。",
         "红隼食品公司股价在奥斯陆早盘交易中上涨了两成。"),
        ("บริษัทฮาลเดนกล่าวเมื่อวันจันทร์ว่าจะซื้อบริษัทเคสเตรลฟู้ดส์ในราคาสองพันล้านโครน ซึ่งเป็นการซื้อครั้งใหญ่ที่สุด",
         "หุ้นของเคสเตรลขึ้นหนึ่งในห้าในวันเดียว", "หน่วยงานกำกับดูแลยังต้องอนุมัติข้อเสนอ ซึ่งคณะกรรมการของเคสเตรลแนะนำ"),
        ("ہالڈن نے پیر کو کہا کہ وہ کیسٹرل فوڈز کو دو ارب کرون میں خریدے گا، جو اب تک اس کی سب سے بڑی خریداری ہے۔",
         "نگران اداروں کی منظوری ابھی باقی ہے۔", "تجزیہ کاروں کو کم قیمت کی توقع تھی اور حصص میں پانچواں اضافہ ہوا۔"),
    ],
)  # fmt: skip
def test_articles_in_other_scripts_are_read_whole(paragraphs: tuple[str, ...]) -> None:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    assert read_article(page(f"<article>{text}</article>")).text == "\n\n".join(paragraphs)


def test_a_page_that_only_asks_for_consent_is_unread() -> None:
    asked = "<p>We and our partners use cookies and other means to store data on your device and to read it later.</p>"
    refused = "<p>If you refuse, the advertisements that you see will be less relevant to you than they are now.</p>"
    assert read_article(page(f"<div><h2>Before you continue</h2>{asked}{refused}</div>")).result == "unread"


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
        (data() + data(isAccessibleForFree=False), PARAGRAPHS),
        (data(isAccessibleForFree=False).replace("NewsArticle", "WebPage") + data(), PARAGRAPHS),
        (data(isAccessibleForFree=False).replace("ld+json", "ld+json; charset=utf-8"), PARAGRAPHS),
        (data(isAccessibleForFree=False).replace("{", "<!--\n{", 1).replace("}]}", "}]}\n-->"), PARAGRAPHS),
        (data(isAccessibleForFree=False).replace("{", "//<![CDATA[\n{", 1).replace("}]}", "}]}\n//]]>"), PARAGRAPHS),
        ("", f"<article><meta itemprop='isAccessibleForFree' content='False'>{PARAGRAPHS}</article>"),
        (
            "",
            f"<article>{PARAGRAPHS}<div class='c-paywall'><p>All of Northgate for a crown a month.</p></div></article>",
        ),
        ("", f"<article>{PARAGRAPHS}<p>この記事は有料会員限定です。</p></article>"),
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
        f"<article>{PARAGRAPHS}<div class='paywall'></div><div class='paywall' hidden>Join us.</div></article>",
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
        ("", "<article><h1>x", ""),
        ("", "<h2><a href=x>x</a></h2>", ""),
        ("", "<a href=x>\n", ""),
        ("", "<div class=paywall style='opacity:0'>", ""),
        ("<p>", "会", "</p>"),
        ("<script type='application/ld+json'>//", " " * 10, "<!--"),
    ],
)
def test_a_hostile_page_takes_linear_time(before: str, again: str, after: str) -> None:
    assert_linear(lambda count: read_article(page(before + again * count + after)), 16_000)


@given(st.text(max_size=300), st.binary(max_size=300))
def test_any_page_gives_a_result_without_controls(text: str, raw: bytes) -> None:
    for found in (read_article(raw), read_article(page(f"<article>{PARAGRAPHS}<p>{text}</p></article>"))):
        assert not any(letter < " " and letter != "\n" for letter in found.text or "")
