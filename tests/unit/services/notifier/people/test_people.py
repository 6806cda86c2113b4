"""Everything on a client is found, copied and erased, and nothing of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from firstword.storage.migrate import ALL_TABLES
from firstword.storage.tables import metadata as runtime_tables
from schemas.base import event
from schemas.clients import ClientChanged, ClientErased, ClientRemoved
from services.notifier.audit import record
from services.notifier.digest.tables import manager_messages
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.record import ClientRecord
from services.notifier.outreach.step import step
from services.notifier.people.catalog import ABOUT_CLIENTS, KEPT, NOT_ABOUT_CLIENTS
from services.notifier.people.copy_of_data import data_on_client
from services.notifier.people.erasure import Eraser, erase_client, erased_clients
from services.notifier.people.tables import erasures
from services.notifier.tables import audit_log, clients
from tests.desk_data import NOW
from tests.desk_world import World

CLIENT = "claire-arnaud"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World.make(tmp_path)
    yield world
    world.engine.dispose()


def counts(connection: Connection, client_id: str) -> dict[str, int]:
    found = {
        part.table.name: connection.scalar(
            select(func.count()).select_from(part.table).where(part.of_client(client_id))
        )
        for part in ABOUT_CLIENTS
    }
    return {name: count for name, count in found.items() if count}


def erase(world: World, client_id: str = CLIENT) -> None:
    at = world.clock.now()
    removed = ClientRemoved(client_id=client_id, revision=99)
    world.apply([event(removed, key=client_id, id="evt_removed", source="test", time=at)])
    with world.engine.begin() as connection:
        erase_client(connection, world.publisher, client_id, "ops", at)


def test_every_table_is_listed_as_holding_data_on_clients_or_not() -> None:
    about = {part.table.name for part in ABOUT_CLIENTS}
    tables = {table.name for metadata in ALL_TABLES for table in metadata.sorted_tables}
    runtimes = {table.name for table in runtime_tables.sorted_tables}  # events and states, which the runtimes erase
    assert about | KEPT.keys() | NOT_ABOUT_CLIENTS == tables - runtimes
    assert not about & NOT_ABOUT_CLIENTS


def test_every_table_with_a_column_for_the_client_is_listed() -> None:
    about = {part.table.name for part in ABOUT_CLIENTS} | KEPT.keys()
    for metadata in ALL_TABLES:
        for table in metadata.sorted_tables:
            assert "client_id" not in table.c or table.name in about, table.name


def test_an_erasure_deletes_all_of_one_client_and_nothing_of_others(world: World) -> None:
    line = world.draft(CLIENT, "warn")
    world.desk("approve", line.id, line.version)
    with world.engine.begin() as connection:
        name = connection.execute(select(clients.c.name).where(clients.c.id == CLIENT)).scalar_one()
        others = {id: counts(connection, id) for (id,) in connection.execute(select(clients.c.id)) if id != CLIENT}
        record(connection, NOW, "manager-mara", "client.read", CLIENT, CLIENT)
        assert {"drafts", "alerts", "clients", "deliveries", "search_entries"} <= counts(connection, CLIENT).keys()
    erase(world)
    with world.engine.connect() as connection:
        assert counts(connection, CLIENT) == {}
        assert {id: counts(connection, id) for id in others} == others
        left = json.dumps(data_on_client(connection, CLIENT))
        assert name not in left
        actions = connection.execute(select(audit_log.c.action).where(audit_log.c.client_id == CLIENT)).scalars().all()
        assert {"client.read", "client.erased"} <= set(actions)
        assert erased_clients(connection, world.clock.now()) == (CLIENT,)
    (erased,) = [event.data for event in world.publisher.events if isinstance(event.data, ClientErased)]
    assert erased.client_id == CLIENT


def test_messages_to_account_managers_that_name_the_client_are_emptied(world: World) -> None:
    row = {
        "kind": "digest", "manager_id": "mara", "due_at": NOW, "made_at": NOW, "status": "sent", "channel": "email",
        "recipient": "m@example.org", "others": [], "subject": "Today", "html": "", "chat": {}, "changed_at": NOW,
    }  # fmt: skip
    with world.engine.begin() as connection:
        name = connection.execute(select(clients.c.name).where(clients.c.id == CLIENT)).scalar_one()
        rows = [
            row | {"id": "m1", "about": "1", "text": f"For {name.upper()}: news"},
            row | {"id": "m2", "about": "2", "text": "For others: news"},
        ]
        connection.execute(manager_messages.insert(), rows)
    erase(world)
    with world.engine.connect() as connection:
        rows_now = connection.execute(select(manager_messages.c.id, manager_messages.c.text)).mappings()
        texts = {row["id"]: row["text"] for row in rows_now}
    assert name.upper() not in texts["m1"]
    assert texts["m2"] == "For others: news"


def test_what_late_events_bring_back_is_deleted_until_the_client_is_added_again(world: World) -> None:
    with world.engine.connect() as connection:
        payload = connection.execute(select(clients.c.payload).where(clients.c.id == CLIENT)).scalar_one()
        old = connection.execute(select(clients.c.changed_at).where(clients.c.id == CLIENT)).scalar_one()
    entry = ClientChanged.model_validate(payload)
    erase(world)
    world.apply([event(entry, key=CLIENT, id="evt_late", source="test", time=old - timedelta(days=1))])
    eraser = Eraser(world.engine, world.clock)
    assert eraser.delete_late_rows() > 0
    assert eraser.delete_late_rows() == 0
    world.at(world.clock.now() + timedelta(days=1))
    again = entry.model_copy(update={"revision": 100})
    world.apply([event(again, key=CLIENT, id="evt_again", source="test", time=world.clock.now())])
    with world.engine.connect() as connection:  # their new events are theirs, before the next round too
        assert erased_clients(connection, world.clock.now()) == ()
    assert eraser.delete_late_rows() == 0
    with world.engine.connect() as connection:
        assert "clients" in counts(connection, CLIENT)
        assert erased_clients(connection, world.clock.now()) == ()
        assert connection.execute(select(erasures.c.client_id)).all() == []


def test_the_draft_writer_forgets_an_erased_client() -> None:
    known = ClientRecord(client_id=CLIENT, sent=(NOW,), last_contact=NOW)
    erased = event(ClientErased(client_id=CLIENT), key=CLIENT, id="evt_erased", source="test", time=NOW)
    state, events = step(known, erased, NOW, None, Playbooks.shipped())
    assert state == ClientRecord(client_id=CLIENT)
    assert events == ()
