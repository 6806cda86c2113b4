"""The desk says where a second reader disagrees about the news of a draft."""

from __future__ import annotations

from pathlib import Path

from schemas.readings import Reading, ReadingConfidence, SecondReading
from services.notifier.desk.tokens import create_api_token
from services.notifier.second_reading import store
from services.notifier.second_reading.question import Passage, disputed_fields
from tests.desk_data import NOW
from tests.desk_world import World
from tests.unit.services.notifier.rewording.drafted import drafted_events


def a_world(folder: Path, **second: str) -> World:
    """Return a desk with one draft, whose item was read a second time."""
    world = World.make(folder, drafted_events("claire"))
    alert = world.draft("claire").alert
    assert alert is not None
    item_id = alert.evidence[0].item_id
    sure = ReadingConfidence(role=0.9, kind=0.9, genre=0.9, status=0.9, direction=0.9, weight=0.9)
    values = {
        "role": "actor",
        "kind": "dividend",
        "genre": "news",
        "status": "fact",
        "direction": "bad",
        "weight": "major",
    }
    first = Reading.model_validate(
        {**values, "item_id": item_id, "entity_id": alert.entity_id, "tell_score": 0.9, "confidence": sure}
    )
    read = SecondReading.model_validate({**values, **second, "model": "their-model", "quote": "cut its dividend"})
    with world.engine.begin() as connection:
        store.queue(connection, 0, Passage(title="Dividend cut", text="", name="Halden"), first, NOW)
        (id,) = store.due(connection, NOW, 5)
        claimed = store.claim(connection, id, NOW)
        assert claimed is not None
        assert store.finish(connection, claimed.attempt, read, disputed_fields(first, read), NOW)
    return world


def test_a_disagreement_is_shown_with_the_draft_in_the_inbox_and_in_the_api(tmp_path: Path) -> None:
    world = a_world(
        tmp_path, role="mention", genre="list", status="rumor", direction="good", kind="none", weight="none"
    )
    line, browser = world.draft("claire"), world.browser()
    page = browser.get(f"/drafts/{line.id}").text
    assert "Readers disagree" in page
    assert "Of “Dividend cut”, their-model says that" in page
    for said in ("is only mentioned", "a round-up", "a rumor", "is good for", "nothing that happened", "too small"):
        assert said in page
    assert "readers disagree" in browser.get("/").text
    with world.engine.begin() as connection:
        token = create_api_token(connection, "owner", NOW)
    client = world.browser(None)
    client.headers["Authorization"] = f"Bearer {token}"
    (sentence,) = client.get(f"/api/v1/drafts/{line.id}").json()["disagreements"]
    assert "their-model says that" in sentence


def test_agreement_is_not_mentioned(tmp_path: Path) -> None:
    world = a_world(tmp_path, role="object")
    line, browser = world.draft("claire"), world.browser()
    assert "eaders disagree" not in browser.get(f"/drafts/{line.id}").text
    assert "eaders disagree" not in browser.get("/").text
