"""From an item to a marked draft: the pipeline, the second reader's worker, and the pipeline again, on one machine."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from firstword.book_events import diff_book
from firstword.compose import common, outbound
from firstword.pipeline import Pipeline
from firstword.runtimes.embedded import EmbeddedRuntime
from firstword.store import Store
from schemas.alerts import Alert
from schemas.base import content_id, event
from schemas.clients import Book
from schemas.items import Item, ItemIngested, Source
from schemas.mentions import SourceGrade, SourceGraded
from services.common.db import reading as transaction
from services.common.errors import BadInput
from services.common.processing import AnyEvent
from services.common.settings import SecondReaderSettings, Settings
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.notifier import queries
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from services.notifier.scope import EVERYTHING
from tests.desk_data import NOW
from tests.fakes import FakeClock
from tests.http_server import Reply, Request, serving
from tests.unit.services.matcher.readings import FixedReader, reading
from tests.unit.services.notifier.samples import a_client, a_firm, a_manager

QUOTE = "Halden Energy has cut its dividend by half"


def answer(request: Request) -> Reply:
    said = {"role": "mention", "kind": "dividend", "genre": "news", "status": "fact", "direction": "unclear"}
    content = json.dumps({**said, "weight": "none", "quote": QUOTE})
    choice = {"message": {"content": content}, "finish_reason": "stop"}
    return Reply(200, json.dumps({"choices": [choice], "usage": {"total_tokens": 900}}).encode())


def settings(folder: Path, url: str | None) -> Settings:
    return Settings(data=folder, second_reader=SecondReaderSettings(url=url, model="their-model"))


def given() -> list[AnyEvent]:
    """Return a client who holds Halden Energy, a reliable source, and its report of a cut dividend."""
    book = Book(firm=a_firm(), managers=(a_manager(),), clients=(a_client(),))
    grade = SourceGrade(domain="ledger.example.com", publisher="The Ledger", grade="A", ground="test")
    graded = event(SourceGraded(source=grade), key=grade.domain, id="evt-grade", source="tests", time=NOW)
    item = Item(
        id="itm_1",
        title="Halden Energy cuts its dividend by half",
        summary=f"{QUOTE} to 0.40 crowns a share, it said.",
        url="https://ledger.example.com/halden",
        published_at=NOW,
        fetched_at=NOW,
        source=Source(feed_url="https://ledger.example.com/feed", host="ledger.example.com"),
    )
    ingested = event(ItemIngested(item=item), key=item.id, id=content_id("evt", item.id), source="tests", time=NOW)
    return [*diff_book(book, {}, NOW).events, graded, ingested]


def run(store: Store, *events: AnyEvent) -> None:
    reader = FixedReader(reading(kind="dividend", direction="bad", weight="major"))
    pipeline = Pipeline((Annotate(reader=reader), Judge(), DraftWriter(Playbooks.shipped())))
    with store.engine.begin() as connection:
        store.events.publish(connection, events)
    EmbeddedRuntime(store.engine, pipeline, common.build_sinks(store.settings), store.clock).run_until_idle()


def alerts_of(store: Store) -> list[Alert]:
    with transaction(store.engine) as connection:
        (drafted,) = queries.inbox(connection, EVERYTHING, store.clock.now(), number=1, size=5).items
        return list(reversed(queries.alert_lines(connection, EVERYTHING, drafted.client_id)))


async def test_an_item_that_the_second_reader_objects_to_is_held_and_its_draft_stays(tmp_path: Path) -> None:
    clock = FakeClock(NOW + timedelta(minutes=1))
    async with serving(answer) as server:
        with common.open_store(settings(tmp_path, server.url("/v1")), clock) as store:
            run(store, *given())
            assert [alert.verdict for alert in alerts_of(store)] == ["tell"]
            worker = outbound.build_second_reading(store)
            assert worker is not None
            assert await worker.review_due() == 1
            run(store)
            told, held = alerts_of(store)
    assert (held.verdict, held.earlier_alert_id) == ("hold", told.id)
    assert "Halden Energy is only mentioned" in held.reasons[0].text
    for private in ("Claire", "Arnaud", "dependable", "assets"):
        assert private not in server.requests[0].body.decode()


async def test_without_an_answer_the_shipped_reading_stands(tmp_path: Path) -> None:
    clock = FakeClock(NOW + timedelta(minutes=1))
    async with serving(lambda _: Reply(500)) as server:
        with common.open_store(settings(tmp_path, server.url("/v1")), clock) as store:
            run(store, *given())
            worker = outbound.build_second_reading(store)
            assert worker is not None
            assert await worker.review_due() == 0
            run(store)
            assert [alert.verdict for alert in alerts_of(store)] == ["tell"]


def test_without_an_address_there_is_no_second_reader_and_an_invalid_one_is_reported(tmp_path: Path) -> None:
    off = settings(tmp_path, None)
    with common.open_store(off, FakeClock(NOW)) as store:
        assert outbound.build_second_reading(store) is None
    assert "notifier.second_readings" not in [sink.name for sink in common.build_sinks(off)]
    assert "notifier.second_readings" in [sink.name for sink in common.build_sinks(settings(tmp_path, "http://x/v1"))]
    with common.open_store(settings(tmp_path, "their-model")) as store, pytest.raises(BadInput, match="SECOND_READER"):
        outbound.build_second_reading(store)
