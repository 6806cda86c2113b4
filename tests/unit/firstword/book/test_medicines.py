from __future__ import annotations

from pathlib import Path

import pytest

from firstword.book import load_book
from schemas.clients import Client, Watch
from tests.command_line import command_line

EXAMPLES = sorted((Path(__file__).parents[4] / "examples").glob("*.yaml"))
BOOK = """\
version: 1
firm: {{name: Estmere Practice, trade: {trade}}}
managers: [{{id: lund, name: Ida Lund}}]
clients:
{clients}
"""


def clients_of(*watches: str, trade: str = "healthcare") -> tuple[tuple[Client, ...], list[str]]:
    """Return clients with one asset each, and the warnings."""
    lines = "\n".join(f"  - {{name: Client {at}, assets: [{watch}]}}" for at, watch in enumerate(watches))
    book, problems = load_book(BOOK.format(trade=trade, clients=lines), "book.yaml")
    assert book is not None, problems
    return book.clients, [problem.message for problem in problems]


def watch_of(text: str, trade: str = "healthcare") -> Watch:
    return clients_of(text, trade=trade)[0][0].assets[0]


def test_a_brand_is_watched_under_its_generic_name_and_a_generic_name_under_its_brands() -> None:
    assert watch_of("Humira").aliases == ("adalimumab",)
    assert {"Humira", "Amjevita"} <= set(watch_of("adalimumab").aliases)


def test_names_that_the_book_writes_come_first_and_none_comes_twice() -> None:
    written = watch_of("{name: Humira, aliases: [pen, adalimumab]}")
    assert written.aliases == ("pen", "adalimumab")


def test_only_trades_with_medicines_add_names() -> None:
    assert watch_of("Humira", trade="it").aliases == ()


def test_a_medicine_of_two_brands_is_no_shared_name() -> None:
    _, warnings = clients_of("Ozempic", "Wegovy")
    assert warnings == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_books_among_the_examples_are_without_problems(path: Path) -> None:
    text = path.read_text("utf-8")
    if "\nclients:" in text:
        book, problems = load_book(text, path.name)
        assert book is not None
        assert problems == ()


def test_checking_a_book_lists_the_names_that_were_added(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    book = tmp_path / "book.yaml"
    book.write_text(BOOK.format(trade="healthcare", clients="  - {name: Nils, assets: [Humira, insulin, Quillon]}"))
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path))
    said = command_line(monkeypatch, capsys)("clients", "check", book).out
    assert "Humira is also watched as adalimumab." in said
    assert "insulin is also watched as Iletin," in said
    assert "and 1 more." in said
    assert "Quillon is also" not in said
