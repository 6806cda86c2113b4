"""What the book says of contacts: blackouts, promises and digests, and what is wrong with them, with line and fix."""

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


def problem(contact: str = "{}", manager: str = "") -> str:
    _, problems = load_book(BOOK.format(contact=contact, manager=manager), "book.yaml")
    (one,) = problems
    return f"{one.severity} {one.line} {one.field}: {one.message} {one.fix}"


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
    ("contact", "said"),
    [
        ("{blackouts: [{until: 2026-03-13}]}", "error 5 clients[0].contact.blackouts[0].reason: 'reason' is missing."),
        ("{blackouts: [{reason: leave}]}", "error 5 clients[0].contact.blackouts[0].until: 'until' is missing."),
        ("{blackouts: [{from: 2026-03-13, until: 2026-03-02, reason: x}]}", "It ends (2026-03-02) before it begins"),
        ("{blackouts: [{until: soon, reason: x}]}", "'soon' is no date. Write it as 2026-01-31."),
        ("{blackouts: [on leave]}", "A blackout needs fields."),
        ("{blackouts: [{til: 2026-03-13, until: 2026-03-13, reason: x}]}", "Did you mean 'until'?"),
        ("{cadence: now and then}", "warning 5 clients[0].contact.cadence: 'now and then' can't be read as a promise"),
        ("{max_silence_days: 0}", "'0' must be a whole number from 1 on."),
        ("{merge_minutes: soon}", "'soon' must be a whole number from 0 on."),
    ],
)
def test_what_is_wrong_is_said_with_its_fix(contact: str, said: str) -> None:
    assert said in problem(contact)


def test_a_digest_is_wanted_only_where_the_book_says_so() -> None:
    assert read()[1].digest is None
    assert read(manager=", digest: false")[1].digest is None
    assert read(manager=", digest: true")[1].digest == DigestPreferences()
    wish = read(manager=", digest: {hour: '06:45', days: [sun-tue], empty: nothing}")[1].digest
    assert wish == DigestPreferences(hour=time(6, 45), days=(0, 1, 6), empty="nothing")
    assert "'25:00' is no time of day." in problem(manager=", digest: {hour: '25:00'}")
    assert "'xyz' is no day." in problem(manager=", digest: {days: [xyz]}")


def test_managers_say_by_what_they_are_reached() -> None:
    manager = read(manager=", digest: {by: [slack, email, slack]}, urgent: teams")[1]
    assert manager.digest == DigestPreferences(by=("slack", "email"))
    assert manager.urgent == ("teams",)
    assert read()[1].urgent == ()
    assert "Managers can't be reached by 'fax'." in problem(manager=", urgent: [fax]")
