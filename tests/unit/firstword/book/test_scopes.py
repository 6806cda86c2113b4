"""Scopes in a client book, and the warnings about subjects without one."""

from __future__ import annotations

import pytest

from firstword.book import Problem, dump_book, load_book
from schemas.clients import Book, TopicScope

BOOK = """\
firm: {{name: Harbour & Vane, trade: it}}
managers: [{{id: mara, name: Mara Lindqvist, time_zone: Europe/Berlin}}]
clients:
  - name: Ilse Brandt
    assets: [{{name: Quillon Cloud, kind: product}}]
    interests:
      - {first}
      - {second}
"""


def read(
    first: str, second: str = "{name: Dromer Transport, kind: competitor}"
) -> tuple[Book | None, tuple[Problem, ...]]:
    return load_book(BOOK.format(first=first, second=second), "book.yaml")


def scope_of(written: str) -> TopicScope | None:
    book, problems = read(f"{{name: ransomware, scope: {written}}}")
    assert book is not None, problems
    assert problems == ()
    assert load_book(dump_book(book), "book.yaml")[0] == book
    return book.clients[0].interests[0].scope


def test_a_scope_is_read_and_written() -> None:
    assert scope_of("{industries: healthcare, regions: [Germany, Nordmark], parties: ['SAP | Oracle']}") == TopicScope(
        industries=("healthcare",), regions=("Germany", "Nordmark"), parties=("SAP | Oracle",)
    )
    assert scope_of("all") == TopicScope()


def test_a_scope_does_not_change_which_entity_is_meant() -> None:
    book, _ = read("{name: ransomware, scope: all}")
    assert book is not None
    assert book.clients[0].interests[0].entity_id == "ransomware"


@pytest.mark.parametrize(
    ("entry", "field", "message"),
    [
        ("{name: N, scope: {}}", "scope", "The scope is empty. Write `scope: {industries: [healthcare]"),
        ("{name: N, scope: Germany}", "scope", "or `scope: all` for no limit."),
        ("{name: N, scope: [Germany]}", "scope", "This is not a scope."),
        ("{name: N, scope: {region: [Germany]}}", "scope.region", "Did you mean 'regions'?"),
        ("{name: N, scope: {regions: ['?!']}}", "scope.regions", "contains no word"),
        ("{name: N, kind: competitor, scope: all}", "scope", "A competitor has no scope"),
    ],
)
def test_an_invalid_scope_is_reported_with_its_field_and_fix(entry: str, field: str, message: str) -> None:
    book, problems = read(entry)
    assert book is None
    found = next(problem for problem in problems if problem.severity == "error")
    assert (found.line, found.field) == (7, f"clients[0].interests[0].{field}")
    assert message in f"{found.message} {found.fix}"


def test_an_asset_cannot_have_a_scope() -> None:
    book, problems = load_book(BOOK.format(first="x", second="y").replace("kind: product", "scope: all"), "book.yaml")
    assert book is None
    assert problems[0].field == "clients[0].assets[0].scope"


def test_a_misspelled_region_causes_a_warning() -> None:
    book, problems = read("{name: ransomware, scope: {regions: [Germny, Nordmark, Berlin]}}")
    assert book is not None
    (found,) = problems
    assert (found.severity, found.field) == ("warning", "clients[0].interests[0].scope.regions")
    assert found.fix == "Did you mean 'Germany'?"


@pytest.mark.parametrize(
    ("entry", "suggestion"),
    [
        ("ransomware", "scope: {industries: [healthcare], regions: [Germany], parties: [Quillon Cloud]}"),
        ("{name: logistics, kind: industry}", "scope: {regions: [Germany], parties: [Quillon Cloud]}"),
        ("{name: Norwick, kind: place}", "scope: {industries: [healthcare], parties: [Quillon Cloud]}"),
        ("{name: NIS2, kind: regulation}", "scope: {industries: [healthcare], regions: [Germany], parties: [Quillon"),
    ],
)
def test_a_subject_without_a_scope_causes_a_warning_with_an_example(entry: str, suggestion: str) -> None:
    book, problems = read(entry)
    assert book is not None
    (found,) = problems
    assert (found.severity, found.line, found.field) == ("warning", 7, "clients[0].interests[0]")
    assert found.message.startswith(f"Ilse Brandt follows {book.clients[0].interests[0].name!r} without a scope")
    assert suggestion in found.fix


@pytest.mark.parametrize(
    "entry",
    [
        "{name: ransomware, scope: all}",
        "{name: ransomware, context: [hospital]}",
        "{name: Port talks, near: {words: [port, strike]}}",
        "{name: Dromer, kind: competitor}",
    ],
)
def test_what_is_limited_causes_no_warning(entry: str) -> None:
    assert not any("scope" in problem.message for problem in read(entry)[1])


def test_a_second_scope_of_one_subject_causes_a_warning() -> None:
    book, problems = read("{name: ransomware, scope: {regions: [Norway]}}", "{name: Ransomware, scope: all}")
    assert book is not None
    (found,) = problems
    assert (found.line, found.message) == (
        8,
        "Ilse Brandt follows 'Ransomware' twice, and only the first scope counts.",
    )
    assert read("{name: ransomware, scope: all}", "{name: Ransomware, scope: all}")[1] == ()
