from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.book import Problem, load_book
from schemas.clients import Book, Client, Desire, Note

HEAD = """\
version: 1
firm: {name: Harbour & Vane}
managers: [{id: mara, name: Mara Lindqvist, email: mara@hv.example, time_zone: Europe/Stockholm}]
clients:
"""


def book(clients: str, head: str = HEAD) -> Book:
    found, problems = load_book(head + clients, "book.yaml")
    assert found is not None, problems
    return found


def client(text: str) -> Client:
    return book(f"  - {text}\n").clients[0]


def problems(clients: str, head: str = HEAD) -> tuple[Problem, ...]:
    return load_book(head + clients, "book.yaml")[1]


def test_a_client_needs_only_a_name() -> None:
    found = client("name: Claire Arnaud")
    assert (found.id, found.manager_id, found.trade, found.risk) == ("claire-arnaud", "mara", "wealth", None)
    assert found.time_zone == "Europe/Stockholm", "the default is the manager's time zone"


def test_a_client_with_all_fields() -> None:
    found = client(
        """id: c-arnaud
    name: Claire Arnaud
    desires: [income, {name: growth, words: a nest egg for the girls}]
    risk: limited
    views: ["Dislikes airlines", {text: Trusts utilities, at: 2026-01-05, question: What do you trust?}]
    assets:
      - {name: Halden Energy, ticker: hldn, weight: 12%, aliases: [Halden]}
      - Corvane Pharma
    interests:
      - {name: Brightwater, kind: competitor}
      - interest rates
    contact: {quiet: "20:00-07:30", working_days: [mon-wed, fri], do_not_contact: on holiday, phone: 0123}
"""
    )
    assert found.desires == (Desire(name="income"), Desire(name="growth", words="a nest egg for the girls"))
    assert found.views[1] == Note(text="Trusts utilities", at=date(2026, 1, 5), question="What do you trust?")
    assert [(watch.name, watch.kind) for watch in found.watches] == [
        ("Halden Energy", "holding"),
        ("Corvane Pharma", "holding"),
        ("Brightwater", "competitor"),
        ("interest rates", "topic"),
    ]
    assert (found.assets[0].weight, found.assets[0].tickers) == (0.12, ("HLDN",))
    contact = found.contact
    assert (contact.quiet_from, contact.quiet_until) == (time(20), time(7, 30))
    assert contact.working_days == (0, 1, 2, 4)
    assert (contact.do_not_contact, contact.do_not_contact_reason) == (True, "on holiday")
    assert contact.phone == "0123"


def test_words_that_yaml_reads_as_booleans_stay_text() -> None:
    assert client("{name: Norway, assets: [{name: Onward, ticker: ON}]}").assets[0].tickers == ("ON",)


def test_a_book_can_be_json() -> None:
    text = '{"firm": {"name": "H"}, "managers": [{"name": "Mara"}], "clients": [{"name": "Claire"}]}'
    assert book("", head=text).clients[0].manager_id == "mara"


@pytest.mark.parametrize(
    ("clients", "field", "line", "words"),
    [
        ("  - name: A\n    riks: high", "clients[0].riks", 6, "Did you mean 'risk'?"),
        ("  - name: A\n    risk: hihg", "clients[0].risk", 6, "Did you mean 'high'?"),
        ("  - risk: high", "clients[0].name", 5, "missing"),
        ("  - name: A\n    name: B", "clients[0].name", 6, "twice (first on line 5)"),
        ("  - name: A\n  - name: A", "clients[1].id", 6, "client on line 5"),
        ("  - {name: A, manager: mira}", "clients[0].manager", 5, "Did you mean 'mara'?"),
        ("  - {name: A, time_zone: Europe/Pari}", "clients[0].time_zone", 5, "Did you mean 'Europe/Paris'?"),
        ("  - {name: A, language: '?'}", "clients[0].language", 5, "BCP 47"),
        ("  - {name: A, contact: {email: a@b}}", "clients[0].contact.email", 5, "not a valid email address"),
        ("  - {name: A, contact: {quiet: late}}", "clients[0].contact.quiet", 5, "19:00-08:00"),
        ("  - {name: A, contact: {max_per_week: many}}", "clients[0].contact.max_per_week", 5, "whole number"),
        ("  - {name: A, contact: [email]}", "clients[0].contact", 5, "fields of its own"),
        ("  - {name: A, assets: Halden}", "clients[0].assets", 5, "must be a list"),
        ("  - {name: A, assets: [{name: ''}]}", "clients[0].assets[0].name", 5, "empty"),
        ("  - {name: A, assets: [{name: H, weight: 12}]}", "clients[0].assets[0].weight", 5, "12% or 0.12"),
        ("  - {name: A, assets: [{name: H, kind: topic}]}", "clients[0].assets[0].kind", 5, "One of: holding"),
        ("  - {name: A, assets: [{name: H, isin: US0378331006}]}", "clients[0].assets[0].isin", 5, "check digit"),
        ("  - {name: A, assets: [{name: H, aliases: [x]}]}", "clients[0].assets[0].aliases", 5, "shorter than 2"),
        ("  - {name: A, views: [{text: v, at: soon}]}", "clients[0].views[0].at", 5, "2026-01-31"),
        ("  - {name: A, history: [[x]]}", "clients[0].history[0]", 5, "must be text"),
        ("  - just a name", "clients[0]", 5, "must have fields"),
        ("  - {name: A", "", 6, "not valid YAML"),
        ("  - &x {name: A}\n  - *x", "", 6, "alias"),
        ("  - " + "[" * 30, "", 5, "more than 20 levels"),
    ],
)
def test_an_error_has_its_line_field_and_fix(clients: str, field: str, line: int, words: str) -> None:
    found, reported = load_book(HEAD + clients, "book.yaml")
    assert found is None
    first = next(problem for problem in reported if problem.severity == "error")
    assert (first.file, first.line, first.field) == ("book.yaml", line, field)
    assert words in f"{first.message} {first.fix}"


def test_all_errors_are_reported_at_once() -> None:
    reported = problems("  - {riks: high, risk: hihg, contact: {email: x}}\n  - {name: B, manager: zzz}")
    assert len(reported) == 5


@pytest.mark.parametrize(
    "head", ["", "just text", "[]", "version: 2\nfirm: {name: X}", "firm: {name: X}\n", "a: 1\n---\nb: 2"]
)
def test_a_text_that_is_not_a_book_is_reported(head: str) -> None:
    found, reported = load_book(head, "book.yaml")
    assert found is None
    assert all(problem.message and problem.fix for problem in reported)


def test_ambiguous_names_cause_warnings_not_errors() -> None:
    shell = "{name: Shell plc, aliases: [Shell], context: [oil]}"
    text = f"  - {{name: A, assets: [{{name: Target, weight: 0.9}}, {{name: Meridia, weight: 0.2}}, {shell}]}}"
    found, reported = load_book(HEAD + text, "book.yaml")
    assert found is not None
    assert [(problem.severity, problem.field) for problem in reported] == [
        ("warning", "clients[0].assets[0].name"),
        ("warning", "clients[0].assets"),
    ]
    assert "context:" in reported[0].fix


@pytest.mark.slow
@given(st.text() | st.text(alphabet="- :[]{}'\"\n#&*!|>%@`namesclirtfv1").map(lambda text: HEAD + text))
def test_no_text_makes_reading_fail(text: str) -> None:
    found, reported = load_book(text, "book.yaml")
    assert found is not None or reported
