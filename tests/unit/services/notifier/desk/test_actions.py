from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from services.common.db import reading
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.desk.auth import Viewer
from services.notifier.desk.draft_checks import checks_of
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.scope import EVERYTHING
from services.notifier.tables import audit_log, drafts
from tests.desk_data import NOW
from tests.desk_world import World

JUNE = Viewer("manager-june", "June", "manager", "june", "America/New_York")


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


@pytest.mark.parametrize(
    ("act", "more", "said"),
    [
        ("approve", (), "waiting to be sent"),
        ("dismiss", ("too_late",), "dismissed"),
        ("mark_sent", (), "sent"),
    ],
)
def test_a_second_click_is_refused_with_the_current_state(
    world: World, act: str, more: tuple[str, ...], said: str
) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk(act, line.id, line.version, *more)
    events = len(world.publisher.events)
    for again in ("approve", "dismiss", "mark_sent"):
        with pytest.raises(Conflict, match=said):
            world.desk(again, line.id, line.version, *(("other",) if again == "dismiss" else ()))
    assert len(world.publisher.events) == events


def test_the_second_of_two_tabs_does_not_overwrite_the_first(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("edit", line.id, line.version, "From the first tab", line.body)
    with pytest.raises(Conflict, match="edited"):
        world.desk("edit", line.id, line.version, "From the second tab", line.body)
    assert world.line(line.id).subject == "From the first tab"
    world.desk("edit", line.id, world.line(line.id).version, "From the second tab", line.body)
    edits = [event.data for event in world.publisher.events]
    assert [getattr(edit, "revision", None) for edit in edits] == [1, 2]


def test_an_edit_is_checked_again(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("edit", line.id, 0, line.subject, line.body.replace("6%", "45%") + "\n\nThat is awesome!")
    checks = checks_of(world.line(line.id))
    assert [entry.text for entry in checks.nowhere] == ["45%"]
    assert {finding.rule for finding in checks.findings} >= {"exclamation"}
    assert "6%" in {entry.text for entry in checks_of(line).grounding}


def test_saving_an_unchanged_text_changes_nothing(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("edit", line.id, 0, line.subject, line.body.replace("\n", "\r\n"))
    assert world.publisher.events == []
    assert world.line(line.id).state == "open"


@pytest.mark.parametrize(
    ("subject", "body"), [("", "x"), (" \n ", "x"), ("x", "  "), ("x" * 201, "x"), ("x", "x" * 8001)]
)
def test_an_empty_or_overlong_text_is_refused(world: World, subject: str, body: str) -> None:
    line = world.draft("claire-arnaud", "warn")
    with pytest.raises(BadInput):
        world.desk("edit", line.id, 0, subject, body)
    assert world.line(line.id).version == 0


def test_without_an_address_a_draft_can_only_be_marked_as_sent(world: World) -> None:
    line = world.draft("wolfe", "warn")
    with pytest.raises(BadInput, match="no mail address"):
        world.desk("approve", line.id, 0)
    assert (world.line(line.id).state, world.publisher.events) == ("open", [])
    world.desk("mark_sent", line.id, 0)
    assert world.types() == ["draft.approved", "delivery.changed", "draft.sent", "interaction.logged"]


def test_a_draft_that_was_taken_back_does_not_go_out_and_can_be_approved_again(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, 0)
    world.desk("take_back", line.id, 1)
    assert world.line(line.id).state == "open"
    with reading(world.engine) as connection:
        ((delivery, _),) = queries.deliveries_of(connection, EVERYTHING, line.id)
    assert delivery["status"] == "failed"
    world.desk("approve", line.id, world.line(line.id).version)
    assert world.types().count("draft.approved") == 2
    assert world.line(line.id).state == "approved"


def test_an_approval_with_at_once_does_not_wait(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    with world.engine.begin() as connection:
        connection.execute(update(drafts).values(send_after=NOW + timedelta(hours=10)))
    assert world.desk("approve", line.id, 0, at_once=True) == NOW


def test_an_outcome_is_logged_once(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    with pytest.raises(Conflict):
        world.desk("log_outcome", line.id, "replied", "Too early")
    world.desk("mark_sent", line.id, 0)
    world.desk("log_outcome", line.id, "disagreed", "She would rather wait")
    world.desk("log_outcome", line.id, "disagreed", "She would rather wait")
    assert world.types().count("interaction.logged") == 2
    world.apply(world.publisher.events)
    with reading(world.engine) as connection:
        assert {row["outcome"] for row in queries.contacts(connection, EVERYTHING, line.client_id)} == {
            "sent",
            "disagreed",
        }


@pytest.mark.parametrize(
    ("act", "more"),
    [("approve", ()), ("dismiss", ("other",)), ("mark_sent", ()), ("edit", ("s", "b")), ("take_back", ())],
)
def test_another_managers_draft_is_not_found(world: World, act: str, more: tuple[str, ...]) -> None:
    line = world.draft("claire-arnaud", "warn")
    with pytest.raises(NotFound):
        world.desk(act, line.id, 0, *more, viewer=JUNE)
    assert world.line(line.id).version == 0


def test_every_change_is_in_the_audit_log(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("edit", line.id, 0, "Another", "Text")
    world.desk("approve", line.id, 1)
    with reading(world.engine) as connection:
        rows = connection.execute(select(audit_log.c.action, audit_log.c.client_id).order_by(audit_log.c.id)).all()
        assert connection.execute(select(func.count()).select_from(audit_log)).scalar_one() == 2
    assert [tuple(row) for row in rows] == [("draft.edited", line.client_id), ("draft.approved", line.client_id)]
