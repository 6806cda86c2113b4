"""News that was left out: listed with its reason, drafted on request."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from schemas.alerts import Alert, AlertRaised
from schemas.base import event
from schemas.drafts import ContactDecided, TellRequested
from services.common.db import reading
from services.notifier import queries
from services.notifier.contact.budget import WEEK
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict, NotFound
from services.notifier.digest.gather import NOTICED_PER_CLIENT, manager_digest
from services.notifier.digest.render import as_html, as_markdown, as_text, summary
from services.notifier.scope import EVERYTHING
from tests.desk_data import MANAGERS, NOW, STORIES, alert_of, clients
from tests.desk_world import World

WHY = "This week's three messages were used for more valuable news."


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


def leave_out(world: World, number: int, *, at: datetime = NOW, client: int = 0) -> Alert:
    """Raise an alert for a client, and let the contact policy leave it out."""
    alert = alert_of(STORIES[0], clients()[client]).model_copy(
        update={"id": f"alr_left_{number}", "story_id": f"itm_left_{number}", "headline": f"Left out, number {number}"}
    )
    raised = event(AlertRaised(alert=alert), key=alert.client_id, id=f"evt_a{number}", source="test", time=at)
    world.apply([raised])
    decide(world, alert, "dropped", "weekly_budget", at=at)
    return alert


def decide(world: World, alert: Alert, what: str, reason: str, *, at: datetime) -> None:
    """Record a decision of the contact policy on ``alert``."""
    decided = ContactDecided.model_validate(
        {"client_id": alert.client_id, "what": what, "reason": reason, "detail": WHY, "alert_id": alert.id}
    )
    name = f"evt_{alert.id}_{reason}_{at.isoformat()}"
    world.apply([event(decided, key=alert.client_id, id=name, source="test", time=at)])


def form_token(client: TestClient) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/").text)
    assert found is not None
    return found[1]


def listed(world: World) -> list[str]:
    with reading(world.engine) as connection:
        page = queries.noticed(connection, EVERYTHING, NOW - WEEK, number=1, size=50)
    assert page.total == len(page.items)
    return [line.alert.id for line in page.items]


def test_what_was_left_out_is_listed_until_it_is_told_or_replaced(world: World) -> None:
    kept, told, replaced = (leave_out(world, number) for number in range(3))
    leave_out(world, 3, at=NOW - timedelta(days=8))
    later = NOW + timedelta(minutes=1)
    decide(world, told, "chosen", "requested", at=later)
    decide(world, replaced, "dropped", "superseded", at=later)
    assert listed(world) == [kept.id]
    decide(world, replaced, "dropped", "outranked", at=later + timedelta(minutes=1))
    assert set(listed(world)) == {kept.id, replaced.id}


def test_the_page_lists_it_and_asks_for_a_draft(world: World) -> None:
    alert = leave_out(world, 1)
    browser = world.browser()
    page = browser.get("/noticed")
    assert alert.headline in page.text
    assert WHY in html.unescape(page.text)
    assert alert.headline not in world.browser("manager-june").get("/noticed").text
    answer = browser.post(f"/alerts/{alert.id}/tell", data={"form_token": form_token(browser)})
    assert answer.headers["location"] == "/noticed?note=requested"
    (asked,) = (entry.data for entry in world.publisher.events)
    assert isinstance(asked, TellRequested)
    assert (asked.alert, asked.by) == (alert, "owner")


def test_it_is_offered_by_the_api(world: World) -> None:
    alert = leave_out(world, 1)
    browser = world.browser()
    (item,) = browser.get("/api/v1/noticed").json()["items"]
    assert (item["alert"]["id"], item["why"]) == (alert.id, WHY)


def test_what_has_a_draft_or_is_false_or_somebody_elses_cannot_be_asked_for(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    with pytest.raises(Conflict, match="already"):
        world.desk("tell_anyway", line.draft.alert_id)
    alert = leave_out(world, 1)
    june = Viewer("manager-june", "June", "manager", "june", "America/New_York")
    with pytest.raises(NotFound):
        world.desk("tell_anyway", alert.id, viewer=june)


def test_the_digest_lists_the_most_valuable_and_counts_all(world: World) -> None:
    for number in range(NOTICED_PER_CLIENT + 3):
        leave_out(world, number)
    with reading(world.engine) as connection:
        digest = manager_digest(connection, MANAGERS["mara"], NOW)
    assert digest.count("noticed") == NOTICED_PER_CLIENT + 3
    assert digest.unlisted("noticed") == 3
    assert summary(digest).endswith("8 stories also noticed.")
    for view in (as_html, as_markdown, as_text):
        text = view(digest, "https://desk.example")
        assert text.count("Left out, number") == NOTICED_PER_CLIENT
        assert "and 3 more stories also noticed" in text
    page = world.browser().get("/digest").text
    assert "3 more stories also noticed" in page
