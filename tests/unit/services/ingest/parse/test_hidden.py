from __future__ import annotations

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.parse.clean import plain_text, title_text
from services.ingest.parse.feed import parse_feed
from tests.growth import assert_linear

HIDING = [
    "hidden",
    "HIDDEN",
    "hidden=''",
    "title='a > b' hidden",
    "style='display:none'",
    'style="Display : NONE !important; display: inline"',
    "style=display:none",
    "style='dis\\70lay:none'",
    "style='display:/* shown */none'",
    "style='display:&#110;one'",
    "style='display:none;display:nonsense'",
    "style='visibility:hidden'",
    "style='visibility: collapse'",
    "style='font-size:0'",
    "style='font-size:1px'",
    "style='font:0/0 Arial'",
    "style='font-size:.01em'",
    "style='opacity:0'",
    "style='color:transparent'",
    "style='color:rgba(0, 0, 0, 0)'",
    "style='color:#0000'",
    "style='max-height:0;overflow:hidden'",
    "style='position:absolute;left:-9999px'",
    "style='text-indent:-999em'",
    "style='position:absolute;clip:rect(0 0 0 0)'",
    "style='clip-path:inset(50%)'",
]
SHOWING = [
    "aria-hidden='true'",
    "data-hidden",
    "class='hidden'",
    "title='style=\"display:none\"'",
    "hidden style='display:inline'",
    "style='display:none;display:block'",
    "style='visibility:visible'",
    "style='font-size:14px'",
    "style='font-size:80%'",
    "style='font:700 14px/1.5 Arial'",
    "style='opacity:.8'",
    "style='color:#ff0000'",
    "style='color:rgb(0,0,0)'",
    "style='background:url(\"a;display:none\")'",
    "style='max-height:0'",
    "style='left:-9999px'",
    "style='overflow:hidden;height:auto'",
    "style='text-decoration:none'",
]


@pytest.mark.parametrize("tag", ["span", "b", "kbd", "x-word", "font"])
@pytest.mark.parametrize("attribute", HIDING)
def test_what_is_hidden_is_no_word_of_a_text(attribute: str, tag: str) -> None:
    markup = f"Halden does <{tag} {attribute}>not</{tag}> close its mill"
    assert title_text(markup) == "Halden does close its mill"
    assert plain_text(f"<p>{markup}.</p>") == "Halden does close its mill."


@pytest.mark.parametrize("attribute", SHOWING)
def test_what_is_shown_stays(attribute: str) -> None:
    assert title_text(f"Halden does <span {attribute}>not</span> close its mill") == "Halden does not close its mill"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<div style='font-size:0'>no<span style='font-size:14px'>Shares</span>no</div>", "Shares"),
        ("<p style='visibility:hidden'>no <b style='visibility:visible'>Shares</b></p>", "Shares"),
        ("<p hidden>no <b style='display:inline;visibility:visible'>no</b></p>Shares", "Shares"),
        ("<div style='font-size:.4em'>Small <i style='font-size:.4em'>no</i></div>", "Small"),
        ("One <span hidden>no <b>no", "One"),
        ("One<p hidden>no<p>Two", "One\n\nTwo"),
        ("<span hidden>no<img src=x>no<br>no</span>One", "One"),
        ("un<i hidden>no</i>true", "untrue"),
        ("One <xmp hidden><b></xmp> two", "One two"),
        ("<table><tr><td hidden>no</td><td>5</td></tr></table>", "5"),
    ],
)
def test_what_stands_around_a_text_counts(markup: str, text: str) -> None:
    assert plain_text(markup) == text


FEEDS = {
    "markup within the text, which only feedparser reads": "{0}",
    "escaped": "{1}",
    "escaped twice": "{2}",
    "as characters": "<![CDATA[{0}]]>",
}


@pytest.mark.parametrize("form", FEEDS.values(), ids=list(FEEDS))
def test_both_ways_to_read_a_feed_leave_it_out(form: str) -> None:
    markup = "Halden does <span style='display:none'>not</span> close its mill"
    escaped = markup.replace("<", "&lt;").replace(">", "&gt;")
    text = form.format(markup, escaped, escaped.replace("&", "&amp;"))
    feed = (
        "<rss version='2.0'><channel><title>Bay News</title><link>https://bay.example/</link><item><guid>1</guid>"
        f"<title>{text}</title><description>{text}.</description></item></channel></rss>"
    )
    (parsed,) = parse_feed(feed.encode(), feed_url="https://bay.example/feed").items
    assert parsed.item.title == "Halden does close its mill"
    assert parsed.item.summary == "Halden does close its mill."


@given(st.text(alphabet="ab<>&;/ =\"'pbr\n") | st.text())
def test_markup_that_hides_nothing_has_the_same_text_either_way(text: str) -> None:
    """A style that hides nothing besides, and one that does, lead to the same text of all the rest."""
    shown, hidden = f"<p>{nh3.clean_text(text)}</p>", "<i hidden>x</i>"
    assert plain_text(shown + hidden) == plain_text(shown)


def test_what_a_tag_hides_that_nests_too_deep_is_left_out_with_what_follows() -> None:
    assert plain_text("<p>One</p>" + "<div>" * 250 + "<i hidden>no</i> no") == "One"


def test_many_styles_take_linear_time() -> None:
    def read(count: int) -> None:
        plain_text("".join(f"<p style='font-size:{number % 9}px'>a<i hidden=<a style=\"" for number in range(count)))

    assert_linear(read, 10_000)
