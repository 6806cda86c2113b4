from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from schemas.drafts import Finding, Grounding
from services.notifier.desk.highlight import mark_sources, quoted, safe_url

TEXTS = st.text("ab12 <&\"'%.é", max_size=40)


def grounded(text: str, where: str = "evidence") -> Grounding:
    return Grounding.model_validate({"text": text, "kind": "number", "where": where, "ref": "itm_1"})


@given(TEXTS, st.lists(TEXTS, max_size=4), st.lists(TEXTS, max_size=2))
def test_without_its_marks_the_html_is_the_escaped_text(text: str, tied: list[str], found: list[str]) -> None:
    findings = [Finding(rule="r", text=entry, message="<b>") for entry in found]
    html = str(mark_sources(text, [grounded(entry) for entry in tied], findings, ()))
    assert re.sub(r"</?mark[^>]*>", "", html) == str(escape(text))


def test_a_number_is_not_marked_inside_another() -> None:
    html = mark_sources("12 of 120, 12.", [grounded("12")], (), ())
    assert html.count("<mark") == 2
    assert "<mark" not in html[html.index("of") : html.index("120") + 3]


def test_a_mark_for_a_missing_source_comes_first() -> None:
    html = mark_sources("It rose 45 %.", [grounded("45 %", "nowhere"), grounded("45 %")], (), ())
    assert html.count("<mark") == 1
    assert 'class="nowhere"' in html


def test_watched_names_are_marked_in_a_quotation() -> None:
    assert quoted("Halden <b>", ["Halden"]) == '<mark class="watched">Halden</mark> &lt;b&gt;'


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "http://[", "ftp://x", None]
)
def test_other_addresses_are_not_linked(url: str | None) -> None:
    assert safe_url(url) is None


def test_web_addresses_are_linked() -> None:
    assert safe_url("https://a.example/x?y") == "https://a.example/x?y"
