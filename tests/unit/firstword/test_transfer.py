"""Moving an installation to another folder, or into PostgreSQL and back, loses nothing and tells nobody twice."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, func, insert, select, update

from firstword.compose.common import build_ingest, open_store
from firstword.compose.embedded import build_runtime, prepare
from firstword.source_grades import SourceGrades
from firstword.storage.migrate import ALL_TABLES
from firstword.storage.presence import SERVICES, Presence
from firstword.storage.tables import outbox, states
from firstword.store import Store
from firstword.system import InUse
from firstword.transfer.archive import Footer, check_archive
from firstword.transfer.exporter import export_installation
from firstword.transfer.importer import ImportedSection, import_installation
from firstword.transfer.lock import lock_database
from firstword.transfer.sections import NOT_EXPORTED, sections
from schemas.base import content_id, event
from schemas.clients import Book, Client, ContactPolicy, Firm, Manager
from schemas.items import Item, ItemIngested, Source
from services.common.db import reading
from services.common.errors import BadInput
from services.common.processing import AnyEvent
from services.common.settings import Settings
from services.notifier import queries
from services.notifier.delivery.channels.base import Run
from services.notifier.delivery.routes import ManagerRoutes, manager_mail
from services.notifier.desk.auth import ensure_owner
from services.notifier.desk.tokens import create_api_token
from services.notifier.digest.manager_outbox import RenderedMessage, enqueue
from services.notifier.scope import EVERYTHING
from services.notifier.tables import alerts, audit_log, contact_decisions, drafts, refusals, users
from services.notifier.webhooks import endpoints
from services.notifier.webhooks.tables import webhook_deliveries, webhook_endpoints, webhook_messages
from tests.fakes import FakeClock
from tests.patience import until

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def open_folder(folder: Path) -> Store:
    return open_store(Settings(data=folder), FakeClock(NOW))


def open_stack(folder: Path, url: str) -> Store:
    return open_store(Settings(data=folder, database=SecretStr(url)), FakeClock(NOW))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The sample, with a user who has a token, a webhook endpoint, an audit log with two equal rows, and a digest."""
    with open_folder(tmp_path_factory.mktemp("played")) as store:
        asyncio.run(prepare(store, book=None, opml=None))
        with store.engine.begin() as connection:
            ensure_owner(connection, NOW)
            create_api_token(connection, "owner", NOW)
            _endpoint(connection)
            seen = {"at": NOW, "user_id": "owner", "action": "client.read", "subject": "x", "client_id": None}
            connection.execute(insert(audit_log), [seen, seen])
            routes: ManagerRoutes = {"email": manager_mail}
            message = RenderedMessage("Your day", "…", "…", [(Run("…", "https://desk.example"),)])
            manager = Manager(id="mara", name="Mara Lindqvist", email="mara@harbour-vane.example")
            enqueue(
                connection, "digest", manager, "2026-03-04", message, by=["email"], routes=routes, due_at=NOW, now=NOW
            )
        yield store


def _endpoint(connection: Connection) -> None:
    endpoint = endpoints.add(connection, "https://hooks.example/in", NOW - timedelta(days=1))
    message = {"id": "evt_1", "type": "alert.raised", "client_id": None, "entity_id": None, "body": "{}", "at": NOW}
    connection.execute(insert(webhook_messages), [message])
    delivery = {"id": "msg_1", "endpoint_id": endpoint.id, "message_id": "evt_1", "status": "delivered"}
    connection.execute(insert(webhook_deliveries), [{**delivery, "created_at": NOW, "changed_at": NOW}])


def exported(store: Store, **options: Any) -> tuple[bytes, Footer]:
    file = io.BytesIO()
    footer = export_installation(store, file, **options)
    return file.getvalue(), footer


def import_into(store: Store, raw: bytes, *, merge: bool = False) -> list[ImportedSection]:
    file = io.BytesIO(raw)
    return import_installation(
        store, file, "installation.jsonl", check_archive(file, "installation.jsonl"), merge=merge
    )


