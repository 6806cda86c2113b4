"""The table of publishers and their grades."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.source_grades import parse_domain
from schemas.mentions import SourceGrade
from services.matcher.lexicon import read_table
from services.matcher.reading.speech.vocabulary import speaker_words
from services.matcher.sources.publishers import SourceTable, default_sources, slug

LEDGER = SourceGrade(domain="ledger.example", publisher="The Ledger", owner="Ledger Media", grade="A")
TABLE = SourceTable().with_grades([LEDGER])


@pytest.mark.parametrize("host", ["ledger.example", "www.ledger.example", "A.B.LEDGER.EXAMPLE", "ledger.example."])
def test_a_host_is_found_by_its_domain(host: str) -> None:
    assert TABLE.lookup(host) == LEDGER


@pytest.mark.parametrize("host", ["notledger.example", "example", "", None])
def test_an_unknown_host_is_graded_f(host: str | None) -> None:
    assert TABLE.lookup(host).grade == "F"


def test_a_table_is_immutable() -> None:
    worse = LEDGER.model_copy(update={"grade": "C"})
    assert TABLE.with_grades([worse]).lookup("ledger.example").grade == "C"
    assert TABLE.lookup("ledger.example").grade == "A"


@given(st.text(max_size=30))
def test_a_slug_is_stable_and_never_empty(name: str) -> None:
    assert slug(name)
    assert slug(name) == slug(slug(name)) or "-" in slug(name)


def test_the_default_table_is_valid() -> None:
    table = default_sources()
    grades = table.grades()
    assert len(grades) >= 4000
    assert all(grade.ground and grade.publisher for grade in grades)
    assert {grade.grade for grade in grades if grade.kind == "satire"} == {"E"}
    assert {grade.grade for grade in grades if grade.kind == "regulator"} <= {"A", "B"}
    assert table.lookup("www.reuters.com").grade == "A"
    named = table.named("the Financial Times")
    assert named is not None
    assert named.domain == "ft.com"


def test_each_domain_of_the_file_is_valid_and_stands_there_once() -> None:
    domains = [row["domain"] for row in read_table("publishers.csv")]
    assert [domain for domain, count in Counter(domains).items() if count > 1] == []
    assert [domain for domain in domains if parse_domain(domain) != domain] == []


def test_owners_are_spelled_alike() -> None:
    spellings: dict[str, set[str]] = {}
    for row in read_table("publishers.csv"):
        if row["owner"]:
            spellings.setdefault(slug(row["owner"]), set()).add(row["owner"])
    assert [names for names in spellings.values() if len(names) > 1] == []


def test_further_names_are_no_ordinary_words() -> None:
    names = {name for row in read_table("publishers.csv") for name in row["names"].split(";") if name}
    assert names & speaker_words().ordinary == set()
