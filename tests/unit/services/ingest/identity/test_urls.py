from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.identity.urls import absolute_url, canonical_url, host_of


@pytest.mark.parametrize(
    "url",
    [
        "https://n.example.org/a?id=1",
        "http://n.example.org/a?id=1",
        "https://N.Example.org:443/a?id=1#part",
        "https://n.example.org/a?utm_source=rss&id=1&fbclid=zz",
        "https://n.example.org/a?id=1&at_medium=RSS&at_campaign=KARANGA",
        "https://n.example.org/a?track=rss&id=1&gclid=1&cmpid=2",
        "  https://n.example.org/a?id=1 ",
    ],
)
def test_one_page_has_one_canonical_url(url: str) -> None:
    assert canonical_url(url) == "https://n.example.org/a?id=1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://n.example.org/a", "https://n.example.org/b"),
        ("https://n.example.org/a?track=main", "https://n.example.org/a"),
        ("https://n.example.org:8443/a", "https://n.example.org/a"),
        ("https://n.example.org/A", "https://n.example.org/a"),
    ],
)
def test_different_pages_have_different_canonical_urls(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


@given(st.text() | st.builds("https://n.example.org/{}".format, st.text()))
def test_canonical_url_is_idempotent_and_never_fails(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once
    host_of(url)
    absolute_url(url, "https://n.example.org/")


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        (" /a\n", "https://n.example.org/a"),
        ("b", "https://n.example.org/x/b"),
        ("//m.example.org", "https://m.example.org"),
        ("mailto:a@example.org", None),
        ("javascript:alert(1)", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_links_are_web_urls_or_none(url: str, absolute: str | None) -> None:
    assert absolute_url(url, "https://n.example.org/x/y") == absolute


def test_a_host_has_no_www_and_no_port() -> None:
    assert host_of("https://WWW.Example.org:8080/x") == "example.org"
    assert host_of("nonsense") is None
