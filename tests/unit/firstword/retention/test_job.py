"""Old data is removed, in small batches, with what belongs to it; nothing else is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Integer, LargeBinary, Table, func, insert, select
from sqlalchemy.types import JSON, Boolean, Float

from firstword.retention import job as retention_job
from firstword.retention.job import RetentionJob, statuses
from firstword.retention.kinds import KINDS
from firstword.storage.tables import dead_letters, retention_runs
from services.common.db import UtcDateTime
from services.common.errors import BadInput
from services.common.settings import Settings
from services.notifier import audit
from services.notifier.audit_seals import seal_entries, verify
from services.notifier.event_views.tables import draft_alerts, event_evidence, event_stories
from services.notifier.people.tables import erasures
from services.notifier.search.tables import search_bodies, search_entries, search_words
from services.notifier.tables import (
    alerts,
    audit_log,
    clients,
    deliveries,
    delivery_attempts,
    draft_marks,
    drafts,
    interactions,
    refusals,
    signin_links,
    users,
)
from tests.fakes import CollectingPublisher, FakeClock
from tests.patience import PATIENCE_SECONDS

NOW = datetime(2031, 7, 1, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def put(engine: Engine, table: Table, **values: Any) -> None:
    """Insert a row; columns that need a value and aren't given get one that fits their type."""
    row = {
        column.name: _some(column.type)
        for column in table.columns
        if not column.nullable and column.default is None and column.autoincrement is not True
    }
    with engine.begin() as connection:
        connection.execute(insert(table).values(row | values))


def _some(kind: object) -> object:
    match kind:
        case UtcDateTime():
            return NOW
        case Boolean():
            return False
        case Integer():
            return 1
        case Float():
            return 0.5
        case JSON():
            return {}
        case LargeBinary():
            return b"x"
        case _:
            return "x"


def count(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def job(engine: Engine, now: datetime = NOW, *, batch: int = 500, **settings: Any) -> RetentionJob:
    publisher = CollectingPublisher()
    return RetentionJob(engine, publisher, FakeClock(now), Settings(**settings), pause_seconds=0, batch=batch)


def a_draft(engine: Engine, id: str, days: float, state: str, **values: Any) -> None:
    put(engine, drafts, id=id, alert_id=f"alert-{id}", state=state, changed_at=ago(days), **values)


def drafts_left(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(drafts.c.id).order_by(drafts.c.id)).scalars())


def test_what_was_sent_is_kept_longer_than_what_was_not_and_what_is_open_is_never_removed(database: Engine) -> None:
    for state in ("open", "edited", "second", "failed", "approved", "sending"):
        a_draft(database, f"in-progress-{state}", 9_000, state)
    for state in ("dismissed", "withdrawn", "expired"):
        a_draft(database, f"old-{state}", 732, state)
        a_draft(database, f"young-{state}", 730, state)
    a_draft(database, "sent-old", 1_828, "sent")
    a_draft(database, "sent-young", 1_826, "sent")
    removed = job(database).remove_due()
    assert (removed["drafts"], removed["deliveries"]) == (3, 1)
    left = drafts_left(database)
    assert [id for id in left if "old" in id] == []
    assert len([id for id in left if "in-progress" in id]) == 6
    assert {"sent-young", "young-dismissed", "young-withdrawn", "young-expired"} <= set(left)


def test_a_message_goes_with_all_that_belongs_to_it(database: Engine) -> None:
    for id, days in (("old", 2_000), ("new", 10)):
        a_draft(database, id, days, "sent")
        put(database, draft_marks, draft_id=id)
        put(database, draft_alerts, draft_id=id, alert_id=f"alert-{id}")
        put(database, deliveries, id=f"dlv-{id}", draft_id=id, changed_at=ago(days))
        put(database, delivery_attempts, delivery_id=f"dlv-{id}", number=1)
        put(database, search_entries, id=f"draft:c:{id}", kind="draft", ref=id, link=id, at=ago(1))
        put(database, search_words, entry_id=f"draft:c:{id}", word="halden")
        put(database, search_bodies, entry_id=f"draft:c:{id}")
    assert job(database).remove_due()["deliveries"] == 8
    search = (search_entries, search_words, search_bodies)
    for table in (drafts, draft_marks, draft_alerts, deliveries, delivery_attempts, *search):
        assert count(database, table) == 1, table.name
    assert drafts_left(database) == ["new"]


def test_an_expired_draft_with_a_failed_delivery_is_kept_as_a_message(database: Engine) -> None:
    a_draft(database, "tried", 800, "expired")
    put(database, deliveries, id="dlv", draft_id="tried", changed_at=ago(800))
    assert job(database).remove_due()["drafts"] == 0
    assert drafts_left(database) == ["tried"]


