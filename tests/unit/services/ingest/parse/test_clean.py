from __future__ import annotations

import re
import unicodedata

import nh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.parse import clean
from services.ingest.parse.clean import lead, limit, plain_text, title_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (None, None),
        ("<img src=x onerror=alert(1)>", None),
        ("<p>One</p>\n<p>Two</p>", "One\n\nTwo"),
        ("One<br>two<br><br>Three", "One two\n\nThree"),
        ("<p>broken\nline</p>", "broken line"),
        ("First\n\nSecond\nline", "First\n\nSecond line"),
        ("<script>alert('x')</script>SeenItem<style>p{}</style>", "SeenItem"),
        ("a<sup>2</sup> &amp; <b>b</b>&#39;s", "a2 & b's"),
        ("<table><tr><td>Price</td><td>5</td></tr></table>", "Price 5"),
        ("if a < b and c > d", "if a < b and c > d"),
        ("Sold at <5 % less", "Sold at <5 % less"),
        ("zero\u200bwidth and soft\u00adhyphen", "zerowidth and softhyphen"),
        ("e\u0301", "é"),
    ],
)
def test_markup_becomes_text(markup: str | None, text: str | None) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    "escaped", ["A &amp; B", "A &amp;amp; B", "A &amp;amp;amp; B", "<b>A</b> &amp; B", " A\n&  B "]
)
def test_titles_are_unescaped_as_often_as_needed(escaped: str) -> None:
    assert title_text(escaped) == "A & B"


@given(st.text())
def test_no_element_survives(text: str) -> None:
    found = plain_text(f"{text}<script>evil()</script><p onclick='x'>{text}</p>") or ""
    if "<" not in text:  # an opened "<?" takes the tag in as its own, and leaves its content as text (HTML 13.2.5.6)
        assert "evil()" not in found or "evil()" in text
    assert "\n\n\n" not in found
    assert found == found.strip()


@given(st.text(alphabet="ab .\n", min_size=1), st.integers(1, 40))
def test_a_limited_text_is_a_beginning_of_the_text(text: str, longest: int) -> None:
    part = limit(text, longest)
    assert len(part) <= longest
    assert text.startswith(part)
    assert len(lead(text, longest)) <= longest + 1


def test_a_lead_ends_after_a_word() -> None:
    assert lead("Prices rose sharply in the north", 15) == "Prices rose…"
    assert lead("Short", 15) == "Short"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<form>Inside <button>Buy</button> a form</form>after", "Inside a form\n\nafter"),
        ("before <iframe src='x'>after", "before after"),
        ("<p>one <iframe src='x'></iframe> two <object data='y'> three", "one two three"),
        ("<noscript>hidden</noscript>shown <svg>shown too", "shown shown too"),
        ("<div>" * 300 + "deep" + "</div>" * 300, "deep"),
    ],
)
def test_text_is_not_lost_with_what_stands_around_it(markup: str, text: str) -> None:
    assert plain_text(markup) == text


_SPACES = re.compile(r"[^\S\n]+")
_PARAGRAPHS = re.compile(r"(?: ?\n ?){2,}")


def tidied_step_by_step(text: str) -> str:
    """Do what plain text goes through, one rule after the other, for all of it."""
    visible = unicodedata.normalize("NFC", clean._CONTROL.sub("", clean._INVISIBLE.sub("", text)))
    spaced = _SPACES.sub(" ", visible.replace("\r\n", "\n").replace("\r", "\n"))
    paragraphs = (" ".join(paragraph.split()) for paragraph in _PARAGRAPHS.split(spaced))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


@given(st.text(alphabet="ab \n\r\t\u200b\x01\x1c\x85\u2028e\u0301\u00a0\x0b") | st.text())
def test_text_is_tidied_by_the_same_rules_whether_it_is_plain_or_not(text: str) -> None:
    assert clean._tidy(text) == tidied_step_by_step(text)


@given(st.text(alphabet="ab<>&;/ =\"'pbr\n"))
def test_markup_that_keeps_its_attributes_gives_the_same_text(text: str) -> None:
    titled = nh3.clean(text, tags=clean._KEPT, clean_content_tags=clean._DROPPED, attributes={}, link_rel=None)
    bare = clean._CLEANER.clean(text)
    assert clean._TAG.sub("|", titled) == clean._TAG.sub("|", bare)


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("Where to put <script> in a page", "Where to put <script> in a page"),
        ("Use of <style> &amp; more", "Use of <style> & more"),
        ("A <SCRIPT>evil()</SCRIPT> story", "A story"),
        ("A <script>evil() story <script></script>", "A"),
    ],
)
def test_an_element_that_a_title_names_stays(markup: str, title: str) -> None:
    assert title_text(markup) == title
