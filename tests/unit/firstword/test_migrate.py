"""Migrations create the declared tables, and a later version's database is refused."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text

from firstword.storage.engine import open_database, open_sqlite
from firstword.storage.migrate import ALL_TABLES, NewerDatabase, NotMigrated, migrate, require_migrated
from services.common.db import reading
from services.common.errors import BadInput, Unreachable
from services.notifier.advice.tables import advice
from services.notifier.desk.tokens import find_token, list_tokens
from services.notifier.rewording.tables import rewordings
from tests.postgres_server import Postgres


def test_the_migrations_create_the_declared_tables(database: Engine) -> None:
    with reading(database) as connection:
        differences = compare_metadata(MigrationContext.configure(connection), list(ALL_TABLES))  # type: ignore[arg-type]
    assert differences == [], "write a migration for these"


def test_a_second_run_changes_nothing(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("INSERT INTO offsets (consumer, seq) VALUES ('x', 3)"))
    assert migrate(database) is None
    with reading(database) as connection:
        assert connection.execute(text("SELECT seq FROM offsets")).scalar() == 3


def test_a_later_versions_database_is_refused(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (migrate, require_migrated):
        with pytest.raises(NewerDatabase, match="revision 9999"):
            look(database)


def test_missing_tables_are_reported(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "empty.db")
    with pytest.raises(NotMigrated, match=r"no tables yet.*firstword migrate"):
        require_migrated(engine)
    engine.dispose()


@pytest.mark.postgres
def test_concurrent_migrations_run_once(postgres: Postgres) -> None:
    url = postgres.new(migrated=False)
    engine = open_database(url.render_as_string(hide_password=False))
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: migrate(engine), range(4)))
    assert len([revision for revision in done if revision is not None]) == 1
    assert "drafts" in inspect(engine).get_table_names()
    engine.dispose()
    postgres.drop(url)


def test_an_unreachable_database_is_named_without_its_password() -> None:
    engine = open_database("postgresql://ann:tellnobody@127.0.0.1:1/news")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1") as caught:
        migrate(engine)
    assert "tellnobody" not in str(caught.value)
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://ann:tellnobody@host/news", "no url at all"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="postgresql://") as caught:
        open_database(url)
    assert "tellnobody" not in str(caught.value)


def test_opinions_sent_before_the_upgrade_are_kept(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "old.db")
    _to(engine, "0005")
    alert = {"id": "alr_1", "entity_id": "halden", "kind": "dividend_cut", "stance": "holds", "direction": "negative",
             "information_grade": 2}  # fmt: skip
    parts = [{"role": "news", "text": "N."}, {"role": "opinion", "text": "I think you should wait."}]
    draft = {"alert_id": "alr_1", "client_id": "c", "manager_id": "m", "playbook": "wealth", "rule": "r",
             "verdict": "tell", "parts": parts}  # fmt: skip
    at = "2026-03-05T08:00:00.000000Z"
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO alerts (id, client_id, story_id, verdict, headline, entity_name, is_current, raised_at,"
                " deadline_at, payload) VALUES ('alr_1', 'c', 's', 'tell', 'H', 'Halden', 1, :at, :at, :payload)"
            ),
            {"at": at, "payload": json.dumps(alert)},
        )
        for name, rule, state in (("drf_1", "r", "sent"), ("drf_2", None, "sent"), ("drf_3", "r", "open")):
            connection.execute(
                text(
                    "INSERT INTO drafts (id, alert_id, story_id, client_id, verdict, urgency, state, subject, body,"
                    " revision, version, payload, created_at, send_after, deadline_at, changed_at) VALUES (:id,"
                    " 'alr_1', 's', 'c', 'tell', 'low', :state, 'S', 'I think you should wait.', 0, 0, :payload,"
                    " :at, :at, :at, :at)"
                ),
                {"id": name, "state": state, "payload": json.dumps({**draft, "rule": rule}), "at": at},
            )
            connection.execute(
                text(
                    "INSERT INTO interactions (id, client_id, manager_id, at, channel, draft_id, summary, outcome)"
                    " VALUES (:id, 'c', 'm', :at, 'email', :id, '', 'sent')"
                ),
                {"id": name, "at": at},
            )
    migrate(engine)
    with reading(engine) as connection:
        kept = connection.execute(select(advice)).mappings().all()
        facts = connection.execute(text("SELECT entity_id, information_grade, earlier_alert_id FROM alerts")).all()
    assert [(row["draft_id"], row["rule"], row["text"], row["reworded"]) for row in kept] == [
        ("drf_1", "r", "I think you should wait.", False)
    ]
    assert kept[0]["sent_at"] == datetime(2026, 3, 5, 8, tzinfo=UTC)
    assert [tuple(row) for row in facts] == [("halden", 2, None)]
    engine.dispose()


def test_a_token_from_before_the_upgrade_stays_valid(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "old.db")
    _to(engine, "0020")
    stored = hashlib.sha256(b"fw_old").hexdigest()
    with engine.begin() as connection:
        for user_id, token in (("owner", stored), ("manager-mara", None)):
            connection.execute(
                text(
                    "INSERT INTO users (id, name, role, time_zone, api_token_hash, session_epoch, created_at) VALUES"
                    " (:id, 'N', 'owner', 'UTC', :token, 0, '2026-03-05T08:00:00.000000Z')"
                ),
                {"id": user_id, "token": token},
            )
    migrate(engine)
    with reading(engine) as connection:
        (kept,) = list_tokens(connection)
        assert find_token(connection, "fw_old", datetime(2036, 1, 1, tzinfo=UTC)) == kept
        assert connection.execute(text("SELECT count(api_token_hash) FROM users")).scalar() == 0
    assert (kept.user_id, kept.name, kept.scopes) == ("owner", "API token", ("read", "write", "send"))
    engine.dispose()


def test_earlier_rewordings_are_kept(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "old.db")
    _to(engine, "0009")
    at, later = "2026-03-05T08:00:00.000000Z", "2026-03-05T09:00:00.000000Z"
    stored = [("offered", 1, None), ("failed", 2, later), ("failed", 3, later), ("asking", 1, later)]
    with engine.begin() as connection:
        for number, (state, attempts, next_attempt_at) in enumerate(stored):
            connection.execute(
                text(
                    "INSERT INTO wordings (draft_id, state, model, body, detail, attempts, next_attempt_at, at)"
                    " VALUES (:id, :state, 'm', 'B', 'D', :attempts, :next_attempt_at, :at)"
                ),
                {
                    "id": f"drf_{number}",
                    "state": state,
                    "attempts": attempts,
                    "next_attempt_at": next_attempt_at,
                    "at": at,
                },
            )
    migrate(engine)
    with reading(engine) as connection:
        kept = connection.execute(select(rewordings).order_by(rewordings.c.draft_id)).all()
    assert [(row.status, row.attempts, row.next_attempt_at is None) for row in kept] == [
        ("offered", 1, True),
        ("failed", 2, False),
        ("failed", 3, True),
        ("asking", 1, True),
    ], "an attempt that is asking is recovered by its age"
    assert {(row.body, row.last_error, row.changed_at) for row in kept} == {
        ("B", "D", datetime(2026, 3, 5, 8, tzinfo=UTC))
    }
    engine.dispose()


def _to(engine: Engine, revision: str) -> None:
    """Migrate a new database up to ``revision`` only."""
    config = Config()
    config.set_main_option("script_location", str(files("firstword.storage").joinpath("migrations")))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_decisions_in_an_old_log_move_to_their_own_topic(tmp_path: Path) -> None:
    engine = open_sqlite(tmp_path / "old.db")
    _to(engine, "0008")
    at = "2026-03-05T08:00:00.000000Z"
    stored = [
        ("evt_1", "draft.created"),
        ("evt_2", "draft.sent"),
        ("evt_3", "draft.edited"),
        ("evt_4", "draft.refused"),
    ]
    with engine.begin() as connection:
        for event_id, name in stored:
            payload = json.dumps({"id": event_id, "type": f"firstword.{name}.v1"}).encode()
            connection.execute(
                text(
                    "INSERT INTO events (topic, key, event_id, time, payload)"
                    " VALUES ('drafts', 'c', :id, :at, :payload)"
                ),
                {"id": event_id, "at": at, "payload": payload},
            )
    migrate(engine)
    with reading(engine) as connection:
        topics = connection.execute(text("SELECT topic, event_id FROM events ORDER BY seq")).all()
    assert [tuple(row) for row in topics] == [
        ("drafts", "evt_1"),
        ("decisions", "evt_2"),
        ("decisions", "evt_3"),
        ("drafts", "evt_4"),
    ]
    engine.dispose()
