"""Commands about judgment: source grades, comparisons, alerts as scenarios; and grades that apply at once."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from firstword.book import load_book
from firstword.compose import common, embedded
from firstword.sample.files import example
from firstword.source_grades import SourceGrades
from schemas.base import event
from schemas.items import Item, ItemIngested, Source
from schemas.mentions import ItemAnnotated, SourceLetter
from services.common.settings import read_settings
from tests.command_line import Run, command_line
from tests.scenarios.loader import BEGINNING

BOOK = str(example("book.yaml"))
CUT = {"url": "https://ledger.example/1", "title": "Halden Energy cuts its dividend by half"}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    return command_line(monkeypatch, capsys)


@pytest.fixture
def items(tmp_path: Path) -> str:
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps({**CUT, "published_at": "2026-03-02T08:00:00Z"}) + "\n", encoding="utf-8")
    return str(path)


def test_ratings_are_imported_and_invalid_rows_reported(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("domain,pc1\npost.example,0.9\nreuters.com,0.2\nno domain,1\n", encoding="utf-8")
    code, out, err = run("sources", "import", str(path))
    assert code == 1
    assert out.startswith("Source grades: 1 added, 0 changed, 0 unchanged; not changed: 0 set by hand, 1 that ship")
    assert f"{path}:4: 'no domain' is not a valid domain." in err
    assert json.loads(run("sources", "list", "post.example", "--json")[1])[0]["grade"] == "B"
    assert "reuters.com" in run("sources", "list", "--kind", "wire", "--grade", "a")[1]
    assert run("sources", "list", "--kind", "paper")[0] == 2


def test_a_grade_can_be_set_explained_and_its_track_record_reset(run: Run) -> None:
    code, out, _ = run("sources", "grade", "post.example", "c", "--ground", "Two corrections in a month.")
    assert (code, out.strip()) == (0, "post.example: F → C")
    shown = run("sources", "explain", "post.example")[1]
    assert "Two corrections in a month." in shown
    assert "set by                     by hand" in shown
    assert run("sources", "reset", "post.example")[1].startswith("post.example: grade C")
    assert json.loads(run("sources", "explain", "nobody.example", "--json")[1])["known"] is False
    assert run("sources", "grade", "post.example", "G", "--ground", "x")[0] == 2
    assert run("sources", "grade", "post.example", "B", "--ground", " ")[0] == 2


def test_a_comparison_prints_only_the_differences(
    run: Run, tmp_path: Path, items: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = tmp_path / "strict.yaml"
    strict.write_text("market_moving: [takeover]\n", encoding="utf-8")
    code, out, _ = run("replay", "--book", BOOK, "--items", items, "--against-thresholds", str(strict))
    assert code == 0
    differences = [json.loads(line) for line in out.splitlines()]
    assert {(line["change"], *line["before"], *line["after"]) for line in differences} == {("changed", "warn", "hold")}
    same = run("replay", "--book", BOOK, "--items", items, "--against-book", BOOK)
    assert same[:2] == (0, "")
    told = run("replay", "--book", BOOK, "--items", items, "--thresholds", str(strict), "--emit", "alerts")[1]
    assert all(json.loads(line)["verdict"] == "hold" for line in told.splitlines())
    monkeypatch.setenv("FIRSTWORD_THRESHOLDS", str(strict))
    assert run("replay", "--book", BOOK, "--items", items, "--emit", "alerts")[1] == told
    kept = str(tmp_path / "kept")
    assert run("replay", "--book", BOOK, "--items", items, "--data", kept, "--emit", "alerts")[1] == told


def test_a_comparison_reports_an_invalid_file(run: Run, tmp_path: Path, items: str) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("tell_relevanze: 0.5\n", encoding="utf-8")
    code, _, err = run("replay", "--book", BOOK, "--items", items, "--against-thresholds", str(bad))
    assert code == 2
    assert f"{bad}:1: tell_relevanze:" in err
    assert "Did you mean 'tell_relevance'?" in err
    assert run("replay", "--items", items, "--against-book", BOOK)[0] == 2
    assert run("replay", "--items", items, "--book", BOOK, "--against-book", BOOK, "--data", str(tmp_path))[0] == 2


def test_an_alert_can_be_printed_as_a_scenario(run: Run, items: str, tmp_path: Path) -> None:
    kept = str(tmp_path / "kept")
    alert = json.loads(
        run("replay", "--book", BOOK, "--items", items, "--data", kept, "--emit", "alerts")[1].splitlines()[0]
    )
    code, out, _ = run("explain", alert["id"], "--data", kept, "--as-scenario")
    assert code == 0
    assert "title: Halden Energy cuts its dividend by half" in out
    assert "verdict: warn" in out


def test_a_grade_applies_from_the_next_item(tmp_path: Path) -> None:
    """No restart is needed: the runtime reads the grade from the log."""
    with common.open_store(read_settings(data=tmp_path / "data")) as store:
        assert common.build_pipeline().processors[0].references == ("clients", "sources", "outcomes")
        book, _ = load_book(Path(BOOK).read_text(encoding="utf-8"), "book.yaml")
        assert book is not None
        store.import_book(book)
        grades: list[str] = []
        runtime = embedded.build_runtime(
            store,
            lambda events: grades.extend(e.data.source.grade for e in events if isinstance(e.data, ItemAnnotated)),
        )
        letters: tuple[SourceLetter | None, ...] = (None, "A", "D")
        for number, letter in enumerate(letters):
            if letter is not None:
                SourceGrades(store).grade("ledger.example", letter, "Seen.")
            item = Item(
                id=f"i{number}",
                title=f"Halden Energy opens wind farm number {number}",
                source=Source(feed_url="https://ledger.example/feed", host="ledger.example"),
            )
            at = BEGINNING + timedelta(hours=number)
            with store.engine.begin() as connection:
                given = event(ItemIngested(item=item), key=item.id, id=item.id, source="test", time=at)
                store.events.publish(connection, [given])
            runtime.run_until_idle()
        assert list(dict.fromkeys(grades)) == ["F", "A", "D"]
