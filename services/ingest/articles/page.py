"""Reads an article from its page: the paragraphs of its text, and whether there is a paywall. Pure, in linear time.

It reads a page like the watch of a page's text does, and looks further for where the article is: the part that pages
mark as its body, the longest article, the main part, or all. Then it leaves out what stands between the paragraphs:
links to other news and their teasers, readers' comments, forms, notices, captions, and everything that a reader does
not see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from services.common.html_pages import MAX_PAGE_CHARACTERS
from services.ingest.articles.walls import (
    MOST_SCRIPTS,
    SCRIPT_CHARACTERS,
    asks_to_subscribe,
    is_denied,
    phrases,
    read_linked_data,
)
from services.ingest.inlets.page import VOID, PartOfPage
from services.ingest.inlets.page_text import TextReader
from services.ingest.parse.charset import decode_document
from services.ingest.parse.clean import limit, plain_text, title_text
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.hidden import is_hidden
from services.ingest.parse.notes import Notes

__all__ = ["MOST_TEXT", "PageArticle", "read_article"]

#: Characters kept of an article. The matcher reads as many of a body (``body_chars`` in its thresholds).
MOST_TEXT = 4_000
#: A shorter text is no article. This and the lengths below are of letters that stand for a sound; see :func:`_size`.
FEWEST_CHARACTERS = 200
#: A longer text is not cut off by a paywall, whatever the page says elsewhere.
_BEHIND_WALL = 1_500
_LONGEST_TITLES = 1_000
#: Shorter lines that do not end like a sentence are headings, labels and captions.
_HEADING = 100
_SHORTEST = 25
#: A paragraph with a larger share of links leads to other pages.
_LINKED = 0.5
_MOST_WORDS = 200_000
_MOST_ARTICLES = 50
#: Set around the text of links, and before headings, while a page is read; none survives in a text.
_LINK, _LINK_END, _HEADS = "\x02", "\x03", "\x04"
_MARKS = re.compile("[\x02-\x04]")
_LINKED_TEXT = re.compile("\x02([^\x02\x03]*)\x03?")
_SENTENCE_END = re.compile(r"[.!?…:;。！？；؟۔।։።။។][\s\"'”’»)\]」』）】]*$")
#: Letters of which one says as much as two of an alphabet: Japanese, Chinese and Korean.
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
#: Thai and Lao, whose sentences end with no mark.
_UNMARKED = re.compile("[\u0e00-\u0eff]")
#: Names of elements, as ids and classes, whose content is no part of an article.
_BESIDE = re.compile(
    r"(?:^|[-_])(?:cookies?|consent|gdpr|onetrust|didomi|usercentrics|sp[-_]message|newsletters?|promos?|promotions?"
    r"|related|recirc(?:ulation)?|recommend(?:ed|ations?)|most[-_](?:read|popular|viewed)|read[-_](?:next|also)|up[-_]next"
    r"|also[-_](?:like|read)|more[-_](?:from|stories|news)|share|sharing|social|comments?|replies|respond|discussions?"
    r"|disqus|sidebar|breadcrumbs?|byline|author[-_](?:bio|box|card|info)|captions?|credits?"
    r"|sr[-_]only|visually[-_]hidden|screen[-_]reader"
    r"|advert(?:s|isements?)?|ads?|sponsored|outbrain|taboola|trending|popular|subscribe|subscriptions?|signup|login"
    r"|menu|modal|popup|toolbar|widgets?|footer|nav|navigation|copyright|disclaimer|paywall|regwall)(?:$|[-_])",
    re.IGNORECASE,
)
_BOXES = frozenset(("div", "section", "ul", "ol", "p", "span", "figure", "header"))
#: Names by which sites sort an article: they say what it is about.
_SORTED = re.compile(r"(?:tag|category|topic)[-_]", re.IGNORECASE)
#: Where a name has words without marks between them: ``relatedStories``.
_NEXT_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WALL = re.compile(r"(?:^|[-_])(?:paywall|regwall)(?:$|[-_])", re.IGNORECASE)
_BESIDE_ROLES = frozenset(("complementary", "navigation", "dialog", "alertdialog", "search", "contentinfo"))
_BESIDE_TAGS = frozenset(("figcaption", "svg", "iframe", "object", "audio", "video"))
_BODY_CLASS = re.compile(
    r"(?:article|story|post|entry|news|release)(?:[-_]{1,2}|)(?:body|content|text)(?:[-_]{1,2}(?:content|text|inner))?"
    r"|(?:body|article)[-_]copy|(?:rich|body)[-_]text",
    re.IGNORECASE,
)
#: What is not searched for the words of a paywall.
_NOT_SEEN = frozenset(("script", "style", "template", "nav", "footer"))
_BEGINS = frozenset(("main", "article", "h1"))
#: What ends a paragraph that nothing closes.
_ENDS_P = frozenset(("p", "div", "section", "ul", "ol", "table", "blockquote", "h2", "h3", "h4", "figure", "footer"))
_HEADING_TAGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
_TIERS = frozenset(("locked",))


@dataclass(frozen=True, slots=True)
class PageArticle:
    """The article of a page, as far as the page has it. ``titles`` are the page's, which tell what it is about.

    ``text`` is the beginning of the article in paragraphs, if the ``result`` is read.
    """

    result: Literal["read", "paywall", "unread"]
    titles: str = ""
    text: str | None = None


def read_article(raw: bytes, content_type: str | None = None) -> PageArticle:
    """Return the article of the page ``raw``.

    What a page says to be for subscribers is not read, even if the page has it where readers don't see it.
    """
    try:
        page = decode_document(raw, content_type, Notes())[:MAX_PAGE_CHARACTERS].translate({2: " ", 3: " ", 4: " "})
    except NotAFeed:  # it is empty, or no text
        return PageArticle("unread")
    reader = _read(page, everything=False)
    said = read_linked_data(reader.scripts)
    titles = (*reader.titles(), said.headline)
    named = "\n".join(dict.fromkeys(title for title in map(title_text, titles) if title))[:_LONGEST_TITLES]
    text = reader.article()
    if said.is_free is False or reader.tier in _TIERS:
        return PageArticle("paywall", named)
    if _size(text) < _BEHIND_WALL and (reader.has_wall or asks_to_subscribe(reader.words())):
        return PageArticle("paywall", named)
    if _size(text) < FEWEST_CHARACTERS:  # the names of its elements are misleading, or a program fills it
        text = _read(page, everything=True).article()
    if _size(text) < FEWEST_CHARACTERS:
        text = said.body or ""
    clean = plain_text(text) or ""
    if _size(clean) < FEWEST_CHARACTERS:
        return PageArticle("unread", named)
    return PageArticle("read", named, limit(clean, MOST_TEXT))


def _size(text: str) -> int:
    """Return the length of ``text`` in letters of an alphabet."""
    return len(text) + len(_DENSE.findall(text))


def _read(page: str, *, everything: bool) -> _ArticleReader:
    reader = _ArticleReader(everything=everything)
    reader.feed(page)
    reader.close()
    return reader


class _BodyOfArticle(PartOfPage):
    """The part that pages mark as the body of their article, in a standard way or by a usual name."""

    def fits(self, tag: str, values: Mapping[str, str]) -> bool:
        if tag in ("body", "html"):
            return False
        if "articleBody" in values.get("itemprop", "").split():
            return True
        return any(_BODY_CLASS.fullmatch(name) for name in (*values.get("class", "").split(), values.get("id", "")))


class _ArticleReader(TextReader):
    """Collects the text of a page with its links marked, and what it says of itself.

    With ``everything``, parts are not left out for their names.
    """

    def __init__(self, *, everything: bool) -> None:
        super().__init__(_BodyOfArticle(None, None, frozenset()))
        self.scripts: list[str] = []
        self.tier: str | None = None
        #: A box that is named as a paywall has words.
        self.has_wall = False
        self._everything = everything
        self._beside: tuple[str, int] | None = None
        self._in_wall = False
        self._script: list[str] | None = None
        self._articles: list[list[str]] = []
        #: The article with the page's heading, by its place among them, and the characters that it has.
        self._headed: int | None = None
        self._headed_size = 0
        self._words: list[str] = []
        self._words_size = 0
        self._begun: set[str] = set()
        self._shared_title: str | None = None

    def titles(self) -> tuple[str | None, ...]:
        """Return the titles of the page."""
        return self._shared_title, self.heading(), self.page_title()

    def words(self) -> str:
        """Return the words of the page from its article on, those beside it too."""
        return " ".join(self._words)

    def article(self) -> str:
        """Return the paragraphs of the article, from the best part that has some; else nothing."""
        longest = max((self._paragraphs(texts) for texts in self._articles), key=len, default="")
        for text in (self._paragraphs(self._texts["part"]), longest):
            if _size(text) >= FEWEST_CHARACTERS:
                return text
        for place in ("main", "all"):
            text = self._paragraphs(self._texts[place])
            if _size(text) >= FEWEST_CHARACTERS:
                return text
        return ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta":
            self._note_meta(values)
        elif tag == "script":
            kind = values.get("type", "").partition(";")[0].strip().lower()
            self._script = [] if kind == "application/ld+json" else None
        if values.get("itemprop") == "isAccessibleForFree" and is_denied(values.get("content")):
            self.tier = "locked"
        if tag in _BEGINS and tag not in self._begun:
            self._begun.add(tag)
            self._words, self._words_size = [], 0  # the site's head invites everybody to sign in
        if self._ends_beside(tag):
            self._beside, self._in_wall = None, False
        if self._beside is not None:
            self._beside = (self._beside[0], self._beside[1] + (tag == self._beside[0]))
        elif tag not in VOID and self._is_beside(tag, values):
            self._beside = (tag, 1)
            self._in_wall = any(_WALL.search(name) for name in _names(values)) and not is_hidden(values)
        super().handle_starttag(tag, attrs)
        if tag == "form" and self._left_out[-1:] == ["form"]:
            self._left_out.pop()  # on some sites the whole page is one
        if tag == "article" and self._inside.get("article") == ("article", 1) and len(self._articles) < _MOST_ARTICLES:
            self._articles.append([])
        if tag == "h1" and self._headed is None and self._articles and "article" in self._inside:
            self._headed = len(self._articles) - 1
        if tag == "a" and not values.get("href", "#").startswith("#"):  # others lead nowhere else
            self._add(_LINK)
        elif tag in _HEADING_TAGS:
            self._add(_HEADS)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._add(_LINK_END)
        if tag == "script":
            if self._script is not None and len(self.scripts) < MOST_SCRIPTS:
                self.scripts.append("".join(self._script))
            self._script = None
        super().handle_endtag(tag)
        if self._beside is not None and tag == self._beside[0]:
            self._beside = (tag, self._beside[1] - 1) if self._beside[1] > 1 else None
            self._in_wall = self._in_wall and self._beside is not None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._script.append(data[:SCRIPT_CHARACTERS])
            return
        if self._words_size < _MOST_WORDS and _NOT_SEEN.isdisjoint(self._left_out):
            self._words.append(data)
            self._words_size += len(data)
        if self._in_wall and not self._left_out and data.strip():
            self.has_wall = True
        super().handle_data(data)

    def _add(self, text: str) -> None:
        if self._left_out or self._beside is not None:
            return
        is_kept = self._sizes["article"] < _MOST_WORDS
        super()._add(text)
        if is_kept and self._articles and "article" in self._inside:
            self._articles[-1].append(text)
            if self._headed == len(self._articles) - 1:
                self._headed_size += len(text)

    def _ends_beside(self, tag: str) -> bool:
        """Return whether a tag ends what is left out, though nothing closed it. Comments may be articles as well."""
        if tag in ("main", "body") or (tag == "article" and not self._articles):
            return True
        return self._beside is not None and self._beside[0] == "p" and tag in _ENDS_P

    def _is_beside(self, tag: str, values: Mapping[str, str]) -> bool:
        """Return whether an element is hidden, is by its name no part of the article, or is another article."""
        if tag in _BESIDE_TAGS or is_hidden(values):
            return True
        if self._everything:
            return False
        if tag == "article":  # what follows the one with the heading, or is in it: other news, and readers' comments
            return self._headed_size >= FEWEST_CHARACTERS or _is_comment(values)
        if tag not in _BOXES or "articleBody" in values.get("itemprop", ""):
            return False
        if values.get("role") in _BESIDE_ROLES or _is_comment(values):
            return True
        return any(map(_is_beside_name, _names(values)))

    def _note_meta(self, values: Mapping[str, str]) -> None:
        name = (values.get("property") or values.get("name") or "").strip().lower()
        if name == "og:title" and self._shared_title is None:
            self._shared_title = values.get("content")
        elif name == "article:content_tier":
            self.tier = values.get("content", "").strip().lower()

    def _paragraphs(self, texts: list[str]) -> str:
        return "\n\n".join(dict.fromkeys(self._kept_lines("".join(texts).split("\n"))))

    def _kept_lines(self, lines: list[str]) -> Iterator[str]:
        """Yield the lines that are paragraphs of an article.

        A link may go on over several. Between the paragraphs, a teaser of another page stands below a heading that is a
        link.
        """
        heading = (self.heading() or "").casefold()
        is_teaser = has_any = False
        link = ""
        for text in lines:
            marked = link + text
            link = _LINK if marked.rfind(_LINK) > marked.rfind(_LINK_END) else ""
            linked = sum(len(part) for part in _LINKED_TEXT.findall(marked))
            line = " ".join(_MARKS.sub("", marked).split())
            if not line:
                continue
            folded = line.casefold()
            leads_away = linked > _LINKED * len(line)
            is_label = _is_label(line)
            is_below = is_teaser
            is_teaser = has_any and leads_away and (_HEADS in marked or (is_below and is_label))
            if is_below or leads_away or is_label or folded == heading:
                continue
            if not folded.startswith(phrases("notice_phrases.txt")):
                has_any = True
                yield line


def _names(values: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of an element."""
    for name in (*values.get("class", "").split()[:20], values.get("id", ""), values.get("data-component", "")):
        if name:
            yield name[:80]


@lru_cache(maxsize=4_096)  # a site uses the same for all its pages
def _is_beside_name(name: str) -> bool:
    return not _SORTED.match(name) and _BESIDE.search(_NEXT_WORD.sub("-", name)) is not None


def _is_comment(values: Mapping[str, str]) -> bool:
    return values.get("itemprop") == "comment" or "comment" in values.get("class", "").split()


def _is_label(line: str) -> bool:
    """Return whether a line is a heading, a label or a caption."""
    size = _size(line)
    return size < _SHORTEST or (size < _HEADING and not (_SENTENCE_END.search(line) or _UNMARKED.search(line)))
