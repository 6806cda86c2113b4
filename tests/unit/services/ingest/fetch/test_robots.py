"""robots.txt is read as RFC 9309 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.fetch.robots import read_robots
from tests.growth import assert_linear


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /a", "/ab?x", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),  # the longest decides
        ("User-agent: *\nAllow: /a\nDisallow: /a", "/a", True),  # of two alike, the one that allows
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /*/private/*/x", "/a/private/b/x1", False),
        ("User-agent: *\nDisallow: /*ab*ab$", "/ab", True),  # the two parts must not overlap
        ("User-agent: *\nDisallow: /b%C3%A4r", "/bär", False),
        ("User-agent: *\nDisallow: /~joe", "/%7Ejoe", False),
        ("User-agent: other\nDisallow: /\nUser-agent: *\nDisallow: /b", "/a", True),
        ("User-agent: *\nDisallow: /\n\nuser-agent: Firstword/2\nDisallow: /b", "/a", True),
        ("User-agent: other\nUser-agent: FIRSTWORD\nDisallow: /", "/a", False),
        ("User-agent: firstword\nDisallow:\nUser-agent: *\nDisallow: /", "/a", True),
        ("User-agent: firstword\nDisallow: /x\nUser-agent: o\nDisallow: /\nUser-agent: firstword\nDisallow: /y", "/y",
         False),
        ("Disallow: /", "/a", True),  # a rule of no group
        ("\ufeffUser-agent: * # all\r\nDisallow: /a # not this\r\nSitemap: https://x.example/s.xml", "/a", False),
        ("User-agent: *\rDisallow: /", "/", False),
    ],
)  # fmt: skip
def test_a_path_is_allowed_or_not(rules: str, path: str, allowed: bool) -> None:
    assert read_robots(rules.encode()).allows(f"https://n.example{path}") is allowed


@given(st.binary(max_size=300), st.text(max_size=50))
def test_any_file_gives_an_answer(raw: bytes, path: str) -> None:
    assert read_robots(raw).allows("https://n.example/" + path.replace("[", "")) in (True, False)


def test_long_rules_take_no_long_time() -> None:
    def read(size: int) -> None:
        rules = "User-agent: *\n" + "".join(f"Disallow: /{'*a' * 400}*{number}$\n" for number in range(size))
        assert read_robots(rules.encode()).allows("https://n.example/" + "a" * 4_000)

    assert_linear(read, 1_000)
