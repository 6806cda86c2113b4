"""If a client asks: the answer to copy, a note in their history, tell anyway, and never, with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from services.common.db import reading
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.scope import EVERYTHING
from services.notifier.tables import alerts
from tests.desk_world import World

JUNE = Viewer("manager-june", "June", "manager", "june", "America/New_York")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.engine.dispose()


def held(world: World) -> tuple[str, str]:
    """Return a held alert of one of Mara's clients, and the client."""
    query = select(alerts.c.id, alerts.c.client_id).where(alerts.c.verdict == "hold", alerts.c.client_id != "june")
    with reading(world.engine) as connection:
        row = connection.execute(query.order_by(alerts.c.id).limit(1)).one()
    return row.id, row.client_id


def test_that_the_client_asked_is_in_their_history_and_no_contact_of_ours(world: World) -> None:
    alert_id, client_id = held(world)
    world.desk("note_asked", alert_id, "Is it true?")
    world.apply(world.publisher.events)
    with reading(world.engine) as connection:
        (contact,) = queries.contacts(connection, EVERYTHING, client_id)
    assert (contact["outcome"], contact["channel"]) == ("asked", "reply")
    assert "Is it true?" in contact["summary"]
    assert "The client asked" in world.browser().get(f"/clients/{client_id}").text


def test_never_needs_a_reason_is_shown_at_the_client_and_can_be_taken_back(world: World) -> None:
    alert_id, client_id = held(world)
    with pytest.raises(BadInput):
        world.desk("stop_telling", alert_id, " ")
    world.desk("stop_telling", alert_id, "She sold it")
    browser = world.browser()
    assert "She sold it" in browser.get(f"/clients/{client_id}").text
    (listed,) = browser.get(f"/api/v1/clients/{client_id}/stopped").json()
    world.desk("resume_telling", client_id, listed["entity_id"], listed["kind"])
    assert "She sold it" not in browser.get(f"/clients/{client_id}").text
    with pytest.raises(Conflict):
        world.desk("resume_telling", client_id, listed["entity_id"], listed["kind"])
    assert world.types() == ["news.stopped", "news.stopped"]
    world.apply(world.publisher.events)
    assert browser.get(f"/api/v1/clients/{client_id}/stopped").json() == []


def test_the_page_of_rumors_has_the_answer_to_copy_and_the_three_ways(world: World) -> None:
    page = world.browser().get("/held").text
    for words in ("Copy the answer", "They asked about it", "Tell anyway, with a reason", "Never tell them of this"):
        assert words in page


@pytest.mark.parametrize(("act", "more"), [("note_asked", ()), ("stop_telling", ("x",)), ("tell_anyway", ())])
def test_another_managers_news_is_not_found(world: World, act: str, more: tuple[str, ...]) -> None:
    query = select(alerts.c.id).where(alerts.c.client_id == "claire-arnaud")
    with reading(world.engine) as connection:
        alert_id = connection.execute(query.limit(1)).scalar_one()
    with pytest.raises(NotFound):
        world.desk(act, alert_id, *more, viewer=JUNE)
