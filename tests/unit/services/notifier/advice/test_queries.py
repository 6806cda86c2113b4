"""Opinions are recorded when sent, and queried with answers, feedback and later news, within a scope."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.alerts import Alert, AlertRaised
from schemas.base import Payload, content_id, event
from schemas.interactions import FeedbackGiven, InteractionLogged
from services.common.db import reading
from services.notifier.advice.outcomes import SentOpinion
from services.notifier.advice.queries import sent_opinions
from services.notifier.scope import EVERYTHING, OwnClients, Scope
from tests.desk_data import NOW
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World.make(tmp_path)
    yield world
    world.engine.dispose()


def apply(world: World, data: Payload, client_id: str, at: datetime) -> None:
    identity = content_id("evt", data.model_dump_json(), at.isoformat())
    world.apply([event(data, key=client_id, id=identity, source="test", time=at)])


def send(world: World, draft_id: str) -> None:
    """Mark the draft as sent by hand, and apply the events to the tables."""
    world.desk("mark_sent", draft_id, world.line(draft_id).version)
    world.apply(world.publisher.events)


def opinions(world: World, scope: Scope = EVERYTHING, since: datetime | None = None) -> list[SentOpinion]:
    with reading(world.engine) as connection:
        return sent_opinions(connection, scope, since)


def follows(world: World, alert: Alert, hours: int, **changes: Any) -> None:
    at = NOW + timedelta(hours=hours)
    new = alert.model_copy(update={"id": f"alr_{hours}", "raised_at": at, **changes})
    apply(world, AlertRaised(alert=new), alert.client_id, at)


def test_an_opinion_has_its_outcome(world: World) -> None:
    line = world.draft("claire-arnaud")
    assert line.draft.advice
    assert opinions(world) == []
    send(world, line.id)
    alert = line.alert
    assert alert is not None
    (fresh,) = opinions(world)
    assert (fresh.text, fresh.reworded, fresh.story, fresh.answer) == (line.draft.advice[0].text, False, "quiet", None)
    assert fresh.rule == line.draft.rule
    answered = InteractionLogged(
        interaction_id="int_1", client_id=line.client_id, manager_id="mara", at=NOW, channel="reply",
        draft_id=line.id, outcome="acted", opinion="We sold half.",
    )  # fmt: skip
    apply(world, answered, line.client_id, NOW)
    rated = FeedbackGiven(
        client_id=line.client_id, draft_id=line.id, entity_id=alert.entity_id, feedback="useful", by="mara"
    )
    apply(world, rated, line.client_id, NOW)
    follows(world, alert, 5, revision=9, information_grade=1)
    follows(world, alert, 30, story_id="itm_other", direction=alert.direction, information_grade=1)
    follows(world, alert, 40, story_id="itm_third", entity_id="something-else")
    follows(world, alert, 24 * 120, story_id="itm_late")
    (known,) = opinions(world)
    assert (known.answer, known.view, known.feedback) == ("acted", "We sold half.", "useful")
    assert known.story == "confirmed"
    assert [verdict.alert_id for verdict in known.later] == ["alr_5", "alr_30"]
    assert known.next_way == ("same" if alert.direction in ("positive", "negative") else None)
    world.apply(world.publisher.events)  # apply all events again
    assert opinions(world) == [known]


def test_a_rephrased_opinion_is_marked(world: World) -> None:
    line = world.draft("claire-arnaud")
    world.desk(
        "edit",
        line.id,
        line.version,
        line.subject,
        "Dear Ms Arnaud,\n\nThere is news about one of your holdings. Please call me when you have a moment.",
    )
    send(world, line.id)
    assert [opinion.reworded for opinion in opinions(world)] == [True]
    assert "reworded before sending" in world.browser().get("/advice").text


def test_account_managers_see_only_the_opinions_to_their_own_clients(world: World) -> None:
    for client_id in ("claire-arnaud", "brightwater"):
        send(world, world.draft(client_id).id)
    assert {opinion.client_id for opinion in opinions(world)} == {"claire-arnaud", "brightwater"}
    assert {opinion.client_id for opinion in opinions(world, OwnClients("june"))} == {"brightwater"}
    assert opinions(world, OwnClients("june"), NOW + timedelta(days=1)) == []
    june, owner = world.browser("manager-june"), world.browser()
    for path in ("/advice", "/advice?by=manager", "/advice.csv", "/api/v1/advice?by=client"):
        assert "Arnaud" not in june.get(path).text
    assert "Arnaud" in owner.get("/advice").text
    assert [group["name"] for group in owner.get("/api/v1/advice?by=manager").json()["groups"]] == ["june", "mara"]
    first = owner.get("/api/v1/advice?limit=1").json()
    second = owner.get("/api/v1/advice", params={"limit": 1, "cursor": first["next"]}).json()
    assert {item["client_id"] for item in first["items"] + second["items"]} == {"claire-arnaud", "brightwater"}
    assert second["next"] is None
    rows = list(csv.DictReader(io.StringIO(owner.get("/advice.csv").text)))
    assert {row["client_id"] for row in rows} == {"claire-arnaud", "brightwater"}
    assert world.browser(None).get("/advice").status_code == 303


def test_without_opinions_the_page_says_so(world: World) -> None:
    text = world.browser().get("/advice").text
    assert "No advice was sent in this period" in text
    assert "Record the client's reaction" in text
    assert "No advice was sent yet" in world.browser().get("/advice?days=0").text


def test_the_page_of_a_message_shows_later_news(world: World) -> None:
    line = world.draft("claire-arnaud")
    send(world, line.id)
    browser = world.browser()
    assert "No further news about" in browser.get(f"/drafts/{line.id}").text
    assert line.alert is not None
    follows(world, line.alert, 5, revision=9, verdict="correct", information_grade=5, headline="It was not so")
    text = browser.get(f"/drafts/{line.id}").text
    assert "The story turned out to be false." in text
    assert "It was not so" in text