def test_evidence_stays_as_long_as_a_draft_rests_on_it(database: Engine) -> None:
    for id in ("a1", "a2", "a3"):
        put(database, alerts, id=id, story_id=f"s-{id}", raised_at=ago(3_000))
        put(database, refusals, id=f"r-{id}", alert_id=id, at=ago(3_000 if id == "a3" else 1))
        put(database, event_stories, story_id=f"s-{id}", entity_id="e", event_id="v", last_at=ago(3_000))
        put(database, event_evidence, story_id=f"s-{id}", entity_id="e", item_id="i", first_at=ago(3_000))
    put(database, drafts, id="d", alert_id="a1", state="open", changed_at=ago(1))
    put(database, draft_alerts, draft_id="d", alert_id="a2")
    job(database).remove_due()
    with database.connect() as connection:
        assert sorted(connection.execute(select(alerts.c.id)).scalars()) == ["a1", "a2"]
        assert sorted(connection.execute(select(event_stories.c.story_id)).scalars()) == ["s-a1", "s-a2"]
        assert sorted(connection.execute(select(event_evidence.c.story_id)).scalars()) == ["s-a1", "s-a2"]
        assert sorted(connection.execute(select(refusals.c.id)).scalars()) == ["r-a1", "r-a2"]


def test_a_firms_own_days_are_in_force(database: Engine) -> None:
    for number, days in enumerate((10, 40, 5_000)):
        put(database, interactions, id=f"i{number}", at=ago(days))
    assert job(database, retention={"conversations": 30}).remove_due()["conversations"] == 2
    with pytest.raises(BadInput, match="'talks' is not a kind of data"):
        job(database, retention={"talks": 1})


def test_ten_thousand_rows_go_in_small_transactions(database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"id": f"i{number}", "client_id": "c", "manager_id": "m", "at": ago(5_000), "channel": "phone", "outcome": "x"}
        for number in range(10_000)
    ]
    with database.begin() as connection:
        connection.execute(insert(interactions), rows)
    sizes: list[int] = []
    real = retention_job._step

    def counting(*given: Any) -> Any:
        step = real(*given)

        def counted(connection: Any) -> int:
            sizes.append(step(connection))
            return sizes[-1]

        return counted

    monkeypatch.setattr(retention_job, "_step", counting)
    assert job(database).remove_due()["conversations"] == 10_000
    assert max(sizes) == 500
    assert sizes.count(500) == 20
    assert count(database, interactions) == 0


def test_sign_in_links_and_dead_letters_go_after_their_time(database: Engine) -> None:
    put(database, users, id="mara")
    for name, days in (("old", 91), ("young", 89)):
        put(database, signin_links, token_hash=name, user_id="mara", expires_at=ago(days))
    for number, days in enumerate((31, 29)):
        put(database, dead_letters, id=number + 1, seq=number, at=ago(days))
    job(database).remove_due()
    assert (count(database, signin_links), count(database, dead_letters)) == (1, 1)


def test_former_clients_are_erased_and_present_ones_are_not(database: Engine) -> None:
    for id, removed, days in (("gone", True, 1_828), ("left", True, 100), ("here", False, 4_000)):
        put(database, clients, id=id, name=id.title(), removed=removed, changed_at=ago(days))
        put(database, interactions, id=f"i-{id}", client_id=id, at=ago(50))
    assert job(database).remove_due()["former_clients"] == 2
    with database.connect() as connection:
        assert sorted(connection.execute(select(clients.c.id)).scalars()) == ["here", "left"]
        assert sorted(connection.execute(select(interactions.c.client_id)).scalars()) == ["here", "left"]
        assert connection.execute(select(erasures.c.client_id, erasures.c.requested_by)).all() == [
            ("gone", "retention")
        ]


def sealed_log(engine: Engine, *days: int) -> None:
    for number, age in enumerate(days):
        with engine.begin() as connection:
            for entry in range(3):
                audit.record(connection, ago(age), "mara", "client.read", f"{number}-{entry}", "c")
            seal_entries(connection, ago(age))


def test_old_audit_entries_go_by_whole_seals_and_the_rest_can_be_verified(database: Engine) -> None:
    sealed_log(database, 3_000, 2_600, 2_000, 1)
    with database.connect() as connection:
        head = verify(connection).head
    assert job(database).remove_due()["audit"] == 6
    with database.connect() as connection:
        found = verify(connection, head)
        said = connection.execute(
            select(audit_log.c.subject, audit_log.c.detail).where(audit_log.c.action == "audit.removed")
        ).all()
    assert (found.problems, found.entries, found.removed) == ((), 6, 2)
    assert [row.subject for row in said] == ["1", "2"]
    assert said[0].detail == "3 entries sealed before 2024-06-30"


