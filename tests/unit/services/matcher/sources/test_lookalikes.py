"""Imitations of known publishers are recognized; other outlets with similar names are not taken for imitations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.mentions import SourceGrade
from services.matcher.sources.lookalikes import Lookalikes, decode_host, is_worth_imitating
from services.matcher.sources.publishers import SourceTable, default_sources

SHIPPED = default_sources()
LOOKALIKES = SHIPPED.lookalikes()


@pytest.mark.parametrize(
    ("host", "publisher"),
    [
        ("reuters.com.evil.example", "Reuters"),
        ("www.sec.gov.filings.example", "SEC"),
        ("reuters-com.example", "Reuters"),
        ("reuters-news.example", "Reuters"),
        ("newsreuters.example", "Reuters"),
        ("breaking-bloomberg.example", "Bloomberg"),
        ("reuters.evil.example", "Reuters"),
        ("reuters.example", "Reuters"),
        ("rеuters.com", "Reuters"),  # a Cyrillic letter
        ("xn--ruters-3of.com", "Reuters"),  # the same in punycode
        ("ｒｅｕｔｅｒｓ.com", "Reuters"),  # full-width letters
        ("réuters.com", "Reuters"),
        ("bl00mberg.com", "Bloomberg"),
        ("bloornberg.com", "Bloomberg"),
        ("reutres.com", "Reuters"),
        ("reuter.com", "Reuters"),
        ("reutters.com", "Reuters"),
    ],
)
def test_a_host_that_imitates_a_publisher_is_recognized(host: str, publisher: str) -> None:
    found = LOOKALIKES.of_host(host)
    assert found is not None
    assert publisher in (found.publisher, *found.ground.split()) or found.domain == "sec.gov"


@pytest.mark.parametrize(
    "host",
    [
        "selva-post.example",
        "thestar.com.my",
        "businessinsider.de",
        "theguardian.example",
        "nwherald.com",
        "kyodonews.net",
        "yomiuri.co.jp",
        "europa.eu",
        "localhost",
        "a",
        "10.0.0.1",
        "",
    ],
)
def test_another_outlet_imitates_nobody(host: str) -> None:
    assert LOOKALIKES.of_host(host) is None


@pytest.mark.parametrize("name", ["Rеuters", "Reutres", "R e u t e r s", "Ｒeuters", "Bloornberg", "Financial Tirnes"])
def test_a_name_that_imitates_a_publisher_is_recognized(name: str) -> None:
    assert LOOKALIKES.of_name(name) is not None


@pytest.mark.parametrize("name", ["Selva Post", "Oslo Morning Herald", "The Ledger", "", "AB"])
def test_another_name_imitates_nobody(name: str) -> None:
    assert LOOKALIKES.of_name(name) is None


def test_no_publisher_of_the_table_imitates_another_one() -> None:
    for source in SHIPPED.grades():
        found = LOOKALIKES.of_host(source.domain)
        if found is not None and source.kind != "satire":
            assert found.owner == source.owner or found.publisher == source.publisher, source.domain


def test_an_imported_or_bad_grade_is_not_worth_imitating() -> None:
    assert is_worth_imitating(SourceGrade(domain="a.example", publisher="A", grade="C"))
    assert is_worth_imitating(SourceGrade(domain="a.example", publisher="A", grade="D", set_grade="C"))
    assert not is_worth_imitating(SourceGrade(domain="a.example", publisher="A", grade="C", set_grade="D"))
    assert not is_worth_imitating(SourceGrade(domain="a.example", publisher="A", grade="B", set_by="import"))


def test_the_index_follows_the_table() -> None:
    selva = SourceGrade(domain="selvapost.example", publisher="Selva Post", grade="B", set_by="hand")
    table = SourceTable()
    assert table.lookalikes().of_host("selvapost-news.example") is None
    assert table.with_grades([selva]).lookalikes().of_host("selvapost-news.example") == selva
    again = table.with_grades([selva.model_copy(update={"grade": "C"})])
    assert again.lookalikes() is not table.lookalikes()
    unrelated = again.with_grades([SourceGrade(domain="x.example", publisher="X", grade="D")])
    assert unrelated.lookalikes() is again.lookalikes()


@given(st.text(max_size=300), st.text(max_size=300))
def test_anything_can_be_asked(host: str, name: str) -> None:
    nobody = Lookalikes(())
    assert nobody.of_host(host) is None
    assert nobody.of_name(name) is None
    LOOKALIKES.of_host(host)
    LOOKALIKES.of_name(name)
    assert isinstance(decode_host(host), str)


def test_a_derived_table_finds_what_its_own_publishers_and_those_of_its_origin_are_imitated_by() -> None:
    graded = SourceGrade(domain="halden-ledger.example", publisher="Halden Ledger", grade="B", set_by="hand")
    distrusted = SHIPPED.lookup("reuters.com").model_copy(update={"grade": "D", "set_by": "hand"})
    table = SHIPPED.with_grades([graded]).with_grades([distrusted])
    found = {host: table.lookalikes().of_host(host) for host in ("halden-ledgerr.example", "bl00mberg.com")}
    assert {host: source.publisher if source else None for host, source in found.items()} == {
        "halden-ledgerr.example": "Halden Ledger",
        "bl00mberg.com": "Bloomberg",
    }
    assert table.lookalikes().of_name("Haldem Ledger") == graded
    assert table.lookalikes().of_host("reutres.com") is None  # nothing is gained by imitating it any more
    assert SHIPPED.lookalikes().of_host("reutres.com") is not None
    assert SHIPPED.lookalikes().of_host("halden-ledgerr.example") is None
