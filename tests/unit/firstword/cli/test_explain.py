"""``firstword explain``: the reading in words, its decisive words, and what is left when the item is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import delete

from firstword.cli import explain
from firstword.compose import common
from firstword.reading_explanation import explain_reading
from firstword.sample.files import example
from firstword.storage.tables import events
from firstword.store import Store
from schemas.readings import FIELD_VALUES
from services.common.settings import read_settings
from services.matcher.reading.model.encoding import PairText
from services.matcher.reading.model.network import Scores
from services.matcher.reading.reader import default_reader
from tests.command_line import Run, command_line

SURE = {
    "role": "actor",
    "kind": "dividend",
    "genre": "news",
    "status": "fact",
    "direction": "bad",
    "weight": "major",
}
ITEM = {
    "url": "https://news.example/1",
    "title": "Halden Energy cuts its dividend by half, company says",
    "summary": "Halden Energy will pay $20 million instead of $40 million, it said on Monday, after a weak year.",
    "published_at": "2026-01-05T09:00:00Z",
    "source": {"feed_url": "https://www.reuters.com/feed", "host": "www.reuters.com", "publisher": "Reuters"},
}


class FakeNetwork:
    """A model that is sure of everything as long as the text has the word "cuts"."""

    def scores(self, pairs: Sequence[PairText]) -> list[Scores]:
        return [self._score(0.9 if "cuts" in pair.title else 0.3) for pair in pairs]

    @staticmethod
    def _score(sure: float) -> Scores:
        fields = {}
        for field, values in FIELD_VALUES.items():
            fields[field] = dict.fromkeys(values, (1 - sure) / (len(values) - 1)) | {SURE[field]: sure}
        return Scores(fields, tell=sure)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    network = FakeNetwork()
    monkeypatch.setattr("services.matcher.reading.reader.default_network", lambda: network)
    monkeypatch.setattr(explain, "default_network", lambda: network)
    return command_line(monkeypatch, capsys)


@pytest.fixture(autouse=True)
def fresh_reader() -> Iterator[None]:
    """Build the reader anew, so that it has the fake model, and forget it afterwards."""
    default_reader.cache_clear()
    yield
    default_reader.cache_clear()


@pytest.fixture
def alert_id(run: Run, tmp_path: Path) -> str:
    items = tmp_path / "items.jsonl"
    items.write_text(json.dumps(ITEM), encoding="utf-8")
    kept = ("--emit", "alerts", "--data", tmp_path / "data")
    return str(run("replay", "--book", example("book.yaml"), "--items", items, *kept).lines()[0]["id"])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with common.open_store(read_settings(data=tmp_path / "data")) as opened:
        yield opened


def test_the_reading_is_said_in_words_with_its_decisive_words_marked(run: Run, alert_id: str) -> None:
    shown = run("explain", alert_id).out
    assert "A dividend cut by Halden Energy.\n" in shown
    assert "  Halden Energy «cuts» its dividend by half, company says\n" in shown
    assert "  event         a dividend cut (90% sure): “cuts”\n" in shown
    assert "  Halden Energy the one acting (90% sure): “cuts”\n" in shown
    assert "  worth telling yes (92% sure): “cuts”\n" in shown
    assert "  figures       $20 million, $40 million\n" in shown
    assert "\n  said by       " in shown
    assert shown.index("How it was read") < shown.index("Rules") < shown.index("Evidence")


def test_decisive_words_are_underlined_on_a_terminal(run: Run, alert_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(force_terminal=True, color_system="standard", highlight=False, soft_wrap=True)
    monkeypatch.setattr(explain, "out", terminal)
    shown = run("explain", alert_id).out
    assert "«" not in shown
    assert "Halden Energy \x1b[1;4mcuts\x1b[0m its dividend" in shown


def test_json_has_the_explanation_beside_the_alert(run: Run, alert_id: str) -> None:
    explanation = json.loads(run("explain", alert_id, "--json").out)["explanation"]
    kind = next(field for field in explanation["fields"] if field["field"] == "kind")
    assert (kind["value"], kind["confidence"], kind["read_now"]) == ("dividend", 0.9, None)
    assert kind["decisive"] == [{"text": "cuts", "share": 1.0, "places": [{"part": "title", "start": 14, "end": 18}]}]
    assert explanation["whole"] is True


def test_without_the_item_title_and_quotation_are_read(run: Run, alert_id: str, store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(delete(events).where(events.c.topic == "items"))
    shown = run("explain", alert_id).out
    assert "The full text is not kept here" in shown
    assert "Halden Energy «cuts» its dividend" in shown


def test_a_model_that_reads_otherwise_today_is_told(run: Run, alert_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SURE, "kind", "buyback")
    assert "a dividend cut (90% sure); read now as buyback" in run("explain", alert_id).out


def test_words_that_deny_what_was_read_are_told(store: Store, run: Run, alert_id: str) -> None:
    alert = store.find_alert(alert_id)
    phrases: list[str] = []
    for status in ("denied", "retracted"):
        evidence = tuple(item.model_copy(update={"status": status}) for item in alert.evidence)
        explained = explain_reading(store, alert.model_copy(update={"evidence": evidence}), FakeNetwork())
        assert explained is not None
        phrases += [field.phrase for field in explained.fields if field.field == "status"]
    assert phrases == ["stated as a fact, but its words deny it", "stated as a fact, but since withdrawn"]


def test_an_alert_that_no_item_led_to_has_no_reading(store: Store, run: Run, alert_id: str) -> None:
    alert = store.find_alert(alert_id)
    assert explain_reading(store, alert.model_copy(update={"reading": None}), FakeNetwork()) is None
    assert explain_reading(store, alert.model_copy(update={"evidence": ()}), FakeNetwork()) is None
