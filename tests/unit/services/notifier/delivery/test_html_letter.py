"""HTML mail contains exactly the words of the plain text; no text becomes markup, and nothing is fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.delivery.html_letter import letter_html

BODY = (
    "Dear Ms Arnaud,\n\nHalden <b>cut</b> & halved its dividend (https://news.example/a?b=1&c=2).\nSee “below”.\n\n"
    "نص عربي\n\nKind regards,\nMara"
)


class Reader(HTMLParser):
    """Collects what a person reads, and what a mail program would fetch or follow."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._hidden += tag in ("style", "title")
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "background")]
        if tag in ("p", "br"):
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_html_reads_like_the_text() -> None:
    html = letter_html("Halden cuts", BODY)
    reader = read(html)
    assert "".join(reader.words).split() == BODY.split()
    assert reader.links == ["https://news.example/a?b=1&c=2"]
    assert html.count("<p ") == 4
    assert reader.tags == {"html", "head", "meta", "title", "style", "body", "div", "p", "br", "a"}
    assert "prefers-color-scheme: dark" in html
    assert not re.search(r"url\(|@import", html)


@given(
    st.text(st.sampled_from("ab <>&\"'\n\r.,:/h t p s ا 東") | st.characters(codec="utf-8", exclude_categories=["Cc"]))
)
def test_html_contains_the_same_words(body: str) -> None:
    assert "".join(read(letter_html("x", body)).words).split() == body.split()
