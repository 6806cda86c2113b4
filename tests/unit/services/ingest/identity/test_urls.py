from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.identity import urls
from services.ingest.identity.urls import absolute_url, canonical_url, host_of, joined_url


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
        ("httPs://n.example/A", "https://n.example/A"),
    ],
)
def test_links_are_web_urls_or_none(url: str, absolute: str | None) -> None:
    assert absolute_url(url, "https://n.example.org/x/y") == absolute


def test_a_host_has_no_www_and_no_port() -> None:
    assert host_of("https://WWW.Example.org:8080/x") == "example.org"
    assert host_of("nonsense") is None


@st.composite
def addresses(draw: st.DrawFn) -> str:
    """Addresses as feeds have them, most of them ordinary, and some odd in each part."""
    scheme = draw(st.sampled_from(["http://", "https://", "HTTP://", "//", "", "http:///", "ftp://"]))
    host = draw(
        st.sampled_from(["a.example", "A.Example.", "www.b.example", "x", "1.2.3.4", "a..b", "-", "a.example:80"])
    )
    odd_host = draw(st.sampled_from(["", "", "", ":443", "@h", "[::1]"]))
    path = draw(st.sampled_from(["", "/", "/a/b", "/a//b", "/../x", "/x/.", "/%41", "/a;b", "/A.html"]))
    query = draw(
        st.sampled_from(["", "?", "?a=1", "?b=2&a=1", "?utm_source=x&c=", "?a", "?a=%20", "?ref=rss", "?a=b=c"])
    )
    fragment = draw(st.sampled_from(["", "#", "#v1"]))
    end = draw(st.just("") | st.text(alphabet="abC09.-_~%:@;=&?#/+ é[]\t", max_size=8))
    return scheme + host + odd_host + path + query + fragment + end


def outcome(function: Callable[..., str | None], *arguments: str) -> str | None:
    try:
        return function(*arguments)
    except ValueError:
        return "not a URL"


@pytest.mark.slow
@settings(max_examples=500)
@given(addresses(), st.sampled_from(["https://b.example/x/y", "http://b.example"]))
def test_an_ordinary_address_is_read_as_any_other(url: str, base: str) -> None:
    never = re.compile("(?!)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urls, "_ABSOLUTE", never)
        patch.setattr(urls, "_SIMPLE", never)
        slow = (
            outcome(absolute_url, url, base),
            outcome(joined_url, base, url),
            host_of(url),
            canonical_url.__wrapped__(url),
        )
    fast = (
        outcome(absolute_url, url, base),
        outcome(joined_url, base, url),
        host_of(url),
        canonical_url.__wrapped__(url),
    )
    assert fast == slow
