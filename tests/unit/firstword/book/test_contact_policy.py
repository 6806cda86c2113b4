"""Blackouts, agreed cadence and digests in the book, and the problems that are reported for invalid ones."""

from __future__ import annotations

from datetime import date, time

import pytest

from firstword.book import load_book
from schemas.clients import Blackout, Client, DigestPreferences, Manager

BOOK = "firm: {{name: H}}\nmanagers: [{{name: Mara{manager}}}]\nclients:\n  - name: Claire\n    contact: {contact}\n"


def read(contact: str = "{}", manager: str = "") -> tuple[Client, Manager]:
    book, problems = load_book(BOOK.format(contact=contact, manager=manager), "book.yaml")
    assert book is not None, problems
    assert not problems
    return book.clients[0], book.managers[0]


def only_problem(contact: str = "{}", manager: str = "") -> str:
    _, problems = load_book(BOOK.format(contact=contact, manager=manager), "book.yaml")
    (problem,) = problems
    return f"{problem.severity} {problem.line} {problem.field}: {problem.message} {problem.fix}"


def test_blackouts_have_an_end_and_a_reason() -> None:
    client, _ = read(
        "{blackouts: [{from: 2026-03-02, until: 2026-03-13, reason: on leave},"
        " {until: 2026-04-01, reason: the sale is being decided, about: Halden Energy}]}"
    )
    assert client.contact.blackouts == (
        Blackout(since=date(2026, 3, 2), until=date(2026, 3, 13), reason="on leave"),
        Blackout(until=date(2026, 4, 1), reason="the sale is being decided", about=("Halden Energy",)),
    )


@pytest.mark.parametrize(
    ("contact", "message"),
    [
        ("{blackouts: [{until: 2026-03-13}]}", "error 5 clients[0].contact.blackouts[0].reason: 'reason' is missing."),
        ("{blackouts: [{reason: leave}]}", "error 5 clients[0].contact.blackouts[0].until: 'until' is missing."),
        (
            "{blackouts: [{from: 2026-03-13, until: 2026-03-02, reason: x}]}",
            "ends (2026-03-02) before it begins",
        ),
        ("{blackouts: [{until: soon, reason: x}]}", "'soon' is not a valid date. Write it as 2026-01-31."),
        ("{blackouts: [on leave]}", "A blackout needs fields."),
        ("{blackouts: [{til: 2026-03-13, until: 2026-03-13, reason: x}]}", "Did you mean 'until'?"),
        ("{cadence: now and then}", "warning 5 clients[0].contact.cadence: 'now and then' can't be understood"),
        ("{max_silence_days: 0}", "'0' is not a whole number of at least 1."),
        ("{merge_minutes: soon}", "'soon' is not a whole number of at least 0."),
    ],
)
def test_an_invalid_contact_policy_is_reported_with_its_fix(contact: str, message: str) -> None:
    assert message in only_problem(contact)


def test_a_manager_gets_a_digest_only_if_the_book_says_so() -> None:
    assert read()[1].digest is None
    assert read(manager=", digest: false")[1].digest is None
    assert read(manager=", digest: true")[1].digest == DigestPreferences()
    digest = read(manager=", digest: {hour: '06:45', days: [sun-tue], empty: nothing}")[1].digest
    assert digest == DigestPreferences(hour=time(6, 45), days=(0, 1, 6), empty="nothing")
    assert "'25:00' is not a valid time." in only_problem(manager=", digest: {hour: '25:00'}")
    assert "'xyz' is not a day of the week." in only_problem(manager=", digest: {days: [xyz]}")


def test_the_channels_of_a_manager_are_read_in_order() -> None:
    manager = read(manager=", digest: {by: [slack, email, slack]}, urgent: teams")[1]
    assert manager.digest == DigestPreferences(by=("slack", "email"))
    assert manager.urgent == ("teams",)
    assert read()[1].urgent == ()
    assert "'fax' is not a channel for account managers." in only_problem(manager=", urgent: [fax]")