def rows(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All rows that are exported, by section."""
    with reading(store.engine) as connection:
        return {part.name: list(part.rows(connection)) for part in sections(store, NOW)}


def poll_all(store: Store, addresses: Path) -> int:
    """Poll every feed of the sample in ``addresses``; return how many items were new or revised."""
    ingest = build_ingest(replace(store, settings=Settings(data=addresses, database=store.settings.database)))

    async def poll() -> int:
        found = 0
        for feed in ingest.list_feeds():
            if feed.feed.url.startswith("file:"):
                result = await ingest.poll(feed.feed.id)
                assert result is not None
                assert result.health.status == "ok"
                found += result.new + result.revised
        return found

    return asyncio.run(poll())


def test_a_move_to_another_folder_loses_nothing_and_a_second_import_adds_nothing(played: Store, tmp_path: Path) -> None:
    raw, footer = exported(played)
    assert all(footer.sections[name].rows for name in ("events.items", "drafts", "alerts", "refusals", "told", "feeds"))
    with open_folder(tmp_path) as target:
        imported = import_into(target, raw)
        assert all(section.in_file == section.added == section.total for section in imported)
        assert exported(target)[1] == footer
        with pytest.raises(BadInput, match="--merge"):
            import_into(target, raw)
        again = import_into(target, raw, merge=True)
        assert not any(section.added for section in again)
        assert exported(target)[1] == footer


def test_a_client_without_quiet_hours_has_none_after_a_move_either(tmp_path: Path) -> None:
    contact = ContactPolicy(quiet_from=None, quiet_until=None)
    ann = Client(id="ann", name="Ann", manager_id="mara", trade="wealth", contact=contact)
    book = Book(firm=Firm(name="Harbour"), managers=(Manager(id="mara", name="Mara"),), clients=(ann,))
    with open_folder(tmp_path / "left") as left, open_folder(tmp_path / "new") as target:
        assert left.import_book(book).added == ("ann",)
        import_into(target, exported(left)[0])
        build_runtime(target).run_until_idle()
        for store in (left, target):
            assert store.book() == book
            assert store.import_book(book).unchanged == ("ann",)
        with reading(target.engine) as connection:
            stored = queries.client(connection, EVERYTHING, "ann")
    assert stored is not None
    assert stored.client == ann


def test_items_that_the_matcher_reads_again_lead_to_no_new_drafts(played: Store, tmp_path: Path) -> None:
    raw, _ = exported(played)
    before = rows(played)
    with open_folder(tmp_path) as target:
        import_into(target, raw)
        assert poll_all(target, played.settings.data) == 0
        assert build_runtime(target).run_until_idle() > 0
        after = rows(target)
        for name in ("drafts", "refusals", "contact_decisions", "interactions", "deliveries", "told", "clients"):
            assert after[name] == before[name], name
        assert {alert["id"] for alert in after["alerts"]} == {alert["id"] for alert in before["alerts"]}


def test_items_that_today_get_another_verdict_lead_to_no_new_drafts(played: Store, tmp_path: Path) -> None:
    with _copy(played, tmp_path / "left") as left, open_folder(tmp_path / "new") as target:
        for domain in ("northgate-wire", "financial-ledger", "oslo-herald", "port-courier", "halden-energy"):
            SourceGrades(left).grade(f"{domain}.example", "E", "Its recent stories were wrong.")
        build_runtime(left).run_until_idle()
        before = rows(left)
        raw, _ = exported(left)
        import_into(target, raw)
        build_runtime(target).run_until_idle()
        after = rows(target)
    assert after["alerts"] != before["alerts"]  # with today's grades, news became rumor
    for name in ("drafts", "refusals", "contact_decisions", "told"):
        assert after[name] == before[name], name


def test_an_imported_installation_continues_like_the_original(played: Store, tmp_path: Path) -> None:
    with _copy(played, tmp_path / "stayed") as stayed, open_folder(tmp_path / "moved") as moved:
        SourceGrades(stayed).grade("evening-post.example", "A", "It verifies its stories.")
        import_into(moved, exported(stayed)[0])
        for store in (stayed, moved):
            with store.engine.begin() as connection:
                store.events.publish(connection, _later())
            build_runtime(store).run_until_idle()
        here, there = rows(stayed), rows(moved)
        assert len(here["drafts"]) > len(rows(played)["drafts"])
        for name in ("alerts", "drafts", "refusals", "contact_decisions", "told"):
            assert here[name] == there[name], name


def _copy(store: Store, folder: Path) -> Store:
    shutil.copytree(store.settings.data, folder)
    return open_folder(folder)


def _later() -> list[AnyEvent]:
    """Ten minutes after the move: a rumor is confirmed, a story is reported again, and a new one begins."""
    titles = (
        "Corvane Pharma confirms that it is in takeover talks with Estmere Group",
        "Halden Energy cuts quarterly dividend to 0.40 crowns a share",
        "Halden Energy recalls 12,000 heat pumps over a fire risk",
    )
    moment = NOW + timedelta(minutes=10)
    found: list[AnyEvent] = []
    for title in titles:
        url = f"https://evening-post.example/{len(found)}"
        source = Source(
            feed_url="https://evening-post.example/feed", host="evening-post.example", publisher="Evening Post"
        )
        text = f"{title}, the company said in a statement."
        item = Item(id=content_id("itm", url), title=title, url=url, summary=text, fetched_at=moment, source=source)
        data = ItemIngested(item=item)
        found.append(event(data, key=item.id, id=content_id("evt", item.id), source="test", time=moment))
    return found


def is_in_use(engine: Engine) -> bool:
    try:
        with lock_database(engine):
            return False
    except InUse:
        return True


@pytest.mark.postgres
@pytest.mark.parametrize("service", SERVICES)
def test_a_running_service_prevents_an_export_and_is_named(tmp_path: Path, postgres_url: str, service: str) -> None:
    async def look(engine: Engine) -> None:
        stop = asyncio.Event()
        running = [asyncio.create_task(Presence(engine, service).run(stop)) for _ in range(2)]
        await until(lambda: is_in_use(engine))
        with pytest.raises(InUse, match=rf"Services are using this database: {service}\."), lock_database(engine):
            pass
        stop.set()
        await asyncio.gather(*running)

    with open_stack(tmp_path, postgres_url) as there:
        asyncio.run(look(there.engine))
        with lock_database(there.engine):
            pass


@pytest.mark.postgres
def test_a_move_to_postgresql_and_back_loses_nothing(played: Store, tmp_path: Path, postgres_url: str) -> None:
    raw, footer = exported(played)
    with open_stack(tmp_path, postgres_url) as there:
        with lock_database(there.engine):
            imported = import_into(there, raw)
        assert all(section.in_file == section.added == section.total for section in imported)
        assert not any(section.added for section in import_into(there, raw, merge=True))
        assert poll_all(there, played.settings.data) == 0
        with pytest.raises(BadInput, match="not been sent to Kafka"):
            exported(there)
        with there.engine.begin() as connection:  # as the relay does
            connection.execute(update(outbox).values(sent_at=NOW))
        back, same = exported(there)
        assert {name: entry for name, entry in same.sections.items() if name != "feeds"} == {
            name: entry for name, entry in footer.sections.items() if name != "feeds"
        }  # the feeds were polled in between
        with lock_database(there.engine), pytest.raises(InUse), lock_database(there.engine):
            pass
    with open_folder(tmp_path / "back") as home:
        import_into(home, back)
        assert exported(home)[1].sections == same.sections
        assert rows(home)["drafts"] == rows(played)["drafts"]


def test_merging_adds_missing_rows_and_keeps_existing_ones(played: Store, tmp_path: Path) -> None:
    raw, _ = exported(played)
    with open_folder(tmp_path) as target:
        import_into(target, raw)
        with target.engine.begin() as connection:
            client = connection.execute(select(states.c.key).where(states.c.processor == "draft").limit(1)).scalar_one()
            connection.execute(states.delete().where(states.c.key == client))
            draft = connection.execute(select(drafts.c.id).limit(1)).scalar_one()
            connection.execute(drafts.delete().where(drafts.c.id == draft))
            connection.execute(update(drafts).values(subject="Changed here"))
        added = {section.name: section.added for section in import_into(target, raw, merge=True) if section.added}
        assert added["drafts"] == 1
        subjects = [draft["subject"] for draft in rows(target)["drafts"]]
        assert subjects.count("Changed here") == len(subjects) - 1


def test_secrets_are_exported_only_on_request(played: Store, tmp_path: Path) -> None:
    raw, _ = exported(played)
    assert b"whsec_" not in raw
    with open_folder(tmp_path / "without") as target:
        import_into(target, raw)
        with reading(target.engine) as connection:
            assert connection.scalar(select(webhook_endpoints.c.state)) == "disabled"
            assert connection.scalar(select(users.c.api_token_hash)) is None
    raw, _ = exported(played, with_secrets=True)
    assert b"whsec_" in raw
    with open_folder(tmp_path / "with") as target:
        import_into(target, raw)
        assert [endpoint.state for endpoint in _endpoints(target)] == ["active"]
        assert _secrets(target) == _secrets(played)
        with reading(target.engine) as connection:
            newest = connection.scalar(select(func.max(alerts.c.raised_at)))
        assert newest is not None
        assert all(endpoint.created_at > newest for endpoint in _endpoints(target))


def _secrets(store: Store) -> list[tuple[str, ...]]:
    return [tuple(endpoint.signing(NOW)) for endpoint in _endpoints(store)]


def _endpoints(store: Store) -> list[endpoints.Endpoint]:
    with reading(store.engine) as connection:
        return list(endpoints.all_endpoints(connection))


def test_a_truncated_file_is_refused(played: Store) -> None:
    raw, _ = exported(played)
    for size in (0, 1, 40, len(raw) // 2, raw.rindex(b"\n", 0, -1) + 1, len(raw) - 2):
        with pytest.raises(BadInput, match=r"cut off|empty"):
            check_archive(io.BytesIO(raw[:size]), "installation.jsonl")
    packed = gzip.compress(raw)
    check_archive(io.BytesIO(packed), "installation.jsonl.gz")
    with pytest.raises(BadInput, match="cut off"):
        check_archive(io.BytesIO(packed[: len(packed) // 2]), "installation.jsonl.gz")


def test_an_altered_file_is_refused(played: Store) -> None:
    raw, _ = exported(played)
    lines = raw.splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith(b'["row"'))
    header = json.loads(lines[0])
    altered = {
        "a row less": [*lines[:at], *lines[at + 1 :]],
        "a row twice": [*lines[: at + 1], *lines[at:]],
        "another row": [*lines[:at], lines[at].replace(b"example", b"exemplar"), *lines[at + 1 :]],
        "more after the end": [*lines, lines[at]],
        "another header": [json.dumps(["header", header[1] | {"heard_until": None}]).encode() + b"\n", *lines[1:]],
        "no header": lines[1:],
    }
    for what, changed in altered.items():
        with pytest.raises(BadInput, match="altered"):
            check_archive(io.BytesIO(b"".join(changed)), what)
    later = [json.dumps(["header", header[1] | {"format": 99}]).encode() + b"\n", *lines[1:]]
    with pytest.raises(BadInput, match="Update"):
        check_archive(io.BytesIO(b"".join(later)), "later")


def test_a_failed_import_changes_nothing(played: Store, tmp_path: Path) -> None:
    raw, footer = exported(played)
    with open_folder(tmp_path) as target:
        file = io.BytesIO(raw)
        header, _ = check_archive(file, "installation.jsonl")
        wrong = footer.model_copy(update={"sections": footer.sections | {"a later one": footer.sections["drafts"]}})
        with pytest.raises(BadInput, match="a later one"):
            import_installation(target, file, "installation.jsonl", (header, wrong))
        with reading(target.engine) as connection:
            assert not connection.scalar(select(func.count()).select_from(alerts))


def test_every_table_is_exported_or_listed_with_a_reason(played: Store) -> None:
    exported_names = {part.name for part in sections(played, NOW)}
    tables = {table.name for metadata in ALL_TABLES for table in metadata.sorted_tables}
    assert tables - exported_names == set(NOT_EXPORTED)
    assert {table.name for table in (refusals, contact_decisions)} <= exported_names


def test_an_export_of_version_0_1_can_still_be_imported(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "corpus" / "exports" / "version-0.1.0.jsonl.gz"
    with open_folder(tmp_path) as target, path.open("rb") as file:
        imported = import_installation(target, file, path.name, check_archive(file, path.name))
        assert {section.name: section.total for section in imported}["alerts"] == 26
        assert build_runtime(target).run_until_idle() > 0
