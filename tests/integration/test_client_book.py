"""Clients are edited, imported and listed alike on SQLite and PostgreSQL, with the events that really are published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine

from firstword.interest_preview import InterestPreviewer
from firstword.storage.event_log import EventLog
from firstword.storage.outbox import OutboxPublisher
from schemas.clients import ClientChanged, Watch
from services.common.db import reading
from services.notifier import queries
from services.notifier.client_book.history import changes_of
from services.notifier.desk.actions.client_edits import archive_client, restore_client, save_client
from services.notifier.desk.actions.client_imports import apply_import, stage_import, undo_import
from services.notifier.desk.actions.context import ActionContext
from services.notifier.queries import ClientFilter
from services.notifier.scope import EVERYTHING
from services.notifier.sinks import ClientSink
from tests.crm_exports import as_csv, contact_export
from tests.desk_data import NOW, book_events
from tests.desk_world import BOOK, OWNER
from tests.fakes import FakeClock


@pytest.mark.slow
def test_the_client_book_is_the_same_on_both_databases(database: Engine) -> None:
    clock = FakeClock(NOW)
    events = EventLog() if database.dialect.name == "sqlite" else OutboxPublisher(clock)

    @contextmanager
    def acting() -> Iterator[ActionContext]:
        with database.begin() as connection:
            yield ActionContext(connection, events, OWNER, clock.now(), client_book=BOOK)

    with acting() as context:
        seeded = list(book_events())
        events.publish(context.connection, seeded)
        for changed in seeded:
            ClientSink().apply(context.connection, changed)
        claire = context.client("claire-arnaud")
        save_client(context, "claire-arnaud", claire.revision, {**BOOK.entry(claire.client), "risk": "high"})
        archive_client(context, "silent")
    columns, rows, expected = contact_export("zoho")
    state = stage_import(acting, "contacts.csv", as_csv(columns, rows).encode("utf-16"))
    assert len(state.problems) == len(expected)
    state = apply_import(acting, state.id)
    with reading(database) as connection:

        def listed(**wanted: object) -> list[str]:
            page = queries.client_lines(connection, EVERYTHING, ClientFilter(**wanted), number=1, size=50)  # type: ignore[arg-type]
            return sorted(entry.client.id for entry in page.items)

        assert listed(manager="june") == ["brightwater", "p-2"]
        assert listed(asking=True) == ["p-1", "p-2", "wolfe"]
        assert listed(archived=True) == ["silent"]
        latest = events.latest_by_key(connection, "clients")["claire-arnaud"].data
        assert isinstance(latest, ClientChanged)
        assert (latest.client.risk, latest.client.contact.max_per_week) == ("high", 2)
        watch = Watch(entity_id="", name="Halden Energy", kind="competitor")
        assert InterestPreviewer(database, events).preview(watch, NOW).total == 0
    assert undo_import(acting, state.id).counts["undone"] == 3
    with acting() as context:
        restore_client(context, "silent")
    with reading(database) as connection:
        history = changes_of(connection, EVERYTHING, "claire-arnaud", number=1, size=5).items
        assert [entry.action for entry in history] == ["undone", "imported", "edited"]
        known = {key for key, last in events.latest_by_key(connection, "clients").items() if "changed" in last.type}
        assert known == {"claire-arnaud", "yusuf", "wolfe", "brightwater", "silent"}