def test_entries_that_were_removed_otherwise_are_found(database: Engine) -> None:
    sealed_log(database, 3_000, 2_000, 1)
    with database.begin() as connection:  # what somebody could do who has the database
        connection.exec_driver_sql("DELETE FROM audit_log WHERE seal = 1")
        connection.exec_driver_sql("UPDATE audit_seals SET removed_at = sealed_at WHERE number = 1")
    with database.connect() as connection:
        assert verify(connection).problems == (
            "The entries of the seals up to 1 were removed, and no entry of the log says so.",
        )
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_log WHERE seal = 3")
        connection.exec_driver_sql("UPDATE audit_seals SET removed_at = sealed_at WHERE number = 3")
    with database.connect() as connection:
        assert verify(connection).problems == ("Entries of seal 3 were removed before those of earlier seals.",)


def test_each_removal_is_in_the_audit_log_and_shown_with_its_time(database: Engine) -> None:
    put(database, interactions, id="i", at=ago(5_000))
    settings = Settings()
    with database.connect() as connection:
        (before,) = [status for status in statuses(connection, settings, NOW) if status.kind.name == "conversations"]
    assert (before.due, before.began_at, before.removed) == (1, None, None)
    job(database).remove_due()
    with database.connect() as connection:
        (after,) = [status for status in statuses(connection, settings, NOW) if status.kind.name == "conversations"]
        entries = connection.execute(
            select(audit_log.c.user_id, audit_log.c.action, audit_log.c.subject, audit_log.c.detail)
        ).all()
    assert (after.due, after.began_at, after.ended_at, after.removed) == (0, NOW, NOW, 1)
    assert entries == [("retention", "retention.removed", "conversations", "1 row from before 2026-06-30")]


def test_it_runs_once_a_day_or_when_asked(database: Engine) -> None:
    assert set(job(database).remove_due()) == {kind.name for kind in KINDS if kind.is_carried_out_here}
    put(database, interactions, id="i", at=ago(5_000))
    assert job(database, NOW + timedelta(hours=23)).remove_due() == {}
    assert job(database, NOW + timedelta(hours=23)).remove_due(at_once=True)["conversations"] == 1
    put(database, interactions, id="j", at=ago(5_000))
    assert job(database, NOW + timedelta(hours=48)).remove_due()["conversations"] == 1


def test_nothing_is_removed_while_data_is_on_hold(database: Engine) -> None:
    put(database, interactions, id="i", at=ago(9_000))
    assert job(database, retention_hold=True).remove_due(at_once=True) == {}
    assert count(database, interactions) == 1


def test_a_removal_that_was_killed_is_taken_up_again_and_recorded(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        put(database, interactions, id=f"i{number}", at=ago(5_000))
    real, calls = retention_job._step, 0

    def dying(*given: Any) -> Any:
        step = real(*given)

        def once(connection: Any) -> int:
            nonlocal calls
            removed = step(connection)
            calls += bool(removed)
            if calls == 2:
                raise KeyboardInterrupt
            return removed

        return once

    monkeypatch.setattr(retention_job, "_step", dying)
    with pytest.raises(KeyboardInterrupt):
        job(database, batch=10).remove_due()
    monkeypatch.setattr(retention_job, "_step", real)
    with database.connect() as connection:
        run = connection.execute(
            select(retention_runs.c.removed, retention_runs.c.ended_at).where(retention_runs.c.kind == "conversations")
        ).one()
    assert tuple(run) == (10, None)  # what was not committed is not counted
    assert "conversations" not in job(database, NOW + timedelta(minutes=30)).remove_due()
    assert job(database, NOW + timedelta(hours=2)).remove_due()["conversations"] == 15
    with database.connect() as connection:
        details = connection.execute(select(audit_log.c.detail).order_by(audit_log.c.id)).scalars().all()
    assert details == ["10 rows from before 2026-06-30 (interrupted)", "15 rows from before 2026-06-30"]


async def test_it_stops_between_two_batches(database: Engine) -> None:
    for number in range(30):
        put(database, interactions, id=f"i{number}", at=ago(5_000))
    stop = asyncio.Event()
    pause = 2 * PATIENCE_SECONDS
    slow = RetentionJob(database, CollectingPublisher(), FakeClock(NOW), Settings(), pause_seconds=pause, batch=10)
    running = asyncio.create_task(slow.run(stop))
    while await asyncio.to_thread(count, database, interactions) == 30:  # noqa: ASYNC110 - no event says so
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(running, PATIENCE_SECONDS)
    assert count(database, interactions) == 20
