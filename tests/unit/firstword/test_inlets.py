"""From a program's request to the evidence: an inlet has its owner's grade, and no item can raise it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from firstword.book.read import load_book
from firstword.compose.common import build_ingest, open_store
from firstword.compose.embedded import build_runtime
from firstword.inlets import Inlets
from firstword.item_inlets import ItemInletAdapter
from firstword.source_grades import SourceGrades
from firstword.storage.outbox import OutboxPublisher
from firstword.storage.tables import outbox
from firstword.store import Store
from schemas.items import Item, ItemIngested, Source
from schemas.mentions import ItemAnnotated
from services.common.clock import ManualClock
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.matcher.sources.channels import Attributed, attribute
from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies, DeskSettings

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "book.yaml"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ITEM: dict[str, Any] = {"title": "Northgate Energy cuts its dividend", "id": "1", "publisher": "Reuters"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(read_settings(data=tmp_path), ManualClock(NOW)) as opened:
        yield opened


@pytest.fixture
def inlets(store: Store) -> Inlets:
    return Inlets(store, build_ingest(store))


def program(store: Store, token: str, item_rate: int = 1_000) -> TestClient:
    settings = DeskSettings("a secret of the tests, long enough to sign", "http://testserver", ("testserver",),
                            item_rate=item_rate)  # fmt: skip
    dependencies = DeskDependencies(
        store.engine, store.events, store.clock, settings, item_inlets=ItemInletAdapter(build_ingest(store))
    )
    client = TestClient(create_app(dependencies), headers={"Authorization": f"Bearer {token}"})
    client.base_url = client.base_url.join("/api/v1/")
    return client


def pressed(inlets: Inlets, store: Store, *, item_rate: int = 1_000) -> TestClient:
    inlets.create("press-desk", title="Our press desk", letter="C", reason="Our editors check it.")
    return program(store, inlets.create_token("press-desk", "CMS", timedelta(days=30)), item_rate)


def published(store: Store) -> list[ItemIngested]:
    with reading(store.engine) as connection:
        found = [event.data for event in store.events.scan(connection, "items")]
    return [data for data in found if isinstance(data, ItemIngested)]


def attributed(store: Store, item: Item) -> Attributed:
    return attribute(item, SourceGrades(store).table())


def test_a_program_puts_items_in_once(store: Store, inlets: Inlets) -> None:
    client = pressed(inlets, store)
    batch = {"items": [ITEM, {"title": "Port closes", "url": "https://n.example/2", "body": "<p>Ice.</p>"}]}
    first = client.post("items", json=batch)
    assert (first.status_code, [item["change"] for item in first.json()["items"]]) == (202, ["new", "new"])
    assert [data.item.id for data in published(store)] == [item["id"] for item in first.json()["items"]]
    again = client.post("items", json=batch).json()
    assert [item["change"] for item in again["items"]] == ["unchanged", "unchanged"]
    assert len(published(store)) == 2
    long = client.post("items", json={"items": [{"title": "Long", "id": "3", "body": "Word. " * 4_000}]}).json()
    assert long["warnings"] == ["A body longer than 20,000 characters was shortened"]


def test_what_an_item_says_of_its_publisher_is_a_claim(store: Store, inlets: Inlets) -> None:
    pressed(inlets, store).post("items", json={"items": [ITEM | {"url": "https://www.reuters.com/markets/1"}]})
    found = attributed(store, published(store)[0].item)
    assert (found.source.publisher, found.source.grade) == ("Our press desk", "C")
    assert (found.provenance.verified, found.provenance.claimed) == (False, "Reuters")
    plain = attributed(store, published(store)[0].item.model_copy(update={"source": Source()}))
    assert plain.source.grade == "F", "without its channel, it is nobody's"


def test_an_inlet_has_the_grade_of_its_owner_and_its_own_identity(store: Store, inlets: Inlets) -> None:
    client = pressed(inlets, store)
    client.post("items", json={"items": [{"title": "Northgate cuts", "id": "1"}]})
    (data,) = published(store)
    first = attributed(store, data.item)
    assert (first.source.grade, first.provenance.verified, first.provenance.claimed) == ("C", True, None)
    assert first.provenance.channel == "source:press-desk.inlet.invalid"
    inlets.grade("press-desk", "E", "It forwards chain letters.")
    assert attributed(store, data.item).source.grade == "E"
    feed, source = inlets.create("wire", title="Terminal", speaks_for=("reuters.com",), ground="Licensed, contract 7.")
    assert (source.grade, feed.ground) == ("F", "Licensed, contract 7.")
    wire = program(store, inlets.create_token("wire", "Terminal", timedelta(days=1)))
    wire.post("items", json={"items": [{"title": "Northgate cuts", "id": "1"}]})
    licensed = attributed(store, published(store)[-1].item)
    assert (licensed.source.domain, licensed.source.grade, licensed.provenance.verified) == ("reuters.com", "A", True)


def test_the_pipeline_judges_a_pushed_item_by_its_channel(store: Store, inlets: Inlets) -> None:
    book, _ = load_book(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE.name)
    assert book is not None
    store.import_book(book)
    pushed = ITEM | {"title": "Sable Ridge cuts its dividend"}
    assert pressed(inlets, store).post("items", json={"items": [pushed]}).status_code == 202
    annotated: list[ItemAnnotated] = []
    runtime = build_runtime(
        store, lambda events: annotated.extend(e.data for e in events if isinstance(e.data, ItemAnnotated))
    )
    runtime.run_until_idle()
    assert annotated, "the item was read"
    assert {(data.source.grade, data.provenance and data.provenance.claimed) for data in annotated} == {
        ("C", "Reuters")
    }


def test_in_the_stack_an_item_leaves_with_its_transaction(store: Store, inlets: Inlets) -> None:
    feed, _ = inlets.create("press-desk", title="Our press desk")
    stack = Store(store.settings, store.engine, store.clock, OutboxPublisher(store.clock))
    client = program(stack, inlets.create_token("press-desk", "CMS", timedelta(days=30)))
    for _ in range(2):
        assert client.post("items", json={"items": [ITEM]}).status_code == 202
    with reading(store.engine) as connection:
        topics = connection.execute(select(outbox.c.topic, func.count()).group_by(outbox.c.topic)).all()
    assert ("items", 1) in [tuple(row) for row in topics]
    assert feed.kind == "push"


def test_every_wrong_field_is_named_and_nothing_is_taken(store: Store, inlets: Inlets) -> None:
    client = pressed(inlets, store)
    bad = client.post("items", json={"items": [ITEM, {"title": " "}, {"title": "x", "pubished_at": "today"}]})
    assert (bad.status_code, bad.headers["content-type"]) == (422, "application/problem+json")
    assert [error["field"] for error in bad.json()["errors"]] == ["body.items.1.title", "body.items.2.pubished_at"]
    late = client.post("items", json={"items": [ITEM, ITEM, {"title": "x", "published_at": "2027-01-01T00:00:00Z"}]})
    assert [(error["field"], error["message"]) for error in late.json()["errors"]] == [
        ("body.items.1.id", "It is the same as that of items.0."),
        ("body.items.2.published_at", "It is in the future."),
    ]
    assert (late.status_code, late.json()["detail"][:34]) == (422, "Nothing of this batch was taken. i")
    many = client.post("items", json={"items": [ITEM | {"id": str(number)} for number in range(101)]})
    assert (many.status_code, many.json()["errors"][0]["field"]) == (422, "body.items")
    assert client.post("items", json={"items": []}).status_code == 422
    assert published(store) == []


def test_a_token_of_an_inlet_does_nothing_else_and_no_other_token_does_that(store: Store, inlets: Inlets) -> None:
    client = pressed(inlets, store)
    for path in ("drafts", "feeds", "me", "tokens"):
        refused = client.get(path)
        assert (refused.status_code, "insufficient_scope" in refused.headers["www-authenticate"]) == (403, True)
    assert client.post("feeds", json={"url": "https://n.example"}).status_code == 403
    everything = program(store, store.create_api_token(scopes=("read", "write", "send")))
    refused = everything.post("items", json={"items": [ITEM]})
    assert (refused.status_code, refused.json()["fix"]) == (403, "Use a token of an inlet.")
    with pytest.raises(BadInput, match="scope of an inlet's tokens"):
        store.create_api_token(scopes=("items",))
    assert published(store) == []


def test_items_are_limited_per_inlet(store: Store, inlets: Inlets) -> None:
    client = pressed(inlets, store, item_rate=5)
    batch = {"items": [ITEM | {"id": str(number)} for number in range(3)]}
    assert client.post("items", json=batch).status_code == 202
    refused = client.post("items", json=batch)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "12")
    inlets.create("other", title="Another desk")
    other = program(store, inlets.create_token("other", "CMS", timedelta(days=1)), item_rate=5)
    assert other.post("items", json=batch).status_code == 202


def test_a_repeat_under_its_key_gets_the_first_answer(store: Store, inlets: Inlets) -> None:
    client = pressed(inlets, store)
    first, again = (client.post("items", json={"items": [ITEM]}, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    inlets.create("other", title="Another desk")
    other = program(store, inlets.create_token("other", "CMS", timedelta(days=1)))
    assert (
        other.post("items", json={"items": [ITEM | {"id": "2"}]}, headers={"Idempotency-Key": "k1"}).status_code == 202
    )


def test_a_paused_inlet_a_removed_one_and_its_successor(store: Store, inlets: Inlets) -> None:
    client = pressed(inlets, store)
    ingest = build_ingest(store)
    (inlet,) = inlets.list_inlets()
    ingest.pause_feed(inlet.state.feed.id)
    paused = client.post("items", json={"items": [ITEM]})
    assert (paused.status_code, "is paused" in paused.json()["detail"]) == (409, True)
    ingest.remove_feed(inlet.state.feed.id)  # on the Feeds page
    assert client.post("items", json={"items": [ITEM]}).status_code == 404
    inlets.create("press-desk", title="Our press desk")
    assert client.post("items", json={"items": [ITEM]}).status_code == 401, "a former token opens no new inlet"
    fresh = program(store, inlets.create_token("press-desk", "CMS", timedelta(days=1)))
    assert fresh.post("items", json={"items": [ITEM]}).status_code == 202
    assert inlets.remove("press-desk")[1] == 1
    assert fresh.post("items", json={"items": [ITEM]}).status_code == 401


def test_an_inlet_takes_no_known_publishers_name_and_no_grade_without_a_reason(inlets: Inlets) -> None:
    with pytest.raises(BadInput, match=r"'reuters' is the name of a publisher, reuters\.com"):
        inlets.create("press-desk", title="reuters")
    with pytest.raises(BadInput, match="why this inlet has the grade A"):
        inlets.create("press-desk", title="Our press desk", letter="A", reason=" ")
    with pytest.raises(BadInput, match="needs a title"):
        inlets.create("press-desk", title=" ")
    assert inlets.list_inlets() == []
    with pytest.raises(BadInput, match="no inlet 'press-desk'"):
        inlets.create_token("press-desk", "CMS", timedelta(days=1))


def test_a_file_is_pushed_by_line_and_bad_lines_stop_no_other(store: Store, inlets: Inlets) -> None:
    inlets.create("press-desk", title="Our press desk")
    lines = [
        b'\xef\xbb\xbf{"title": "One", "id": "1"}\n', b"\n", b"no json\n", b'{"title": "Two", "id": "2", "url": "x"}\n',
        b'{"title": "Three", "id": "3", "published_at": "2027-01-01T00:00:00Z"}\n',
        b'{"title": "One, edited", "id": "1"}\n', *(b'{"title": "Many", "id": "m%d"}\n' % n for n in range(250)),
    ]  # fmt: skip
    checked, problems = inlets.push("press-desk", b"".join(lines), "items.jsonl", store=False)
    assert (checked.new, len(problems), published(store)) == (0, 3, [])
    taken, problems = inlets.push("press-desk", b"".join(lines), "items.jsonl")
    assert (taken.new, taken.revised, taken.copy) == (251, 1, 0)
    assert [str(problem)[:40] for problem in problems] == [
        "items.jsonl:3: Not JSON (Expecting value",
        "items.jsonl:4: url: must be a web addres",
        "items.jsonl:5: published_at: It is in th",
    ]
    again, _ = inlets.push("press-desk", b"".join(lines), "items.jsonl")
    assert (again.new, again.revised) == (0, 0)
