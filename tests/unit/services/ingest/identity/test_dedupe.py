from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.items import Item
from services.ingest.identity.dedupe import MAX_EARLIER, ItemChange, SeenItem, detect_changes, fingerprint_of
from services.ingest.parse.feed import parse_feed

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REPLAY = Path(__file__).parents[5].parent / "shared" / "data" / "feeds" / "replay"


def item(**fields: object) -> Item:
    values: dict[str, object] = {
        "id": "itm_1",
        "title": "Halden cuts",
        "summary": "By a third.",
        "url": "https://n.example.org/1",
    }
    return Item.model_validate(values | fields)


def step(known: dict[str, SeenItem], *items: Item) -> list[ItemChange]:
    changes = list(detect_changes(known, items, NOW))
    known.update({change.seen.item_id: change.seen for change in changes})
    return changes


def test_an_item_is_new_once() -> None:
    known: dict[str, SeenItem] = {}
    assert [change.kind for change in step(known, item())] == ["new"]
    assert [change.kind for change in step(known, item())] == ["unchanged"]


def test_an_edit_is_a_revision_that_lists_its_fields() -> None:
    known: dict[str, SeenItem] = {}
    step(known, item())
    (change,) = step(known, item(title="Halden halves", summary="By a half."))
    assert (change.kind, change.revision, change.changed) == ("revised", 1, ("title", "summary"))


@pytest.mark.parametrize(
    "invisible",
    [
        {"title": " Halden  cuts"},
        {"url": "https://n.example.org/1?utm_source=rss#x"},
        {"updated_at": NOW},
        {"categories": ["Energy"]},
        {"fetched_at": NOW},
    ],
)
def test_changes_that_readers_cannot_see_are_not_revisions(invisible: dict[str, object]) -> None:
    known: dict[str, SeenItem] = {}
    step(known, item())
    assert [change.kind for change in step(known, item(**invisible))] == ["unchanged"]


def test_an_earlier_version_is_not_a_revision_unless_it_has_a_newer_date() -> None:
    known: dict[str, SeenItem] = {}
    first = item(published_at=NOW)
    step(known, first)
    step(known, item(title="Halden halves", published_at=NOW))
    assert step(known, first)[0].kind == "unchanged"
    back = step(known, item(published_at=NOW + timedelta(minutes=5)))[0]
    assert (back.kind, back.revision) == ("revised", 2)


def test_the_same_url_and_text_under_another_guid_is_a_copy() -> None:
    known: dict[str, SeenItem] = {}
    step(known, item())
    (copy,) = step(known, item(id="itm_2"))
    assert (copy.kind, copy.seen.copy_of) == ("copy", "itm_1")
    assert step(known, item(id="itm_2"))[0].kind == "unchanged"
    assert step(known, item(id="itm_3", title="Another text"))[0].kind == "new"


def test_the_stored_record_stays_small() -> None:
    known: dict[str, SeenItem] = {}
    for number in range(200):
        step(known, item(title=f"Live: {number}"))
    assert known["itm_1"].revision == 199
    assert len(known["itm_1"].earlier) == MAX_EARLIER


@pytest.mark.slow
@pytest.mark.data
def test_recorded_feeds_give_each_guid_once_and_nothing_on_a_second_run() -> None:
    if not REPLAY.is_dir():
        pytest.skip(f"{REPLAY} is missing: put the labelled collections there")
    for folder in sorted(REPLAY.iterdir()):
        known: dict[str, SeenItem] = {}
        guids: set[str | None] = set()
        kinds: list[str] = []
        for turn in range(2):
            for snapshot in sorted(folder.iterdir()):
                feed = parse_feed(snapshot.read_bytes(), feed_url=f"https://{folder.name}.example.org/feed")
                guids |= {parsed.guid for parsed in feed.items}
                changes = detect_changes(known, [parsed.item for parsed in feed.items], NOW)
                known |= {change.seen.item_id: change.seen for change in changes}
                kinds += [change.kind for change in changes if turn == 0 or change.kind != "unchanged"]
            if turn == 0:
                assert kinds.count("new") == len(guids) == len(known)
                assert kinds.count("revised") > 10
                kinds.clear()
        assert kinds == []


@pytest.mark.parametrize(
    "text",
    ["a b", " a b", "a b ", "a  b", "a\n\nb", "a\nb", "a \n\n b", "\n\na", "a\n\n\n\nb", "a\tb", "a\u00a0b", "\x1fa"],
)
def test_whitespace_is_no_part_of_the_fingerprint(text: str) -> None:
    item = Item(id="itm_1", title="T", summary=text)
    spaced = item.model_copy(update={"summary": " ".join(text.split())})
    assert fingerprint_of(item) == fingerprint_of(spaced)
    assert fingerprint_of(item) != fingerprint_of(item.model_copy(update={"summary": "ab"}))
